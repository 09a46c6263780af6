/** Keep one session per open notebook. */
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Contents, ServerConnection } from '@jupyterlab/services';
import { ISignal, Signal } from '@lumino/signaling';
import { Session } from './session';

export class Sessions {
  constructor(
    private readonly tracker: INotebookTracker,
    private readonly settings: ServerConnection.ISettings,
    private readonly contents: Contents.IManager
  ) {
    tracker.widgetAdded.connect((_, panel) => void this.of(panel));
    tracker.currentChanged.connect(() => this._currentChanged.emit(this.current));
    tracker.forEach(panel => void this.of(panel));
  }

  /** The session of the notebook in front, null where there is none. */
  get current(): Session | null {
    return this.tracker.currentWidget ? this.of(this.tracker.currentWidget) : null;
  }

  get currentChanged(): ISignal<this, Session | null> {
    return this._currentChanged;
  }

  /** Emitted for every session that begins. */
  get added(): ISignal<this, Session> {
    return this._added;
  }

  /** A notebook's session. */
  of(panel: NotebookPanel): Session {
    const known = this.sessions.get(panel);
    if (known) {
      return known;
    }
    const session = new Session(panel, this.settings, this.contents);
    this.sessions.set(panel, session);
    panel.disposed.connect(() => {
      session.dispose();
      this.sessions.delete(panel);
    });
    this._added.emit(session);
    return session;
  }

  private readonly sessions = new Map<NotebookPanel, Session>();
  private readonly _currentChanged = new Signal<this, Session | null>(this);
  private readonly _added = new Signal<this, Session>(this);
}
