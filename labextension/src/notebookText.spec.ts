import { YNotebook } from '@jupyter/ydoc';
import type { INotebookModel } from '@jupyterlab/notebook';
import { describe, expect, it } from 'vitest';
import { applyChanges, isSame, jsonOf, sentNotebook } from './notebookText';

function opened(...sources: string[]): { shared: YNotebook; model: INotebookModel } {
  const cells = sources.map((source, i) => ({
    cell_type: 'code' as const,
    id: `c${i}`,
    source,
    metadata: {}
  }));
  const shared = YNotebook.create({ data: { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 } } as never);
  return { shared, model: { sharedModel: shared } as unknown as INotebookModel };
}

describe('sentNotebook', () => {
  it('makes anew only the cell that changed', () => {
    const { shared, model } = opened('x = 1', 'y = 2');
    const before = sentNotebook(model);
    expect(isSame(sentNotebook(model), before)).toBe(true);
    shared.getCell(1).setSource('y = 3');
    const after = sentNotebook(model);
    expect(after.cells[0]).toBe(before.cells[0]);
    expect(after.cells[1].source).toBe('y = 3');
    expect(isSame(after, before)).toBe(false);
  });
  it('sees a new tag, a cell that moved, and another kernel', () => {
    const { shared, model } = opened('x = 1', 'y = 2');
    let before = sentNotebook(model);
    shared.getCell(0).setMetadata('tags', ['parameters']);
    expect(sentNotebook(model).cells[0].metadata.tags).toEqual(['parameters']);
    before = sentNotebook(model);
    shared.moveCell(0, 1);
    expect(sentNotebook(model).cells.map(cell => cell.source)).toEqual(['y = 2', 'x = 1']);
    expect(isSame(sentNotebook(model), before)).toBe(false);
    before = sentNotebook(model);
    shared.setMetadata('kernelspec', { name: 'ir', display_name: 'R' });
    expect(isSame(sentNotebook(model), before)).toBe(false);
  });
  it('is written as JSON that says the same', () => {
    const { model } = opened('x = "\u00e9\\n"', '');
    expect(JSON.parse(jsonOf(sentNotebook(model)))).toEqual(sentNotebook(model));
  });
});

describe('applyChanges', () => {
  it('changes nothing where the cell is another one by now', () => {
    const { shared, model } = opened('x = 1');
    const sent = sentNotebook(model);
    shared.getCell(0).setSource('x = 12');
    const edit = { cell: 1, cell_id: 'c0', line: 1, column: 1, end_line: 1, end_column: 2, replacement: 'z' };
    expect(applyChanges(model, sent, [edit])).toBe(false);
    expect(shared.getCell(0).getSource()).toBe('x = 12');
    expect(applyChanges(model, sentNotebook(model), [edit])).toBe(true);
    expect(shared.getCell(0).getSource()).toBe('z = 12');
  });
});
