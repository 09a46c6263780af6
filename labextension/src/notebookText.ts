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

/** Return the notebook without outputs; two notebooks that compile alike are equal as JSON. */
export function sentNotebook(model: INotebookModel): ISentNotebook {
  const cells = model.sharedModel.cells.map(cell => {
    const tags: unknown = cell.getMetadata('tags');
    return {
      id: cell.getId(),
      cell_type: cell.cell_type,
      source: cell.getSource(),
      metadata: { tags: Array.isArray(tags) ? tags.filter(tag => typeof tag === 'string') : [] }
    };
  });
  const metadata = model.sharedModel.metadata;
  return {
    cells,
    metadata: { kernelspec: metadata.kernelspec ?? {}, language_info: languageOf(metadata.language_info) }
  };
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
