"""Read and write schedules: cron expressions, presets, intervals, asset expressions."""

from __future__ import annotations

from nb2dag.directives.assets import format_asset_expression, parse_asset_expression
from nb2dag.directives.cron import PRESETS, SPECIAL_PRESETS, check_cron
from nb2dag.directives.durations import format_duration, parse_duration
from nb2dag.directives.nearest import nearest
from nb2dag.model.schedule import AssetSchedule, CronSchedule, IntervalSchedule, PresetSchedule, Schedule

NEVER = frozenset({"none", "null", "~"})
"""Spellings of Airflow's `schedule=None`: run only when triggered."""


def parse_schedule(text: str) -> Schedule | None:
    """Return the schedule that `text` spells, None for `none`.

    Raises:
        ValueError: It spells none; the message says why.

    >>> parse_schedule("@daily"), parse_schedule("0  6 * * *").expression
    (CronSchedule(expression='0 0 * * *'), '0 6 * * *')
    """
    text = text.strip()
    if text.lower() in NEVER:
        return None
    if text.startswith("@"):
        return _preset(text)
    word, _, rest = text.partition(" ")
    if word == "asset":
        return AssetSchedule(parse_asset_expression(rest))
    fields = text.split()
    if len(fields) >= 4 or text.startswith("*"):
        check_cron(text)
        return CronSchedule(" ".join(fields))
    return _interval(text)


def format_schedule(schedule: Schedule | None) -> str:
    """Return the spelling of `schedule`.

    >>> format_schedule(parse_schedule("asset (a | b) & c"))
    'asset (a | b) & c'
    """
    match schedule:
        case None:
            return "none"
        case CronSchedule(expression):
            return expression
        case PresetSchedule(name):
            return name
        case IntervalSchedule(every):
            return format_duration(every)
        case AssetSchedule(expression):
            return f"asset {format_asset_expression(expression)}"


def schedule_like(text: str) -> str:
    """Return the schedule that `text` may have meant, an empty string where none is near."""
    word = text.strip().lower()
    return nearest(word if word.startswith("@") else f"@{word}", [*PRESETS, *sorted(SPECIAL_PRESETS)])


def _preset(text: str) -> Schedule:
    if text in SPECIAL_PRESETS:
        return PresetSchedule(text)
    if text not in PRESETS:
        known = ", ".join(f"`{name}`" for name in (*PRESETS, *sorted(SPECIAL_PRESETS)))
        raise ValueError(f"the presets are {known}")
    return CronSchedule(PRESETS[text])


def _interval(text: str) -> IntervalSchedule:
    try:
        every = parse_duration(text)
    except ValueError as error:
        number = text.replace(".", "", 1).isdigit()
        raise ValueError(
            str(error) if number else "it is neither cron nor a preset, an interval or `asset ...`"
        ) from None
    if not every:
        raise ValueError("an interval is longer than nothing")
    return IntervalSchedule(every)
