/** Show a finding's or help's words: what stands in backticks as code, everything as text. */
import * as React from 'react';

/** The translation functions that components need; a bundle of `ITranslator` is one. */
export interface ITrans {
  __(text: string, ...values: unknown[]): string;
  _n(one: string, many: string, count: number, ...values: unknown[]): string;
}

/** Words with code in backticks. Never HTML: names and messages come from the notebook. */
export function Words({ text }: { text: string }): JSX.Element {
  const pieces = text.split('`');
  return (
    <>{pieces.map((piece, i) => (i % 2 && i < pieces.length - 1 ? <code key={i}>{piece}</code> : piece))}</>
  );
}

/** A time as people read it. */
export function duration(seconds: number): string {
  if (seconds < 60) {
    return `${seconds.toFixed(1)} s`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
