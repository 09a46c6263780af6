import { describe, expect, it, vi } from 'vitest';
import type { IJobEvent } from './wire';

vi.mock('./request', () => ({ request: vi.fn(), Refusal: class extends Error {} }));
const { after } = await import('./job');

const events: IJobEvent[] = [
  { type: 'started', task: 'a', attempt: 1, attempts: 2 },
  { type: 'progress', task: 'a', number: 2, total: 4, what: 'cell 3' },
  { type: 'output', task: 'a', text: 'hello' }
];

describe('a task', () => {
  it('runs, tells its progress and what it writes', () => {
    const run = events.reduce<ReturnType<typeof after> | undefined>(
      (before, event) => after(before, event),
      undefined
    );
    expect(run).toMatchObject({
      state: 'running',
      progress: 0.25,
      note: 'cell 2/4: cell 3',
      output: ['hello']
    });
  });
  it('says why it is tried again, and how it ended', () => {
    const retrying = after(undefined, { type: 'retrying', task: 'a', message: 'no network' });
    expect(retrying).toMatchObject({ state: 'up_for_retry', note: 'no network' });
    expect(after(retrying, { type: 'ended', task: 'a', state: 'success', seconds: 2 })).toMatchObject({
      state: 'success',
      seconds: 2
    });
  });
  it('keeps the last lines only', () => {
    let run = after(undefined, events[0]);
    for (let i = 0; i < 500; i++) {
      run = after(run, { type: 'output', task: 'a', text: `${i}` });
    }
    expect(run.output).toHaveLength(200);
    expect(run.output[199]).toBe('499');
  });
});
