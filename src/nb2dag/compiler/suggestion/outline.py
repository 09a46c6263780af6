"""Read the Markdown between code cells: which headings stand right above a cell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nb2dag.model.notebook import CellType, Notebook

PLAIN = 7
"""The level of Markdown without a heading: below that of the deepest one."""

_ATX = re.compile(r" {0,3}(#{1,6})(?!#)\s*(.*?)[ \t#]*$")
_SETEXT = re.compile(r" {0,3}(=+|-{2,})\s*$")
_HTML = re.compile(r"<h([1-6])[^>]*>(.*?)</h\1>", re.IGNORECASE | re.DOTALL)
_FENCE = re.compile(r" {0,3}(```|~~~)")


@dataclass(frozen=True, slots=True)
class Above:
    """What stands between a code cell and the one before it.

    `level` is that of the highest heading, 1 to 6, or `PLAIN`, or None where there is no Markdown. `titles` are all
    headings as pairs of level and text, in order.
    """

    level: int | None = None
    titles: tuple[tuple[int, str], ...] = ()


def read_outline(notebook: Notebook) -> dict[int, Above]:
    """Return what stands above each code cell, by the cell's index; cells without text are passed over."""
    found: dict[int, Above] = {}
    titles: list[tuple[int, str]] = []
    text = False
    for cell in notebook.cells:
        if cell.type is CellType.MARKDOWN:
            titles += headings(cell.source)
            text = text or bool(cell.source.strip())
        elif cell.type is CellType.CODE and cell.source.strip():
            level = min((level for level, _ in titles), default=PLAIN if text else None)
            found[cell.index] = Above(level, tuple(titles))
            titles, text = [], False
    return found


def headings(markdown: str) -> Iterator[tuple[int, str]]:
    r"""Yield level and text of each heading, whichever way it is written; code blocks have none.

    >>> list(headings("# Sales\ntext\n\nLoad\n----\n<h3>Clean</h3>\n```\n# no\n```"))
    [(1, 'Sales'), (2, 'Load'), (3, 'Clean')]
    """
    fenced = False
    before = ""
    for line in markdown.split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            yield from _heading(line, before)
        before = line


def _heading(line: str, before: str) -> Iterator[tuple[int, str]]:
    if match := _ATX.match(line):
        yield len(match[1]), match[2]
    elif (match := _SETEXT.match(line)) and before.strip() and not _ATX.match(before):
        yield (1 if match[1][0] == "=" else 2), before.strip()
    for found in _HTML.finditer(line):
        yield int(found[1]), re.sub(r"<[^>]*>", "", found[2]).strip()
