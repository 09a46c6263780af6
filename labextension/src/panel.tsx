/** The right-hand panel: the graph above, and below it tabs with findings, settings, code, schedule and runs. */
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { ISignal, Signal } from '@lumino/signaling';
import { Message } from '@lumino/messaging';
import * as React from 'react';
import { Code } from './code';
import { Divider } from './divider';
import { Findings } from './findings';
import { Form } from './forms';
import { Graph } from './graph';
import { dagIcon } from './icon';
import { reveal } from './reveal';
import { Runs } from './runs';
import { Schedule } from './schedule';
import type { Session } from './session';
import { aboutFile, duration, ITrans } from './text';
import { VERSION } from './version';
import type { ICode, IDirective, IFix, IHello, ISchedule, ITask } from './wire';

export type Tab = 'findings' | 'dag' | 'task' | 'code' | 'schedule' | 'run';

/** What the panel needs from outside. */
export interface IServices {
  trans: ITrans;
  hello(): Promise<IHello>;
  explain(code: string): Promise<string>;
  languages: IEditorLanguageRegistry;
  rendermime: IRenderMimeRegistry;
  openNotebook(path: string): void;
  exportDag(session: Session): void;
  rename(session: Session, task: string): void;
  copy(text: string): void;
  say(message: string): void;
}

export class DagPanel extends ReactWidget {
  constructor(private readonly services: IServices) {
    super();
    this.id = 'nb2dag-panel';
    this.addClass('nb2dag-Panel');
    this.title.icon = dagIcon;
    this.title.caption = services.trans.__('Airflow DAG of the notebook');
  }

  /** The notebook that is shown. */
  get session(): Session | null {
    return this._session;
  }
  set session(session: Session | null) {
    if (session === this._session) {
      return;
    }
    if (this._session) {
      this._session.watched = false;
    }
    this._session = session;
    if (session) {
      session.watched = this.isVisible;
    }
    this._sessionChanged.emit();
  }

  /** Show a tab. */
  show_tab(tab: Tab): void {
    this._tab = tab;
    this._sessionChanged.emit();
  }

  /** Give the graph that part of the height. */
  private give(share: number): void {
    this._share = share;
    this._sessionChanged.emit();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    if (this._session) {
      this._session.watched = true;
    }
    this._sessionChanged.emit();
    this.update();
  }

  protected onAfterHide(message: Message): void {
    super.onAfterHide(message);
    if (this._session) {
      this._session.watched = false;
    }
    this._sessionChanged.emit();
  }

  protected render(): JSX.Element {
    return (
      <UseSignal signal={this._sessionChanged as ISignal<this, void>}>
        {() =>
          // What nobody sees is not drawn, for every keystroke would draw it anew.
          this.isVisible ? (
            <Panel
              key={this._session ? this._session.panel.id : ''}
              session={this._session}
              services={this.services}
              tab={this._tab}
              share={this._share}
              onTab={tab => this.show_tab(tab)}
              onShare={share => this.give(share)}
            />
          ) : null
        }
      </UseSignal>
    );
  }

  private _session: Session | null = null;
  private _tab: Tab = 'findings';
  private _share = 0.48;
  private readonly _sessionChanged = new Signal<this, void>(this);
}

interface IPanelProps {
  session: Session | null;
  services: IServices;
  tab: Tab;
  share: number;
  onTab(tab: Tab): void;
  onShare(share: number): void;
}

function useHello(services: IServices): { hello: IHello | null; trouble: string } {
  const [state, setState] = React.useState<{ hello: IHello | null; trouble: string }>({
    hello: null,
    trouble: ''
  });
  React.useEffect(() => {
    let gone = false;
    services.hello().then(
      hello => gone || setState({ hello, trouble: '' }),
      error => gone || setState({ hello: null, trouble: String(error?.message ?? error) })
    );
    return () => {
      gone = true;
    };
  }, []);
  return state;
}

/** Render anew whenever the session changes or another cell is in focus. */
function useSession(session: Session | null): void {
  const [, setCount] = React.useState(0);
  React.useEffect(() => {
    const renew = (): void => setCount(count => count + 1);
    session?.changed.connect(renew);
    session?.panel.content.activeCellChanged.connect(renew);
    renew();
    return () => {
      session?.changed.disconnect(renew);
      session?.panel.content?.activeCellChanged.disconnect(renew);
    };
  }, [session]);
}

function Panel({ session, services, tab, share, onTab, onShare }: IPanelProps): JSX.Element {
  const { trans } = services;
  const { hello, trouble } = useHello(services);
  useSession(session);
  if (trouble) {
    return <Notice text={trouble} />;
  }
  if (!session) {
    return <Notice text={trans.__('Open a notebook to see its DAG.')} />;
  }
  const document = session.document;
  if (document && document.language !== 'python') {
    return (
      <Notice
        text={trans.__('The notebook has a %1 kernel: only Python notebooks become DAGs.', document.language)}
      />
    );
  }
  const focused = session.cellAt(session.panel.content.activeCellIndex)?.task ?? null;
  return (
    <div className="nb2dag-Panel-body" style={{ ['--nb2dag-share' as string]: share }}>
      {hello && hello.version !== VERSION && (
        <Banner
          text={trans.__(
            'The server has nb2dag %1 and this page %2: install one version on both sides, restart the server and reload the page.',
            hello.version,
            VERSION
          )}
        />
      )}
      {session.trouble && <Banner text={session.trouble} />}
      {session.file !== 'same' && <Banner text={aboutFile(session.file, trans)} />}
      <Head session={session} services={services} onTab={onTab} />
      <Picture session={session} services={services} focused={focused} />
      <Divider share={share} trans={trans} onShare={onShare} />
      <Tabs session={session} services={services} focused={focused} hello={hello} tab={tab} onTab={onTab} />
    </div>
  );
}

function Notice({ text }: { text: string }): JSX.Element {
  return (
    <div className="nb2dag-empty nb2dag-Notice">
      <dagIcon.react tag="span" className="nb2dag-Notice-icon" />
      {text}
    </div>
  );
}

function Banner({ text }: { text: string }): JSX.Element {
  return (
    <div className="nb2dag-Banner" role="alert">
      {text}
    </div>
  );
}

function Head({
  session,
  services,
  onTab
}: {
  session: Session;
  services: IServices;
  onTab(tab: Tab): void;
}): JSX.Element {
  const { trans } = services;
  const { document, run } = session;
  const ready = Boolean(document?.exportable) && !session.trouble;
  const start = (kind: 'run' | 'verify'): void => {
    onTab('run');
    void session.start(kind);
  };
  return (
    <div className="nb2dag-Head">
      <div className="nb2dag-Head-title">
        <span className="nb2dag-Head-name" title={document?.dag_id}>
          {document?.dag_id ?? ''}
        </span>
        <Status session={session} trans={trans} onTab={onTab} />
      </div>
      <div className="nb2dag-Head-actions">
        <button
          className="nb2dag-button nb2dag-primary"
          data-action="export"
          disabled={!document?.tagged}
          onClick={() => services.exportDag(session)}
        >
          {trans.__('Export')}
        </button>
        {run.running ? (
          <button
            className="nb2dag-button"
            data-action="stop"
            disabled={run.stopping}
            onClick={() => void run.stop()}
          >
            {run.stopping ? trans.__('Stopping…') : trans.__('Stop')}
          </button>
        ) : (
          <>
            <button
              className="nb2dag-button"
              data-action="run"
              disabled={!ready}
              title={trans.__('Run the DAG on the server, without Airflow')}
              onClick={() => start('run')}
            >
              {trans.__('Run')}
            </button>
            <button
              className="nb2dag-button"
              data-action="verify"
              disabled={!ready}
              title={trans.__('Run notebook and DAG and compare what they compute')}
              onClick={() => start('verify')}
            >
              {trans.__('Verify')}
            </button>
          </>
        )}
      </div>
    </div>
  );
}

function Status({
  session,
  trans,
  onTab
}: {
  session: Session;
  trans: ITrans;
  onTab(tab: Tab): void;
}): JSX.Element | null {
  const { document, run } = session;
  if (run.running) {
    return (
      <button className="nb2dag-Status" data-status="running" onClick={() => onTab('run')}>
        {run.kind === 'verify' ? trans.__('verifying') : trans.__('running')}
      </button>
    );
  }
  if (!document || !document.tagged) {
    return null;
  }
  const { errors, warnings } = document.summary;
  const worst = errors ? 'error' : warnings ? 'warning' : 'ok';
  const texts = {
    error: trans._n('%1 error', '%1 errors', errors, errors),
    warning: trans._n('%1 warning', '%1 warnings', warnings, warnings),
    ok: trans.__('ready')
  };
  return (
    <button className="nb2dag-Status" data-status={worst} onClick={() => onTab('findings')}>
      {texts[worst]}
    </button>
  );
}

function Picture({
  session,
  services,
  focused
}: {
  session: Session;
  services: IServices;
  focused: string | null;
}): JSX.Element {
  const { trans } = services;
  const { document, graph } = session;
  // Made anew only where they change, for the graph is drawn anew where they do.
  const findings = React.useMemo(() => marks(session), [session.cells, session.findings]);
  const open = React.useCallback(
    (task: ITask) => void reveal(session.panel, task.cells[0] ?? 0, 1, 1, false),
    [session]
  );
  if (!document) {
    return (
      <div className="nb2dag-Picture nb2dag-empty">
        {session.trouble ? '' : trans.__('Reading the notebook…')}
      </div>
    );
  }
  if (!document.tagged) {
    return (
      <div className="nb2dag-Picture nb2dag-empty">
        <p>{trans.__('No cell is a task yet.')}</p>
        <p>{trans.__('Click the badge above a cell to tag it, and the DAG appears here as you go.')}</p>
      </div>
    );
  }
  if (!graph || !graph.tasks.length) {
    return <div className="nb2dag-Picture nb2dag-empty">{trans.__('No graph yet: see Findings.')}</div>;
  }
  return (
    <div className="nb2dag-Picture">
      <Graph
        graph={graph}
        stale={session.isStale}
        focused={focused}
        findings={findings}
        runs={session.run.tasks}
        trans={trans}
        onOpen={open}
      />
      {session.isStale && <div className="nb2dag-Picture-note">{trans.__('As before the errors below')}</div>}
    </div>
  );
}

function marks(session: Session): Map<string, 'error' | 'warning'> {
  const found = new Map<string, 'error' | 'warning'>();
  for (const { severity, span } of session.findings) {
    const task = session.cells.get(span.cell_id)?.task;
    if (task && severity !== 'note' && found.get(task) !== 'error') {
      found.set(task, severity);
    }
  }
  return found;
}

interface ITabsProps extends Omit<IPanelProps, 'share' | 'onShare'> {
  session: Session;
  focused: string | null;
  hello: IHello | null;
}

function Tabs(props: ITabsProps): JSX.Element {
  const { session, services, tab, onTab } = props;
  const { trans } = services;
  const count = session.findings.length;
  const names: Array<[Tab, string]> = [
    ['findings', trans.__('Findings')],
    ['dag', trans.__('DAG')],
    ['task', trans.__('Task')],
    ['code', trans.__('Code')],
    ['schedule', trans.__('Schedule')]
  ];
  if (session.run.kind) {
    names.push(['run', session.run.kind === 'verify' ? trans.__('Proof') : trans.__('Run')]);
  }
  const shown = names.some(([name]) => name === tab) ? tab : 'findings';
  return (
    <div className="nb2dag-Lower">
      <div className="nb2dag-Tabs" role="tablist">
        {names.map(([name, label]) => (
          <button
            key={name}
            role="tab"
            id={`nb2dag-tab-${name}`}
            data-tab={name}
            aria-selected={name === shown}
            aria-controls="nb2dag-tabpanel"
            onClick={() => onTab(name)}
          >
            {label}
            {name === 'findings' && count > 0 && <span className="nb2dag-Tabs-count">{count}</span>}
          </button>
        ))}
      </div>
      <div
        className="nb2dag-TabPanel"
        role="tabpanel"
        id="nb2dag-tabpanel"
        aria-labelledby={`nb2dag-tab-${shown}`}
      >
        <TabBody {...props} tab={shown} />
      </div>
    </div>
  );
}

function TabBody(props: ITabsProps): JSX.Element {
  const { session, services, tab, focused, hello } = props;
  const { trans } = services;
  const open = React.useCallback(
    (cell: number, line: number, column: number) => void reveal(session.panel, cell, line, column, true),
    [session]
  );
  const fix = React.useCallback(
    (wanted: IFix) => {
      const problem = session.applyFix(wanted);
      if (problem) {
        services.say(problem);
      }
    },
    [session, services]
  );
  const page = React.useCallback(
    (markdown: string, into: HTMLElement) => void render(services.rendermime, markdown, into),
    [services]
  );
  switch (tab) {
    case 'findings':
      return (
        <Findings
          findings={session.findings}
          trans={trans}
          onOpen={open}
          onFix={fix}
          onExplain={services.explain}
          render={page}
        />
      );
    case 'dag':
      return <Settings session={session} task={null} hello={hello} services={services} />;
    case 'task':
      return <Settings session={session} task={focused} hello={hello} services={services} />;
    case 'code':
      return (
        <Answer<ICode> key="code" session={session} question="code">
          {code => (
            <Code
              code={code}
              task={focused}
              trans={trans}
              copy={services.copy}
              highlight={(text, into) => void highlight(services.languages, text, into)}
            />
          )}
        </Answer>
      );
    case 'schedule':
      return (
        <Answer<ISchedule> key="schedule" session={session} question="schedule">
          {schedule => <Schedule schedule={schedule} trans={trans} />}
        </Answer>
      );
    default:
      return <Runs run={session.run} trans={trans} onOpenNotebook={services.openNotebook} onOpen={open} />;
  }
}

/** Ask a question again whenever the panel's document is a new one, and keep the answer until the next is there. */
function Answer<T>(props: {
  session: Session;
  question: string;
  children(answer: T | null): JSX.Element;
}): JSX.Element {
  const { session, question } = props;
  const [answer, setAnswer] = React.useState<T | null>(null);
  const [trouble, setTrouble] = React.useState('');
  React.useEffect(() => {
    let gone = false;
    session.ask<T>(question).then(
      found => {
        if (!gone) {
          setAnswer(found);
          setTrouble('');
        }
      },
      error => {
        if (!gone && !error?.superseded) {
          setTrouble(String(error?.message ?? error));
        }
      }
    );
    return () => {
      gone = true;
    };
  }, [session, session.document]);
  return trouble ? <div className="nb2dag-Banner">{trouble}</div> : props.children(answer);
}

interface ISettingsProps {
  session: Session;
  task: string | null;
  hello: IHello | null;
  services: IServices;
}

function Settings(props: ISettingsProps & { task: string | null }): JSX.Element {
  const { session, task, hello, services } = props;
  const { trans } = services;
  const isDag = (directive: IDirective): boolean => directive.directive === 'dag';
  const cells = session.document?.cells ?? [];
  const forTask = session.document && props.task !== null;
  const own = cells.filter(cell => (task === null ? cell.tag?.directive === 'dag' : cell.task === task));
  const wanted = task === null ? 'dag' : (own[0]?.tag?.directive ?? 'task');
  const directive = hello?.vocabulary.find(each => (task === null ? isDag(each) : each.directive === wanted));
  if (!directive || !session.document) {
    return <div className="nb2dag-empty">{trans.__('Reading the notebook…')}</div>;
  }
  return (
    <>
      {forTask && (
        <div className="nb2dag-Settings-head">
          <b>{task}</b>
          <button className="nb2dag-link" onClick={() => services.rename(session, task!)}>
            {trans.__('Rename…')}
          </button>
          <TaskRunLine session={session} task={task!} />
        </div>
      )}
      <Form
        key={task ?? ''}
        directive={directive}
        given={own.flatMap(cell => cell.tag?.options ?? [])}
        trans={trans}
        stamp={session.document}
        onChange={(option, text) => session.change({ type: 'option', task, option, text })}
      />
    </>
  );
}

function TaskRunLine({ session, task }: { session: Session; task: string }): JSX.Element | null {
  const run = session.run.tasks.get(task);
  return run ? (
    <span className="nb2dag-muted">
      {run.state.replace(/_/g, ' ')}
      {run.seconds ? ` · ${duration(run.seconds)}` : ''}
    </span>
  ) : null;
}

async function render(rendermime: IRenderMimeRegistry, markdown: string, into: HTMLElement): Promise<void> {
  const renderer = rendermime.createRenderer('text/markdown');
  // Not trusted: what could run or load something is taken out.
  await renderer.renderModel(rendermime.createModel({ data: { 'text/markdown': markdown }, trusted: false }));
  into.replaceChildren(renderer.node);
}

async function highlight(languages: IEditorLanguageRegistry, code: string, into: HTMLElement): Promise<void> {
  await languages.highlight(code, languages.findBest('python'), into);
}
