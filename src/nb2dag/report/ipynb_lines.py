"""Find where a place in a cell stands in the .ipynb file itself: the physical line that a diff shows."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from nb2dag.model.span import Region, Span
from nb2dag.report.ipynb_scan import SourceText, scan_sources

_POINT = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL)
"""One code point of a JSON string as it is written: an escape, two that are halves of one character, or itself."""

_RETURNS = {"\\r", "\\u000d", "\\u000D"}
_NEWLINES = {"\\n", "\\u000a", "\\u000A"}


@dataclass(frozen=True, slots=True)
class FileRegion:
    """A stretch of a file: 1-based lines, 1-based columns that count code points, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


FILE_START = FileRegion(1, 1, 1, 1)


class IpynbLines:
    r"""The text of one .ipynb file, asked where its cells' lines stand.

    A notebook as Jupyter writes it has each source line on a line of its own. Where the source is one string, or the
    whole file one line, the place found is inside of that line: the columns still tell cells apart. What cannot be
    found (a finding about the file as a whole, a notebook of nbformat 2 or older) is the start of the file.

    >>> lines = IpynbLines('{"cells": [\n {"source": [\n  "a = 1\\n",\n  "b"\n ]}\n]}')
    >>> lines.region(Span("n.ipynb", 1, "c1", Region(2, 1, 2, 2)))
    FileRegion(line=4, column=4, end_line=4, end_column=5)
    """

    def __init__(self, text: str) -> None:
        self.text = text.removeprefix("\ufeff")
        self._sources = scan_sources(self.text)
        self._starts = [0, *(match.end() for match in re.finditer("\n", self.text))]
        self._cells: dict[int, tuple[list[list[tuple[int, int]]], int]] = {}

    def region(self, span: Span) -> FileRegion:
        """Return where `span` stands in the file."""
        if not 1 <= span.cell <= len(self._sources):
            return FILE_START
        start, end = self._offsets(span.cell, span.region)
        return FileRegion(*self._place(start), *self._place(end))

    def _offsets(self, cell: int, region: Region) -> tuple[int, int]:
        """Return the offsets in the file of a region of a cell, the end exclusive."""
        lines, begin = self._points(cell)
        start = _point(lines, region.line, region.column, begin)[0]
        if (region.end_line, region.end_column) <= (region.line, region.column):
            return start, start
        if region.end_column > 1:
            return start, max(start, _point(lines, region.end_line, region.end_column - 1, begin)[1])
        return start, max(start, _point(lines, region.end_line - 1, 10**9, begin)[1])

    def _points(self, cell: int) -> tuple[list[list[tuple[int, int]]], int]:
        """Return per line of a cell the extent of each code point in the file, and where its source begins."""
        if cell not in self._cells:
            source = self._sources[cell - 1]
            self._cells[cell] = (_lines_of(self.text, source), source.start)
        return self._cells[cell]

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def _point(lines: Sequence[Sequence[tuple[int, int]]], line: int, column: int, begin: int) -> tuple[int, int]:
    """Return the extent of one code point; the last of its line for a column beyond the line's end."""
    if not lines or not any(lines):
        return begin, begin
    points = lines[min(max(line, 1), len(lines)) - 1]
    if not points:
        # The empty line after a last line break: it has no text of its own, and stands where that break ends.
        end = max(extent[1] for extents in lines for extent in extents)
        return end, end
    return points[min(max(column, 1), len(points)) - 1]


def _lines_of(text: str, source: SourceText) -> list[list[tuple[int, int]]]:
    """Return the extents of every code point, line by line as the reader cuts them; a line break ends its line.

    The last line gets an empty extent at its end, so that a place right behind its text has one.
    """
    lines: list[list[tuple[int, int]]] = [[]]
    after_return = False
    last = source.start
    for start, end in source.strings:
        for match in _POINT.finditer(text, start + 1, end - 1):
            written, last = match.group(), match.end()
            if after_return and written in _NEWLINES:
                # `\r\n` is one line break, wherever its halves stand.
                lines[-2][-1] = (lines[-2][-1][0], last)
                after_return = False
                continue
            lines[-1].append(match.span())
            after_return = written in _RETURNS
            if after_return or written in _NEWLINES:
                lines.append([])
    if lines[-1]:
        lines[-1].append((last, last))
    return lines
