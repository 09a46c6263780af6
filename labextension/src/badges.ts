/** Put a badge with its role above every code cell; a click opens a menu that tags the cell. */
import type { Cell } from '@jupyterlab/cells';
import type { ITrans } from './text';
import type { Session } from './session';
import type { ICell } from './wire';

const CLASS = 'nb2dag-Badge';

/** What a badge says about a cell. */
export function badgeText(cell: ICell, trans: ITrans): { text: string; hint: string } {
  const texts: { [role: string]: [string, string] } = {
    config: [trans.__('settings'), trans.__('The settings of the DAG; no part of any task')],
    parameters: [trans.__('parameters'), trans.__('Its literals become the params of the DAG')],
    shared: [trans.__('shared'), trans.__('Each task gets the statements it needs')],
    whole: [trans.__('shared, whole'), trans.__('Every task runs this cell first, whole')],
    definitions: [
      trans.__('shared'),
      trans.__('Imports and definitions that tasks get where they need them')
    ],
    scratch: [trans.__('scratch'), trans.__('Never exported')],
    skip: [trans.__('skip'), trans.__('Interactive only, outside the meaning of the notebook')],
    test: [trans.__('test'), trans.__('A unit test of a task, never exported')],
    task: [cell.task ?? '', trans.__('The task `%1`', cell.task ?? '').replace(/`/g, '')]
  };
  const [text, hint] = texts[cell.role];
  return { text, hint };
}

/** Keep the badges of a notebook as its session says, and call `onClick` for a click or Enter on one. */
export class Badges {
  constructor(
    private readonly session: Session,
    private readonly trans: ITrans,
    private readonly onClick: (cell: Cell, badge: HTMLElement) => void
  ) {
    session.changed.connect(this.update, this);
    session.panel.content.modelContentChanged?.connect(this.update, this);
    this.update();
  }

  /** Show each cell's role; nothing where nobody looks and no cell is tagged. */
  update(): void {
    const { document, watched } = this.session;
    const show = document !== null && (watched || document.tagged) && document.language === 'python';
    const roles = new Map(show ? document.cells.map(cell => [cell.id, cell]) : []);
    for (const widget of this.session.panel.content.widgets) {
      const cell = roles.get(widget.model.id);
      if (cell) {
        this.put(widget, cell, document!.tagged);
      } else {
        widget.node.querySelector(`:scope > .jp-CellHeader > .${CLASS}`)?.remove();
      }
    }
  }

  private put(widget: Cell, cell: ICell, tagged: boolean): void {
    const { text, hint } = tagged
      ? badgeText(cell, this.trans)
      : { text: this.trans.__('tag'), hint: this.trans.__('Make this cell a task') };
    const role = tagged ? cell.role : 'none';
    const header = widget.node.querySelector(':scope > .jp-CellHeader');
    if (!header) {
      // A cell that was never shown has no header yet; it asks again when it is.
      if (!this.waiting.has(widget)) {
        this.waiting.add(widget);
        void widget.ready.then(() => this.update());
      }
      return;
    }
    let badge = header.querySelector<HTMLButtonElement>(`:scope > .${CLASS}`);
    if (!badge) {
      badge = document.createElement('button');
      badge.className = CLASS;
      badge.addEventListener('click', event => {
        event.stopPropagation();
        this.onClick(widget, badge!);
      });
      // The notebook's own shortcuts must not take the keys.
      badge.addEventListener('keydown', event => event.stopPropagation());
      badge.addEventListener('mousedown', event => event.stopPropagation());
      header.append(badge);
    }
    if (badge.dataset.role !== role || badge.textContent !== text) {
      badge.dataset.role = role;
      badge.textContent = text;
      badge.title = hint;
      badge.setAttribute('aria-label', this.trans.__('Role of the cell: %1', text));
      badge.setAttribute('aria-haspopup', 'menu');
    }
  }

  private readonly waiting = new WeakSet<Cell>();
}
