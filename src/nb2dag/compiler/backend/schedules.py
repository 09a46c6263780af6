"""Write a schedule and assets as Airflow expressions."""

from __future__ import annotations

from nb2dag.compiler.backend.layout import Atom, Expression, Operation, Text, call, list_of
from nb2dag.compiler.backend.literals import expression
from nb2dag.model.schedule import (
    Asset,
    AssetCondition,
    AssetExpression,
    AssetSchedule,
    CronSchedule,
    IntervalSchedule,
    PresetSchedule,
    Schedule,
)

_OPERATORS = {"all": "&", "any": "|"}


def schedule_expression(schedule: Schedule | None, timezone: str) -> Expression:
    """Return the value of `schedule=`.

    The timetable is always explicit: what a bare cron string means depends on Airflow's configuration
    (`[scheduler] create_cron_data_intervals`).
    """
    if schedule is None:
        return Atom("None")
    if isinstance(schedule, CronSchedule):
        return call("CronTriggerTimetable", Text(schedule.expression), timezone=Text(timezone))
    if isinstance(schedule, IntervalSchedule):
        return call("DeltaTriggerTimetable", expression(schedule.every))
    if isinstance(schedule, PresetSchedule):
        return Text(schedule.name)
    return _condition(schedule)


def assets_expression(value: object) -> Expression:
    """Return the value of `inlets=` or `outlets=`: a list of assets.

    Raises:
        TypeError: Something else than an asset or its name.
    """
    assets = value if isinstance(value, (list, tuple)) else [value]
    return list_of([_asset(item) for item in assets])


def _asset(value: object) -> Expression:
    if isinstance(value, str):
        return _asset_expression(Asset(value))
    if isinstance(value, (Asset, AssetCondition)):
        return _asset_expression(value)
    raise TypeError(f"not an asset: {value!r}")


def _condition(schedule: AssetSchedule) -> Expression:
    if isinstance(schedule.expression, Asset):
        return list_of([_asset_expression(schedule.expression)])
    return _asset_expression(schedule.expression)


def _asset_expression(asset: AssetExpression) -> Expression:
    if isinstance(asset, Asset):
        return call("Asset", Text(asset.name))
    operands = tuple(_asset_expression(operand) for operand in asset.operands)
    return operands[0] if len(operands) == 1 else Operation(_OPERATORS[asset.operator], operands)
