/** Export as DAG: say where to and what would change, write it, and show what Airflow makes of it. */
import { Dialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Session } from './session';
import { aboutFile, ITrans, Words } from './text';
import type { IExportAnswer, IExportPreview, IImportAnswer, IRegistrationAnswer } from './wire';

export interface IExportChoice {
  folder: string;
  force: boolean;
}

interface IFormProps {
  session: Session;
  trans: ITrans;
  choice: IExportChoice;
  folders: string[];
  warnings: number;
}

/** The dialog's body; `getValue` returns the folder and whether to overwrite. */
export class ExportBody extends ReactWidget implements Dialog.IBodyWidget<IExportChoice> {
  constructor(private readonly props: IFormProps) {
    super();
    this.addClass('nb2dag-Export');
  }

  getValue(): IExportChoice {
    return this.props.choice;
  }

  protected render(): JSX.Element {
    return <ExportForm {...this.props} />;
  }
}

function ExportForm({ session, trans, choice, folders, warnings }: IFormProps): JSX.Element {
  const [folder, setFolder] = React.useState(choice.folder);
  const [force, setForce] = React.useState(false);
  const [preview, setPreview] = React.useState<IExportPreview | null>(null);
  const [trouble, setTrouble] = React.useState('');
  choice.folder = folder;
  choice.force = force;
  React.useEffect(() => {
    let gone = false;
    const timer = window.setTimeout(() => {
      session.ask<IExportPreview>('preview', { folder }).then(
        found => {
          if (!gone) {
            setPreview(found);
            setTrouble('');
          }
        },
        error => {
          if (!gone && !error?.superseded) {
            setPreview(null);
            setTrouble(String(error?.message ?? error));
          }
        }
      );
    }, 150);
    return () => {
      gone = true;
      window.clearTimeout(timer);
    };
  }, [folder]);
  return (
    <div className="nb2dag-Export-body">
      <label htmlFor="nb2dag-export-folder">{trans.__('DAG folder')}</label>
      <input
        id="nb2dag-export-folder"
        className="jp-mod-styled"
        list="nb2dag-export-folders"
        value={folder}
        spellCheck={false}
        onChange={event => setFolder(event.target.value)}
      />
      <datalist id="nb2dag-export-folders">
        {folders.map(each => (
          <option key={each} value={each} />
        ))}
      </datalist>
      {trouble && <div className="nb2dag-Banner">{trouble}</div>}
      {session.file !== 'same' && (
        <div className="nb2dag-Export-warnings">{aboutFile(session.file, trans)}</div>
      )}
      {warnings > 0 && (
        <div className="nb2dag-Export-warnings">
          {trans._n(
            'There is %1 warning: look at Findings first, or export anyway.',
            'There are %1 warnings: look at Findings first, or export anyway.',
            warnings,
            warnings
          )}
        </div>
      )}
      {preview && <Preview preview={preview} trans={trans} />}
      {preview?.conflict && (
        <div className="nb2dag-Export-conflict">
          <Words text={preview.conflict} />
          <label>
            <input type="checkbox" checked={force} onChange={event => setForce(event.target.checked)} />{' '}
            {trans.__('Overwrite')}
          </label>
        </div>
      )}
    </div>
  );
}

function Preview({ preview, trans }: { preview: IExportPreview; trans: ITrans }): JSX.Element {
  const changed = preview.files.filter(file => file.change !== 'same');
  const words = {
    new: trans.__('new'),
    changed: trans.__('changed'),
    removed: trans.__('removed'),
    same: trans.__('same')
  };
  return (
    <>
      <div className="nb2dag-Export-target">
        <code>{preview.target}/</code>
        {!changed.length && (
          <span className="nb2dag-Export-fresh">{trans.__('up to date: nothing to write')}</span>
        )}
      </div>
      <ul className="nb2dag-Export-files">
        {preview.files.map(file => (
          <li key={file.path} data-change={file.change}>
            <span className="nb2dag-Export-path">{file.path}</span>
            <span className="nb2dag-Export-change">{words[file.change]}</span>
          </li>
        ))}
      </ul>
      {preview.diff && (
        <details className="nb2dag-Export-diff">
          <summary>{trans.__('Show the changes')}</summary>
          <pre className="nb2dag-Listing">
            {preview.diff.split('\n').map((line, i) => (
              <span key={i} data-line={kindOf(line)}>
                {line + '\n'}
              </span>
            ))}
          </pre>
        </details>
      )}
    </>
  );
}

function kindOf(line: string): string {
  if (line.startsWith('+++') || line.startsWith('---') || line.startsWith('@@')) {
    return 'head';
  }
  return line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : 'same';
}

/** What is shown after an export: the files at once, and what Airflow says when it has said it. */
export class ExportResult extends ReactWidget {
  constructor(
    private readonly answer: IExportAnswer,
    private readonly imported: Promise<IImportAnswer>,
    private readonly registration: () => Promise<IRegistrationAnswer>,
    private readonly trans: ITrans,
    private readonly open: (path: string) => void
  ) {
    super();
    this.addClass('nb2dag-Export');
  }

  protected render(): JSX.Element {
    const { answer, trans } = this;
    const { changed } = answer;
    return (
      <div className="nb2dag-Export-body">
        <p className="nb2dag-Export-done">
          {changed.length
            ? trans._n('%1 file written to', '%1 files written to', changed.length, changed.length)
            : trans.__('Nothing to write: up to date in')}{' '}
          <code>{answer.target}/</code>
        </p>
        {answer.inside && (
          <ul className="nb2dag-Export-files">
            {[answer.dag_file, ...changed.filter(path => path !== answer.dag_file)].map(path => (
              <li key={path}>
                <button className="nb2dag-link" onClick={() => this.open(`${answer.target}/${path}`)}>
                  {path}
                </button>
              </li>
            ))}
          </ul>
        )}
        <Imported imported={this.imported} trans={trans} />
        <Registered ask={this.registration} trans={trans} />
      </div>
    );
  }
}

function Imported({ imported, trans }: { imported: Promise<IImportAnswer>; trans: ITrans }): JSX.Element {
  const [found, setFound] = React.useState<IImportAnswer | null>(null);
  const [trouble, setTrouble] = React.useState('');
  React.useEffect(() => {
    imported.then(setFound, error => setTrouble(String(error?.message ?? error)));
  }, []);
  if (trouble) {
    return <div className="nb2dag-Banner">{trouble}</div>;
  }
  if (!found) {
    return <p className="nb2dag-muted">{trans.__('Airflow is importing it…')}</p>;
  }
  if (!found.checked) {
    return (
      <p className="nb2dag-muted">
        {trans.__('Airflow is not installed here, so the file was not imported.')}
      </p>
    );
  }
  if (!found.errors.length) {
    return <p className="nb2dag-Export-ok">{trans.__('Airflow imports it: %1', found.dag_ids.join(', '))}</p>;
  }
  return (
    <>
      {found.errors.map((error, i) => (
        <div key={i} className="nb2dag-Export-conflict">
          {error.cell ? trans.__('Airflow, about cell %1: ', error.cell) : trans.__('Airflow: ')}
          {error.message}
        </div>
      ))}
    </>
  );
}

const LONGEST_WAIT = 300_000;

/** Ask a running Airflow, again and again, until it knows the export; nothing where none is configured. */
function Registered({
  ask,
  trans
}: {
  ask(): Promise<IRegistrationAnswer>;
  trans: ITrans;
}): JSX.Element | null {
  const [found, setFound] = React.useState<IRegistrationAnswer | null>(null);
  const [trouble, setTrouble] = React.useState('');
  React.useEffect(() => {
    let gone = false;
    const began = Date.now();
    const follow = async (): Promise<void> => {
      while (!gone) {
        const answer = await ask();
        if (gone) {
          return;
        }
        setFound(answer);
        if (answer.state !== 'waiting') {
          return;
        }
        if (Date.now() - began > LONGEST_WAIT) {
          setTrouble(trans.__('Airflow has not registered it in 5 minutes: does it read this folder?'));
          return;
        }
      }
    };
    follow().catch(error => gone || setTrouble(String(error?.message ?? error)));
    return () => {
      gone = true;
    };
  }, []);
  if (trouble) {
    return <div className="nb2dag-Banner">{trouble}</div>;
  }
  if (!found || found.state === 'off') {
    return null;
  }
  switch (found.state) {
    case 'registered':
      return (
        <p className="nb2dag-Export-ok" data-registration={found.state}>
          {trans.__('Airflow has registered it:')}{' '}
          <a href={found.url} target="_blank" rel="noopener noreferrer">
            {trans.__('open in Airflow')}
          </a>
        </p>
      );
    case 'waiting':
      return (
        <p className="nb2dag-muted" data-registration={found.state}>
          {trans.__('Waiting until Airflow registers it…')}
        </p>
      );
    default:
      return (
        <div className="nb2dag-Export-conflict" data-registration={found.state}>
          {found.state === 'import-error' ? trans.__('Airflow cannot import it: ') : ''}
          {found.message}
        </div>
      );
  }
}
