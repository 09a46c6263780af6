/** Show a run or verification: each task's state and output, its executed notebook, and the proof. */
import * as React from 'react';
import type { ITaskRun, JobFollower } from './job';
import { duration, ITrans } from './text';
import type { IVerifyItem } from './wire';

export interface IRunsProps {
  run: JobFollower;
  trans: ITrans;
  onOpenNotebook(path: string): void;
  onOpen(cell: number, line: number, column: number): void;
}

export function Runs(props: IRunsProps): JSX.Element {
  const { run, trans } = props;
  return (
    <div className="nb2dag-Runs">
      <Verdict {...props} />
      <ul>
        {[...run.tasks].map(([id, task]) => (
          <TaskRow key={id} id={id} task={task} {...props} />
        ))}
      </ul>
      {run.report && <Proof {...props} />}
      {!run.tasks.size && run.running && <div className="nb2dag-empty">{trans.__('Starting…')}</div>}
    </div>
  );
}

function Verdict({ run, trans }: IRunsProps): JSX.Element | null {
  if (run.running) {
    return run.message ? <p className="nb2dag-muted">{run.message}</p> : null;
  }
  const verdicts: { [verdict: string]: string } = {
    same: trans.__('Proven: the DAG computes what the notebook computes.'),
    unproven: trans.__('Not proven: nothing differs, but not everything could be compared.'),
    different: trans.__('The DAG does not compute what the notebook computes.')
  };
  const whole = run.ok ? trans.__('The run succeeded.') : trans.__('The run failed.');
  const text = run.report ? verdicts[run.report.verdict] : run.message || whole;
  return (
    <p className="nb2dag-Runs-verdict" data-ok={run.ok}>
      {text}
    </p>
  );
}

function TaskRow({
  id,
  task,
  trans,
  onOpenNotebook,
  onOpen
}: IRunsProps & { id: string; task: ITaskRun }): JSX.Element {
  const { result } = task;
  const failure = result?.failure;
  return (
    <li className="nb2dag-Run" data-run={id} data-state={task.state}>
      <div className="nb2dag-Run-line">
        <span className="nb2dag-Run-dot" />
        <b>{id}</b>
        <span className="nb2dag-muted">
          {task.state.replace(/_/g, ' ')}
          {task.seconds ? ` · ${duration(task.seconds)}` : ''}
        </span>
        {result?.notebook && (
          <button className="nb2dag-link" onClick={() => onOpenNotebook(result.notebook!)}>
            {trans.__('executed notebook')}
          </button>
        )}
      </div>
      {task.note && task.state !== 'success' && <div className="nb2dag-Run-note">{task.note}</div>}
      {failure && failure.cell > 0 && (
        <button className="nb2dag-link" onClick={() => onOpen(failure.cell, Math.max(1, failure.line), 1)}>
          {trans.__('cell %1, line %2', failure.cell, failure.line)}
        </button>
      )}
      {task.output.length > 0 && (
        <details>
          <summary>
            {trans._n('%1 line of output', '%1 lines of output', task.output.length, task.output.length)}
          </summary>
          <pre className="nb2dag-Listing">{task.output.join('\n')}</pre>
        </details>
      )}
    </li>
  );
}

function Proof({ run, trans, onOpen }: IRunsProps): JSX.Element {
  const report = run.report!;
  const compared = report.compared;
  const line = (item: IVerifyItem, what: string): JSX.Element => (
    <li key={`${what} ${item.cell} ${item.task} ${item.name} ${item.kind}`}>
      <button className="nb2dag-link" onClick={() => onOpen(item.cell, 1, 1)}>
        {trans.__('cell %1', item.cell)}
      </button>{' '}
      {trans.__('`%1` of %2 %3', item.name, item.task, what).replace(/`/g, '')}
      {(item.reason || item.whole) && (
        <div className="nb2dag-muted">{item.reason ?? `${item.whole} ≠ ${item.dag}`}</div>
      )}
    </li>
  );
  return (
    <div className="nb2dag-Proof">
      <p>
        {trans.__(
          'Compared %1 by value and %2 by structure.',
          compared.by_value ?? 0,
          compared.by_structure ?? 0
        )}
      </p>
      <ul>
        {report.differences.map(item => line(item, trans.__('differs')))}
        {report.not_comparable.map(item => line(item, trans.__('is not comparable')))}
        {report.not_reproducible.map(item => line(item, trans.__('is not reproducible')))}
      </ul>
      {report.notes.map(note => (
        <p key={note} className="nb2dag-muted">
          {note}
        </p>
      ))}
    </div>
  );
}
