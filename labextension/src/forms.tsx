/** Forms for the settings of the DAG and of a task, made from the vocabulary: a field edits the tag in the cell. */
import * as React from 'react';
import { ITrans, Words } from './text';
import type { IDirective, IGivenOption, IOption } from './wire';

export interface IFormProps {
  directive: IDirective;
  given: IGivenOption[];
  trans: ITrans;
  /** Another object for each state of the notebook that the panel has seen. */
  stamp: unknown;
  /** Change one option; null removes it. Resolves to why it cannot be, or an empty string. */
  onChange(option: string, text: string | null): Promise<string>;
}

/** Choose what to show unasked: what is given, and the options that most DAGs and tasks use. */
const FIRST = [
  'schedule',
  'start_date',
  'timezone',
  'catchup',
  'tags',
  'description',
  'after',
  'retries',
  'retry_delay',
  'timeout',
  'trigger_rule',
  'pool',
  'group'
];

export function Form({ directive, given, trans, stamp, onChange }: IFormProps): JSX.Element {
  const [all, setAll] = React.useState(false);
  const texts = new Map(given.map(option => [option.name, option.text]));
  const usable = directive.options.filter(option => option.lowered || texts.has(option.name));
  const first = (option: IOption): boolean =>
    texts.has(option.name) || (option.own && FIRST.includes(option.name));
  const shown = usable.filter(option => all || first(option));
  const hidden = usable.length - shown.length;
  return (
    <div className="nb2dag-Form">
      {shown.map(option => (
        <Field
          key={option.name}
          option={option}
          text={texts.get(option.name) ?? ''}
          trans={trans}
          stamp={stamp}
          onChange={onChange}
        />
      ))}
      {(hidden > 0 || all) && (
        <button className="nb2dag-link" onClick={() => setAll(!all)}>
          {all ? trans.__('Fewer settings') : trans._n('%1 more setting', '%1 more settings', hidden, hidden)}
        </button>
      )}
    </div>
  );
}

interface IFieldProps {
  option: IOption;
  text: string;
  trans: ITrans;
  stamp: unknown;
  onChange: IFormProps['onChange'];
}

function Field({ option, text, trans, stamp, onChange }: IFieldProps): JSX.Element {
  const [draft, setDraft] = React.useState<string | null>(null);
  const [problem, setProblem] = React.useState('');
  const id = `nb2dag-field-${option.name}`;
  // What the notebook says wins over what was typed here before.
  React.useEffect(() => {
    setDraft(null);
    setProblem('');
  }, [text]);
  // What was written into the notebook stands here until the panel has followed: the old value must not flash up.
  const written = React.useRef<string | null>(null);
  React.useEffect(() => {
    if (written.current !== null) {
      written.current = null;
      setDraft(null);
    }
  }, [stamp]);
  const commit = async (value: string): Promise<void> => {
    if (value === written.current) {
      return;
    }
    if (value === text) {
      setDraft(null);
      setProblem('');
      return;
    }
    setDraft(value);
    written.current = value;
    const why = await onChange(option.name, value.trim() === '' ? null : value);
    setProblem(why);
    if (why) {
      written.current = null;
    }
  };
  return (
    <div className="nb2dag-Field" data-option={option.name} data-given={text}>
      <label htmlFor={id}>{option.name.replace(/_/g, ' ')}</label>
      <Control
        id={id}
        option={option}
        value={draft ?? text}
        trans={trans}
        setDraft={setDraft}
        commit={commit}
      />
      {problem && (
        <div className="nb2dag-Field-problem" role="alert">
          <Words text={problem} />
        </div>
      )}
      <div className="nb2dag-Field-help">
        <Words text={option.type === 'one of' ? option.help.split(': ')[0] + '.' : option.help} />
      </div>
    </div>
  );
}

interface IControlProps {
  id: string;
  option: IOption;
  value: string;
  trans: ITrans;
  setDraft(text: string): void;
  commit(text: string): Promise<void>;
}

function Control({ id, option, value, trans, setDraft, commit }: IControlProps): JSX.Element {
  if (option.type === 'flag') {
    return (
      <input
        id={id}
        type="checkbox"
        checked={value === 'true'}
        onChange={event => void commit(event.target.checked ? 'true' : '')}
      />
    );
  }
  if (option.choices.length) {
    return (
      <select
        id={id}
        className="jp-mod-styled"
        value={value}
        onChange={event => void commit(event.target.value)}
      >
        <option value="">{trans.__('default')}</option>
        {option.choices.map(choice => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    );
  }
  return (
    <input
      id={id}
      className="jp-mod-styled"
      type="text"
      inputMode={option.type === 'integer' ? 'numeric' : undefined}
      spellCheck={false}
      value={value}
      placeholder={option.example.replace(/^"(.*)"$/, '$1')}
      onChange={event => setDraft(event.target.value)}
      onBlur={event => void commit(event.target.value)}
      onKeyDown={event => {
        if (event.key === 'Enter') {
          void commit(event.currentTarget.value);
        } else if (event.key === 'Escape') {
          setDraft(value);
        }
      }}
    />
  );
}
