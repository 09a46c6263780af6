/** Show the generated DAG file and task notebooks, highlighted, to copy. */
import * as React from 'react';
import type { ITrans } from './text';
import type { ICode } from './wire';

export interface ICodeProps {
  code: ICode | null;
  trans: ITrans;
  /** The task of the cell in focus, whose notebook is shown first. */
  task: string | null;
  highlight(code: string, into: HTMLElement): void;
  copy(text: string): void;
}

export function Code({ code, trans, highlight, copy }: ICodeProps): JSX.Element {
  const [chosen, setChosen] = React.useState('');
  if (!code) {
    return <div className="nb2dag-empty">{trans.__('Compiling…')}</div>;
  }
  if (!code.files.length) {
    return (
      <div className="nb2dag-empty">
        {trans.__('There is no code while the notebook has errors: see Findings.')}
      </div>
    );
  }
  const file = code.files.find(each => each.path === chosen) ?? code.files[0];
  return (
    <div className="nb2dag-Code">
      <div className="nb2dag-Code-bar">
        <select
          className="jp-mod-styled"
          aria-label={trans.__('File')}
          value={file.path}
          onChange={event => setChosen(event.target.value)}
        >
          {code.files.map(each => (
            <option key={each.path}>{each.path}</option>
          ))}
        </select>
        <Copy key={file.path} text={file.cells.join('\n\n')} trans={trans} copy={copy} />
      </div>
      {file.cells.map((cell, i) => (
        <Listing key={`${file.path} ${i}`} text={cell} highlight={highlight} />
      ))}
    </div>
  );
}

/** Milliseconds that the button says what it did. */
const SAID = 1500;

function Copy({ text, trans, copy }: { text: string } & Pick<ICodeProps, 'trans' | 'copy'>): JSX.Element {
  const [copied, setCopied] = React.useState(false);
  React.useEffect(() => {
    const timer = window.setTimeout(() => setCopied(false), SAID);
    return () => window.clearTimeout(timer);
  }, [copied]);
  return (
    <button
      className="nb2dag-button"
      data-action="copy"
      onClick={() => {
        copy(text);
        setCopied(true);
      }}
    >
      {copied ? trans.__('Copied') : trans.__('Copy')}
    </button>
  );
}

function Listing({ text, highlight }: { text: string; highlight: ICodeProps['highlight'] }): JSX.Element {
  const ref = React.useRef<HTMLPreElement>(null);
  React.useEffect(() => {
    if (ref.current) {
      ref.current.textContent = '';
      highlight(text, ref.current);
    }
  }, [text]);
  return <pre className="nb2dag-Listing" ref={ref} tabIndex={0} />;
}
