"""Make the notebook that runs the user's notebook whole: its cells as they are, and between them what looks on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from nb2dag.local.verify.request import Check, Kind
from nb2dag.model.plan import DagPlan, LoadCell, Save, SaveCell, TaskPlan
from nb2dag.model.program import Program, ProgramCell, Role
from nb2dag.runtime.formats import CELL_METADATA, CellOrigin

LEFT_OUT = (Role.SKIP, Role.TEST)
"""Roles of cells that are no part of what the notebook computes."""

_EXTENSION = re.compile(r"^\s*%(re)?load_ext\s+nb2dag\b", re.MULTILINE)
_LOAD_EXTENSION = "get_ipython().run_line_magic('load_ext', 'nb2dag')"
_MAGIC_TAG = re.compile(r"^\s*%%?airflow_", re.MULTILINE)


def checks_of(plan: DagPlan) -> tuple[Check, ...]:
    """Return what is to be compared of a plan: what every task saves, and what every task loads."""
    return tuple(check for task in plan.tasks for check in (*_handoffs(task), *_inputs(task, plan)))


def _handoffs(task: TaskPlan) -> Iterator[Check]:
    for cell in task.cells:
        if not isinstance(cell, SaveCell):
            continue
        for save in cell.saves:
            source = (task.task_id, save.key, _names(save))
            yield Check(Kind.HANDOFF, task.task_id, cell.cell, f"{task.task_id}/{save.key}", (source,))


def _inputs(task: TaskPlan, plan: DagPlan) -> Iterator[Check]:
    """Yield the inputs of a task whose producers all stand above it, so that one moment sees them all.

    A task with cells on both sides of another one's reads, further down, what is not there at its first cell.
    """
    first = min((cell for cell in task.source_cells), default=0)
    made = {
        (other.task_id, save.key): cell.cell
        for other in plan.tasks
        for cell in other.cells
        if isinstance(cell, SaveCell)
        for save in cell.saves
    }
    loads = [load for cell in task.cells if isinstance(cell, LoadCell) for load in cell.loads]
    early = [load for load in loads if made.get((load.task_id, load.key), 0) < first]
    if early and not task.implicit:
        sources = tuple((load.task_id, load.key, tuple(dict.fromkeys((*load.names, *load.optional)))) for load in early)
        yield Check(Kind.INPUT, task.task_id, first, f"{task.task_id}<", sources)


def _names(save: Save) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*save.names, *save.optional)))


def whole_notebook(
    program: Program, plan: DagPlan, checks: Iterable[Check], record: Path, last: str | None = None
) -> dict[str, Any]:
    """Return the notebook to run whole, as JSON.

    Args:
        program: The user's notebook. Every cell is taken as it stands, but those that are left out.
        plan: What names the kernel.
        checks: The values to save on the way.
        record: File for the names and digests of the files that cells write.
        last: Code for one cell more, at the end.
    """
    cells = [cell for cell in program.cells if cell.role not in LEFT_OUT]
    looks = list(checks)
    code = [_own_cell(0, _start(record, cells))]
    for cell in cells:
        index = cell.cell.index
        entering = [check for check in looks if check.kind is Kind.INPUT and check.cell == index]
        if entering:
            code.append(_own_cell(0, _look(0, entering)))
        code.append(_user_cell(cell))
        made = [check for check in looks if check.kind is Kind.HANDOFF and check.cell == index]
        code.append(_own_cell(index, _look(index, made)))
    if last is not None:
        code.append(_own_cell(0, last))
    for number, item in enumerate(code):
        item["id"] = f"whole-{number}"
    kernel = plan.kernel_name or "python3"
    spec = {"name": kernel, "display_name": plan.kernel_display_name or kernel, "language": "python"}
    metadata = {"kernelspec": spec, "language_info": {"name": "python"}}
    return {"cells": code, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def call(module: str, function: str, *arguments: str) -> str:
    """Return code that calls a function of this package and binds no name of the notebook's."""
    name = f"nb2dag.local.verify.{module}"
    return f"__import__({name!r}, fromlist=[{function!r}]).{function}({', '.join(arguments)})"


def _start(record: Path, cells: list[ProgramCell]) -> str:
    lines = [call("probe", "start", repr(str(record)))]
    sources = [cell.cell.source for cell in cells]
    if any(map(_MAGIC_TAG.search, sources)) and not any(map(_EXTENSION.search, sources)):
        # The tags are magics, and whoever wrote them has loaded the extension elsewhere.
        lines.append(_LOAD_EXTENSION)
    return "\n".join(lines)


def _look(cell: int, checks: Iterable[Check]) -> str:
    groups = [repr((check.key, check.names)) for check in checks]
    return call("probe", "look", "globals()", str(cell), *groups)


def _user_cell(cell: ProgramCell) -> dict[str, Any]:
    source = cell.cell.source
    lines = tuple(range(1, source.count("\n") + 2))
    tags = [tag for tag in cell.cell.tags if tag != "parameters"]
    if cell.role is Role.PARAMETERS:
        tags.append("parameters")
    return _code_cell(source, CellOrigin("body", cell.cell.index, cell.cell.id, lines), {"tags": tags} if tags else {})


def _own_cell(cell: int, source: str) -> dict[str, Any]:
    return _code_cell(source, CellOrigin("save", cell), {})


def _code_cell(source: str, origin: CellOrigin, metadata: dict[str, Any]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {CELL_METADATA: origin.to_json(), **metadata},
        "outputs": [],
        "source": source,
    }


def write_notebook(notebook: dict[str, Any], path: Path) -> None:
    """Write a notebook as a file, its folder made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, indent=1) + "\n", encoding="utf-8")
