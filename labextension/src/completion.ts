/** Complete directives, options, choices and task names where a tag is written. */
import type { CompletionHandler, ICompletionContext, ICompletionProvider } from '@jupyterlab/completer';
import type { IDirective } from './wire';

export interface ICompletions {
  /** Where the text to replace begins, in UTF-16 units. */
  start: number;
  end: number;
  items: Array<{ label: string; insertText?: string; type?: string; documentation?: string }>;
}

const MAGIC = /^[ \t]*(%{1,2})(airflow_\w*)(.*)$/s;
const OPTION_LINE = /^[ \t]*#[ \t]*\|[ \t]*(.*)$/s;

/** Return what may stand at `offset` of a cell's text; null where that is no tag. */
export function completeTag(
  text: string,
  offset: number,
  vocabulary: IDirective[],
  tasks: string[]
): ICompletions | null {
  const start = lineStart(text, offset);
  const line = text.slice(start, offset).replace(/\\\n/g, '  ');
  const magic = MAGIC.exec(line);
  if (magic) {
    return inMagic(magic, offset, vocabulary, tasks);
  }
  const entry = OPTION_LINE.exec(line);
  if (entry) {
    return inOptionLine(entry[1], text, offset, vocabulary, tasks);
  }
  const percents = /^[ \t]*(%{1,2}\w*)$/.exec(line);
  return percents ? magics(percents[1], offset, vocabulary) : null;
}

/** A magic's line goes on where a line ends with a backslash. */
function lineStart(text: string, offset: number): number {
  let start = text.lastIndexOf('\n', offset - 1) + 1;
  while (start > 1 && text[start - 2] === '\\') {
    start = text.lastIndexOf('\n', start - 2) + 1;
  }
  return start;
}

function magics(word: string, offset: number, vocabulary: IDirective[]): ICompletions | null {
  const items = vocabulary
    .filter(each => each.magic.startsWith('%') && each.magic.startsWith(word))
    .map(each => ({ label: each.magic, type: 'magic', documentation: each.help }));
  return items.length ? { start: offset - word.length, end: offset, items } : null;
}

function inMagic(
  magic: RegExpExecArray,
  offset: number,
  vocabulary: IDirective[],
  tasks: string[]
): ICompletions | null {
  const [, percents, name, rest] = magic;
  if (!rest) {
    return magics(percents + name, offset, vocabulary);
  }
  const directive = vocabulary.find(each => each.magic.replace(/^%+/, '') === name);
  if (!directive) {
    return null;
  }
  const word = /\S*$/.exec(rest)![0];
  const before = rest
    .slice(0, rest.length - word.length)
    .trim()
    .split(/\s+/);
  const given = /^(--[\w-]+)=(.*)$/.exec(word);
  const flag = given ? given[1] : before[before.length - 1];
  const option = directive.options.find(each => each.flag === flag);
  if (option && option.type !== 'flag') {
    return values(option.type, option.choices, given ? given[2] : word, offset, tasks);
  }
  if (directive.name === 'required' && before.join('') === '' && !word.startsWith('-')) {
    return words(word, offset, tasks, 'task');
  }
  const items = directive.options
    .filter(each => each.lowered && each.flag.startsWith(word || '--') && !rest.includes(`${each.flag} `))
    .map(each => ({
      label: each.flag,
      insertText: each.type === 'flag' ? each.flag : `${each.flag} `,
      type: 'option',
      documentation: each.help
    }));
  return items.length && !/^[^-]/.test(word) ? { start: offset - word.length, end: offset, items } : null;
}

function inOptionLine(
  entry: string,
  text: string,
  offset: number,
  vocabulary: IDirective[],
  tasks: string[]
): ICompletions | null {
  const directive = vocabulary.find(each =>
    new RegExp(`^[ \\t]*#[ \\t]*\\|[ \\t]*${each.directive}\\b`, 'm').test(text)
  );
  const value = /^([\w-]+):[ \t]*\[?(?:[^\],]*,[ \t]*)*([^\],]*)$/.exec(entry);
  if (value) {
    const [, key, word] = value;
    if (vocabulary.some(each => each.directive === key && each.name === 'required')) {
      return words(word, offset, tasks, 'task');
    }
    const option = directive?.options.find(each => each.name === key.replace(/-/g, '_'));
    return option ? values(option.type, option.choices, word, offset, tasks) : null;
  }
  if (!/^[\w-]*$/.test(entry)) {
    return null;
  }
  const keys = directive
    ? directive.options
        .filter(each => each.lowered)
        .map(each => ({
          label: each.name,
          insertText: `${each.name}: `,
          type: 'option',
          documentation: each.help
        }))
    : vocabulary.map(each => ({
        label: each.directive,
        insertText: each.name === 'none' ? each.directive : `${each.directive}: `,
        type: 'magic',
        documentation: each.help
      }));
  const items = keys.filter(each => each.label.startsWith(entry) && each.label !== entry);
  return items.length ? { start: offset - entry.length, end: offset, items } : null;
}

function values(
  type: string,
  choices: string[],
  word: string,
  offset: number,
  tasks: string[]
): ICompletions | null {
  if (choices.length) {
    return words(word, offset, choices, 'value');
  }
  return type === 'list of tasks' || type === 'task'
    ? words(word.replace(/^.*,/, ''), offset, tasks, 'task')
    : null;
}

function words(word: string, offset: number, all: string[], type: string): ICompletions | null {
  const items = all.filter(each => each.startsWith(word)).map(label => ({ label, type }));
  return items.length ? { start: offset - word.length, end: offset, items } : null;
}

/** The provider that JupyterLab's completer asks. */
export class TagCompletions implements ICompletionProvider {
  constructor(
    private readonly vocabulary: () => Promise<IDirective[]>,
    private readonly tasks: (context: ICompletionContext) => string[]
  ) {}

  readonly identifier = 'nb2dag:tags';
  readonly rank = 700;
  readonly renderer = null;

  async isApplicable(context: ICompletionContext): Promise<boolean> {
    const text = context.editor?.model.sharedModel.getSource() ?? '';
    return /%|#[ \t]*\|/.test(text);
  }

  async fetch(
    asked: CompletionHandler.IRequest,
    context: ICompletionContext
  ): Promise<CompletionHandler.ICompletionItemsReply> {
    const found = completeTag(asked.text, asked.offset, await this.vocabulary(), this.tasks(context));
    return found ?? { start: asked.offset, end: asked.offset, items: [] };
  }
}
