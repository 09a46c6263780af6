"""Say when a schedule runs next, as Airflow's timetables would: the logical date and the data interval of each run.

The bundle names `CronTriggerTimetable` and `DeltaTriggerTimetable`, whose data interval has no width: it begins and
ends at the moment the run is due (`airflow.timetables.trigger`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from nb2dag.directives.schedules import format_schedule
from nb2dag.model.plan import DagPlan
from nb2dag.model.schedule import AssetSchedule, CronSchedule, IntervalSchedule, PresetSchedule
from nb2dag.server.compiling import Compiled

COUNT = 5
"""Runs that are shown."""


def schedule_document(compiled: Compiled, now: datetime | None = None) -> dict[str, Any]:
    """Return the next runs of the notebook's DAG and a sentence where there are none to count."""
    plan = compiled.compilation.plan
    if plan is None:
        return {"schedule": "", "timezone": "", "runs": [], "note": "The notebook has errors: see Findings."}
    runs = [
        {"run": run.isoformat(), "data_interval_start": run.isoformat(), "data_interval_end": run.isoformat()}
        for run in islice(next_runs(plan, now or datetime.now(timezone.utc)), COUNT)
    ]
    spelled = format_schedule(plan.schedule) if plan.schedule is not None else ""
    return {"schedule": spelled, "timezone": plan.timezone, "runs": runs, "note": _note(plan, bool(runs))}


def next_runs(plan: DagPlan, now: datetime) -> Iterator[datetime]:
    """Yield the moments of the next scheduled runs after `now` in the DAG's timezone; none for other schedules.

    With `catchup`, the runs since the start date come first, as in a DAG that is switched on now.
    """
    zone = ZoneInfo(plan.timezone)
    start, end = plan.options.get("start_date"), plan.options.get("end_date")
    earliest = start if isinstance(start, datetime) else None
    first = earliest if earliest is not None and plan.options.get("catchup") is True else now
    if earliest is not None and earliest > first:
        first = earliest
    for run in _moments(plan, first.astimezone(zone)):
        if isinstance(end, datetime) and run > end:
            return
        yield run.astimezone(zone)


def _moments(plan: DagPlan, first: datetime) -> Iterator[datetime]:
    match plan.schedule:
        case CronSchedule(expression):
            yield from _cron(expression, first)
        case IntervalSchedule(every):
            # The first run is due at once, and each one the interval after the one before.
            while True:
                yield first
                first += every


def _cron(expression: str, first: datetime) -> Iterator[datetime]:
    """Yield the moments of a cron expression from `first` on, that one included.

    The clock on the wall counts, as in Airflow (`CronMixin._get_next`): 06:00 stays 06:00 when summer time begins, and
    of an hour that comes twice the second one is meant, and
    one that is left out is the hour after it. Only what runs in every hour goes on by the time that passes.
    """
    from croniter import croniter

    zone = first.tzinfo
    # One step back, so that `first` itself is found.
    run = first.astimezone(timezone.utc) - timedelta(microseconds=1)
    every_hour = croniter(expression).expanded[1] == ["*"]
    while True:
        wall = run.astimezone(zone).replace(tzinfo=None)
        following = croniter(expression, wall).get_next(datetime)
        twice = (following.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc) for fold in (0, 1))
        run = run + (following - wall) if every_hour else max(twice)
        yield run


def _note(plan: DagPlan, found: bool) -> str:
    match plan.schedule:
        case None:
            return "The DAG has no schedule: it runs when somebody triggers it."
        case AssetSchedule():
            return "The DAG runs when its assets are updated."
        case PresetSchedule("@once"):
            return "The DAG runs once, as soon as it is switched on."
        case PresetSchedule():
            return "The DAG runs again as soon as a run has ended."
        case _:
            return "" if found else "The schedule has ended: no run follows."
