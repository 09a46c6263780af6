"""Draw a source line with a caret under one region of it, whatever the width of its characters."""

from __future__ import annotations

import re
import unicodedata

from nb2dag.model.span import Region
from nb2dag.report.style import printable

TAB = 4
"""Columns a tab takes up in what is printed."""

WINDOW = 140
"""Code points of a long line that are shown; the rest is left out around the caret."""

_ELLIPSIS = "..."

_UNMASKED = re.compile(r"[^\s'\"]")


def width(character: str) -> int:
    r"""Return the terminal columns a character takes up: 0 for combining marks, 2 for wide ones, else 1.

    >>> [width(character) for character in ("a", "漢", "\u0301")]
    [1, 2, 0]
    """
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def columns(text: str) -> int:
    """Return the terminal columns that printable `text` takes up."""
    return sum(width(character) for character in text)


def underlined(source: str, region: Region, *, masked: bool = False) -> tuple[str, str] | None:
    r"""Return the line where `region` begins, and the carets that go below it; None where there is no such line.

    A region that goes on over several lines is underlined to the end of its first one, an empty region gets one caret.
    Of a `masked` region only quotes and spaces are shown.

    >>> underlined("x = 1\ndf = undefined\n", Region(2, 6, 2, 15))
    ('df = undefined', '     ^^^^^^^^^')
    >>> underlined("key = 'abc'", Region(1, 7, 1, 12), masked=True)
    ("key = '***'", '      ^^^^^')
    """
    # Only "\n" ends a line of a cell: `splitlines` would also cut at form feeds and at U+2028.
    lines = source.split("\n")
    if not 1 <= region.line <= len(lines):
        return None
    line = lines[region.line - 1].rstrip("\r")
    start = min(max(region.column - 1, 0), len(line))
    end = region.end_column - 1 if region.end_line == region.line else len(line)
    end = min(max(end, start), len(line))
    if masked:
        line = line[:start] + _UNMASKED.sub("*", line[start:end]) + line[end:]
    return _draw(line, start, end)


def _draw(line: str, start: int, end: int) -> tuple[str, str]:
    first = max(0, start - WINDOW // 3) if len(line) > WINDOW else 0
    last = min(len(line), first + WINDOW)
    lead = _ELLIPSIS if first else ""
    before, before_width = _shown(line[first:start], len(lead))
    marked, marked_width = _shown(line[start : min(end, last)], before_width)
    after, _ = _shown(line[max(start, min(end, last)) : last], marked_width)
    text = lead + before + marked + after + (_ELLIPSIS if last < len(line) else "")
    return text.rstrip(), " " * before_width + "^" * max(1, marked_width - before_width)


def _shown(text: str, column: int) -> tuple[str, int]:
    """Return `text` with tabs expanded and controls escaped, beginning at `column`, and the column where it ends."""
    shown = []
    for character in text:
        piece = " " * (TAB - column % TAB) if character == "\t" else printable(character)
        shown.append(piece)
        column += columns(piece)
    return "".join(shown), column
