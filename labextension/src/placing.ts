/** Have graphs laid out in a thread of its own, and keep the last layouts. */
import * as React from 'react';
import { ILayout, IShape, named, shapeOf } from './shape';
import type { IGraph } from './wire';

/** A graph and where its parts are; the two belong together. */
export interface IPlaced {
  graph: IGraph;
  layout: ILayout;
  /** The same as long as nothing moves. */
  shape: string;
}

const MOST_KEPT = 12;
const kept = new Map<string, ILayout>();

/** Return the graph with its layout: the last one there was while the newest is being laid out, null before the first. */
export function usePlaced(
  graph: IGraph | null,
  proportions: number,
  measure: (text: string) => number
): IPlaced | null {
  const [, renew] = React.useState({});
  const last = React.useRef<IPlaced | null>(null);
  const wanted = React.useMemo(() => {
    const shape = graph && proportions ? shapeOf(graph, proportions, measure) : null;
    return { shape, key: JSON.stringify(shape) };
  }, [graph, proportions]);
  React.useEffect(() => {
    let gone = false;
    if (wanted.shape && !kept.has(wanted.key)) {
      void place(wanted.key, wanted.shape).then(() => gone || renew({}));
    }
    return () => {
      gone = true;
    };
  }, [wanted.key]);
  const found = kept.get(wanted.key);
  if (graph && found && (last.current?.graph !== graph || last.current.shape !== wanted.key)) {
    last.current = { graph, layout: named(found, graph), shape: wanted.key };
  }
  return graph ? last.current : null;
}

interface ITask {
  key: string;
  shape: IShape;
  done(): void;
}

let current: ITask | null = null;
let waiting: ITask | null = null;
let worker: Worker | null | undefined;

/** Lay out one graph after the other; of those that wait only the newest, for nobody looks at the others any more. */
function place(key: string, shape: IShape): Promise<void> {
  return new Promise(resolve => {
    waiting = { key, shape, done: resolve };
    if (!current) {
      begin();
    }
  });
}

function begin(): void {
  current = waiting;
  waiting = null;
  if (!current) {
    return;
  }
  const thread = started();
  if (thread) {
    thread.postMessage(current.shape);
  } else {
    void here(current.shape);
  }
}

function started(): Worker | null {
  if (worker === undefined) {
    try {
      worker = new Worker(new URL('./layoutWorker.js', import.meta.url));
      worker.onmessage = (event: MessageEvent<ILayout>) => finish(event.data);
      worker.onerror = withoutWorker;
    } catch {
      worker = null;
    }
  }
  return worker;
}

/** Where pages may have no threads, or the code comes from another host, the layout is made here. */
function withoutWorker(): void {
  worker = null;
  if (current) {
    void here(current.shape);
  }
}

async function here(shape: IShape): Promise<void> {
  try {
    const { layOut } = await import('./layout');
    finish(layOut(shape));
  } catch (error) {
    // One graph that cannot be laid out must not keep the next ones from it.
    console.error('nb2dag: the graph cannot be laid out', error);
    begin();
  }
}

function finish(layout: ILayout): void {
  if (current) {
    for (const old of [...kept.keys()].slice(0, Math.max(0, kept.size + 1 - MOST_KEPT))) {
      kept.delete(old);
    }
    kept.set(current.key, layout);
    current.done();
  }
  begin();
}
