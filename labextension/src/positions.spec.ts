import { describe, expect, it } from 'vitest';
import { offsetAt, offsetsOf, textOf } from './positions';

describe('offsetAt', () => {
  it('counts lines and columns from 1', () => {
    expect(offsetAt('ab\ncd', 1, 1)).toBe(0);
    expect(offsetAt('ab\ncd', 2, 2)).toBe(4);
  });
  it('counts code points, where editors count UTF-16 units', () => {
    expect(offsetAt('x = "😀" + y', 1, 7)).toBe(7);
  });
  it('stays in the line and in the text', () => {
    expect(offsetAt('ab\ncd', 1, 9)).toBe(2);
    expect(offsetAt('ab', 5, 1)).toBe(2);
  });
});

describe('a region', () => {
  const region = { line: 1, column: 6, end_line: 2, end_column: 2 };
  it('spans lines', () => {
    expect(textOf('x = "😀"\nyz', region)).toBe('😀"\ny'.slice(0));
  });
  it('is never backwards', () => {
    expect(offsetsOf('ab', { line: 1, column: 3, end_line: 1, end_column: 1 })).toEqual({ from: 2, to: 2 });
  });
});
