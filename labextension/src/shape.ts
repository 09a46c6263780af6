/** What a layout is made of and what it gives: shared by the panel and the thread that lays out. */
import type { IGraph } from './wire';

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

/** What a layout depends on; tasks are known by their place in it, so that a new name alone moves nothing. */
export interface IShape {
  /** The picture's width by its height. */
  proportions: number;
  tasks: IShapedTask[];
  edges: Array<{ from: string; to: string }>;
}

export interface IShapedTask {
  id: string;
  group: string | null;
  width: number;
}

export const BOX_HEIGHT = 38;

/** Boxes grow in steps, so that not every key in a name is another shape. */
const STEP = 24;
const WIDEST = 230;
const NARROWEST = 84;

/** Return the shape of a graph; `measure` returns a text's width in pixels. */
export function shapeOf(graph: IGraph, proportions: number, measure: (text: string) => number): IShape {
  const places = new Map(graph.tasks.map((task, i) => [task.task_id, String(i)]));
  const wide = (text: string): number => Math.ceil((measure(text) + 46) / STEP) * STEP;
  return {
    proportions,
    tasks: graph.tasks.map((task, i) => ({
      id: String(i),
      group: task.group,
      width: Math.min(WIDEST, Math.max(NARROWEST, wide(task.task_id)))
    })),
    edges: graph.edges.map(edge => ({ from: places.get(edge.from) ?? '', to: places.get(edge.to) ?? '' }))
  };
}

/** Return a layout with the names of the graph whose shape it was made of. */
export function named(found: ILayout, graph: IGraph): ILayout {
  const name = (id: string): string => graph.tasks[Number(id)].task_id;
  return {
    ...found,
    boxes: found.boxes.map(box => ({ ...box, id: name(box.id) })),
    lines: found.lines.map(line => ({ ...line, from: name(line.from), to: name(line.to) }))
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
