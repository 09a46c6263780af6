/** Underline findings in the cells' editors, with message, fix and a way to the rule's page. */
import type { CodeMirrorEditor } from '@jupyterlab/codemirror';
import type { Cell } from '@jupyterlab/cells';
import { Diagnostic, setDiagnostics } from '@codemirror/lint';
import type { EditorView } from '@codemirror/view';
import { offsetsOf } from './positions';
import type { Session } from './session';
import type { IDiagnostic } from './wire';

export interface ISquiggleActions {
  explain(code: string): void;
  say(message: string): void;
}

/** Keep the squiggles of a notebook as its session says. */
export class Squiggles {
  constructor(
    private readonly session: Session,
    private readonly actions: ISquiggleActions
  ) {
    session.changed.connect(this.update, this);
    session.cellsChanged.connect(this.updateAll, this);
    this.update();
  }

  update(): void {
    const { findings } = this.session;
    if (this.session.document && findings !== this.findings) {
      this.findings = findings;
      this.found = new Map();
      for (const each of findings) {
        const { cell_id } = each.span;
        this.found.set(cell_id, [...(this.found.get(cell_id) ?? []), each]);
      }
      this.updateAll();
    }
  }

  private updateAll(): void {
    for (const widget of this.session.panel.content.widgets) {
      if (widget.model.type === 'code') {
        this.put(widget);
      }
    }
  }

  private put(widget: Cell): void {
    const found = this.found.get(widget.model.id) ?? [];
    const view = (widget.editor as CodeMirrorEditor | null)?.editor as EditorView | undefined;
    if (!view) {
      if (found.length && !this.waiting.has(widget)) {
        this.waiting.add(widget);
        void widget.ready.then(() => this.put(widget));
      }
      return;
    }
    if (!found.length && !this.shown.has(view)) {
      return;
    }
    const shown = JSON.stringify(found);
    if (this.shown.get(view) === shown) {
      return;
    }
    const text = view.state.doc.toString();
    this.shown.set(view, shown);
    view.dispatch(
      setDiagnostics(
        view.state,
        found.map(each => this.diagnostic(each, text))
      )
    );
  }

  private diagnostic(found: IDiagnostic, text: string): Diagnostic {
    const { from, to } = offsetsOf(text, found.span);
    const { fix } = found;
    const usable = fix && fix.applicability !== 'display-only' && fix.edits.length ? fix : null;
    return {
      from,
      to: Math.max(to, Math.min(from + 1, text.length)),
      severity: found.severity === 'note' ? 'info' : found.severity,
      source: found.code,
      renderMessage: () => message(found, () => this.actions.explain(found.code)),
      message: found.message,
      actions: usable
        ? [
            {
              name: usable.title,
              apply: () => {
                const problem = this.session.applyFix(usable);
                if (problem) {
                  this.actions.say(problem);
                }
              }
            }
          ]
        : []
    };
  }

  private findings: IDiagnostic[] = [];
  private found = new Map<string, IDiagnostic[]>();
  private readonly shown = new WeakMap<EditorView, string>();
  private readonly waiting = new WeakSet<Cell>();
}

/** Build the tooltip of text nodes: names in it come from the notebook. */
function message(found: IDiagnostic, explain: () => void): HTMLElement {
  const node = document.createElement('div');
  node.className = 'nb2dag-Tooltip';
  const first = document.createElement('div');
  found.message.split('`').forEach((piece, i) => {
    if (i % 2) {
      const code = document.createElement('code');
      code.textContent = piece;
      first.append(code);
    } else {
      first.append(piece);
    }
  });
  const link = document.createElement('button');
  link.className = 'nb2dag-link';
  link.textContent = `${found.code} ${found.name}`;
  link.addEventListener('click', explain);
  node.append(first, link);
  return node;
}
