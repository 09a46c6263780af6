/** Follow a run or verification on the server: its events become states of tasks. */
import type { ServerConnection } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { Refusal, request } from './request';
import type { IJob, IJobEvent, IJobEvents, ITaskResult, IVerifyReport } from './wire';

export interface ITaskRun {
  state: string;
  /** From 0 to 1. */
  progress: number;
  note: string;
  /** What its cells wrote, the last lines of it. */
  output: string[];
  seconds: number;
  result: ITaskResult | null;
}

const MOST_LINES = 200;

/** Return what a task's state is after an event; events that name no task change nothing. */
export function after(before: ITaskRun | undefined, event: IJobEvent): ITaskRun {
  const run: ITaskRun = before ?? {
    state: 'waiting',
    progress: 0,
    note: '',
    output: [],
    seconds: 0,
    result: null
  };
  switch (event.type) {
    case 'started': {
      const again = (event.attempt ?? 1) > 1 ? `try ${event.attempt} of ${event.attempts}` : '';
      return { ...run, state: 'running', progress: 0, note: again };
    }
    case 'progress': {
      const { number = 0, total = 0, what = '' } = event;
      return { ...run, progress: total ? (number - 1) / total : 0, note: `cell ${number}/${total}: ${what}` };
    }
    case 'output':
      return { ...run, output: [...run.output, event.text ?? ''].slice(-MOST_LINES) };
    case 'retrying':
      return { ...run, state: 'up_for_retry', note: event.message ?? '' };
    case 'ended':
      return {
        ...run,
        state: event.state ?? '',
        progress: 1,
        note: event.message ?? '',
        seconds: event.seconds ?? 0
      };
    default:
      return run;
  }
}

export class JobFollower implements IDisposable {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  kind: 'run' | 'verify' | null = null;
  running = false;
  stopping = false;
  ok = false;
  /** What to say about the whole: a failure, or the step of a verification. */
  message = '';
  tasks = new Map<string, ITaskRun>();
  report: IVerifyReport | null = null;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  async start(kind: 'run' | 'verify', body: { [key: string]: unknown }): Promise<void> {
    if (this.running) {
      return;
    }
    Object.assign(this, {
      kind,
      running: true,
      stopping: false,
      ok: false,
      message: '',
      report: null,
      tasks: new Map()
    });
    this._id = '';
    this._changed.emit();
    try {
      const job = await request<IJob>(this.settings, 'jobs', { method: 'POST', body: { ...body, kind } });
      this._id = job.id;
      if (this.stopping) {
        await this.askToStop();
      }
      await this.follow(job.id);
    } catch (error) {
      this.message = error instanceof Refusal ? error.message : String(error);
    }
    this.running = false;
    this.stopping = false;
    this._changed.emit();
  }

  /** Stop the job; one that the server has not named yet, as soon as it has. */
  async stop(): Promise<void> {
    if (this.running && !this.stopping) {
      this.stopping = true;
      this._changed.emit();
      if (this._id) {
        await this.askToStop();
      }
    }
  }

  private async askToStop(): Promise<void> {
    try {
      await request<void>(this.settings, `jobs/${this._id}`, { method: 'DELETE' });
    } catch (error) {
      // The job goes on, so that the button must be there to try again.
      this.stopping = false;
      this.message = error instanceof Refusal ? error.message : String(error);
      this._changed.emit();
    }
  }

  /** Forget what came of it. */
  clear(): void {
    if (!this.running) {
      this.kind = null;
      this.tasks = new Map();
      this.report = null;
      this._changed.emit();
    }
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private async follow(id: string): Promise<void> {
    let count = 0;
    let failures = 0;
    while (!this._isDisposed) {
      try {
        const answer = await request<IJobEvents>(this.settings, `jobs/${id}?after=${count}`);
        failures = 0;
        count += answer.events.length;
        if (answer.events.length) {
          // Another map, by which who draws it sees that something changed.
          this.tasks = new Map(this.tasks);
          answer.events.forEach(event => this.take(event));
          this._changed.emit();
        }
        if (answer.done) {
          return;
        }
      } catch (error) {
        failures += 1;
        if (!(error instanceof Refusal) || error.status !== 0 || failures > 30) {
          throw error;
        }
        await new Promise(resolve => window.setTimeout(resolve, 1000));
      }
    }
  }

  private take(event: IJobEvent): void {
    if (event.task !== undefined) {
      this.tasks.set(event.task, after(this.tasks.get(event.task), event));
    } else if (event.type === 'step') {
      this.message = event.detail ? `${event.run}: ${event.detail}` : (event.run ?? '');
    } else if (event.type === 'finished') {
      this.finish(event);
    }
  }

  private finish(event: IJobEvent): void {
    this.ok = event.ok ?? false;
    this.message = event.message ?? '';
    this.report = event.report ?? null;
    for (const result of (event.tasks ?? []) as ITaskResult[]) {
      const run = after(this.tasks.get(result.task), {
        type: 'ended',
        state: result.state,
        seconds: result.seconds
      });
      this.tasks.set(result.task, { ...run, note: result.failure?.message ?? '', result });
    }
  }

  private _id = '';
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
