"""Judge cron expressions: plain ones by ourselves, the rest by croniter, which takes long to import."""

from __future__ import annotations

import re

PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}
"""Airflow's presets that stand for a cron expression (`airflow.sdk.definitions.timetables._cron.CRON_PRESETS`)."""

SPECIAL_PRESETS = frozenset({"@once", "@continuous"})
"""Airflow's presets that are no cron expressions."""

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 7))
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_STEP = re.compile(r"(?:(\*)|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?")
_OTHER = re.compile(r"[A-Za-z0-9*,/#?-]+")


def check_cron(expression: str) -> None:
    """Accept a five-field cron expression.

    Raises:
        ValueError: It is none, or it names a day that never comes; the message says why.
    """
    fields = expression.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"a cron expression has five fields, and it has {len(fields)}")
    values = []
    for (name, low, high), field in zip(_FIELDS, fields, strict=True):
        values.append(_field_values(name, low, high, field))
    _, _, days, months, weekdays = values
    if days and months and weekdays and fields[4] == "*":
        longest = max(_LONGEST[month - 1] for month in months)
        if min(days) > longest:
            raise ValueError("that day never comes in that month")
    if not all(values):
        _ask_croniter(expression)


def _field_values(name: str, low: int, high: int, field: str) -> set[int]:
    """Return the values a field stands for; an empty set where it is more than numbers, ranges and steps."""
    if not _OTHER.fullmatch(field):
        raise ValueError(f"the {name} `{field}` is not cron")
    values: set[int] = set()
    for part in field.split(","):
        match = _STEP.fullmatch(part)
        if match is None:
            return set()
        first = low if match[1] else int(match[2])
        last = high if match[1] or (match[4] and not match[3]) else int(match[3] or first)
        if not low <= first <= high or not low <= last <= high:
            raise ValueError(f"the {name} `{part}` is not between {low} and {high}")
        step = int(match[4] or 1)
        if first > last or not step:
            return set()
        values.update(range(first, last + 1, step))
    return values


def _ask_croniter(expression: str) -> None:
    if re.search(r"(?<![A-Za-z])[HR](?![A-Za-z])", expression, re.IGNORECASE):
        # croniter would draw a time by chance or by hash, and Airflow gives it neither.
        raise ValueError("`H` and `R` have no meaning in Airflow")
    from croniter import CroniterError, croniter

    try:
        croniter(expression).get_next(float)
    except (CroniterError, ValueError, KeyError) as error:
        raise ValueError(str(error).splitlines()[0].rstrip(".") if str(error) else "croniter refuses it") from None
