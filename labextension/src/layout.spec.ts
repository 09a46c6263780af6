import { describe, expect, it } from 'vitest';
import { components, layOut } from './layout';
import { ILayout, named, pathThrough, shapeOf } from './shape';
import type { IGraph } from './wire';

const task = (task_id: string, group: string | null = null): IGraph['tasks'][0] => ({
  task_id,
  kind: 'task',
  group,
  cells: [1],
  upstream: [],
  doc: ''
});
const edge = (from: string, to: string): IGraph['edges'][0] => ({ from, to, names: ['x'], declared: false });
const measure = (text: string): number => text.length * 7;
const placed = (graph: IGraph, proportions: number): ILayout =>
  named(layOut(shapeOf(graph, proportions, measure)), graph);

const diamond: IGraph = {
  tasks: ['a', 'b', 'c', 'd'].map(id => task(id)),
  edges: [edge('a', 'b'), edge('a', 'c'), edge('b', 'd'), edge('c', 'd')]
};

describe('layOut', () => {
  it('places every task once, apart from the others', () => {
    const { boxes } = placed(diamond, 1);
    expect(boxes.map(box => box.id).sort()).toEqual(['a', 'b', 'c', 'd']);
    for (const one of boxes) {
      for (const other of boxes.filter(each => each !== one)) {
        const apart =
          Math.abs(one.x - other.x) >= (one.width + other.width) / 2 ||
          Math.abs(one.y - other.y) >= one.height;
        expect(apart).toBe(true);
      }
    }
  });
  it('keeps the edges in their order, by which their names are found', () => {
    const parts: IGraph = {
      tasks: ['a', 'x', 'b', 'y'].map(id => task(id)),
      edges: [edge('x', 'y'), edge('a', 'b')]
    };
    expect(placed(parts, 1).lines.map(line => line.from)).toEqual(['x', 'a']);
  });
  it('goes across in a wide panel and down in a narrow one', () => {
    const chain: IGraph = {
      tasks: ['a', 'b', 'c'].map(id => task(id)),
      edges: [edge('a', 'b'), edge('b', 'c')]
    };
    const wide = placed(chain, 4);
    const narrow = placed(chain, 0.4);
    expect(wide.width).toBeGreaterThan(wide.height);
    expect(narrow.height).toBeGreaterThan(narrow.width);
  });
  it('guesses the better direction of what is too large to try both', () => {
    const ids = Array.from({ length: 60 }, (_, i) => `t${i}`);
    const chain: IGraph = {
      tasks: ids.map(id => task(id)),
      edges: ids.slice(1).map((id, i) => edge(ids[i], id))
    };
    expect(placed(chain, 4).width).toBeGreaterThan(placed(chain, 4).height);
    expect(placed(chain, 0.4).height).toBeGreaterThan(placed(chain, 0.4).width);
  });
  it('keeps the order of the notebook among tasks side by side', () => {
    const ids = ['b1', 'b2', 'b3', 'b4'];
    const fan: IGraph = { tasks: ['a', ...ids].map(id => task(id)), edges: ids.map(id => edge('a', id)) };
    const { boxes } = placed(fan, 1);
    const place = (id: string): number => boxes.filter(box => box.id === id).map(box => box.x + box.y)[0];
    expect(place('b1')).toBeLessThan(place('b4'));
  });
  it('sets what nothing connects in rows', () => {
    const apart: IGraph = { tasks: Array.from({ length: 12 }, (_, i) => task(`t${i}`)), edges: [] };
    const { width, height } = placed(apart, 1);
    expect(Math.max(width, height) / Math.min(width, height)).toBeLessThan(2.5);
  });
  it('breaks the rows where the whole is shown largest', () => {
    // In one column five boxes are higher than a square; in two they are as wide, and larger.
    const apart: IGraph = { tasks: Array.from({ length: 5 }, (_, i) => task(`task${i}`)), edges: [] };
    const columns = new Set(placed(apart, 1).boxes.map(box => box.x));
    expect(columns.size).toBe(2);
  });
  it('draws a group around its tasks', () => {
    const grouped: IGraph = {
      tasks: [task('a', 'g'), task('b', 'g'), task('c')],
      edges: [edge('a', 'b'), edge('b', 'c')]
    };
    const { groups, boxes } = placed(grouped, 1);
    const [group] = groups;
    const inside = boxes.filter(
      box => Math.abs(box.x - group.x) < group.width / 2 && Math.abs(box.y - group.y) < group.height / 2
    );
    expect(inside.map(box => box.id).sort()).toEqual(['a', 'b']);
  });
});

describe('components', () => {
  it('are joined by edges and by groups', () => {
    const graph: IGraph = {
      tasks: [task('a', 'g'), task('b'), task('c', 'g'), task('d')],
      edges: [edge('a', 'b')]
    };
    const names = components(shapeOf(graph, 1, measure)).map(part =>
      part.tasks.map(each => graph.tasks[Number(each.id)].task_id)
    );
    expect(names).toEqual([['a', 'b', 'c'], ['d']]);
  });
});

describe('shapeOf', () => {
  it('is the same while only words in cells change', () => {
    const renamed = { ...diamond, edges: diamond.edges.map(each => ({ ...each, names: ['y'] })) };
    expect(shapeOf(renamed, 1, measure)).toEqual(shapeOf(diamond, 1, measure));
  });
  it('is the same while a name grows by a letter or two, for nothing must move at each key', () => {
    const longer: IGraph = {
      tasks: ['aa', 'b', 'c', 'd'].map(id => task(id)),
      edges: [edge('aa', 'b'), edge('aa', 'c'), edge('b', 'd'), edge('c', 'd')]
    };
    const shape = shapeOf(longer, 1, measure);
    expect(shape).toEqual(shapeOf(diamond, 1, measure));
    expect(named(layOut(shape), longer).boxes.map(box => box.id)).toEqual(['aa', 'b', 'c', 'd']);
  });
});

describe('pathThrough', () => {
  it('begins and ends at its points', () => {
    const path = pathThrough([
      { x: 0, y: 0 },
      { x: 5, y: 5 },
      { x: 0, y: 10 }
    ]);
    expect(path.startsWith('M0,0')).toBe(true);
    expect(path.endsWith('0,10')).toBe(true);
  });
});
