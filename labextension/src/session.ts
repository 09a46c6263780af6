/** Follow one notebook: ask for its graph when its text has changed, keep the newest answer, and tell who looks at it. */
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Contents, ServerConnection } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { JobFollower } from './job';
import { applyChanges, ISentNotebook, isSame, jsonOf, maybeTagged, sentNotebook } from './notebookText';
import { Refusal, request } from './request';
import type { ICell, IDiagnostic, IEditAnswer, IFix, IGraph, IImportAnswer, INews, IPanel } from './wire';

/** Milliseconds without a keystroke until the text is sent: soon for who looks at the graph, else only squiggles wait. */
const PAUSE = 60;
const LONG_PAUSE = 400;

/** Milliseconds by which JupyterLab, too, lets the clocks of a file differ. */
const MARGIN = 500;

/** What became of the notebook's file since it was opened or saved here. */
export type FileState = 'same' | 'changed' | 'gone' | 'read-only';

/** Milliseconds after a keystroke within which the next one belongs to the same typing. */
const TYPING = 700;
const PAGE = Math.random().toString(36).slice(2);
let sessions = 0;

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
    panel.context.fileChanged.connect(this.lookAtFile, this);
    window.addEventListener('focus', this._onFocus);
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
      if (watched) {
        void this.lookAtFile();
      }
    }
  }

  /** Who asks, so that only its own newer questions take the place of one that waits. */
  private readonly client = `${PAGE}-${++sessions}`;

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
    return this.cells.get(this.panel.context.model.cells.get(index)?.id ?? '') ?? null;
  }

  /** What is known of each code cell, by its id; the same map as long as none of it changes. */
  cells: ReadonlyMap<string, ICell> = new Map();

  /** The compiler's findings, and what Airflow said about the last export of this very text; the same list until then. */
  findings: IDiagnostic[] = [];

  /** What became of the file when somebody last looked. */
  file: FileState = 'same';

  /** Look whether the file is still the one that was opened: others may have changed it, as `git pull` does. */
  async lookAtFile(): Promise<void> {
    const state = await this.stateOfFile();
    if (!this._isDisposed && state !== this.file) {
      this.file = state;
      this._changed.emit();
    }
  }

  private async stateOfFile(): Promise<FileState> {
    const { contentsModel, model, path } = this.panel.context;
    // With real-time collaboration the server itself brings file and text together.
    if (!contentsModel || model.collaborative) {
      return 'same';
    }
    try {
      const file = await this.contents.get(path, { content: false });
      const here = this.panel.context.contentsModel ?? contentsModel;
      if (Date.parse(file.last_modified) - Date.parse(here.last_modified) > MARGIN) {
        return 'changed';
      }
      return file.writable ? 'same' : 'read-only';
    } catch (error) {
      return (error as { response?: Response }).response?.status === 404 ? 'gone' : this.file;
    }
  }

  /** Keep what Airflow said about an export until the text changes. */
  take(imported: IImportAnswer): void {
    const objections = imported.errors.map(error => this.objection(error.message, error.cell));
    this.findings = [...(this.document?.diagnostics ?? []), ...objections];
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
    await this.run.start(kind, { path: this.path, client: this.client, notebook });
  }

  /** Ask anew although the text is the same. */
  renew(): void {
    this._asked = null;
    this.schedule();
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      window.clearTimeout(this._timer);
      window.removeEventListener('focus', this._onFocus);
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
    const rest = JSON.stringify({ path: this.path, client: this.client, ...more });
    const body = `${rest.slice(0, -1)},"notebook":${jsonOf(notebook)}}`;
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
    const now = performance.now();
    const typing = now - this._touched < TYPING;
    this._touched = now;
    this._timer = window.setTimeout(() => void this.refresh(), this.pause(typing));
  }

  /** A single change is sent at once; in the midst of typing the pause is as long as an answer takes, so that none piles up. */
  private pause(typing: boolean): number {
    if (!this._watched && this.document !== null) {
      return LONG_PAUSE;
    }
    return typing ? Math.min(LONG_PAUSE, Math.max(PAUSE, this._took)) : PAUSE;
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
    const known = this._asked !== null && isSame(notebook, this._asked);
    if (known || (!this._watched && this.document === null && !maybeTagged(notebook))) {
      return;
    }
    this._asked = notebook;
    this._asking = true;
    try {
      const began = performance.now();
      const news = await this.post<INews>('news', notebook, { known: this._digests });
      this._took = performance.now() - began;
      await this.untilNobodyTypes();
      this.learn(news, notebook);
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

  /** Between two keys there is time to draw, but not in the very moment of one. */
  private async untilNobodyTypes(): Promise<void> {
    if (performance.now() - this._touched < TYPING && 'requestIdleCallback' in window) {
      await new Promise(resolve => window.requestIdleCallback(resolve, { timeout: 100 }));
    }
  }

  /** Take in what the server answered; whatever it did not send stays the very object it was. */
  private learn(news: INews, notebook: ISentNotebook): void {
    const changed = news.changed as Partial<IPanel>;
    this.document = { ...(this.document as IPanel), ...changed };
    this._digests = news.digests;
    this._sent = notebook;
    this.graph = this.document.graph ?? this.graph;
    this.findings = this.document.diagnostics;
    if (changed.cells) {
      this.cells = new Map(changed.cells.map(cell => [cell.id, cell]));
    }
    this.trouble = '';
  }

  private fail(error: unknown): void {
    if (error instanceof Refusal && error.superseded) {
      return;
    }
    this.trouble = error instanceof Refusal ? error.message : String(error);
    this._asked = null;
    if (error instanceof Refusal && error.status === 0) {
      // The connection may come back although nobody types.
      this._timer = window.setTimeout(() => void this.refresh(), 5000);
    }
  }

  private readonly _onFocus = (): void => void this.lookAtFile();
  private _watched = false;
  private _isDisposed = false;
  private _asking = false;
  private _again = false;
  private _telling = false;
  private _asked: ISentNotebook | null = null;
  private _sent: ISentNotebook | null = null;
  private _digests: { [key: string]: string } | null = null;
  private _timer = 0;
  private _touched = -Infinity;
  private _took = 0;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _cellsChanged = new Signal<this, void>(this);
}
