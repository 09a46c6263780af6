"""Scan the JSON text of a notebook for the strings that its cells' sources are written in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)

_SPACE = re.compile(r"\s*")

_SOURCE_KEYS = ("source", "input")
"""Where nbformat 4 and 3 keep the source of a code cell."""

_UNREAD = "outputs"
"""The key of what is never asked for, and by far the largest part of most files: the decoder is fast to its end."""


@dataclass(frozen=True, slots=True)
class SourceText:
    """Where a cell's source is written: the extent of the value, and of each string in it, quotes included."""

    start: int
    end: int
    strings: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class CellText:
    """Where a cell is written: its object, its metadata and in these its tags, where it has them."""

    start: int
    end: int
    metadata: tuple[int, int] | None = None
    tags: SourceText | None = None


@dataclass(slots=True)
class _Frame:
    """An object or list that is open: the key or the index that the scan is at, and whether a key comes next."""

    is_object: bool
    start: int
    key: str | int = 0
    expects_key: bool = False
    strings: list[tuple[int, int]] = field(default_factory=list)


def scan_sources(text: str) -> list[SourceText]:
    r"""Return the source of every cell, in order; `text` is known to be valid JSON.

    Cells are those of the top level, and those of the worksheets of nbformat 3, one list after the other. A cell
    without a source stands where its object begins. Of a key given twice the last counts, as it does for every reader.

    >>> scan_sources('{"cells": [{"source": ["a\\n", "b"]}, {"source": "c"}]}')[1]
    SourceText(start=48, end=51, strings=((48, 51),))
    """
    found = dict(_values(text))
    return [found[path] for path in sorted(found, key=_order)]


def _order(path: tuple[str | int, ...]) -> tuple[int, ...]:
    return tuple(part for part in path if isinstance(part, int))


def scan_cells(text: str) -> list[CellText]:
    r"""Return where every cell of the top level is written, in order; `text` is known to be valid JSON.

    >>> scan_cells('{"cells": [{"metadata": {"tags": ["a"]}}]}')
    [CellText(start=11, end=40, metadata=(24, 39), tags=SourceText(start=33, end=38, strings=((34, 37),)))]
    """
    found: dict[tuple[str | int, ...], CellText] = {}
    for path, value in _walk(text):
        if path[:1] != ("cells",):
            continue
        cell = found.setdefault(path[:2], CellText(0, 0)) if len(path) > 1 else None
        if len(path) == 2:
            # What is inside comes before the whole.
            found[path] = replace(found[path], start=value.start, end=value.end)
        elif cell is not None and path[2:] == ("metadata",):
            found[path[:2]] = replace(cell, metadata=(value.start, value.end))
        elif cell is not None and path[2:] == ("metadata", "tags"):
            found[path[:2]] = replace(cell, tags=value)
    return [found[path] for path in sorted(found, key=_order)]


def _values(text: str) -> Iterator[tuple[tuple[str | int, ...], SourceText]]:
    """Yield each cell's path with an empty source where the cell begins, and with its source where it has one."""
    sources = {}
    for path, value in _walk(text):
        if _is_source(path):
            sources[path[:-1]] = value
        elif _is_cell(path):
            yield path, sources.get(path, SourceText(value.start, value.start))


def _walk(text: str) -> Iterator[tuple[tuple[str | int, ...], SourceText]]:
    """Yield the path and the extent of every string and container, the inner ones first; the deep ones have no path."""
    stack: list[_Frame] = []
    decoder = json.JSONDecoder(strict=False)
    position = 0
    while match := _TOKEN.search(text, position):
        position = match.end()
        token = match.group()
        frame = stack[-1] if stack else None
        if token in "{[":
            stack.append(_Frame(token == "{", match.start(), "" if token == "{" else 0, token == "{"))
        elif token in "}]":
            closed = stack.pop()
            yield _path(stack), SourceText(closed.start, match.end(), tuple(closed.strings))
        elif frame is None:
            continue
        elif token == ":":
            if frame.key == _UNREAD:
                position = decoder.raw_decode(text, _end_of_space(text, position))[1]
        elif token == ",":
            _advance(frame)
        elif frame.is_object and frame.expects_key:
            frame.key, frame.expects_key = _key(token), False
        elif token.startswith('"'):
            frame.strings.append(match.span())
            yield _path(stack), SourceText(*match.span(), (match.span(),))


def _end_of_space(text: str, position: int) -> int:
    space = _SPACE.match(text, position)
    return position if space is None else space.end()


def _advance(frame: _Frame) -> None:
    if frame.is_object:
        frame.expects_key = True
    elif isinstance(frame.key, int):
        frame.key += 1


def _key(token: str) -> str:
    return str(json.loads(token, strict=False)) if "\\" in token else token[1:-1]


def _path(stack: list[_Frame]) -> tuple[str | int, ...]:
    # Nothing that is deeper than a worksheet's cell's source is ever asked for.
    return tuple(frame.key for frame in stack) if len(stack) <= 5 else ()


def _is_cell(path: tuple[str | int, ...]) -> bool:
    if len(path) == 2:
        return path[0] == "cells"
    return len(path) == 4 and path[0] == "worksheets" and path[2] == "cells"


def _is_source(path: tuple[str | int, ...]) -> bool:
    return len(path) in (3, 5) and path[-1] in _SOURCE_KEYS and _is_cell(path[:-1])
