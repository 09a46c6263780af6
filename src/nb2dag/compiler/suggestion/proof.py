"""Prove a suggestion: compile the very text that would be written, and see that it has the tasks that were meant."""

from __future__ import annotations

from pathlib import Path

from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.compiler.pipeline import Compilation, compile_program
from nb2dag.errors import Nb2dagError


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
