"""Lower a program with its flow and graph to a plan: settings, params, and each task's cells, all decided."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timezone
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from nb2dag.compiler.extraction import cell_lines, extract
from nb2dag.directives.vocabulary import options_of
from nb2dag.model.dataflow import Dataflow, Input, Output, Slice, Source, TaskFlow
from nb2dag.model.directive import DirectiveKind
from nb2dag.model.graph import TaskGraph, TaskNode
from nb2dag.model.json_types import json_types
from nb2dag.model.plan import (
    CellPurpose,
    CodeCell,
    DagPlan,
    FilePlan,
    ImportCell,
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

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_NOT_OPTIONS = {"after", "kernel", "return", "doc"}
_DAG_ONLY = {"schedule", "timezone", "default_args", "params", "doc"}


def lower(
    program: Program,
    dataflow: Dataflow,
    graph: TaskGraph,
    params: tuple[ParamPlan, ...],
    files: tuple[FilePlan, ...],
) -> DagPlan:
    """Return the plan of a program without errors.

    Args:
        program: The notebook with roles.
        dataflow: What each task runs, loads and saves.
        graph: The tasks' edges, in topological order.
        params: The DAG's params.
        files: The files that ship.
    """
    task_options = {option.name for option in options_of(DirectiveKind.TASK)} - _DAG_ONLY
    lowering = _TaskLowering(program, dataflow, params)
    tasks = tuple(lowering.task(node) for node in graph.tasks)
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
    """Return the digest of the plan as JSON, written task by task, for the whole text is large."""
    digest = hashlib.sha256()
    for number, item in enumerate(sorted(fields(plan), key=lambda item: item.name)):
        digest.update(f"{', ' if number else '{'}{json.dumps(item.name)}: ".encode())
        if item.name == "tasks":
            for place, task in enumerate(plan.tasks):
                digest.update(f"{', ' if place else '['}{_json(task)}".encode())
            digest.update(b"]" if plan.tasks else b"[]")
        else:
            digest.update(_json(getattr(plan, item.name)).encode())
    digest.update(b"}")
    return f"sha256:{digest.hexdigest()}"


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=_plain, ensure_ascii=True)


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {name: getattr(value, name) for name in _field_names(type(value))}
    return repr(value)


@cache
def _field_names(kind: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind))


# -- tasks -------------------------------------------------------------------------------------------------------


class _TaskLowering:
    """Lowers one task after the other; what it looks up by cell, by task or by source is sorted out once."""

    def __init__(self, program: Program, dataflow: Dataflow, params: tuple[ParamPlan, ...]) -> None:
        self._cells = {cell.cell.index: cell for cell in program.cells}
        self._own: dict[str, list[ProgramCell]] = {}
        for cell in program.cells:
            if cell.task_id is not None:
                self._own.setdefault(cell.task_id, []).append(cell)
        self._flows = {flow.task_id: flow for flow in dataflow.tasks}
        self._keys = _keys(dataflow)
        self._saved: dict[Source, list[Output]] = {}
        for output in self._keys:
            self._saved.setdefault(output.source, []).append(output)
        self._parameters = _parameter_lines(program, {param.name for param in params})

    def task(self, node: TaskNode) -> TaskPlan:
        """Return the plan of one task of the graph."""
        flow = self._flows[node.task_id]
        own = self._own.get(node.task_id, [])
        options = _options(own)
        returned = options.get("return")
        slices = {(item.cell, item.region.line) for item in (*flow.preamble, *flow.body)}
        return TaskPlan(
            task_id=flow.task_id,
            cells=tuple(self._implicit_cells(flow) if flow.implicit else self._task_cells(flow, own)),
            upstream=node.upstream,
            options={name: value for name, value in options.items() if name not in _NOT_OPTIONS},
            parameters=tuple(sorted({name for place in slices for name in self._parameters.get(place, ())})),
            source_cells=flow.cells,
            doc=str(options.get("doc") or next((cell.doc for cell in own if cell.doc), "")),
            kernel_name=str(options.get("kernel") or ""),
            return_name=str(returned) if returned else None,
            implicit=flow.implicit,
        )

    def _task_cells(self, flow: TaskFlow, own: list[ProgramCell]) -> Iterator[PlannedCell]:
        if flow.parts:
            yield ImportCell(flow.parts)
        if flow.early:
            yield self._load_cell(flow.early)
        yield from self._extracted(flow.preamble, CellPurpose.PREAMBLE)
        if flow.inputs:
            yield self._load_cell(flow.inputs)
        for cell in own:
            code = cell_lines(cell)
            if code is not None:
                yield CodeCell(CellPurpose.BODY, code.text, cell.cell.index, cell.cell.id, code.lines)
            yield from self._saves(Source(flow.task_id, cell.cell.index), cell.cell.id)

    def _implicit_cells(self, flow: TaskFlow) -> Iterator[PlannedCell]:
        if flow.parts:
            yield ImportCell(flow.parts)
        yield from self._extracted(flow.body, CellPurpose.BODY)
        source = flow.outputs[0].source
        yield from self._saves(source, self._cells[source.cell].cell.id)

    def _extracted(self, slices: tuple[Slice, ...], purpose: CellPurpose) -> Iterator[CodeCell]:
        by_cell: dict[int, list[Slice]] = {}
        for item in slices:
            by_cell.setdefault(item.cell, []).append(item)
        for index in sorted(by_cell):
            cell = self._cells[index]
            code = extract(cell, [item.region for item in by_cell[index]])
            of = CellPurpose.PARAMETERS if cell.role is Role.PARAMETERS else purpose
            yield CodeCell(of, code.text, index, cell.cell.id, code.lines)

    def _load_cell(self, inputs: tuple[Input, ...]) -> LoadCell:
        return LoadCell(tuple(sorted((self._load(item) for item in inputs), key=_load_order)))

    def _load(self, item: Input) -> Load:
        output = next(output for output in self._saved[item.source] if set(item.names) <= set(output.names))
        return Load(item.source.task_id, self._keys[output], item.names, item.optional)

    def _saves(self, source: Source, cell_id: str) -> Iterator[SaveCell]:
        saves = tuple(Save(self._keys[output], output.names, output.optional) for output in self._saved.get(source, ()))
        if saves:
            yield SaveCell(saves, source.cell, cell_id)


def _keys(dataflow: Dataflow) -> dict[Output, str]:
    """Give each saved group its key: its first name, with a number where a task saves that name more than once."""
    keys: dict[Output, str] = {}
    for flow in dataflow.tasks:
        used: dict[str, int] = {}
        for output in flow.outputs:
            first = output.names[0]
            used[first] = used.get(first, 0) + 1
            keys[output] = first if used[first] == 1 else f"{first}-{used[first]}"
    return keys


def _load_order(load: Load) -> tuple[str, str]:
    return load.task_id, load.key


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


def _parameter_lines(program: Program, params: set[str]) -> dict[tuple[int, int], list[str]]:
    """Return, by cell and first line of a statement, the params that the statement binds."""
    found: dict[tuple[int, int], list[str]] = {}
    for cell in program.cells:
        for node in cell.code.tree.body if cell.role is Role.PARAMETERS else ():
            targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
            names = [target.id for target in targets if isinstance(target, ast.Name) and target.id in params]
            found.setdefault((cell.cell.index, node.lineno), []).extend(names)
    return found
