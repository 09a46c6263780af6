"""Write the notebook of one task: its code in source order, with the cells that load and save handoffs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from nb2dag.compiler.backend.arguments import kernel_of
from nb2dag.compiler.backend.dialects import DEFAULT_DIALECT, PAPERMILL_OPERATOR, Dialect
from nb2dag.compiler.backend.json_text import notebook_json
from nb2dag.compiler.backend.layout import Atom, Bracket, Item, Text, lay_out, quote
from nb2dag.compiler.backend.literals import expression
from nb2dag.compiler.backend.papermill_operator import JOB_PARAMETER, needs_job
from nb2dag.errors import Nb2dagError
from nb2dag.model.plan import (
    CellPurpose,
    CodeCell,
    DagPlan,
    ImportCell,
    Load,
    LoadCell,
    PlannedCell,
    Save,
    SaveCell,
    TaskPlan,
)
from nb2dag.runtime.formats import CELL_METADATA, CellOrigin

_IMPORT = "import nb2dag.runtime as _nb2dag"
_PARAMETERS_TAG = "parameters"
_FILE_STATE = re.compile(r"<file:(.*)>", re.DOTALL)
_LONGEST_ID = 64
_DEFAULT_KERNEL = "python3"
_LOAD = "load"
_SAVE = "save"


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell before it has an id: `wish` is the id it would like."""

    wish: str
    source: str
    origin: CellOrigin | None = None
    tags: tuple[str, ...] = ()


def emit_task_notebook(plan: DagPlan, task: TaskPlan, dialect: Dialect = DEFAULT_DIALECT) -> str:
    """Return the notebook of `task` as the text of an .ipynb file (nbformat 4.5), the same bytes every time.

    A Markdown cell says what it is; then come the planned cells, each with a `CellOrigin` as metadata and the id of
    its source cell or one made from it. The parameters cell carries papermill's tag.

    Raises:
        Nb2dagError: The task has two parameters cells: papermill sets the values after one of them only.
    """
    cells = [_Cell("nb2dag-task", _heading(plan, task)), *_cells(plan, task, dialect)]
    if sum(bool(cell.tags) for cell in cells) > 1:
        raise Nb2dagError(
            f"task `{task.task_id}` has two parameters cells, and papermill sets values in one: merge them"
        )
    identifiers = _identifiers(cell.wish for cell in cells)
    notebook = {
        "cells": [_cell_json(cell, identifier) for cell, identifier in zip(cells, identifiers, strict=True)],
        "metadata": _notebook_metadata(plan, task),
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return notebook_json(notebook)


def _cells(plan: DagPlan, task: TaskPlan, dialect: Dialect) -> list[_Cell]:
    cells = [_planned_cell(cell) for cell in task.cells if not _is_empty(cell)]
    if dialect.operator is PAPERMILL_OPERATOR and needs_job(plan, task):
        cells = _with_job(task, cells)
    if task.return_name is not None:
        cells = _with_return(cells, task.return_name)
    first = next((index for index, cell in enumerate(cells) if _calls_runtime(cell)), None)
    if first is not None:
        cells[first] = replace(cells[first], source=f"{_IMPORT}\n\n{cells[first].source}")
    return cells


def _planned_cell(cell: PlannedCell) -> _Cell:
    if isinstance(cell, CodeCell):
        tags = (_PARAMETERS_TAG,) if cell.purpose is CellPurpose.PARAMETERS else ()
        origin = CellOrigin(cell.purpose.value, cell.cell, cell.cell_id, cell.lines)
        return _Cell(_source_id(cell.cell, cell.cell_id), cell.source, origin, tags)
    if isinstance(cell, ImportCell):
        items = tuple(Item(Text(part)) for part in cell.parts)
        return _Cell(
            "nb2dag-import", "\n".join(lay_out(Bracket("_nb2dag.import_parts(", items, ")"))), CellOrigin(_LOAD)
        )
    if isinstance(cell, LoadCell):
        return _Cell("nb2dag-load", "\n".join(_load_line(load) for load in cell.loads), CellOrigin(_LOAD))
    source = "\n".join(_save_line(save) for save in cell.saves)
    return _Cell(f"{_source_id(cell.cell, cell.cell_id)}-save", source, CellOrigin(_SAVE, cell.cell, cell.cell_id))


def _with_job(task: TaskPlan, cells: list[_Cell]) -> list[_Cell]:
    """Let the notebook take its job on and publish what it saved, which nb2dag's own operator does around it."""
    producers = dict.fromkeys(load.task_id for load in task.loads)
    items = (Item(Atom(JOB_PARAMETER)), *(Item(Text(producer)) for producer in producers))
    begins = _Cell("nb2dag-begin", "\n".join(lay_out(Bracket("_nb2dag.begin(", items, ")"))), CellOrigin(_LOAD))
    publishes = _Cell("nb2dag-publish", "_nb2dag.publish()", CellOrigin(_SAVE))
    given = "\n".join(f'{name} = {JOB_PARAMETER}["parameters"]["{name}"]' for name in task.parameters)
    written = []
    for cell in cells:
        # Without the tag: papermill sets the job above all, and the values of the run follow here.
        written.append(replace(cell, tags=()))
        if cell.tags and given:
            written.append(_Cell("nb2dag-parameters", given, CellOrigin(_LOAD)))
    return [begins, *written, publishes]


def _with_return(cells: list[_Cell], name: str) -> list[_Cell]:
    line = f"_nb2dag.save_return(globals(), {quote(name)})"
    if cells and cells[-1].origin is not None and cells[-1].origin.purpose == _SAVE:
        return [*cells[:-1], replace(cells[-1], source=f"{cells[-1].source}\n{line}")]
    last = cells[-1].origin if cells else None
    cell, cell_id = (last.cell, last.cell_id) if last is not None else (0, "")
    return [*cells, _Cell("nb2dag-return", line, CellOrigin(_SAVE, cell, cell_id))]


def _load_line(load: Load) -> str:
    if places := _places(load.names):
        return _files_call("load_files", [load.task_id, *places], load.key, load.names)
    return _runtime_call("load", [load.task_id, load.key, *_names(load)], load.optional)


def _save_line(save: Save) -> str:
    if places := _places(save.names):
        return _files_call("save_files", places, save.key, save.names)
    return _runtime_call("save", [save.key, *_names(save)], save.optional)


def _places(names: tuple[str, ...]) -> list[str]:
    """Return the places of a handoff of files, nothing for any other handoff."""
    places = [match[1] for match in map(_FILE_STATE.fullmatch, names) if match]
    return places if len(places) == len(names) else []


def _files_call(function: str, texts: list[str], key: str, names: tuple[str, ...]) -> str:
    items = [Item(Text(text)) for text in texts]
    if key != names[0]:
        items.append(Item(Text(key), "key="))
    return "\n".join(lay_out(Bracket(f"_nb2dag.{function}(", tuple(items), ")")))


def _names(handoff: Load | Save) -> tuple[str, ...]:
    return () if handoff.names == (handoff.key,) else handoff.names


def _runtime_call(function: str, texts: list[str], optional: tuple[str, ...]) -> str:
    items = [Item(Atom("globals()")), *(Item(Text(text)) for text in texts)]
    if optional:
        items.append(Item(expression(optional), "optional="))
    return "\n".join(lay_out(Bracket(f"_nb2dag.{function}(", tuple(items), ")")))


def _is_empty(cell: PlannedCell) -> bool:
    """Tell whether a planned cell has nothing to say; the parameters cell stays, since papermill looks for it."""
    if isinstance(cell, ImportCell):
        return False
    if isinstance(cell, LoadCell):
        return not cell.loads
    if isinstance(cell, SaveCell):
        return not cell.saves
    return not cell.source.strip() and cell.purpose is not CellPurpose.PARAMETERS


def _calls_runtime(cell: _Cell) -> bool:
    return cell.origin is not None and cell.origin.purpose in (_LOAD, _SAVE)


def _heading(plan: DagPlan, task: TaskPlan) -> str:
    origin = f"Task `{task.task_id}` of the DAG `{plan.dag_id}`, generated by nb2dag from `{plan.source_name}`"
    parts = [f"# {task.task_id}", task.doc.strip(), f"{origin}: edit that notebook and compile again."]
    return "\n\n".join(part for part in parts if part)


def _notebook_metadata(plan: DagPlan, task: TaskPlan) -> dict[str, Any]:
    name = kernel_of(plan, task) or _DEFAULT_KERNEL
    display_name = plan.kernel_display_name if name == plan.kernel_name else ""
    kernelspec = {"display_name": display_name or name, "language": "python", "name": name}
    return {"kernelspec": kernelspec, "language_info": {"name": "python"}}


def _cell_json(cell: _Cell, identifier: str) -> dict[str, Any]:
    source = cell.source.splitlines(keepends=True)
    if cell.origin is None:
        return {"cell_type": "markdown", "id": identifier, "metadata": {}, "source": source}
    metadata: dict[str, Any] = {CELL_METADATA: cell.origin.to_json()}
    if cell.tags:
        metadata["tags"] = list(cell.tags)
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": identifier,
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }


def _source_id(cell: int, cell_id: str) -> str:
    return cell_id or f"cell-{cell}"


def _identifiers(wishes: Iterable[str]) -> Iterator[str]:
    """Return an id per cell as nbformat wants it: 1 to 64 ASCII letters, digits, dashes, underscores; all different."""
    used: set[str] = set()
    for wish in wishes:
        base = re.sub(r"[^a-zA-Z0-9_-]", "-", wish)
        endings = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
        candidates = (base[: _LONGEST_ID - len(ending)] + ending for ending in endings)
        identifier = next(candidate for candidate in candidates if candidate not in used)
        used.add(identifier)
        yield identifier
