"""Hold a DAG's schedule as a value: never, a cron expression, an interval, or assets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class CronSchedule:
    """A five-field cron expression; presets (`@daily`) are expanded except `@once` and `@continuous`."""

    expression: str


@dataclass(frozen=True, slots=True)
class PresetSchedule:
    """`@once` or `@continuous`, which are no cron expressions."""

    name: str


@dataclass(frozen=True, slots=True)
class IntervalSchedule:
    """A run every `every`."""

    every: timedelta


@dataclass(frozen=True, slots=True)
class Asset:
    """An Airflow asset, by name or URI."""

    name: str


@dataclass(frozen=True, slots=True)
class AssetCondition:
    """Assets joined by `all` (`&`) or `any` (`|`)."""

    operator: str
    operands: tuple[AssetExpression, ...]


AssetExpression = Asset | AssetCondition


@dataclass(frozen=True, slots=True)
class AssetSchedule:
    """A run when the assets of `expression` were updated."""

    expression: AssetExpression


Schedule = CronSchedule | PresetSchedule | IntervalSchedule | AssetSchedule
