"""Prove a suggestion: the very text that would be written has the tasks that were meant, and compiles."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.compiler.pipeline import Compilation, compile_program, read_program
from nb2dag.errors import Nb2dagError
from nb2dag.model.code import Escape, ParsedCode
from nb2dag.model.program import Program, ProgramCell, Role


def says_the_same(text: str, path: str, folder: Path, meant: Program) -> bool:
    """Tell whether the text of a notebook file is a program that was compiled, but for where its code stands.

    The compiler does with it what it did with that one: no error comes of where a line is.
    """
    cells = [cell for cell in read_program(parse_notebook(text, path), folder).cells if cell.role is not Role.CONFIG]
    others = [cell for cell in meant.cells if cell.role is not Role.CONFIG]
    return len(cells) == len(others) and all(map(_is_same_cell, cells, others))


def _is_same_cell(cell: ProgramCell, other: ProgramCell) -> bool:
    return (
        not cell.problems
        and not other.problems
        and (cell.role, cell.task_id) == (other.role, other.task_id)
        and [*_said(cell.code)] == [*_said(other.code)]
    )


def _said(code: ParsedCode) -> Iterator[object]:
    """Yield all that a cell's code says, without its places."""
    yield code.problem is None
    yield ast.dump(code.tree)
    yield code.ends_silent
    yield from map(_escaped, code.escapes)
    for module in code.modules:
        yield module.name
        yield from _said(module.code)
    for unread in code.unread:
        yield unread.name, unread.reason


def _escaped(escape: Escape) -> tuple[object, ...]:
    script = escape.script
    runs = None if script is None else (script.path, script.own_namespace, [[*_said(part)] for part in script.parts])
    reads = [ast.dump(each) for each in escape.reads]
    return escape.kind, escape.name, escape.text, escape.body, escape.binds, reads, runs


def compile_text(text: str, path: str, folder: Path, most_bytes: int) -> Compilation:
    """Return what becomes of a notebook file with this text; `folder` is where its files lie."""
    return compile_program(parse_notebook(text, path), folder, most_bytes)


def require_tasks(compilation: Compilation, tasks: tuple[str, ...]) -> None:
    """Make sure that a compilation has exactly these tasks, in this order of their first cells.

    Raises:
        Nb2dagError: It has not.
    """
    found = compilation.program.task_ids
    if found != tasks:
        raise Nb2dagError(
            f"{compilation.notebook.path}: the tags would make the tasks {', '.join(found)}, not {', '.join(tasks)}: "
            "please report this, with the notebook if you can share it"
        )
