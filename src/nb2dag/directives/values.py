"""Turn an option's raw value into the typed value that the vocabulary asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from nb2dag.directives.assets import why_not_asset
from nb2dag.directives.dates import parse_date, timezone_like, why_not_timezone
from nb2dag.directives.durations import parse_duration
from nb2dag.directives.names import id_like, why_not_group, why_not_id, why_not_identifier, why_not_kernel
from nb2dag.directives.nearest import nearest
from nb2dag.directives.plain import UnfitValue, plain_value
from nb2dag.directives.raw import RawList, RawMapping, RawText, RawValue
from nb2dag.directives.schedules import parse_schedule, schedule_like
from nb2dag.directives.spec import OptionSpec, ValueType
from nb2dag.model.directive import DirectiveProblem
from nb2dag.model.schedule import Asset
from nb2dag.model.span import Region

EXPECTED = {
    ValueType.TEXT: "text",
    ValueType.IDENTIFIER: "the name of a Python variable",
    ValueType.TASK_IDS: "task names, such as `extract,clean` or `[extract, clean]`",
    ValueType.TASK: "a task name",
    ValueType.GROUP: "a group id",
    ValueType.KERNEL: "the name of a Jupyter kernel",
    ValueType.TEXTS: "a list, such as `a,b` or `[a, b]`",
    ValueType.ASSETS: "assets, by name or URI, such as `sales,s3://lake/raw`",
    ValueType.INTEGER: "an integer",
    ValueType.BACKOFF: "`true`, `false` or a factor such as `1.5`",
    ValueType.FLAG: "`true` or `false`",
    ValueType.CHOICE: "one of the known words",
    ValueType.DURATION: "a duration, such as `10m`, `1h30m`, `2d` or `PT10M`",
    ValueType.DATE: "a date, such as `2026-01-01` or `2026-01-01T06:00+01:00`",
    ValueType.TIMEZONE: "an IANA timezone, such as `Europe/Oslo`",
    ValueType.SCHEDULE: 'cron (`"0 6 * * *"`), a preset (`@daily`), an interval (`2h`) or assets (`"asset a & b"`)',
    ValueType.MAPPING: "a YAML mapping, such as `{key: value}`",
    ValueType.DEFAULT_ARGS: "a YAML mapping of task options, such as `{retries: 2}`",
    ValueType.ANY: "a value",
}
"""What a value of each type looks like, in the words of a message."""

_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})
_NULL = frozenset({"null", "~", "Null", "NULL"})
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_FACTOR = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)


class BadValue(Exception):
    """A value is not what its option asks for; `problems` say where and why."""

    def __init__(self, *problems: DirectiveProblem) -> None:
        super().__init__(*problems)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Reading:
    """One option being read: its spec and how the user spelled it, for the messages."""

    spec: OptionSpec
    written: str

    def refuse(self, text: str, region: Region, why: str = "", suggestion: str = "") -> BadValue:
        """Return the exception that says `text` is no value of this option."""
        values = {
            "option": self.written,
            "text": text,
            "expected": EXPECTED[self.spec.type],
            "why": why,
            "suggestion": suggestion,
        }
        return BadValue(DirectiveProblem("invalid-value", region, tuple(values.items())))

    def text(self, raw: RawValue) -> RawText:
        """Return `raw` as the single text it must be."""
        if not isinstance(raw, RawText):
            kind = "a list" if isinstance(raw, RawList) else "a mapping"
            raise self.refuse(kind, raw.region)
        if not raw.text.strip() or (not raw.literal and raw.text in _NULL):
            raise BadValue(missing(self.written, raw.region))
        return raw


def missing(written: str, region: Region) -> DirectiveProblem:
    """Return the problem that an option has no value."""
    return DirectiveProblem("missing-value", region, (("option", written),))


def is_flag_word(text: str) -> bool:
    """Whether `text` is a word that a flag takes as its value."""
    return text.lower() in _TRUE | _FALSE


def read_value(spec: OptionSpec, written: str, raw: RawValue) -> object:
    """Return the typed value of an option whose raw value is `raw`.

    The types `DEFAULT_ARGS` is not read here: its entries are options themselves.

    Raises:
        BadValue: It is no such value; every problem in it is listed.
    """
    return _READERS[spec.type](Reading(spec, written), raw)


def _text(reading: Reading, raw: RawValue) -> str:
    return reading.text(raw).text


def _named(why_not: Callable[[str], str], propose: Callable[[str], str]) -> Callable[[Reading, RawValue], str]:
    def read(reading: Reading, raw: RawValue) -> str:
        text = reading.text(raw)
        if why := why_not(text.text):
            raise reading.refuse(text.text, text.region, why, propose(text.text))
        return text.text

    return read


def _nothing(_: str) -> str:
    return ""


def _parsed(
    parse: Callable[[str], object], propose: Callable[[str], str] = _nothing
) -> Callable[[Reading, RawValue], object]:
    def read(reading: Reading, raw: RawValue) -> object:
        text = reading.text(raw)
        try:
            return parse(text.text.strip())
        except ValueError as error:
            raise reading.refuse(text.text, text.region, str(error), propose(text.text)) from None

    return read


def _schedule(reading: Reading, raw: RawValue) -> object:
    if isinstance(raw, RawText) and not raw.literal and raw.text in _NULL:
        return None
    if isinstance(raw, RawList):
        raise reading.refuse("a list", raw.region, "assets are joined by `&`", "asset a & b")
    return _parsed(parse_schedule, schedule_like)(reading, raw)


def _integer(reading: Reading, raw: RawValue) -> int:
    text = reading.text(raw)
    if not _INTEGER.fullmatch(text.text):
        raise reading.refuse(text.text, text.region)
    number, minimum = int(text.text), reading.spec.minimum
    if minimum is not None and number < minimum:
        raise reading.refuse(text.text, text.region, f"it must be at least {minimum}")
    if abs(number) >= 1 << 31:
        raise reading.refuse(text.text, text.region, "it must fit into 32 bits")
    return number


def _flag(reading: Reading, raw: RawValue) -> bool:
    text = reading.text(raw)
    word = text.text.lower()
    if word not in _TRUE | _FALSE:
        raise reading.refuse(text.text, text.region)
    return word in _TRUE


def _backoff(reading: Reading, raw: RawValue) -> bool | int | float:
    text = reading.text(raw)
    if text.text.lower() in _TRUE | _FALSE:
        return _flag(reading, raw)
    if not _FACTOR.fullmatch(text.text):
        raise reading.refuse(text.text, text.region)
    number = float(text.text)
    if number < 1:
        raise reading.refuse(text.text, text.region, "a factor below 1 would wait less and less")
    return int(number) if number.is_integer() else number


def _choice(reading: Reading, raw: RawValue) -> str:
    text = reading.text(raw)
    choices = reading.spec.choices
    if text.text not in choices:
        known = ", ".join(f"`{choice}`" for choice in choices)
        raise reading.refuse(text.text, text.region, f"the words are {known}", nearest(text.text, choices))
    return text.text


def _duration(reading: Reading, raw: RawValue) -> object:
    duration = _parsed(parse_duration)(reading, raw)
    if reading.spec.minimum and not duration:
        text = reading.text(raw)
        raise reading.refuse(text.text, text.region, "it must be longer than nothing")
    return duration


def list_items(reading: Reading, raw: RawValue) -> Iterator[RawText]:
    """Yield the items of a list, written with commas or as YAML."""
    if isinstance(raw, RawText) and raw.text.strip().startswith("[") and raw.text.strip().endswith("]"):
        raw = _as_yaml(raw)
    if isinstance(raw, RawMapping):
        raise reading.refuse("a mapping", raw.region)
    if isinstance(raw, RawList):
        if not raw.items:
            raise BadValue(missing(reading.written, raw.region))
        yield from (reading.text(item) for item in raw.items)
        return
    text = reading.text(raw)
    start = 0
    for piece in text.text.split(","):
        left = start + len(piece) - len(piece.lstrip())
        region = text.part(left, left + max(1, len(piece.strip())))
        if not piece.strip():
            raise reading.refuse(text.text, text.region, "an item between two commas is empty")
        yield RawText(piece.strip(), region, True, region if text.inner else None)
        start += len(piece) + 1


def _as_yaml(raw: RawText) -> RawValue:
    from nb2dag.directives.yaml_values import read_yaml_text

    result = read_yaml_text(raw)
    if isinstance(result, DirectiveProblem):
        raise BadValue(result)
    return result


def _listed(
    why_not: Callable[[str], str], make: Callable[[str], object], propose: Callable[[str], str] = _nothing
) -> Callable[[Reading, RawValue], object]:
    def read(reading: Reading, raw: RawValue) -> object:
        values: dict[str, object] = {}
        problems: list[DirectiveProblem] = []
        for item in list_items(reading, raw):
            if item.text in values:
                problems.append(DirectiveProblem("repeated-option", item.region, (("option", item.text),)))
            elif why := why_not(item.text):
                problems.extend(reading.refuse(item.text, item.region, why, propose(item.text)).problems)
            values[item.text] = make(item.text)
        if problems:
            raise BadValue(*problems)
        return tuple(values.values())

    return read


def _why_not_listed_asset(name: str) -> str:
    return "leave out the word `asset`" if name.startswith("asset ") else why_not_asset(name)


def _why_not_tag(tag: str) -> str:
    return "Airflow allows 100 characters" if len(tag) > 100 else ""


def _mapping(reading: Reading, raw: RawValue) -> dict[str, object]:
    mapping = as_mapping(reading, raw)
    try:
        value = plain_value(mapping)
    except UnfitValue as error:
        raise reading.refuse(error.text, error.region, error.why) from None
    assert isinstance(value, dict)
    return value


def as_mapping(reading: Reading, raw: RawValue) -> RawMapping:
    """Return `raw` as the mapping it must be; a flag's text is read as YAML."""
    if isinstance(raw, RawText) and raw.literal and raw.text.strip().startswith("{"):
        raw = _as_yaml(raw)
    if isinstance(raw, RawText):
        text = reading.text(raw)
        raise reading.refuse(text.text, text.region)
    if isinstance(raw, RawList):
        raise reading.refuse("a list", raw.region)
    return raw


def _any(reading: Reading, raw: RawValue) -> object:
    try:
        return plain_value(raw)
    except UnfitValue as error:
        raise reading.refuse(error.text, error.region, error.why) from None


def _check_timezone(name: str) -> str:
    if why := why_not_timezone(name):
        raise ValueError(why)
    return name


_READERS: dict[ValueType, Callable[[Reading, RawValue], object]] = {
    ValueType.TEXT: _text,
    ValueType.IDENTIFIER: _named(why_not_identifier, _nothing),
    ValueType.TASK_IDS: _listed(why_not_id, str, id_like),
    ValueType.TASK: _named(why_not_id, id_like),
    ValueType.GROUP: _named(why_not_group, _nothing),
    ValueType.KERNEL: _named(why_not_kernel, _nothing),
    ValueType.TEXTS: _listed(_why_not_tag, str),
    ValueType.ASSETS: _listed(_why_not_listed_asset, Asset),
    ValueType.INTEGER: _integer,
    ValueType.BACKOFF: _backoff,
    ValueType.FLAG: _flag,
    ValueType.CHOICE: _choice,
    ValueType.DURATION: _duration,
    ValueType.DATE: _parsed(parse_date),
    ValueType.TIMEZONE: _parsed(_check_timezone, timezone_like),
    ValueType.SCHEDULE: _schedule,
    ValueType.MAPPING: _mapping,
    ValueType.ANY: _any,
}
