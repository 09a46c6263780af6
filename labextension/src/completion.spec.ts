import { describe, expect, it } from 'vitest';
import { completeTag } from './completion';
import type { IDirective, IOption } from './wire';

const option = (name: string, type: string, choices: string[] = []): IOption => ({
  name,
  flag: `--${name.replace(/_/g, '-')}`,
  type,
  help: '',
  example: '',
  airflow: '',
  choices,
  lowered: true,
  own: true
});
const options = [
  option('after', 'list of tasks'),
  option('retries', 'integer'),
  option('retry_delay', 'duration'),
  option('trigger_rule', 'one of', ['all_done', 'always']),
  option('depends_on_past', 'flag')
];
const vocabulary: IDirective[] = [
  {
    directive: 'task',
    magic: '%%airflow_task',
    usage: '',
    help: '',
    name: 'required',
    lowered: true,
    options
  },
  {
    directive: 'dag',
    magic: '%airflow_dag',
    usage: '',
    help: '',
    name: 'optional',
    lowered: true,
    options: []
  }
];

/** The labels at the bar in `text`. */
function at(text: string): string[] {
  const offset = text.indexOf('|>');
  const found = completeTag(text.replace('|>', ''), offset, vocabulary, ['load', 'clean']);
  return found?.items.map(item => item.label) ?? [];
}

describe('completeTag', () => {
  it.each([
    ['%%airflow_t|>', ['%%airflow_task']],
    ['%%|>', ['%%airflow_task']],
    ['%%airflow_task |>', ['load', 'clean']],
    ['%%airflow_task report --re|>\nx', ['--retries', '--retry-delay']],
    ['%%airflow_task report --after |>', ['load', 'clean']],
    ['%%airflow_task report --after load,c|>', ['clean']],
    ['%%airflow_task report --trigger-rule=al|>', ['all_done', 'always']],
    ['%%airflow_task report \\\n  --ret|>', ['--retries', '--retry-delay']],
    ['#| ta|>', ['task']],
    ['#| task: |>', ['load', 'clean']],
    ['#| task: report\n#| re|>', ['retries', 'retry_delay']],
    ['#| task: report\n#| after: [load, |>]', ['load', 'clean']],
    ['#| task: report\n#| trigger_rule: alw|>', ['always']],
    ['x = 1  # %%airflow_task --re|>', []],
    ['print("--re|>")', []]
  ])('%s', (text, labels) => {
    expect(at(text)).toEqual(labels);
  });
});
