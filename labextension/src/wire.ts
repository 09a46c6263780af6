/**
 * What the server extension answers.
 *
 * Written by tools/wire_types.py from src/nb2dag/report/schema: change the schema, then run it.
 */

/** Version 1: what the server extension answers to `panel`; under `$defs` its other answers. Keys may be added within a version; none goes or changes its meaning. */
export interface IPanel {
  version: 1;
  dag_id: string;
  /** The kernel's, in lower case. */
  language: string;
  /** Whether any cell has a tag. */
  tagged: boolean;
  /** The cell with the DAG's settings; 0 without one. */
  settings_cell: number;
  /** Whether a cell says `%load_ext nb2dag`. */
  extension_loaded: boolean;
  /** Whether nothing stands in the way of an export. */
  exportable: boolean;
  graph: null | IGraph;
  /** The code cells, in order. */
  cells: Array<ICell>;
  diagnostics: Array<IDiagnostic>;
  summary: ISummary;
}

/** What a panel does not know yet: the answer to `news`. */
export interface INews {
  /** A digest of the value of each key of the panel's document, to be sent as `known` the next time. */
  digests: { [key: string]: string };
  /** The keys of the panel's document whose values are others than the known ones. */
  changed: { [key: string]: unknown };
}

/** The DAG as far as it is known. */
export interface IGraph {
  /** In an order in which each comes after its upstream tasks. */
  tasks: Array<ITask>;
  edges: Array<IEdge>;
}

export interface ITask {
  task_id: string;
  /** What the task is; `implicit` ones nb2dag adds to compute shared values once. */
  kind: 'task' | 'sql' | 'check' | 'sensor' | 'implicit';
  /** The task group's id. */
  group: string | null;
  /** The numbers of the task's cells. */
  cells: Array<number>;
  upstream: Array<string>;
  /** The Markdown right above the task's first cell. */
  doc: string;
}

export interface IEdge {
  from: string;
  to: string;
  /** The values that are handed over. */
  names: Array<string>;
  /** Whether an `after` names it. */
  declared: boolean;
}

/** A code cell. */
export interface ICell {
  cell: number;
  id: string;
  role: 'config' | 'parameters' | 'shared' | 'whole' | 'task' | 'definitions' | 'scratch' | 'skip' | 'test';
  /** The task's id; null for all roles but `task`. */
  task: string | null;
  tag: null | ITag;
}

/** A cell's tag as it is written. */
export interface ITag {
  /** The directive's option-line keyword, such as `task`. */
  directive: string;
  name: string | null;
  spelling: 'magic' | 'option lines' | 'cell tag';
  options: Array<IGivenOption>;
}

export interface IGivenOption {
  /** The canonical name, such as `retry_delay`. */
  name: string;
  /** The value as a form shows it; items of a list have commas between them. */
  text: string;
}

/** Answer to `code`: what compile would write. */
export interface ICode {
  files: Array<{
    path: string;
    task: string | null;
    /** The file's text, or for a task notebook its code cells. */
    cells: Array<string>;
  }>;
}

/** Answer to `schedule`: the next runs. */
export interface ISchedule {
  /** As the tag spells it; empty for none. */
  schedule: string;
  timezone: string;
  runs: Array<{
    /** ISO 8601, in the DAG's timezone. */
    run: string;
    data_interval_start: string;
    data_interval_end: string;
  }>;
  /** What to know where there are no runs to list. */
  note: string;
}

/** Answer to `edit`: what to change in the notebook. */
export interface IEditAnswer {
  edits: Array<IEdit>;
  inserts: Array<{
    before: number;
    source: string;
  }>;
  /** Why nothing can be changed; else empty. */
  problem: string;
  /** The name that a task got. */
  name: string | null;
}

/** Answer to `preview`: what an export would write. */
export interface IExportPreview {
  dag_id: string;
  /** The bundle's folder, relative to the server's root where it is below. */
  target: string;
  /** Whether the folder is below the server's root. */
  inside: boolean;
  files: Array<{
    path: string;
    change: 'new' | 'changed' | 'removed' | 'same';
  }>;
  /** A unified diff. */
  diff: string;
  /** Why only overwriting would do; else empty. */
  conflict: string;
}

/** Answer to `export`: what was written. */
export interface IExportAnswer {
  dag_id: string;
  target: string;
  inside: boolean;
  dag_file: string;
  changed: Array<string>;
}

/** Answer to `hello`. */
export interface IHello {
  /** The server extension's. */
  version: string;
  /** Whether exports can be imported with Airflow. */
  airflow: boolean;
  /** Whether notebooks are files of the server's machine. */
  files: boolean;
  /** Folders outside the root that exports may go to. */
  dag_folders: Array<string>;
  vocabulary: Array<IDirective>;
}

export interface IDirective {
  /** The option-line keyword. */
  directive: string;
  /** Empty where it has none. */
  magic: string;
  usage: string;
  help: string;
  /** Whether a name follows. */
  name: 'required' | 'optional' | 'none';
  /** Whether this version compiles it. */
  lowered: boolean;
  options: Array<IOption>;
}

export interface IOption {
  name: string;
  flag: string;
  /** The value's type, as the documentation calls it. */
  type: string;
  help: string;
  example: string;
  /** Airflow's argument. */
  airflow: string;
  choices: Array<string>;
  lowered: boolean;
  /** False for a task option on the DAG line. */
  own: boolean;
}

/** Answer where something stands in the way. */
export interface IRefusal {
  message: string;
}

/** Answer to the start of a run or verification. */
export interface IJob {
  id: string;
}

/** Answer to `jobs/<id>`. */
export interface IJobEvents {
  events: Array<IJobEvent>;
  done: boolean;
}

/** One thing that happened; `type` says which keys are there. */
export interface IJobEvent {
  type: 'started' | 'progress' | 'output' | 'retrying' | 'ended' | 'stopping' | 'step' | 'finished';
  task?: string;
  attempt?: number;
  attempts?: number;
  number?: number;
  total?: number;
  cell?: number;
  what?: string;
  stream?: string;
  text?: string;
  delay?: number;
  message?: string;
  state?: string;
  seconds?: number;
  tasks?: Array<string | ITaskResult>;
  run?: string;
  detail?: string;
  ok?: boolean;
  report?: IVerifyReport;
}

export interface ITaskResult {
  task: string;
  state: string;
  seconds: number;
  /** The executed notebook, where the browser can open it. */
  notebook: string | null;
  failure: null | {
    message: string;
    cell: number;
    line: number;
  };
}

/** What `nb2dag verify --format json` prints. */
export interface IVerifyReport {
  version: number;
  notebook: string;
  dag_id: string;
  orders: Array<Array<string>>;
  folder: string;
  verdict: 'same' | 'unproven' | 'different';
  compared: { [key: string]: number };
  differences: Array<IVerifyItem>;
  not_comparable: Array<IVerifyItem>;
  not_reproducible: Array<IVerifyItem>;
  notes: Array<string>;
}

export interface IVerifyItem {
  cell: number;
  task: string;
  name: string;
  kind: string;
  whole?: string;
  dag?: string;
  reason?: string;
  first?: string;
  second?: string;
}

/** Answer to `rules/<code>`. */
export interface IRulePage {
  /** Markdown. */
  page: string;
}

/** Answer to `import`: what Airflow says about an exported DAG file. */
export interface IImportAnswer {
  /** False where no Airflow is installed. */
  checked: boolean;
  dag_ids: Array<string>;
  errors: Array<{
    message: string;
    line: number;
    /** The source cell; 0 where it is not known. */
    cell: number;
  }>;
}

/** Answer to `registration`: what a running Airflow knows of an export. */
export interface IRegistrationAnswer {
  state: 'off' | 'waiting' | 'registered' | 'import-error' | 'unreachable';
  /** Airflow's error, or why it cannot be asked. */
  message: string;
  /** The DAG's page in Airflow; empty where none is configured. */
  url: string;
}

export interface IDiagnostic {
  code: string;
  name: string;
  severity: 'error' | 'warning' | 'note';
  /** One line without a final stop, names in backticks. */
  message: string;
  span: ISpan;
  /** What to do next; empty where there is nothing to say. */
  hint: string;
  /** Other places that belong to the finding. */
  labels: Array<{
    message: string;
    span: ISpan;
  }>;
  fix: null | IFix;
}

/** A place in the text of a cell: 1-based lines and code points, the end exclusive. */
export interface ISpan {
  path: string;
  /** The cell's number over all cells, from 1; 0 for the file as a whole. */
  cell: number;
  cell_id: string;
  line: number;
  column: number;
  end_line: number;
  end_column: number;
}

export interface IFix {
  title: string;
  applicability: 'safe' | 'unsafe' | 'display-only';
  edits: Array<IEdit>;
}

export interface IEdit {
  cell: number;
  cell_id: string;
  line: number;
  column: number;
  end_line: number;
  end_column: number;
  replacement: string;
}

export interface ISummary {
  notebooks: number;
  errors: number;
  warnings: number;
  notes: number;
}
