"""Lower a program with its flow and graph to a plan: settings, params, and each task's cells, all decided."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import PurePath
from zoneinfo import ZoneInfo

from nb2dag.compiler.extraction import cell_lines, extract
from nb2dag.model.dataflow import Dataflow, Input, Output, Slice, TaskFlow
from nb2dag.model.graph import TaskGraph
from nb2dag.model.json_types import json_types
from nb2dag.model.plan import (
    CellPurpose,
    CodeCell,
    DagPlan,
    FilePlan,
    Load,
    LoadCell,
    ParamPlan,
    PlannedCell,
    Save,
    SaveCell,
    TaskPlan,
)
from nb2dag.model.program import Program, ProgramCell, Role
from nb2dag.model.schedule import Schedule

_NOT_OPTIONS = {"after", "kernel", "return", "doc"}
_DAG_ONLY = {"schedule", "timezone", "default_args", "params", "doc"}


def lower(
    program: Program,
    dataflow: Dataflow,
    graph: TaskGraph,
    params: tuple[ParamPlan, ...],
    files: tuple[FilePlan, ...],
    task_options: frozenset[str],
) -> DagPlan:
    """Return the plan of a program without errors.

    Args:
        program: The notebook with roles.
        dataflow: What each task runs, loads and saves.
        graph: The tasks' edges, in topological order.
        params: The DAG's params.
        files: The files that ship.
        task_options: Names of the options that belong to tasks; on the DAG line they are default_args.
    """
    keys = _keys(dataflow)
    flows = {flow.task_id: flow for flow in dataflow.tasks}
    tasks = tuple(
        _task(program, flows[node.task_id], node.upstream, keys, {param.name for param in params})
        for node in graph.tasks
    )
    settings = _settings(program)
    given = settings.get("default_args")
    default_args = dict(given) if isinstance(given, Mapping) else {}
    default_args.update({name: value for name, value in settings.items() if name in task_options})
    schedule = settings.get("schedule")
    plan = DagPlan(
        dag_id=dag_id(program),
        source_name=PurePath(program.notebook.path).name,
        digest="",
        tasks=tasks,
        schedule=schedule if isinstance(schedule, Schedule) else None,
        timezone=str(settings.get("timezone", "UTC")),
        options={name: value for name, value in settings.items() if name not in _DAG_ONLY and name not in task_options},
        default_args=default_args,
        params=(*params, *_extra_params(settings.get("params"), params)),
        doc=str(settings.get("doc") or program.doc),
        files=files,
        kernel_name=program.notebook.kernel_name,
        kernel_display_name=program.notebook.kernel_display_name,
        dag_cell=program.settings_cell.index if program.settings_cell is not None else 0,
    )
    return replace(plan, digest=_digest(plan))


def _settings(program: Program) -> dict[str, object]:
    """Return the DAG's options; a date without an offset is meant in the DAG's timezone."""
    if program.settings is None:
        return {}
    settings = {item.name: item.value for item in program.settings.options}
    zone = str(settings.get("timezone", "UTC"))
    for name, value in settings.items():
        if isinstance(value, datetime) and value.tzinfo is None:
            settings[name] = value.replace(tzinfo=timezone.utc if zone == "UTC" else ZoneInfo(zone))
    return settings


def dag_id(program: Program) -> str:
    """Return the DAG's id: the name given in its tag, else the file's name with other characters as underscores."""
    if program.settings is not None and program.settings.name:
        return program.settings.name
    stem = PurePath(program.notebook.path).stem
    return re.sub(r"[^\w.-]+", "_", stem).strip("_.") or "notebook"


def _extra_params(given: object, params: tuple[ParamPlan, ...]) -> Iterable[ParamPlan]:
    known = {param.name for param in params}
    for name, value in given.items() if isinstance(given, Mapping) else ():
        if name not in known:
            yield ParamPlan(str(name), value, json_types(value) or ("string",))


def _digest(plan: DagPlan) -> str:
    text = json.dumps(asdict(plan), sort_keys=True, default=repr, ensure_ascii=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


# -- handoffs ----------------------------------------------------------------------------------------------------

Keys = dict[Output, str]


def _keys(dataflow: Dataflow) -> Keys:
    """Give each saved group its key: its first name, with a number where a task saves that name more than once."""
    keys: Keys = {}
    for flow in dataflow.tasks:
        used: dict[str, int] = {}
        for output in flow.outputs:
            first = output.names[0]
            used[first] = used.get(first, 0) + 1
            keys[output] = first if used[first] == 1 else f"{first}-{used[first]}"
    return keys


def _load(item: Input, keys: Keys) -> Load:
    output = next(output for output in keys if output.source == item.source and set(item.names) <= set(output.names))
    return Load(item.source.task_id, keys[output], item.names, item.optional)


# -- tasks -------------------------------------------------------------------------------------------------------


def _task(program: Program, flow: TaskFlow, upstream: tuple[str, ...], keys: Keys, params: set[str]) -> TaskPlan:
    own = [cell for cell in program.cells if cell.task_id == flow.task_id]
    options = _options(own)
    cells = _implicit_cells(program, flow, keys) if flow.implicit else _cells(program, flow, own, keys)
    returned = options.get("return")
    return TaskPlan(
        task_id=flow.task_id,
        cells=tuple(cells),
        upstream=upstream,
        options={name: value for name, value in options.items() if name not in _NOT_OPTIONS},
        parameters=tuple(sorted(_parameters(program, flow) & params)),
        source_cells=flow.cells,
        doc=str(options.get("doc") or next((cell.doc for cell in own if cell.doc), "")),
        kernel_name=str(options.get("kernel") or ""),
        return_name=str(returned) if returned else None,
        implicit=flow.implicit,
    )


def _options(own: list[ProgramCell]) -> dict[str, object]:
    """Return a task's options over all its cells; lists given in several cells add up."""
    options: dict[str, object] = {}
    for cell in own:
        for option in cell.directive.options if cell.directive is not None else ():
            before = options.get(option.name)
            if isinstance(before, tuple) and isinstance(option.value, tuple):
                options[option.name] = tuple(dict.fromkeys([*before, *option.value]))
            else:
                options[option.name] = option.value
    return options


def _cells(program: Program, flow: TaskFlow, own: list[ProgramCell], keys: Keys) -> list[PlannedCell]:
    cells: list[PlannedCell] = list(_extracted(program, flow.preamble, CellPurpose.PREAMBLE))
    if flow.inputs:
        cells.append(LoadCell(tuple(sorted((_load(item, keys) for item in flow.inputs), key=_load_order))))
    for cell in own:
        code = cell_lines(cell)
        if code is not None:
            cells.append(CodeCell(CellPurpose.BODY, code.text, cell.cell.index, cell.cell.id, code.lines))
        cells += _saves(flow, cell.cell.index, cell.cell.id, keys)
    return cells


def _load_order(load: Load) -> tuple[str, str]:
    return load.task_id, load.key


def _saves(flow: TaskFlow, index: int, cell_id: str, keys: Keys) -> list[SaveCell]:
    saves = tuple(
        Save(keys[output], output.names, output.optional) for output in flow.outputs if output.source.cell == index
    )
    return [SaveCell(saves, index, cell_id)] if saves else []


def _implicit_cells(program: Program, flow: TaskFlow, keys: Keys) -> list[PlannedCell]:
    cells: list[PlannedCell] = list(_extracted(program, flow.body, CellPurpose.BODY))
    last = cells[-1]
    assert isinstance(last, CodeCell)
    return cells + list(_saves(flow, flow.outputs[0].source.cell, last.cell_id, keys))


def _extracted(program: Program, slices: tuple[Slice, ...], purpose: CellPurpose) -> Iterable[CodeCell]:
    by_cell: dict[int, list[Slice]] = {}
    for item in slices:
        by_cell.setdefault(item.cell, []).append(item)
    cells = {cell.cell.index: cell for cell in program.cells}
    for index in sorted(by_cell):
        cell = cells[index]
        code = extract(cell, [item.region for item in by_cell[index]])
        of = CellPurpose.PARAMETERS if cell.role is Role.PARAMETERS else purpose
        yield CodeCell(of, code.text, index, cell.cell.id, code.lines)


def _parameters(program: Program, flow: TaskFlow) -> set[str]:
    """Return the names that the task's slice of the parameters cells binds."""
    regions = {(item.cell, item.region.line) for item in (*flow.preamble, *flow.body)}
    found: set[str] = set()
    for cell in program.cells:
        if cell.role is Role.PARAMETERS:
            for node in cell.code.tree.body:
                targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
                if (cell.cell.index, node.lineno) in regions:
                    found.update(getattr(target, "id", "") for target in targets)
    return found
