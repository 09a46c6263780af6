/** Let the graph take more or less of the panel's height: a bar to drag, or to move with the arrow keys. */
import * as React from 'react';
import type { ITrans } from './text';

const LEAST = 0.15;
const MOST = 0.85;
const STEP = 0.05;

interface IDividerProps {
  /** The part of the height above the bar, from 0 to 1. */
  share: number;
  trans: ITrans;
  onShare(share: number): void;
}

export function Divider({ share, trans, onShare }: IDividerProps): JSX.Element {
  const set = (wanted: number): void => onShare(Math.min(MOST, Math.max(LEAST, wanted)));
  const drag = (event: React.PointerEvent<HTMLDivElement>): void => {
    const bar = event.currentTarget;
    const above = bar.previousElementSibling?.getBoundingClientRect();
    const below = bar.nextElementSibling?.getBoundingClientRect();
    if (bar.hasPointerCapture(event.pointerId) && above && below) {
      set((event.clientY - above.top) / (below.bottom - above.top));
    }
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const step = { ArrowUp: -STEP, ArrowDown: STEP }[event.key];
    if (step) {
      event.preventDefault();
      set(share + step);
    }
  };
  return (
    <div
      className="nb2dag-Divider"
      role="separator"
      aria-orientation="horizontal"
      aria-label={trans.__('Height of the graph')}
      aria-valuenow={Math.round(share * 100)}
      tabIndex={0}
      onPointerDown={event => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onKeyDown={onKeyDown}
      onDoubleClick={() => set(0.48)}
    />
  );
}
