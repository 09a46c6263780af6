/** Put a badge with its role above every code cell; a click opens a menu that tags the cell. */
import type { Cell } from '@jupyterlab/cells';
import type { ITrans } from './text';
import type { Session } from './session';
import type { ICell } from './wire';

const CLASS = 'nb2dag-Badge';
const NONE: ReadonlyMap<string, ICell> = new Map();

/** What a badge says about a cell. */
export function badgeText(cell: ICell, trans: ITrans): { text: string; hint: string } {
  switch (cell.role) {
    case 'config':
      return { text: trans.__('settings'), hint: trans.__('The settings of the DAG; no part of any task') };
    case 'parameters':
      return { text: trans.__('parameters'), hint: trans.__('Its literals become the params of the DAG') };
    case 'shared':
      return { text: trans.__('shared'), hint: trans.__('Each task gets the statements it needs') };
    case 'whole':
      return { text: trans.__('shared, whole'), hint: trans.__('Every task runs this cell first, whole') };
    case 'definitions':
      return {
        text: trans.__('shared'),
        hint: trans.__('Imports and definitions that tasks get where they need them')
      };
    case 'scratch':
      return { text: trans.__('scratch'), hint: trans.__('Never exported') };
    case 'skip':
      return {
        text: trans.__('skip'),
        hint: trans.__('Interactive only, outside the meaning of the notebook')
      };
    case 'test':
      return { text: trans.__('test'), hint: trans.__('A unit test of a task, never exported') };
    default:
      return { text: cell.task ?? '', hint: trans.__('The task %1', cell.task ?? '') };
  }
}

/** Keep the badges of a notebook as its session says, and call `onClick` for a click or Enter on one. */
export class Badges {
  constructor(
    private readonly session: Session,
    private readonly trans: ITrans,
    private readonly onClick: (cell: Cell, badge: HTMLElement) => void
  ) {
    session.changed.connect(this.update, this);
    session.cellsChanged.connect(this.updateAll, this);
    this.update();
  }

  /** Show each cell's role; nothing where nobody looks and no cell is tagged. */
  update(): void {
    const { document, watched, cells } = this.session;
    const show = document !== null && (watched || document.tagged) && document.language === 'python';
    const roles = show ? cells : NONE;
    const tagged = Boolean(document?.tagged);
    if (roles !== this.roles || tagged !== this.tagged) {
      this.roles = roles;
      this.tagged = tagged;
      this.updateAll();
    }
  }

  private updateAll(): void {
    this.session.panel.content.widgets.forEach(widget => this.put(widget));
  }

  /** Bring one cell's badge up to date; most have not changed, and a keystroke must not cost what all of them do. */
  private put(widget: Cell): void {
    const cell = this.roles.get(widget.model.id);
    const wanted = cell ? (this.tagged ? `${cell.role} ${cell.task ?? ''}` : 'none') : '';
    if ((this.shown.get(widget) ?? '') === wanted) {
      return;
    }
    const header = widget.node.querySelector(':scope > .jp-CellHeader');
    if (!header) {
      // A cell that was never shown has no header yet.
      if (!this.waiting.has(widget)) {
        this.waiting.add(widget);
        void widget.ready.then(() => this.put(widget));
      }
      return;
    }
    this.shown.set(widget, wanted);
    const old = header.querySelector<HTMLButtonElement>(`:scope > .${CLASS}`);
    // A class of its own, since a selector that looks inside (`:has`) would have every change of the page looked at.
    header.classList.toggle('nb2dag-Badged', cell !== undefined);
    if (!cell) {
      old?.remove();
      return;
    }
    const { text, hint } = this.tagged
      ? badgeText(cell, this.trans)
      : { text: this.trans.__('tag'), hint: this.trans.__('Make this cell a task') };
    const badge = old ?? this.made(widget);
    badge.dataset.role = this.tagged ? cell.role : 'none';
    badge.textContent = text;
    badge.title = hint;
    badge.setAttribute('aria-label', this.trans.__('Role of the cell: %1', text));
    if (!old) {
      header.append(badge);
    }
  }

  private made(widget: Cell): HTMLButtonElement {
    const badge = document.createElement('button');
    badge.className = CLASS;
    badge.setAttribute('aria-haspopup', 'menu');
    badge.addEventListener('click', event => {
      event.stopPropagation();
      this.onClick(widget, badge);
    });
    // The notebook's own shortcuts must not take the keys.
    badge.addEventListener('keydown', event => event.stopPropagation());
    badge.addEventListener('mousedown', event => event.stopPropagation());
    return badge;
  }

  private roles = NONE;
  private tagged = false;
  private readonly shown = new WeakMap<Cell, string>();
  private readonly waiting = new WeakSet<Cell>();
}
