"""Find the comments that silence findings, and the lines each is meant for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from nb2dag.compiler.analysis.regions import region_in
from nb2dag.model.code import nodes_of
from nb2dag.model.program import Program, ProgramCell
from nb2dag.model.span import Region
from nb2dag.model.suppression import Suppression

_COMMENT = re.compile(r"#\s*nb2dag:\s*ignore\b(?:\s*\[([^\]]*)\])?")


def find_suppressions(program: Program) -> list[Suppression]:
    """Return the suppression comments of every cell that could be parsed, in notebook order.

    A comment at the end of a line is meant for that line. One that has a line to itself is meant for the next line of
    code; above the cell's first line of code also for the tag, whose line takes no comment.
    """
    return [
        suppression
        for cell in program.cells
        if cell.code.problem is None and "nb2dag:" in cell.cell.source
        for suppression in _in_cell(cell)
    ]


def _in_cell(cell: ProgramCell) -> Iterator[Suppression]:
    lines = cell.cell.source.split("\n")
    strings = [
        region_in(node, lines)
        for node in nodes_of(cell.code.tree)
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)))
    ]
    for number, line in enumerate(lines, start=1):
        match = _COMMENT.search(line)
        if match is None or any(_holds(region, number, match.start() + 1) for region in strings):
            continue
        alone = not line[: match.start()].strip()
        words = tuple(word.strip() for word in (match[1] or "").split(",") if word.strip())
        region = Region(number, match.start() + 1, number, len(line) + 1)
        meant = _lines_below(cell, lines, number) if alone else (number,)
        yield Suppression(cell.cell, region, words, meant, alone)


def _holds(region: Region, line: int, column: int) -> bool:
    return (region.line, region.column) < (line, column) < (region.end_line, region.end_column)


def _lines_below(cell: ProgramCell, lines: list[str], number: int) -> tuple[int, ...]:
    tag = cell.directive.tag_lines if cell.directive is not None else ()
    code = [n for n, line in enumerate(lines, 1) if n not in tag and line.strip() and not line.lstrip().startswith("#")]
    below = next((n for n in code if n > number), None)
    found = () if below is None else (below,)
    return (*tag, *found) if not any(n < number for n in code) else found
