/** Draw the DAG: boxes, edges and groups in SVG, with zoom, fit and keyboard. */
import * as React from 'react';
import type { ITaskRun } from './job';
import { usePlaced } from './placing';
import { BOX_HEIGHT, ILayout, pathThrough } from './shape';
import type { ITrans } from './text';
import type { IGraph, ITask } from './wire';

const MOST_UNASKED = 400;
const LEAST_ZOOM = 0.1;
const READABLE = 0.4;
const MOST_ZOOM = 2.5;

/** Below this a box has room for its name alone, which is written larger instead. */
const NAMES_ONLY = 0.7;
const LARGEST_NAME = 18;

export interface IGraphProps {
  graph: IGraph;
  /** Whether the notebook's text has moved on while it cannot be read. */
  stale: boolean;
  /** The task of the cell in focus. */
  focused: string | null;
  /** How many errors and warnings each task has. */
  findings: ReadonlyMap<string, 'error' | 'warning'>;
  runs: ReadonlyMap<string, ITaskRun>;
  trans: ITrans;
  onOpen(task: ITask): void;
}

interface IView {
  k: number;
  x: number;
  y: number;
}

let pen: CanvasRenderingContext2D | null | undefined;

const widths = new Map<string, number>();

/** The width of a text in pixels; asked for the same few texts at every keystroke. */
function measure(text: string): number {
  let width = widths.get(text);
  if (width === undefined) {
    if (widths.size > 5000) {
      widths.clear();
    }
    width = measured(text);
    widths.set(text, width);
  }
  return width;
}

function measured(text: string): number {
  if (pen === undefined) {
    pen = document.createElement('canvas').getContext('2d');
    if (pen) {
      pen.font = '500 12px system-ui, sans-serif';
    }
  }
  return pen ? pen.measureText(text).width : text.length * 7;
}

/** Return the view that shows a whole layout, not larger than life and, unless told otherwise, not too small to read. */
export function fitted(layout: ILayout, width: number, height: number, least = READABLE): IView {
  const k = Math.max(least, Math.min(1, width / layout.width, height / layout.height));
  // What does not fit begins at its beginning.
  return {
    k,
    x: Math.max(0, (width - layout.width * k) / 2),
    y: Math.max(0, (height - layout.height * k) / 2)
  };
}

/** Return the view moved as little as brings a box into it. */
function shown(
  view: IView,
  box: { x: number; y: number; width: number },
  size: { width: number; height: number }
): IView {
  const into = (place: number, half: number, room: number): number =>
    Math.min(0, room - 12 - place - half) + Math.max(0, 12 - place + half);
  const dx = into(view.x + box.x * view.k, (box.width / 2) * view.k, size.width);
  const dy = into(view.y + box.y * view.k, (BOX_HEIGHT / 2) * view.k, size.height);
  return dx || dy ? { ...view, x: view.x + dx, y: view.y + dy } : view;
}

function useSize(): [React.RefObject<HTMLDivElement>, { width: number; height: number }] {
  const ref = React.useRef<HTMLDivElement>(null);
  const [size, setSize] = React.useState({ width: 0, height: 0 });
  React.useLayoutEffect(() => {
    const element = ref.current;
    if (!element) {
      return;
    }
    const observer = new ResizeObserver(() =>
      setSize({ width: element.clientWidth, height: element.clientHeight })
    );
    observer.observe(element);
    setSize({ width: element.clientWidth, height: element.clientHeight });
    return () => observer.disconnect();
  }, []);
  return [ref, size];
}

export function Graph(props: IGraphProps): JSX.Element {
  const { graph, trans } = props;
  const [ref, size] = useSize();
  const [asked, setAsked] = React.useState(false);
  // In steps, so that not every pixel of a resize makes a new layout.
  const proportions = size.height
    ? Math.pow(1.5, Math.round(Math.log(size.width / size.height) / Math.log(1.5)))
    : 0;
  const tooLarge = graph.tasks.length > MOST_UNASKED && !asked;
  const placed = usePlaced(tooLarge ? null : graph, proportions, measure);
  const layout = placed?.layout ?? null;
  const [own, setOwn] = React.useState<IView | null>(null);
  React.useEffect(() => setOwn(null), [placed?.shape]);
  React.useEffect(() => {
    const box = layout?.boxes.find(each => each.id === props.focused);
    if (box && size.width) {
      setOwn(before => shown(before ?? fitted(layout!, size.width, size.height), box, size));
    }
  }, [props.focused, placed?.shape]);
  const view = own ?? (layout ? fitted(layout, size.width, size.height) : { k: 1, x: 0, y: 0 });
  const zoom = (factor: number, x = size.width / 2, y = size.height / 2): void => {
    const k = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, view.k * factor));
    setOwn({ k, x: x - ((x - view.x) * k) / view.k, y: y - ((y - view.y) * k) / view.k });
  };
  useWheel(ref, (event, x, y) => {
    if (event.ctrlKey || event.metaKey) {
      zoom(Math.exp(-event.deltaY / 200), x, y);
    } else {
      setOwn({ ...view, x: view.x - event.deltaX, y: view.y - event.deltaY });
    }
  });
  const drag = useDrag(view, setOwn);

  return (
    <div className="nb2dag-Graph" ref={ref} data-stale={props.stale} {...drag}>
      {tooLarge && (
        <div className="nb2dag-empty">
          <button className="nb2dag-button" onClick={() => setAsked(true)}>
            {trans.__('Draw %1 tasks', graph.tasks.length)}
          </button>
        </div>
      )}
      {placed && size.width > 0 && (
        <svg width={size.width} height={size.height} role="group" aria-label={trans.__('Graph of the DAG')}>
          <Arrow />
          <g transform={`translate(${view.x},${view.y}) scale(${view.k})`}>
            <Drawing
              graph={placed.graph}
              layout={placed.layout}
              namesOnly={view.k < NAMES_ONLY}
              focused={props.focused}
              findings={props.findings}
              runs={props.runs}
              trans={trans}
              onOpen={props.onOpen}
            />
          </g>
        </svg>
      )}
      {layout && (
        <div className="nb2dag-Zoom">
          <button title={trans.__('Zoom in')} onClick={() => zoom(1.25)}>
            +
          </button>
          <button title={trans.__('Zoom out')} onClick={() => zoom(0.8)}>
            −
          </button>
          <button
            title={trans.__('Fit the graph into the panel')}
            onClick={() => layout && setOwn(fitted(layout, size.width, size.height, LEAST_ZOOM))}
          >
            <svg viewBox="0 0 12 12" width="10" height="10" aria-hidden="true">
              <path
                d="M1 4V1h3M8 1h3v3M11 8v3H8M4 11H1V8"
                fill="none"
                stroke="currentColor"
                strokeWidth="1.4"
              />
            </svg>
          </button>
        </div>
      )}
    </div>
  );
}

type WheelAction = (event: WheelEvent, x: number, y: number) => void;

function useWheel(ref: React.RefObject<HTMLDivElement>, act: WheelAction): void {
  const latest = React.useRef(act);
  latest.current = act;
  React.useEffect(() => {
    const element = ref.current;
    // React's own wheel listeners are passive, and the page would scroll or zoom as well.
    const listen = (event: WheelEvent): void => {
      event.preventDefault();
      const place = element!.getBoundingClientRect();
      latest.current(event, event.clientX - place.left, event.clientY - place.top);
    };
    element?.addEventListener('wheel', listen, { passive: false });
    return () => element?.removeEventListener('wheel', listen);
  }, []);
}

function useDrag(view: IView, set: (view: IView) => void): React.HTMLAttributes<HTMLDivElement> {
  const start = React.useRef<{ x: number; y: number; view: IView } | null>(null);
  return {
    onPointerDown: event => {
      if (event.button === 0 && !(event.target as Element).closest('button, [role=button]')) {
        start.current = { x: event.clientX, y: event.clientY, view };
        event.currentTarget.setPointerCapture(event.pointerId);
      }
    },
    onPointerMove: event => {
      if (start.current) {
        const { x, y, view: before } = start.current;
        set({ ...before, x: before.x + event.clientX - x, y: before.y + event.clientY - y });
      }
    },
    onPointerUp: () => (start.current = null),
    onPointerCancel: () => (start.current = null)
  };
}

function Arrow(): JSX.Element {
  return (
    <defs>
      <marker
        id="nb2dag-arrow"
        viewBox="0 0 8 8"
        refX="7"
        refY="4"
        markerWidth="6"
        markerHeight="6"
        orient="auto"
      >
        <path d="M0,0.8 L7,4 L0,7.2 z" className="nb2dag-arrow" />
      </marker>
    </defs>
  );
}

type IDrawingProps = Omit<IGraphProps, 'stale'> & { layout: ILayout; namesOnly: boolean };

/** Drawn anew only where something in it changes, which most keystrokes do not do. */
const Drawing = React.memo(function Drawing(props: IDrawingProps): JSX.Element {
  const { graph, layout, trans } = props;
  const [hovered, setHovered] = React.useState<string | null>(null);
  const [line, setLine] = React.useState<number | null>(null);
  const tasks = new Map(graph.tasks.map(task => [task.task_id, task]));
  const near = hovered ?? null;
  return (
    <>
      {layout.groups.map(group => (
        <g
          key={group.id}
          className="nb2dag-Group"
          data-small={props.namesOnly}
          transform={`translate(${group.x - group.width / 2},${group.y - group.height / 2})`}
        >
          <rect width={group.width} height={group.height} rx="8" />
          <text x="8" y="-4">
            {group.id}
          </text>
        </g>
      ))}
      {layout.lines.map((each, i) => {
        const edge = graph.edges[i];
        const lit = line === i || near === each.from || near === each.to;
        const path = pathThrough(each.points);
        return (
          <g
            key={`${each.from} ${each.to}`}
            className="nb2dag-Edge"
            data-edge={`${each.from}->${each.to}`}
            data-lit={lit}
            data-declared={!edge?.names.length}
            onMouseEnter={() => setLine(i)}
            onMouseLeave={() => setLine(null)}
          >
            <path d={path} className="nb2dag-Edge-hit" />
            <path d={path} className="nb2dag-Edge-line" markerEnd="url(#nb2dag-arrow)" />
          </g>
        );
      })}
      {layout.boxes.map(box => (
        <Box
          key={box.id}
          {...props}
          box={box}
          task={tasks.get(box.id)!}
          setHovered={setHovered}
          neighbours={() => next(layout, box.id)}
        />
      ))}
      {layout.lines.map((each, i) =>
        line === i || near === each.from || near === each.to ? (
          <Label key={i} points={each.points} text={graph.edges[i]?.names.join(', ') || trans.__('after')} />
        ) : null
      )}
    </>
  );
});

function Label({ points, text }: { points: Array<{ x: number; y: number }>; text: string }): JSX.Element {
  const { x, y } = points[Math.floor(points.length / 2)];
  const shown = text.length > 42 ? `${text.slice(0, 41)}…` : text;
  const width = measure(shown) * 0.92 + 12;
  return (
    <g className="nb2dag-EdgeLabel" transform={`translate(${x - width / 2},${y - 9})`}>
      <rect width={width} height="18" rx="4" />
      <text x={width / 2} y="12.5">
        {shown}
      </text>
    </g>
  );
}

const GLYPHS: { [kind: string]: string } = {
  task: 'M3 3h10v10H3z M5.5 6h5 M5.5 8h5 M5.5 10h3',
  sql: 'M3 4.5c0-2 10-2 10 0v7c0 2-10 2-10 0zM3 4.5c0 2 10 2 10 0M3 8c0 2 10 2 10 0',
  check: 'M8 2.5l5 2v3.5c0 3-2.2 4.7-5 5.5c-2.8-.8-5-2.5-5-5.5V4.5zM5.8 8l1.7 1.7L10.5 6.5',
  sensor: 'M8 8m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0M4 4a5.6 5.6 0 0 0 0 8M12 4a5.6 5.6 0 0 1 0 8',
  implicit: 'M8 2.5l1.5 4L13.5 8l-4 1.5L8 13.5L6.5 9.5L2.5 8l4-1.5z'
};

interface IBoxProps extends IDrawingProps {
  box: { id: string; x: number; y: number; width: number };
  task: ITask;
  setHovered(id: string | null): void;
  neighbours(): { up: string | null; down: string | null; left: string | null; right: string | null };
}

function Box(props: IBoxProps): JSX.Element {
  const { box, task, trans } = props;
  const run = props.runs.get(task.task_id);
  const found = props.findings.get(task.task_id);
  const note = run ? words(run) : caption(task, trans);
  const label = [task.task_id, run?.state ?? '', note, found ? trans.__('has findings') : '']
    .filter(Boolean)
    .join(', ');
  const open = (): void => props.onOpen(task);
  const onKeyDown = (event: React.KeyboardEvent<SVGGElement>): void => {
    const ways = { ArrowUp: 'up', ArrowDown: 'down', ArrowLeft: 'left', ArrowRight: 'right' } as const;
    const way = ways[event.key as keyof typeof ways];
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      open();
    } else if (way) {
      event.preventDefault();
      const id = props.neighbours()[way];
      const all = event.currentTarget.ownerSVGElement?.querySelectorAll<SVGGElement>('[data-task]') ?? [];
      Array.from(all)
        .find(each => each.dataset.task === id)
        ?.focus();
    }
  };
  return (
    <g
      className="nb2dag-Task"
      data-task={task.task_id}
      data-kind={task.kind}
      data-state={run?.state}
      data-found={found}
      data-focused={props.focused === task.task_id}
      role="button"
      tabIndex={0}
      aria-label={label}
      transform={`translate(${box.x - box.width / 2},${box.y - BOX_HEIGHT / 2})`}
      onClick={open}
      onKeyDown={onKeyDown}
      onMouseEnter={() => props.setHovered(task.task_id)}
      onMouseLeave={() => props.setHovered(null)}
      onFocus={() => props.setHovered(task.task_id)}
      onBlur={() => props.setHovered(null)}
    >
      <title>{label}</title>
      <rect className="nb2dag-Task-box" width={box.width} height={BOX_HEIGHT} rx="6" />
      {run?.state === 'running' && (
        <rect
          className="nb2dag-Task-progress"
          x="1"
          y={BOX_HEIGHT - 4}
          height="3"
          rx="1.5"
          width={(box.width - 2) * Math.max(0.06, run.progress)}
        />
      )}
      {props.namesOnly ? (
        <LargeName name={task.task_id} width={box.width} />
      ) : (
        <Inscription kind={task.kind} name={task.task_id} note={note} width={box.width} />
      )}
      {found && <circle className="nb2dag-Task-mark" cx={box.width - 1} cy="1" r="5" />}
    </g>
  );
}

interface IInscriptionProps {
  kind: string;
  name: string;
  note: string;
  width: number;
}

function Inscription({ kind, name, note, width }: IInscriptionProps): JSX.Element {
  const room = width - 38;
  return (
    <>
      <path className="nb2dag-Task-glyph" transform="translate(9,11)" d={GLYPHS[kind]} />
      <text className="nb2dag-Task-name" x="31" y="16.5">
        {fitting(name, room)}
      </text>
      <text className="nb2dag-Task-note" x="31" y="29.5">
        {fitting(note, room * 1.12)}
      </text>
    </>
  );
}

function LargeName({ name, width }: { name: string; width: number }): JSX.Element {
  const room = width - 16;
  const shown = fitting(name, room);
  const size = Math.min(LARGEST_NAME, (12 * room) / measure(shown));
  return (
    <text
      className="nb2dag-Task-name nb2dag-Task-large"
      x={width / 2}
      y={BOX_HEIGHT / 2 + size * 0.36}
      style={{ fontSize: `${size}px` }}
    >
      {shown}
    </text>
  );
}

function fitting(text: string, room: number): string {
  if (measure(text) <= room) {
    return text;
  }
  let shown = text;
  while (shown.length > 3 && measure(`${shown}…`) > room) {
    shown = shown.slice(0, -1);
  }
  return `${shown}…`;
}

function caption(task: ITask, trans: ITrans): string {
  if (task.kind === 'implicit') {
    return trans.__('computed once');
  }
  return trans._n('cell %2', 'cells %2', task.cells.length, task.cells.join(', '));
}

/** A state in few words: the box's colour says it too. */
function words(run: ITaskRun): string {
  if (run.state === 'running') {
    return run.note ? run.note.replace(/: .*/, '') : 'running';
  }
  return run.state === 'success' && run.seconds
    ? `${run.seconds.toFixed(1)} s`
    : run.state.replace(/_/g, ' ');
}

/** The nearest task in each direction, for the arrow keys. */
export function next(
  layout: ILayout,
  id: string
): { up: string | null; down: string | null; left: string | null; right: string | null } {
  const from = layout.boxes.find(box => box.id === id)!;
  const nearest = (ahead: (dx: number, dy: number) => boolean): string | null => {
    const found = layout.boxes
      .filter(box => box.id !== id && ahead(box.x - from.x, box.y - from.y))
      .map(box => ({ box, distance: Math.hypot(box.x - from.x, box.y - from.y) }))
      .sort((a, b) => a.distance - b.distance);
    return found.length ? found[0].box.id : null;
  };
  return {
    up: nearest((dx, dy) => dy < -BOX_HEIGHT / 2),
    down: nearest((dx, dy) => dy > BOX_HEIGHT / 2),
    left: nearest((dx, dy) => dx < -8 && Math.abs(dy) <= BOX_HEIGHT * 2),
    right: nearest((dx, dy) => dx > 8 && Math.abs(dy) <= BOX_HEIGHT * 2)
  };
}
