"""The next runs are those that Airflow's own timetables give."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import islice
from zoneinfo import ZoneInfo

import pendulum
import pytest
from airflow.timetables.base import DataInterval, TimeRestriction
from airflow.timetables.trigger import CronTriggerTimetable, DeltaTriggerTimetable

from nb2dag.directives.schedules import parse_schedule
from nb2dag.model.plan import DagPlan
from nb2dag.server.next_runs import next_runs

CRONS = ["0 6 * * *", "*/15 * * * *", "0 0 * * 1-5", "30 2 * * *", "0 12 1 * *", "5 1,3 * * *"]
ZONES = ["UTC", "Europe/Oslo", "America/New_York", "Asia/Kolkata"]
MOMENTS = [
    datetime(2026, 3, 28, 23, 10, tzinfo=timezone.utc),
    datetime(2026, 10, 24, 20, 0, tzinfo=timezone.utc),
    datetime(2026, 10, 25, 0, 0, tzinfo=timezone.utc),
    datetime(2026, 3, 8, 5, 30, tzinfo=timezone.utc),
    datetime(2026, 3, 29, 0, 40, tzinfo=timezone.utc),
    datetime(2026, 6, 1, 6, 0, tzinfo=timezone.utc),
]


def plan(schedule, zone="UTC", **options):
    return DagPlan("d", "n.ipynb", "", (), schedule=parse_schedule(schedule), timezone=zone, options=options)


def airflows(timetable, now, count=9):
    """Return the runs that Airflow makes after the one due last before `now`."""
    found, last = [], pendulum.instance(now) - timedelta(seconds=1)
    restriction = TimeRestriction(earliest=None, latest=None, catchup=True)
    for _ in range(count):
        info = timetable.next_dagrun_info(
            last_automated_data_interval=DataInterval.exact(last), restriction=restriction
        )
        found.append(datetime.fromtimestamp(info.run_after.timestamp(), timezone.utc))
        last = info.run_after
    return found


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("cron", CRONS)
def test_cron_runs_are_airflows(cron, zone):
    for now in MOMENTS:
        runs = [run.astimezone(timezone.utc) for run in islice(next_runs(plan(cron, zone), now), 9)]
        assert runs == airflows(CronTriggerTimetable(cron, timezone=zone), now), (now, cron, zone)


def test_interval_runs_are_airflows():
    now = MOMENTS[0]
    runs = list(islice(next_runs(plan("90m"), now), 4))
    assert runs[1:] == airflows(DeltaTriggerTimetable(timedelta(minutes=90)), now + timedelta(seconds=1), 3)


def test_runs_are_in_the_dags_timezone_and_between_its_dates():
    start = datetime(2026, 12, 1, tzinfo=ZoneInfo("Europe/Oslo"))
    end = datetime(2026, 12, 3, tzinfo=ZoneInfo("Europe/Oslo"))
    runs = list(next_runs(plan("0 6 * * *", "Europe/Oslo", start_date=start, end_date=end), MOMENTS[0]))
    assert [run.isoformat() for run in runs] == ["2026-12-01T06:00:00+01:00", "2026-12-02T06:00:00+01:00"]


def test_catchup_begins_at_the_start():
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    first = next(next_runs(plan("@daily", start_date=start, catchup=True), MOMENTS[0]))
    assert first == start


@pytest.mark.parametrize("schedule", ["none", "@once", "@continuous", "asset a & b"])
def test_other_schedules_have_no_moments(schedule):
    assert list(next_runs(plan(schedule), MOMENTS[0])) == []
