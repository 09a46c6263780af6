/** Convert places in a cell's text: the wire counts lines and code points from 1, editors count UTF-16 units from 0. */

export interface IRegion {
  line: number;
  column: number;
  end_line: number;
  end_column: number;
}

/** Return the offset in UTF-16 units of a place; a place beyond the text is its end. */
export function offsetAt(text: string, line: number, column: number): number {
  let start = 0;
  for (let number = 1; number < line; number++) {
    const end = text.indexOf('\n', start);
    if (end < 0) {
      return text.length;
    }
    start = end + 1;
  }
  let offset = start;
  for (let point = 1; point < column && offset < text.length && text[offset] !== '\n'; point++) {
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  }
  return offset;
}

/** Return the offsets where a region begins and ends. */
export function offsetsOf(text: string, region: IRegion): { from: number; to: number } {
  const from = offsetAt(text, region.line, region.column);
  return { from, to: Math.max(from, offsetAt(text, region.end_line, region.end_column)) };
}

/** Return a region's text. */
export function textOf(text: string, region: IRegion): string {
  const { from, to } = offsetsOf(text, region);
  return text.slice(from, to);
}
