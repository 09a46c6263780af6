"""Cut code out of a source cell: whole without its tag, or only some statements, line by line with their numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nb2dag.model.program import ProgramCell
from nb2dag.model.span import Region

_EXTENSION = re.compile(r"^\s*%(re)?load_ext\s+nb2dag\s*(#.*)?$")
_COMMENT = re.compile(r"^\s*#")


@dataclass(frozen=True, slots=True)
class ExtractedCode:
    """Code with, for each of its lines, the 1-based line of the source cell it came from."""

    text: str
    lines: tuple[int, ...]


def cell_lines(cell: ProgramCell) -> ExtractedCode | None:
    """Return a cell's code without its tag and without `%load_ext nb2dag`; None where nothing is left."""
    tag = set(cell.directive.tag_lines) if cell.directive is not None else set()
    numbered = [
        (number, line)
        for number, line in enumerate(cell.cell.source.split("\n"), start=1)
        if number not in tag and not _EXTENSION.match(line)
    ]
    return _trimmed(numbered)


def extract(cell: ProgramCell, regions: Sequence[Region]) -> ExtractedCode:
    """Return the statements at `regions`, with the comments right above each and blank lines between them.

    A statement that shares a line with one that is left out is cut out of that line.
    """
    source = cell.cell.source.split("\n")
    ordered = sorted(regions)
    numbered: list[tuple[int, str]] = []
    floor = max(cell.directive.tag_lines, default=0) if cell.directive is not None else 0
    last = floor
    for region in ordered:
        if region.line <= last and numbered and numbered[-1][0] == region.line:
            # Two chosen statements on one line: `a = 1; b = 2`.
            numbered[-1] = (region.line, f"{numbered[-1][1]}; {_segment(source, region)[0]}")
            numbered += list(
                zip(range(region.line + 1, region.end_line + 1), _segment(source, region)[1:], strict=True)
            )
        else:
            numbered += _above(source, last, region.line, blank=bool(numbered))
            numbered += list(zip(range(region.line, region.end_line + 1), _segment(source, region), strict=True))
        last = region.end_line
    code = _trimmed(numbered)
    return code if code is not None else ExtractedCode("", ())


def _segment(source: list[str], region: Region) -> list[str]:
    """Return the lines of a region; the first and last are cut where other code stands beside it."""
    lines = source[region.line - 1 : region.end_line]
    tail = lines[-1][region.end_column - 1 :]
    if not re.match(r"^\s*(;\s*)?(#.*)?$", tail):
        lines[-1] = lines[-1][: region.end_column - 1]
    head = lines[0][: region.column - 1]
    if head.strip():
        lines[0] = lines[0][region.column - 1 :]
    return lines


def _above(source: list[str], last: int, line: int, *, blank: bool) -> list[tuple[int, str]]:
    """Return the comment lines right above `line` and one blank line before them where the source has one."""
    first = line
    while first - 1 > last and _COMMENT.match(source[first - 2]):
        first -= 1
    found = [(number, source[number - 1]) for number in range(first, line)]
    gap = any(not text.strip() for text in source[last : first - 1])
    return [(first - 1, ""), *found] if gap and blank else found


def _trimmed(numbered: list[tuple[int, str]]) -> ExtractedCode | None:
    while numbered and not numbered[0][1].strip():
        numbered = numbered[1:]
    while numbered and not numbered[-1][1].strip():
        numbered = numbered[:-1]
    if not numbered:
        return None
    return ExtractedCode("\n".join(line for _, line in numbered), tuple(number for number, _ in numbered))
