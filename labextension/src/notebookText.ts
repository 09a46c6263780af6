/** Read what the compiler needs from a notebook's model, unsaved edits included, and write edits back. */
import type { INotebookModel } from '@jupyterlab/notebook';
import type { IEdit } from './wire';
import { offsetsOf } from './positions';

export interface ISentCell {
  id: string;
  cell_type: string;
  source: string;
  metadata: { tags: string[] };
}

export interface ISentNotebook {
  cells: ISentCell[];
  metadata: { [key: string]: unknown };
}

const MAYBE_TAGGED = /%airflow_|#\s*\|/;

/** What was sent of a cell stays the same object until the cell changes: of a thousand cells a key changes one. */
type SharedCell = INotebookModel['sharedModel']['cells'][number];
const kept = new WeakMap<SharedCell, ISentCell>();
const listening = new WeakSet<SharedCell>();
const texts = new WeakMap<ISentCell, string>();

/** Return the notebook without outputs. */
export function sentNotebook(model: INotebookModel): ISentNotebook {
  const shared = model.sharedModel;
  return {
    cells: shared.cells.map(sentCell),
    // One by one: the whole of the metadata may hold megabytes of widgets' states.
    metadata: {
      kernelspec: shared.getMetadata('kernelspec') ?? {},
      language_info: languageOf(shared.getMetadata('language_info'))
    }
  };
}

function sentCell(cell: SharedCell): ISentCell {
  const known = kept.get(cell);
  if (known) {
    return known;
  }
  if (!listening.has(cell)) {
    listening.add(cell);
    cell.changed.connect(() => void kept.delete(cell));
  }
  const tags: unknown = cell.getMetadata('tags');
  const sent = {
    id: cell.getId(),
    cell_type: cell.cell_type,
    source: cell.getSource(),
    metadata: { tags: Array.isArray(tags) ? tags.filter(tag => typeof tag === 'string') : [] }
  };
  kept.set(cell, sent);
  return sent;
}

/** Tell whether two notebooks compile alike; false may be said of two that do. */
export function isSame(one: ISentNotebook, other: ISentNotebook): boolean {
  return (
    one.cells.length === other.cells.length &&
    one.cells.every((cell, i) => cell === other.cells[i]) &&
    JSON.stringify(one.metadata) === JSON.stringify(other.metadata)
  );
}

/** Return the notebook as JSON. */
export function jsonOf(notebook: ISentNotebook): string {
  const cells = notebook.cells.map(cell => {
    const text = texts.get(cell) ?? JSON.stringify(cell);
    texts.set(cell, text);
    return text;
  });
  return `{"cells":[${cells.join(',')}],"metadata":${JSON.stringify(notebook.metadata)}}`;
}

function languageOf(info: unknown): { name?: unknown } {
  const name = (info as { name?: unknown } | undefined)?.name;
  return name === undefined ? {} : { name };
}

/** Tell whether any cell may carry a tag, without asking the server. */
export function maybeTagged(notebook: ISentNotebook): boolean {
  return notebook.cells.some(
    cell =>
      cell.cell_type === 'code' &&
      (MAYBE_TAGGED.test(cell.source) || cell.metadata.tags.includes('parameters'))
  );
}

/**
 * Apply edits and insertions that were made for `sent` as one change; returns false, and changes nothing, where the
 * notebook is another one by now.
 */
export function applyChanges(
  model: INotebookModel,
  sent: ISentNotebook,
  edits: ReadonlyArray<IEdit>,
  inserts: ReadonlyArray<{ before: number; source: string }> = []
): boolean {
  const shared = model.sharedModel;
  const same = (index: number): boolean =>
    index < shared.cells.length &&
    shared.cells[index].getId() === sent.cells[index]?.id &&
    shared.cells[index].getSource() === sent.cells[index]?.source;
  if (!edits.every(edit => same(edit.cell - 1))) {
    return false;
  }
  const later = [...edits].sort((a, b) => b.cell - a.cell || b.line - a.line || b.column - a.column);
  // Each cell has its own undo, so its edits are its own transaction; the last ones first, so that offsets hold.
  for (const edit of later) {
    const cell = shared.cells[edit.cell - 1];
    const { from, to } = offsetsOf(cell.getSource(), edit);
    cell.updateSource(from, to, edit.replacement);
  }
  for (const insert of [...inserts].sort((a, b) => b.before - a.before)) {
    shared.insertCell(insert.before - 1, { cell_type: 'code', source: insert.source, metadata: {} });
  }
  return true;
}
