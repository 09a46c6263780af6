/** Show when the DAG runs next. */
import * as React from 'react';
import type { ITrans } from './text';
import type { ISchedule } from './wire';

/** Return the parts of a moment as the DAG's timezone writes it: `2026-03-29T06:00:00+02:00`. */
export function moment(iso: string): { day: string; time: string; offset: string } {
  const [, day, time, offset] = /^(\d+-\d+-\d+)T(\d+:\d+)(?::\d+(?:\.\d+)?)?(.*)$/.exec(iso) ?? [
    '',
    iso,
    '',
    ''
  ];
  return { day, time, offset };
}

function weekday(day: string): string {
  const date = new Date(`${day}T12:00:00Z`);
  return isNaN(date.getTime())
    ? ''
    : date.toLocaleDateString(undefined, { weekday: 'short', timeZone: 'UTC' });
}

export function Schedule({ schedule, trans }: { schedule: ISchedule | null; trans: ITrans }): JSX.Element {
  if (!schedule) {
    return <div className="nb2dag-empty">{trans.__('Counting…')}</div>;
  }
  return (
    <div className="nb2dag-Schedule">
      {schedule.schedule && (
        <p>
          <code>{schedule.schedule}</code> {trans.__('in %1', schedule.timezone)}
        </p>
      )}
      {schedule.note && <p>{schedule.note}</p>}
      {schedule.runs.length > 0 && (
        <table>
          <thead>
            <tr>
              <th>{trans.__('next runs')}</th>
              <th>{trans.__('data interval')}</th>
            </tr>
          </thead>
          <tbody>
            {schedule.runs.map(run => (
              <tr key={run.run}>
                <td>
                  <span className="nb2dag-muted">{weekday(moment(run.run).day)}</span> {moment(run.run).day}{' '}
                  <b>{moment(run.run).time}</b> <span className="nb2dag-muted">{moment(run.run).offset}</span>
                </td>
                <td>
                  {run.data_interval_start === run.data_interval_end
                    ? trans.__('the moment of the run')
                    : `${moment(run.data_interval_start).day} ${moment(run.data_interval_start).time} – ${moment(run.data_interval_end).day} ${moment(run.data_interval_end).time}`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
