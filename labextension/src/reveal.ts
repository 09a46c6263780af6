/** Bring a place in a cell into view and put the cursor there. */
import type { NotebookPanel } from '@jupyterlab/notebook';
import { offsetAt } from './positions';

/** Show the cell of that number (from 1); `focus` puts the cursor on the line and column. */
export async function reveal(
  panel: NotebookPanel,
  cell: number,
  line: number,
  column: number,
  focus: boolean
): Promise<void> {
  const notebook = panel.content;
  const index = cell - 1;
  const widget = notebook.widgets[index];
  if (!widget) {
    return;
  }
  // With windowing a cell far away has no editor yet, and would get one only when the browser is idle.
  if (widget.isPlaceholder()) {
    notebook.renderCellOutputs(index);
  }
  notebook.deselectAll();
  notebook.activeCellIndex = index;
  await notebook.scrollToItem(index, 'smart');
  await widget.ready;
  const editor = widget.editor;
  if (!editor) {
    return;
  }
  const position = editor.getPositionAt(offsetAt(widget.model.sharedModel.getSource(), line, column));
  if (position) {
    editor.setCursorPosition(position);
  }
  if (focus) {
    notebook.mode = 'edit';
    editor.focus();
    if (position) {
      editor.revealPosition(position);
    }
  }
}
