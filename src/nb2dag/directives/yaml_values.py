"""Read what a YAML parser is needed for, as raw values with their places in the cell.

PyYAML parses the text to events; the values are ours, so that a date stays the text the user typed, `1:30` is no number
in base 60, and `no` is a word. This module is imported only where it is needed: a YAML parser takes long to import.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from nb2dag.directives.raw import EntryLine, RawList, RawMapping, RawText, RawValue
from nb2dag.model.directive import DirectiveProblem
from nb2dag.model.span import Region

MAX_DEPTH = 50
"""How deep values may be nested; deeper ones are refused before Python's recursion limit stops us."""


class _Refused(Exception):
    def __init__(self, reason: str, mark: Any) -> None:
        super().__init__(reason)
        self.mark = mark


@dataclass(frozen=True, slots=True)
class _Text:
    """The YAML text, where each of its lines stands in the cell, and where it begins in the first."""

    lines: tuple[str, ...]
    places: tuple[tuple[int, int], ...]

    def place(self, mark: Any) -> tuple[int, int]:
        """Return the cell's line and column of a YAML mark."""
        index = min(mark.line, len(self.places) - 1)
        line, cut = self.places[index]
        column = mark.column if mark.line == index else len(self.lines[index])
        return line, cut + column + 1

    def region(self, first: Any, last: Any) -> Region:
        """Return the region from one event to another, white space after it left out."""
        end_line, end_column = last.end_mark.line, last.end_mark.column
        # What is missing at the end of the text, YAML finds in a line below it.
        begin = min(first.start_mark.line, len(self.lines) - 1)
        while end_line > begin and (end_line >= len(self.lines) or not self.lines[end_line][:end_column].strip()):
            end_line -= 1
            end_column = len(self.lines[end_line])
        line, cut = self.places[end_line]
        return Region(*self.place(first.start_mark), line, cut + end_column + 1)


def read_yaml_entry(entry: Sequence[EntryLine]) -> RawValue | DirectiveProblem | None:
    """Read the lines of one `key: value` entry and return the value, None where it is empty, or what is wrong."""
    text = _Text(tuple(line.text for line in entry), tuple((line.line, line.cut) for line in entry))
    result = _read(text)
    if isinstance(result, RawMapping) and len(result.entries) == 1:
        value = result.entries[0][1]
        return None if isinstance(value, RawText) and not value.text and not value.literal else value
    if isinstance(result, DirectiveProblem):
        return result
    return _problem("expected `option: value`", _start(text))


def read_yaml_text(value: RawText) -> RawValue | DirectiveProblem:
    """Read a flag's text as YAML (`--params '{a: 1}'`)."""
    inner = value.inner
    if inner is None:
        # The places inside are lost where quotes or backslashes were taken out: every one is then the whole value's.
        result = _read(_Text(tuple(value.text.split("\n")), ((1, 0),) * (value.text.count("\n") + 1)))
        return _moved(result, value.region)
    return _read(_Text((value.text,), ((inner.line, inner.column - 1),)))


def _moved(result: RawValue | DirectiveProblem, region: Region) -> RawValue | DirectiveProblem:
    match result:
        case DirectiveProblem(rule=rule, values=values):
            return DirectiveProblem(rule, region, values)
        case RawText(text=text, literal=literal):
            return RawText(text, region, literal)
        case RawList(items=items):
            return RawList(tuple(_moved_value(item, region) for item in items), region)
        case RawMapping(entries=entries):
            pairs = ((RawText(key.text, region, key.literal), _moved_value(item, region)) for key, item in entries)
            return RawMapping(tuple(pairs), region)


def _moved_value(value: RawValue, region: Region) -> RawValue:
    moved = _moved(value, region)
    assert not isinstance(moved, DirectiveProblem)
    return moved


def _read(text: _Text) -> RawValue | DirectiveProblem:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        # Events, not nodes: composing nodes recurses in C, and deep nesting would end the process.
        events = yaml.parse("\n".join(text.lines) + "\n", Loader=loader)
        return _document(text, events)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return _problem(error.problem or error.context or "not YAML", _point(text, mark))
    except yaml.reader.ReaderError as error:
        return _problem(f"the character {error.character!r} is not allowed", _whole(text))
    except _Refused as error:
        return _problem(str(error), _point(text, error.mark))
    except ValueError as error:
        return _problem(str(error), _whole(text))


def _document(text: _Text, events: Iterator[Any]) -> RawValue | DirectiveProblem:
    begun = [next(events), next(events)]
    if not isinstance(begun[1], yaml.DocumentStartEvent):
        return _problem("expected a value", _whole(text))
    value = _value(text, next(events), events, 0)
    ended = [next(events), next(events)]
    return value if isinstance(ended[1], yaml.StreamEndEvent) else _problem("one value is enough", _whole(text))


def _value(text: _Text, event: Any, events: Iterator[Any], depth: int) -> RawValue:
    """Return the value that begins with `event`, and take its events."""
    if isinstance(event, yaml.AliasEvent) or event.anchor:
        raise _Refused("anchors and aliases are not part of the tag language", event.start_mark)
    if event.tag:
        raise _Refused(f"the YAML tag `{event.tag}` is not part of the tag language", event.start_mark)
    if depth > MAX_DEPTH:
        raise _Refused("nested too deeply", event.start_mark)
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(text, event)
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[RawValue] = []
        while not isinstance(item := next(events), yaml.SequenceEndEvent):
            items.append(_value(text, item, events, depth + 1))
        return RawList(tuple(items), text.region(event, item))
    entries: dict[str, tuple[RawText, RawValue]] = {}
    while not isinstance(item := next(events), yaml.MappingEndEvent):
        key = _key(entries, _value(text, item, events, depth + 1), item)
        entries[key.text] = (key, _value(text, next(events), events, depth + 1))
    return RawMapping(tuple(entries.values()), text.region(event, item))


def _key(entries: Mapping[str, object], key: RawValue, event: Any) -> RawText:
    if not isinstance(key, RawText):
        raise _Refused("a key is a word, not a list or a mapping", event.start_mark)
    if key.text in entries:
        raise _Refused(f"the key `{key.text}` is given twice", event.start_mark)
    if key.text == "<<" and not key.literal:
        raise _Refused("merge keys are not part of the tag language", event.start_mark)
    return key


def _scalar(text: _Text, event: Any) -> RawText:
    # Styles: None or "" for plain, else the quote or block sign.
    region = text.region(event, event)
    return RawText(event.value, region, bool(event.style), _inner(text, event, region))


def _inner(text: _Text, event: Any, region: Region) -> Region | None:
    start, end = event.start_mark, event.end_mark
    if start.line != end.line or start.line >= len(text.lines):
        return None
    quote = 1 if event.style in {"'", '"'} else 0
    if text.lines[start.line][start.column + quote : end.column - quote] != event.value:
        return None
    return Region(region.line, region.column + quote, region.line, region.column + quote + len(event.value))


def _problem(reason: str, region: Region) -> DirectiveProblem:
    return DirectiveProblem("invalid-yaml", region, (("reason", " ".join(reason.split())),))


def _point(text: _Text, mark: Any) -> Region:
    line, column = text.place(mark)
    index = min(mark.line, len(text.places) - 1)
    # YAML finds what is missing one past the end of the text.
    return Region(line, column, line, min(column, text.places[index][1] + len(text.lines[index])) + 1)


def _start(text: _Text) -> Region:
    line, cut = text.places[0]
    return Region(line, cut + 1, line, cut + 1)


def _whole(text: _Text) -> Region:
    (line, cut), (end_line, end_cut) = text.places[0], text.places[-1]
    return Region(line, cut + 1, end_line, end_cut + len(text.lines[-1]) + 1)
