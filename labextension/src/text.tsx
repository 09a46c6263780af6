/** Show a finding's or help's words: what stands in backticks as code, everything as text. */
import * as React from 'react';
import type { FileState } from './session';

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

/** Say what became of the notebook's file, and what that means for what is seen here. */
export function aboutFile(state: Exclude<FileState, 'same'>, trans: ITrans): string {
  switch (state) {
    case 'changed':
      return trans.__(
        'The file was changed on disk since it was opened here. The DAG is that of the text on this page; when you save, JupyterLab asks which of the two to keep.'
      );
    case 'gone':
      return trans.__('The file is not there any more: save the notebook to write it again.');
    case 'read-only':
      return trans.__(
        'The file is read-only: what you change here, also by a form or menu, can only be saved under another name.'
      );
  }
}
