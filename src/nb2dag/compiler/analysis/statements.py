"""Cut a program into top-level statements, each with its place, its owner and its names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from nb2dag.compiler.analysis.effects import Effects
from nb2dag.compiler.analysis.names import NameFacts, statement_names
from nb2dag.compiler.analysis.spelled_out import Texts, spell_out
from nb2dag.model.code import ESCAPE_NAME, Script
from nb2dag.model.program import Program, ProgramCell, Role
from nb2dag.model.span import Region


class OwnerKind(Enum):
    """Who runs a statement in the DAG: a task, whoever needs it, every task, or nobody."""

    TASK = "task"
    SHARED = "shared"
    WHOLE = "whole"
    SCRATCH = "scratch"


_OWNERS = {
    Role.TASK: OwnerKind.TASK,
    Role.SHARED: OwnerKind.SHARED,
    Role.DEFINITIONS: OwnerKind.SHARED,
    Role.PARAMETERS: OwnerKind.SHARED,
    Role.WHOLE: OwnerKind.WHOLE,
    Role.SCRATCH: OwnerKind.SCRATCH,
}
"""Roles with meaning for the flow; cells of other roles are outside the meaning of the notebook."""


@dataclass(slots=True)
class Statement:
    """A top-level statement: `position` counts all statements of the program from 0 in notebook order."""

    position: int
    cell: ProgramCell
    node: ast.stmt
    names: NameFacts
    kind: OwnerKind
    effects: Effects
    compound: bool

    @property
    def task_id(self) -> str | None:
        """The task that owns the statement, None where no single task does."""
        return self.cell.task_id

    @property
    def scripts(self) -> list[Script]:
        """The files that the statement runs by `%run`."""
        calls = [node for node in ast.walk(self.node) if isinstance(node, ast.Call)] if self.cell.code.escapes else []
        indexes = [_escape_index(call) for call in calls]
        found = [self.cell.code.escapes[index].script for index in indexes if index is not None]
        return [script for script in found if script is not None]

    @property
    def region(self) -> Region:
        """The statement's text in its cell, decorators included."""
        return node_region(self.node, self.cell.cell.source)


def statements(program: Program) -> list[Statement]:
    """Return the statements of every cell that has a meaning, in notebook order."""
    return list(_statements(program))


def owned_by(statement: Statement, cell: ProgramCell) -> Statement:
    """Return a statement as it stands in `cell`, which is its own cell in another role."""
    return replace(statement, cell=cell, kind=_OWNERS[cell.role])


def _statements(program: Program) -> Iterator[Statement]:
    position = 0
    texts = Texts(
        (cell.cell.source for cell in program.cells),
        (cell.code.tree for cell in program.cells if cell.code.problem is None),
    )
    for cell in program.cells:
        kind = _OWNERS.get(cell.role)
        if kind is None or cell.code.problem is not None:
            continue
        for node in cell.code.tree.body:
            if is_extension_load(node, cell):
                continue
            plain = spell_out(node, cell.cell.source, texts)
            names = statement_names(plain, cell.code.escapes)
            yield Statement(position, cell, plain, names, kind, Effects(), _is_compound(plain))
            position += 1


def _escape_index(call: ast.Call) -> int | None:
    if not (isinstance(call.func, ast.Name) and call.func.id == ESCAPE_NAME):
        return None
    argument = call.args[0]
    assert isinstance(argument, ast.Constant)
    return int(str(argument.value))


def is_extension_load(node: ast.stmt, cell: ProgramCell) -> bool:
    """Tell whether a statement is `%load_ext nb2dag` or `%reload_ext nb2dag`, which no task needs."""
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    function = node.value.func
    if not (isinstance(function, ast.Name) and function.id == ESCAPE_NAME):
        return False
    argument = node.value.args[0]
    assert isinstance(argument, ast.Constant)
    escape = cell.code.escapes[int(str(argument.value))]
    return escape.name in ("load_ext", "reload_ext") and escape.text.split("#")[0].split() == ["nb2dag"]


_COMPOUND = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.With, ast.AsyncWith, ast.Match)


def _is_compound(node: ast.stmt) -> bool:
    return isinstance(node, _COMPOUND) or type(node).__name__ == "TryStar"


def node_region(node: ast.AST, source: str) -> Region:
    """Return where a node stands, its columns counted in code points; decorators belong to a definition."""
    lines = source.split("\n")
    first = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", ()))])  # type: ignore[attr-defined]
    start = node.col_offset if first == node.lineno else 0  # type: ignore[attr-defined]
    end_line = node.end_lineno or first  # type: ignore[attr-defined]
    end = node.end_col_offset or 0  # type: ignore[attr-defined]
    return Region(first, _column(lines, first, start), end_line, _column(lines, end_line, end))


def _column(lines: list[str], line: int, offset: int) -> int:
    if not 1 <= line <= len(lines):
        return 1
    text = lines[line - 1]
    if text.isascii():
        return min(offset, len(text)) + 1
    return len(text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore")) + 1
