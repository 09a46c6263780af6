/** Place tasks, edges and groups in the plane. */
import { graphlib, layout } from '@dagrejs/dagre';
import type { IGraph } from './wire';

export type Direction = 'TB' | 'LR';

export interface IBox {
  id: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface ILine {
  from: string;
  to: string;
  points: Array<{ x: number; y: number }>;
}

export interface ILayout {
  width: number;
  height: number;
  boxes: IBox[];
  groups: IBox[];
  lines: ILine[];
}

export const BOX_HEIGHT = 38;
const MARGIN = 18;
const GAP = 4;

/** Return what a layout depends on: as long as it is the same, typing moves nothing. */
export function shapeOf(graph: IGraph): string {
  const tasks = graph.tasks.map(task => `${task.task_id}\u0000${task.group ?? ''}`);
  const edges = graph.edges.map(edge => `${edge.from}\u0000${edge.to}`);
  return JSON.stringify([tasks, edges]);
}

/**
 * Lay a graph out for a picture of the given proportions (width by height), in the direction that shows it larger.
 * `measure` returns a text's width in pixels.
 */
export function layOut(graph: IGraph, proportions: number, measure: (text: string) => number): ILayout {
  const scale = (found: ILayout): number => Math.min(proportions / found.width, 1 / found.height);
  const down = inDirection(graph, 'TB', proportions, measure);
  const across = inDirection(graph, 'LR', proportions, measure);
  return scale(across) > scale(down) * 1.1 ? across : down;
}

/** Parts that nothing connects are laid out each by itself and then set in rows, as words in a paragraph. */
function inDirection(
  graph: IGraph,
  direction: Direction,
  proportions: number,
  measure: (text: string) => number
): ILayout {
  const parts = components(graph).map(part =>
    inNotebookOrder(layOutPart(part, direction, measure), direction)
  );
  const area = parts.reduce((sum, part) => sum + (part.width + GAP) * (part.height + GAP), 0);
  const room = Math.max(...parts.map(part => part.width), Math.sqrt(area * proportions));
  const whole: ILayout = { width: 0, height: 0, boxes: [], groups: [], lines: [] };
  let [x, y, row] = [0, 0, 0];
  for (const part of parts) {
    if (x > 0 && x + part.width > room + 1) {
      [x, y, row] = [0, y + row + GAP, 0];
    }
    add(whole, part, x, y);
    x += part.width + GAP;
    row = Math.max(row, part.height);
  }
  whole.width = Math.max(
    1,
    ...whole.boxes.map(box => box.x + box.width / 2 + MARGIN),
    ...whole.groups.map(box => box.x + box.width / 2 + MARGIN)
  );
  whole.height = Math.max(1, y + row);
  // The edges in the graph's order, by which their names are found.
  const place = new Map(graph.edges.map((edge, i) => [`${edge.from}\u0000${edge.to}`, i]));
  const rank = (line: ILine): number => place.get(`${line.from}\u0000${line.to}`) ?? 0;
  whole.lines.sort((a, b) => rank(a) - rank(b));
  return whole;
}

function add(whole: ILayout, part: ILayout, x: number, y: number): void {
  const moved = (box: IBox): IBox => ({ ...box, x: box.x + x, y: box.y + y });
  whole.boxes.push(...part.boxes.map(moved));
  whole.groups.push(...part.groups.map(moved));
  whole.lines.push(
    ...part.lines.map(line => ({ ...line, points: line.points.map(p => ({ x: p.x + x, y: p.y + y })) }))
  );
}

/** Mirror a layout where that puts more of the tasks side by side into the order of the notebook. */
function inNotebookOrder(part: ILayout, direction: Direction): ILayout {
  const across = direction === 'TB';
  let right = 0;
  part.boxes.forEach((one, i) => {
    for (const other of part.boxes.slice(i + 1)) {
      const [apart, ahead] = across ? [one.y - other.y, other.x - one.x] : [one.x - other.x, other.y - one.y];
      right += Math.abs(apart) < 1 ? Math.sign(ahead) : 0;
    }
  });
  if (right >= 0) {
    return part;
  }
  const mirrored = <T extends { x: number; y: number }>(place: T): T =>
    across ? { ...place, x: part.width - place.x } : { ...place, y: part.height - place.y };
  const lines = part.lines.map(line => ({ ...line, points: line.points.map(mirrored) }));
  return { ...part, boxes: part.boxes.map(mirrored), groups: part.groups.map(mirrored), lines };
}

/** Split a graph where neither an edge nor a group connects; in the order of the tasks. */
export function components(graph: IGraph): IGraph[] {
  const parent = new Map<string, string>();
  const root = (id: string): string => {
    const up = parent.get(id) ?? id;
    if (up === id) {
      return id;
    }
    const found = root(up);
    parent.set(id, found);
    return found;
  };
  for (const task of graph.tasks) {
    if (task.group !== null) {
      parent.set(root(`task ${task.task_id}`), root(`group ${task.group}`));
    }
  }
  for (const edge of graph.edges) {
    parent.set(root(`task ${edge.from}`), root(`task ${edge.to}`));
  }
  const parts = new Map<string, IGraph>();
  for (const task of graph.tasks) {
    const key = root(`task ${task.task_id}`);
    const part = parts.get(key) ?? { tasks: [], edges: [] };
    part.tasks.push(task);
    parts.set(key, part);
  }
  for (const edge of graph.edges) {
    parts.get(root(`task ${edge.from}`))?.edges.push(edge);
  }
  return [...parts.values()];
}

function layOutPart(graph: IGraph, direction: Direction, measure: (text: string) => number): ILayout {
  const g = new graphlib.Graph({ compound: true });
  const [nodesep, ranksep] = direction === 'TB' ? [18, 34] : [14, 44];
  g.setGraph({ rankdir: direction, nodesep, ranksep, marginx: MARGIN, marginy: MARGIN });
  g.setDefaultEdgeLabel(() => ({}));
  const groups = [
    ...new Set(graph.tasks.map(task => task.group).filter((group): group is string => group !== null))
  ];
  for (const group of groups) {
    g.setNode(`group ${group}`, {});
  }
  for (const task of graph.tasks) {
    const width = Math.round(Math.min(230, Math.max(84, measure(task.task_id) + 46)));
    g.setNode(`task ${task.task_id}`, { width, height: BOX_HEIGHT });
    if (task.group !== null) {
      g.setParent(`task ${task.task_id}`, `group ${task.group}`);
    }
  }
  for (const edge of graph.edges) {
    g.setEdge(`task ${edge.from}`, `task ${edge.to}`);
  }
  layout(g);
  const box = (id: string, name: string): IBox => {
    const node = g.node(name) as { x: number; y: number; width: number; height: number };
    return { id, x: node.x, y: node.y, width: node.width, height: node.height };
  };
  const whole = g.graph() as { width?: number; height?: number };
  return {
    width: whole.width ?? 0,
    height: whole.height ?? 0,
    boxes: graph.tasks.map(task => box(task.task_id, `task ${task.task_id}`)),
    groups: groups.map(group => box(group, `group ${group}`)),
    lines: graph.edges.map(edge => ({
      from: edge.from,
      to: edge.to,
      points: (g.edge(`task ${edge.from}`, `task ${edge.to}`) as { points: ILine['points'] }).points
    }))
  };
}

/** Return an SVG path through points, its corners rounded. */
export function pathThrough(points: ILine['points']): string {
  if (points.length < 3) {
    return points.map(({ x, y }, i) => `${i ? 'L' : 'M'}${round(x)},${round(y)}`).join('');
  }
  let path = `M${round(points[0].x)},${round(points[0].y)}`;
  for (let i = 1; i < points.length - 1; i++) {
    const next = i < points.length - 2 ? middle(points[i], points[i + 1]) : points[i + 1];
    path += `Q${round(points[i].x)},${round(points[i].y)} ${round(next.x)},${round(next.y)}`;
  }
  return path;
}

function middle(a: ILine['points'][0], b: ILine['points'][0]): ILine['points'][0] {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
