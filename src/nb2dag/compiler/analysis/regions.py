"""Say where in a cell's text a node of its tree stands, columns counted in code points."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from nb2dag.model.span import Region


def node_region(node: ast.AST, source: str) -> Region:
    """Return where a node stands in a cell's text; decorators belong to a definition."""
    return region_in(node, source.split("\n"))


def region_in(node: ast.AST, lines: Sequence[str]) -> Region:
    """Return where a node stands in a cell of these lines; decorators belong to a definition."""
    decorators = getattr(node, "decorator_list", ())
    first = line = node.lineno  # type: ignore[attr-defined]
    for item in decorators:
        first = min(first, item.lineno)
    start = node.col_offset if first == line else 0  # type: ignore[attr-defined]
    end_line = node.end_lineno or first  # type: ignore[attr-defined]
    end = node.end_col_offset or 0  # type: ignore[attr-defined]
    return Region(first, _column(lines, first, start), end_line, _column(lines, end_line, end))


def _column(lines: Sequence[str], line: int, offset: int) -> int:
    if not 1 <= line <= len(lines):
        return 1
    text = lines[line - 1]
    if text.isascii():
        return min(offset, len(text)) + 1
    return len(text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore")) + 1
