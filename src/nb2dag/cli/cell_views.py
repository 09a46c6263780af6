"""Render the names of a notebook's code cells as JSON and as text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from nb2dag.model.names import CellNames, NameUse
from nb2dag.model.program import Program
from nb2dag.report.style import Style, printable

VERSION = 1
"""Version of the JSON form: it changes when a key changes its meaning or goes, not when one is added."""

_INDENT = 15
_WIDTH = 100 - _INDENT


def cells_document(program: Program, names: Sequence[CellNames]) -> dict[str, Any]:
    """Return the code cells in notebook order as a JSON document; `task` is null for all roles but `task`."""
    cells = [
        {
            "cell": cell.cell.index,
            "id": cell.cell.id,
            "role": cell.role.value,
            "task": cell.task_id,
            "definitions": _plain(own.definitions),
            "references": _plain(own.references),
            "mutations": _plain(own.mutations),
        }
        for cell, own in zip(program.cells, names, strict=True)
    ]
    return {"version": VERSION, "cells": cells}


def cells_text(program: Program, names: Sequence[CellNames], style: Style) -> str:
    """Return the code cells one below the other, each with the lists that are not empty.

    `m.*` among the definitions is `from m import *`, whose names are not known.
    """
    blocks = []
    for cell, own in zip(program.cells, names, strict=True):
        task = f" {printable(cell.task_id)}" if cell.task_id is not None else ""
        lists = {
            "definitions": [*_plain(own.definitions), *(f"{module}.*" for module in own.stars)],
            "references": _plain(own.references),
            "mutations": _plain(own.mutations),
        }
        heading = f"{style.paint(f'cell {cell.cell.index}', 'bold')}: {cell.role.value}{task}"
        blocks.append("\n".join([heading, *(_line(key, listed, style) for key, listed in lists.items() if listed)]))
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _line(key: str, names: Sequence[str], style: Style) -> str:
    wrapped = textwrap.fill(printable(", ".join(names)), _WIDTH, break_long_words=False, break_on_hyphens=False)
    return f"  {style.paint(key.ljust(_INDENT - 2), 'dim')}" + wrapped.replace("\n", "\n" + " " * _INDENT)


def unlisted(program: Program) -> Iterator[str]:
    """Yield a line for each cell whose names could not be found, and why."""
    path = printable(program.notebook.path)
    if program.notebook.language != "python":
        yield f"nb2dag: {path}: the kernel's language is {printable(program.notebook.language)}, no names are listed"
    for cell in program.cells:
        if (problem := cell.code.problem) is not None:
            place = f"{path}:cell {cell.cell.index}:{problem.region.line}:{problem.region.column}"
            yield f"nb2dag: {place}: {printable(problem.message)}; its names are not listed"


def _plain(uses: Iterable[NameUse]) -> list[str]:
    return [use.name for use in uses]
