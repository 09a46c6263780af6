"""Find cells that leave `sys.stdout` or `sys.stderr` replaced: what the cells below print would go there.

No task gets such a stream from another one. A cell that puts the old one back is its own business.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from nb2dag.compiler.analysis.outside import STREAMS
from nb2dag.compiler.analysis.statements import MOST_STATEMENTS, Statement
from nb2dag.compiler.analysis.traces import PlacedCell
from nb2dag.model.code import nodes_of

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@lru_cache(MOST_STATEMENTS)
def replaced_streams(cell: PlacedCell) -> tuple[tuple[Statement, str], ...]:
    """Return the statements of a cell that replace a stream which none below puts back, with the stream."""
    if not any("sys.std" in statement.facts.text for statement in cell.statements):
        return ()
    found: dict[str, Statement | None] = {}
    made: set[str] = set()
    for statement in cell.statements:
        for stream, value in _stored(statement.node):
            is_new = isinstance(value, ast.Call) or (isinstance(value, ast.Name) and value.id in made)
            found[stream] = statement if is_new else None
        made.update(_made_names(statement.node))
    return tuple((statement, stream) for stream, statement in found.items() if statement is not None)


def _stored(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Yield the streams that a statement sets outside of definitions, with what to."""
    for child in () if isinstance(node, _DEFINITIONS) else nodes_of(node):
        if isinstance(child, ast.Assign):
            for target in child.targets:
                if isinstance(target, ast.Attribute) and (stream := ast.unparse(target)) in STREAMS:
                    yield stream, child.value


def _made_names(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement gives to what a call makes."""
    for child in nodes_of(node):
        if isinstance(child, ast.Assign) and isinstance(child.value, ast.Call):
            yield from (target.id for target in child.targets if isinstance(target, ast.Name))
