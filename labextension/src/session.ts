/** Follow one notebook: ask for its graph when its text has changed, keep the newest answer, and tell who looks at it. */
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Contents, ServerConnection } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { JobFollower } from './job';
import { applyChanges, ISentNotebook, maybeTagged, sentNotebook } from './notebookText';
import { Refusal, request } from './request';
import type { ICell, IDiagnostic, IEditAnswer, IFix, IGraph, IImportAnswer, IPanel } from './wire';

/** Milliseconds without a keystroke until the text is sent: soon for who looks at the graph, else only squiggles wait. */
const PAUSE = 60;
const LONG_PAUSE = 400;
const CLIENT = Math.random().toString(36).slice(2);

export class Session implements IDisposable {
  constructor(
    readonly panel: NotebookPanel,
    private readonly settings: ServerConnection.ISettings,
    private readonly contents: Contents.IManager
  ) {
    this.run = new JobFollower(settings);
    this.run.changed.connect(() => this._changed.emit());
    panel.context.model.contentChanged.connect(this.schedule, this);
    panel.context.pathChanged.connect(this.renew, this);
    panel.context.model.cells.changed.connect(this.tellOfCells, this);
    void panel.context.ready.then(() => this.schedule());
  }

  /** The newest answer, null before the first. */
  document: IPanel | null = null;

  /** The newest graph there was: it stays while a cell is broken. */
  graph: IGraph | null = null;

  /** Why there is no newer answer; empty where there is one. */
  trouble = '';

  /** Whether somebody looks: an untagged notebook that nobody looks at is never sent. */
  get watched(): boolean {
    return this._watched;
  }
  set watched(watched: boolean) {
    if (watched !== this._watched) {
      this._watched = watched;
      this.schedule();
      this._changed.emit();
    }
  }

  /** The run or verification of this notebook. */
  readonly run: JobFollower;

  /** Emitted when anything above changes. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted after cells came, went or moved, when the notebook shows them so. */
  get cellsChanged(): ISignal<this, void> {
    return this._cellsChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether the graph is of an earlier text than the one in the notebook. */
  get isStale(): boolean {
    return this.document !== null && this.document.graph === null && this.graph !== null;
  }

  get path(): string {
    return this.contents.localPath(this.panel.context.path);
  }

  /** The role of the cell with that index (from 0), null for what is no code cell or not known yet. */
  cellAt(index: number): ICell | null {
    const id = this.panel.context.model.cells.get(index)?.id;
    return this.document?.cells.find(cell => cell.id === id) ?? null;
  }

  /** The compiler's findings, and what Airflow said about the last export of this very text. */
  get findings(): IDiagnostic[] {
    return [...(this.document?.diagnostics ?? []), ...this._objections];
  }

  /** Keep what Airflow said about an export until the text changes. */
  take(imported: IImportAnswer): void {
    this._objections = imported.errors.map(error => this.objection(error.message, error.cell));
    this._changed.emit();
  }

  /** Ask about the text as it is. */
  ask<T>(question: string, more: { [key: string]: unknown } = {}): Promise<T> {
    const notebook = sentNotebook(this.panel.context.model);
    return this.post<T>(question, notebook, more);
  }

  /** Change the notebook as a form or menu asks; returns why it cannot be, or an empty string. */
  async change(change: { [key: string]: unknown }): Promise<string> {
    if (this.panel.context.model.readOnly) {
      return 'The notebook is read-only.';
    }
    const notebook = sentNotebook(this.panel.context.model);
    let answer: IEditAnswer;
    try {
      answer = await this.post<IEditAnswer>('edit', notebook, { change });
    } catch (error) {
      return error instanceof Refusal ? error.message : String(error);
    }
    if (answer.problem) {
      return answer.problem;
    }
    const done = applyChanges(this.panel.context.model, notebook, answer.edits, answer.inserts);
    return done ? '' : 'The notebook was edited in the meantime: try again.';
  }

  /** Apply a finding's fix; returns why it cannot be, or an empty string. */
  applyFix(fix: IFix): string {
    if (this.panel.context.model.readOnly) {
      return 'The notebook is read-only.';
    }
    const done = this._sent !== null && applyChanges(this.panel.context.model, this._sent, fix.edits);
    return done ? '' : 'The notebook was edited in the meantime: try again.';
  }

  /** Start a run or a verification. */
  async start(kind: 'run' | 'verify'): Promise<void> {
    const notebook = sentNotebook(this.panel.context.model);
    await this.run.start(kind, { path: this.path, client: CLIENT, notebook });
  }

  /** Ask anew although the text is the same. */
  renew(): void {
    this._text = '';
    this.schedule();
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      window.clearTimeout(this._timer);
      this.run.dispose();
      Signal.clearData(this);
    }
  }

  private objection(message: string, cell: number): IDiagnostic {
    const cell_id = this._sent?.cells[cell - 1]?.id ?? '';
    const place = { line: 1, column: 1, end_line: 1, end_column: 1 };
    const span = { path: this.path, cell: cell_id ? cell : 0, cell_id, ...place };
    const name = 'airflow-import';
    return { code: '', name, severity: 'error', message, span, hint: '', labels: [], fix: null };
  }

  private post<T>(question: string, notebook: ISentNotebook, more: { [key: string]: unknown }): Promise<T> {
    const body = { path: this.path, client: CLIENT, notebook, ...more };
    return request<T>(this.settings, question, { method: 'POST', body });
  }

  private tellOfCells(): void {
    if (!this._telling) {
      this._telling = true;
      window.setTimeout(() => {
        this._telling = false;
        if (!this._isDisposed && !this.panel.isDisposed) {
          this._cellsChanged.emit();
        }
      });
    }
  }

  private schedule(): void {
    window.clearTimeout(this._timer);
    const pause = this._watched || this.document === null ? PAUSE : LONG_PAUSE;
    this._timer = window.setTimeout(() => void this.refresh(), pause);
  }

  private async refresh(): Promise<void> {
    if (this._isDisposed || !this.panel.context.isReady) {
      return;
    }
    if (this._asking) {
      // Never two at once: what is typed meanwhile is sent when the answer is there.
      this._again = true;
      return;
    }
    const notebook = sentNotebook(this.panel.context.model);
    const text = JSON.stringify(notebook);
    if (text === this._text || (!this._watched && this.document === null && !maybeTagged(notebook))) {
      return;
    }
    this._text = text;
    this._asking = true;
    try {
      const document = await this.post<IPanel>('panel', notebook, {});
      this.document = document;
      this._objections = [];
      this.graph = document.graph ?? this.graph;
      this._sent = notebook;
      this.trouble = '';
    } catch (error) {
      this.fail(error);
    } finally {
      this._asking = false;
    }
    if (!this._isDisposed) {
      this._changed.emit();
      if (this._again) {
        this._again = false;
        this.schedule();
      }
    }
  }

  private fail(error: unknown): void {
    if (error instanceof Refusal && error.superseded) {
      return;
    }
    this.trouble = error instanceof Refusal ? error.message : String(error);
    this._text = '';
    if (error instanceof Refusal && error.status === 0) {
      // The connection may come back although nobody types.
      this._timer = window.setTimeout(() => void this.refresh(), 5000);
    }
  }

  private _watched = false;
  private _isDisposed = false;
  private _asking = false;
  private _again = false;
  private _telling = false;
  private _text = '';
  private _sent: ISentNotebook | null = null;
  private _timer = 0;
  private _objections: IDiagnostic[] = [];
  private readonly _changed = new Signal<this, void>(this);
  private readonly _cellsChanged = new Signal<this, void>(this);
}
