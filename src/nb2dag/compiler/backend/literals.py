"""Write the values of a plan as Python source."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from nb2dag.compiler.backend.layout import WIDTH, Atom, Bracket, Expression, Item, Text, call, flat, lay_out, symbols

MODULES = {
    "date": "datetime",
    "datetime": "datetime",
    "timedelta": "datetime",
    "timezone": "datetime",
    "ZoneInfo": "zoneinfo",
}
"""The module of the standard library each name that a literal may use is imported from."""

_MOST_DECIMAL_BITS = 4096
"""Python refuses to write an int of more than 4,300 digits in decimal; this stays well below."""


def emit(value: object, *, width: int = WIDTH) -> str:
    """Return Python source of `value`; `ast.literal_eval` gives the value back where it is a plain literal.

    Strings, bytes, numbers, booleans, None and their lists, tuples, sets and dicts are literals. An infinite or
    undefined float becomes a call of `float`; `timedelta`, `date` and aware `datetime` become calls of the names in
    `imports_of(value)`. Sets are written in a fixed order.

    Raises:
        TypeError: A value of another type, or a `datetime` without a timezone.

    Examples:
        >>> emit({"retries": 2, "retry_delay": timedelta(minutes=5)})
        '{"retries": 2, "retry_delay": timedelta(minutes=5)}'
    """
    return "\n".join(lay_out(expression(value), width=width))


def imports_of(value: object) -> dict[str, str]:
    """Return the names that `emit(value)` uses, each with the module it is imported from."""
    return {name: MODULES[name] for name in sorted(symbols(expression(value)))}


def expression(value: object) -> Expression:
    """Return `value` as an expression that can be laid out; see `emit` for what it may be."""
    if value is None or isinstance(value, bool):
        return Atom(repr(value))
    if isinstance(value, str):
        return Text(str(value))
    if isinstance(value, int):
        return Atom(int.__repr__(value) if value.bit_length() < _MOST_DECIMAL_BITS else hex(value))
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, bytes):
        return Atom(repr(value))
    if isinstance(value, timedelta):
        return _timedelta(value)
    if isinstance(value, datetime):
        return _datetime(value)
    if isinstance(value, date):
        return call("date", Atom(str(value.year)), Atom(str(value.month)), Atom(str(value.day)))
    return _container(value)


def _float(value: float) -> Expression:
    if math.isfinite(value):
        return Atom(float.__repr__(value))
    return Atom(f'float("{value}")')


def _timedelta(value: timedelta) -> Bracket:
    if value < timedelta(0):
        return replace(_timedelta(-value), opening="-timedelta(")
    hours, seconds = divmod(value.seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    parts = {
        "days": value.days,
        "hours": hours,
        "minutes": minutes,
        "seconds": seconds,
        "microseconds": value.microseconds,
    }
    given: dict[str, Expression] = {name: Atom(str(amount)) for name, amount in parts.items() if amount}
    return call("timedelta", **(given or {"seconds": Atom("0")}))


def _datetime(value: datetime) -> Expression:
    if value.tzinfo is None:
        raise TypeError(f"a date and time without a timezone: {value!r}")
    fields = [value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond]
    while len(fields) > 3 and fields[-1] == 0:
        fields.pop()
    keywords: dict[str, Expression] = {"tzinfo": _timezone(value.tzinfo, value)}
    if value.fold:
        keywords["fold"] = Atom("1")
    return call("datetime", *(Atom(str(field)) for field in fields), **keywords)


def _timezone(zone: tzinfo, moment: datetime) -> Expression:
    key = zone.key if isinstance(zone, ZoneInfo) else None
    if zone == timezone.utc or key == "UTC":
        return Atom("timezone.utc", ("timezone",))
    if key:
        return call("ZoneInfo", Text(key))
    if not isinstance(zone, timezone):
        raise TypeError(f"a timezone that is neither an offset nor in the IANA database: {zone!r}")
    return call("timezone", _timedelta(zone.utcoffset(moment)))


def _container(value: object) -> Expression:
    if isinstance(value, Mapping):
        items = tuple(_entry(key, item) for key, item in value.items())
        return Bracket("{", items, "}")
    if isinstance(value, list):
        return Bracket("[", _items(value), "]")
    if isinstance(value, tuple):
        return Bracket("(", _items(value), ")")
    if isinstance(value, (set, frozenset)):
        return _set(value)
    raise TypeError(f"no Python literal for a value of type {type(value).__name__}")


def _set(value: set[object] | frozenset[object]) -> Expression:
    name = "frozenset" if isinstance(value, frozenset) else "set"
    if not value:
        return Atom(f"{name}()")
    items = Bracket("{", tuple(map(Item, sorted(map(expression, value), key=flat))), "}")
    return Bracket("frozenset(", (Item(items),), ")") if name == "frozenset" else items


def _items(values: list[object] | tuple[object, ...]) -> tuple[Item, ...]:
    return tuple(Item(expression(value)) for value in values)


def _entry(key: object, value: object) -> Item:
    return Item(expression(value), f"{flat(expression(key))}: ")
