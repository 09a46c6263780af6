/** List what was found, in notebook order: a click goes to the line, a button applies the fix. */
import * as React from 'react';
import { ITrans, Words } from './text';
import type { IDiagnostic, IFix } from './wire';

export interface IFindingsProps {
  findings: IDiagnostic[];
  trans: ITrans;
  onOpen(cell: number, line: number, column: number): void;
  onFix(fix: IFix): void;
  onExplain(code: string): Promise<string>;
  /** Put a rule's page, which is Markdown, into an element. */
  render(markdown: string, into: HTMLElement): void;
}

/** How many findings are listed unasked: nobody reads more, and each costs time to draw. */
const MOST_UNASKED = 100;

/** Drawn anew only where the findings change, which most keystrokes do not do. */
export const Findings = React.memo(function Findings(props: IFindingsProps): JSX.Element {
  const { findings, trans } = props;
  const [all, setAll] = React.useState(false);
  if (!findings.length) {
    return <div className="nb2dag-empty">{trans.__('No findings.')}</div>;
  }
  const shown = all ? findings : findings.slice(0, MOST_UNASKED);
  return (
    <>
      <ul className="nb2dag-Findings">
        {shown.map((found, i) => (
          <Finding
            key={`${found.code} ${found.span.cell} ${found.span.line} ${i}`}
            {...props}
            found={found}
          />
        ))}
      </ul>
      {shown.length < findings.length && (
        <button className="nb2dag-button nb2dag-Findings-more" onClick={() => setAll(true)}>
          {trans.__('Show all %1 findings', findings.length)}
        </button>
      )}
    </>
  );
});

function Finding(props: IFindingsProps & { found: IDiagnostic }): JSX.Element {
  const { found, trans } = props;
  const { cell, line, column } = found.span;
  const [page, setPage] = React.useState<string | null>(null);
  const explain = async (): Promise<void> =>
    setPage(page === null ? await props.onExplain(found.code) : null);
  const fix =
    found.fix && found.fix.applicability !== 'display-only' && found.fix.edits.length ? found.fix : null;
  return (
    <li className="nb2dag-Finding" data-severity={found.severity} data-code={found.code}>
      <button className="nb2dag-Finding-main" onClick={() => props.onOpen(cell, line, column)}>
        <span className="nb2dag-Finding-dot" aria-label={found.severity} />
        <span className="nb2dag-Finding-text">
          <span className="nb2dag-Finding-message">
            <Words text={found.message} />
          </span>
          <span className="nb2dag-Finding-place">
            {cell ? trans.__('cell %1, line %2', cell, line) : trans.__('notebook')}
          </span>
        </span>
      </button>
      {found.hint && (
        <div className="nb2dag-Finding-hint">
          <Words text={found.hint} />
        </div>
      )}
      {found.labels.map((label, i) => (
        <button
          key={i}
          className="nb2dag-link nb2dag-Finding-label"
          onClick={() => props.onOpen(label.span.cell, label.span.line, label.span.column)}
        >
          {trans.__('cell %1, line %2', label.span.cell, label.span.line)}: <Words text={label.message} />
        </button>
      ))}
      <div className="nb2dag-Finding-actions">
        {fix && (
          <button
            className="nb2dag-button nb2dag-Finding-fix"
            title={fix.applicability === 'unsafe' ? trans.__('A guess: look at the result') : undefined}
            onClick={() => props.onFix(fix)}
          >
            <Words text={fix.title} />
          </button>
        )}
        {found.code && (
          <button className="nb2dag-link" aria-expanded={page !== null} onClick={() => void explain()}>
            {found.code} {found.name}
          </button>
        )}
      </div>
      {page !== null && <Page markdown={page} render={props.render} />}
    </li>
  );
}

function Page({ markdown, render }: { markdown: string; render: IFindingsProps['render'] }): JSX.Element {
  const ref = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    if (ref.current) {
      render(markdown, ref.current);
    }
  }, [markdown]);
  return <div className="nb2dag-Finding-page" ref={ref} />;
}
