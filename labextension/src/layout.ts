/** Place tasks, edges and groups in the plane. */
import { graphlib, layout } from '@dagrejs/dagre';
import { BOX_HEIGHT, IBox, ILayout, ILine, IShape } from './shape';

export type Direction = 'TB' | 'LR';

type IPart = Pick<IShape, 'tasks' | 'edges'>;

const MARGIN = 18;
const GAP = 4;
/** Between tasks side by side, and between the ranks. */
const SPACE = { TB: [18, 34], LR: [14, 44] };

/** Up to so many tasks both directions are tried; above, the better one is guessed. */
const MOST_TRIED = 40;

/** Lay a graph out in the direction that shows it larger. */
export function layOut(shape: IShape): ILayout {
  const { proportions } = shape;
  const scale = (size: ISize): number => Math.min(proportions / size.width, 1 / size.height);
  const parts = components(shape);
  const inDirection = (direction: Direction): ILayout =>
    together(
      parts.map(part => inNotebookOrder(layOutPart(part, direction), direction)),
      shape
    );
  if (shape.tasks.length > MOST_TRIED) {
    const guess = (direction: Direction): ISize =>
      inRows(
        parts.map(part => sizeOf(part, direction)),
        proportions
      ).size;
    return inDirection(scale(guess('LR')) > scale(guess('TB')) * 1.1 ? 'LR' : 'TB');
  }
  const [down, across] = [inDirection('TB'), inDirection('LR')];
  return scale(across) > scale(down) * 1.1 ? across : down;
}

interface ISize {
  width: number;
  height: number;
}

/** Return about how large a part will be, without laying it out. */
function sizeOf(part: IPart, direction: Direction): ISize {
  const [beside, between] = SPACE[direction];
  const ranks = new Map<string, number>();
  const into = new Map<string, string[]>();
  part.edges.forEach(({ from, to }) => into.set(to, [...(into.get(to) ?? []), from]));
  const rows: number[][] = [];
  // Upstream tasks come first in a graph.
  for (const { id, width } of part.tasks) {
    const rank = Math.max(-1, ...(into.get(id) ?? []).map(from => ranks.get(from) ?? -1)) + 1;
    ranks.set(id, rank);
    (rows[rank] ??= []).push(width);
  }
  const sum = (numbers: number[]): number => numbers.reduce((all, each) => all + each, 0);
  const along = rows.map(row => (direction === 'TB' ? BOX_HEIGHT : Math.max(...row)));
  const across = rows.map(
    row => row.length * beside + (direction === 'TB' ? sum(row) : row.length * BOX_HEIGHT)
  );
  const length = sum(along) + (rows.length - 1) * between + 2 * MARGIN;
  const breadth = Math.max(...across) + 2 * MARGIN;
  return direction === 'TB' ? { width: breadth, height: length } : { width: length, height: breadth };
}

interface IRows {
  places: Array<{ x: number; y: number }>;
  size: ISize;
}

/** Up to so many parts every length of the first row is tried; above, it is guessed by the area. */
const MOST_ROWS_TRIED = 60;

/** Set sizes in rows, as words in a paragraph, so broken that the whole is shown as large as it can be. */
function inRows(sizes: ISize[], proportions: number): IRows {
  const area = sizes.reduce((sum, size) => sum + (size.width + GAP) * (size.height + GAP), 0);
  const widest = Math.max(...sizes.map(size => size.width));
  let first = -GAP;
  const rooms =
    sizes.length > MOST_ROWS_TRIED
      ? [Math.sqrt(area * proportions)]
      : sizes.map(size => (first += size.width + GAP));
  const scale = ({ size }: IRows): number => Math.min(proportions / size.width, 1 / size.height);
  return rooms
    .map(room => brokenAt(sizes, Math.max(widest, room)))
    .reduce((best, rows) => (scale(rows) > scale(best) ? rows : best));
}

function brokenAt(sizes: ISize[], room: number): IRows {
  let [x, y, row, width] = [0, 0, 0, 0];
  const places = sizes.map(size => {
    if (x > 0 && x + size.width > room + 1) {
      [x, y, row] = [0, y + row + GAP, 0];
    }
    const place = { x, y };
    x += size.width + GAP;
    row = Math.max(row, size.height);
    width = Math.max(width, place.x + size.width);
    return place;
  });
  return { places, size: { width, height: y + row } };
}

/** Parts that nothing connects were laid out each by itself. */
function together(parts: ILayout[], shape: IShape): ILayout {
  const whole: ILayout = { width: 0, height: 0, boxes: [], groups: [], lines: [] };
  const { places, size } = inRows(parts, shape.proportions);
  parts.forEach((part, i) => add(whole, part, places[i].x, places[i].y));
  whole.width = Math.max(
    1,
    ...whole.boxes.map(box => box.x + box.width / 2 + MARGIN),
    ...whole.groups.map(box => box.x + box.width / 2 + MARGIN)
  );
  whole.height = Math.max(1, size.height);
  // The edges in the graph's order, by which their names are found.
  const place = new Map(shape.edges.map((edge, i) => [`${edge.from} ${edge.to}`, i]));
  const rank = (line: ILine): number => place.get(`${line.from} ${line.to}`) ?? 0;
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
export function components(graph: IPart): IPart[] {
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
      parent.set(root(`task ${task.id}`), root(`group ${task.group}`));
    }
  }
  for (const edge of graph.edges) {
    parent.set(root(`task ${edge.from}`), root(`task ${edge.to}`));
  }
  const parts = new Map<string, IPart>();
  for (const task of graph.tasks) {
    const key = root(`task ${task.id}`);
    const part = parts.get(key) ?? { tasks: [], edges: [] };
    part.tasks.push(task);
    parts.set(key, part);
  }
  for (const edge of graph.edges) {
    parts.get(root(`task ${edge.from}`))?.edges.push(edge);
  }
  return [...parts.values()];
}

function layOutPart(graph: IPart, direction: Direction): ILayout {
  const g = new graphlib.Graph({ compound: true });
  const [nodesep, ranksep] = SPACE[direction];
  g.setGraph({ rankdir: direction, nodesep, ranksep, marginx: MARGIN, marginy: MARGIN });
  g.setDefaultEdgeLabel(() => ({}));
  const groups = [
    ...new Set(graph.tasks.map(task => task.group).filter((group): group is string => group !== null))
  ];
  for (const group of groups) {
    g.setNode(`group ${group}`, {});
  }
  for (const task of graph.tasks) {
    g.setNode(`task ${task.id}`, { width: task.width, height: BOX_HEIGHT });
    if (task.group !== null) {
      g.setParent(`task ${task.id}`, `group ${task.group}`);
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
    boxes: graph.tasks.map(task => box(task.id, `task ${task.id}`)),
    groups: groups.map(group => box(group, `group ${group}`)),
    lines: graph.edges.map(edge => ({
      from: edge.from,
      to: edge.to,
      points: (g.edge(`task ${edge.from}`, `task ${edge.to}`) as { points: ILine['points'] }).points
    }))
  };
}
