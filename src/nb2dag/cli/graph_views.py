"""Render a plan's graph, its tasks, edges and handoffs, as JSON, as text and as Mermaid."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from nb2dag.cli.tables import table
from nb2dag.model.plan import DagPlan, Load, ParamPlan, TaskPlan
from nb2dag.report.style import Style, printable
from nb2dag.report.summary import counted
from nb2dag.report.value_names import in_short

VERSION = 1
"""Version of the JSON form: it changes when a key changes its meaning or goes, not when one is added."""


def graph_document(plan: DagPlan) -> dict[str, Any]:
    """Return the graph as a JSON document; `upstream` are the direct edges, `cells` the numbers over all cells."""
    return {
        "version": VERSION,
        "dag_id": plan.dag_id,
        "tasks": [_task_document(task) for task in plan.tasks],
        "handoffs": [
            {"from": producer, "to": consumer, "names": list(names)} for producer, consumer, names in handoffs(plan)
        ],
        "params": [_param_document(param) for param in plan.params],
    }


def handoffs(plan: DagPlan) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield producer, consumer and the names handed over, once per pair of tasks."""
    for task in plan.tasks:
        taken: dict[str, dict[str, None]] = {}
        for load in task.loads:
            taken.setdefault(load.task_id, {}).update(dict.fromkeys(_names(load)))
        for producer, names in taken.items():
            yield producer, task.task_id, tuple(names)


def graph_text(plan: DagPlan, style: Style) -> str:
    """Return the graph as tables of tasks, handoffs and params."""
    given = {(producer, consumer): names for producer, consumer, names in handoffs(plan)}
    heading = f"{style.paint(printable(plan.dag_id), 'bold')}: {counted(len(plan.tasks), 'task')}"
    tasks = [_task_row(task) for task in plan.tasks]
    blocks = [heading, table(("task", "cells", "after"), tasks, style)]
    if given:
        rows = [
            (f"{producer} -> {consumer}", ", ".join(map(in_short, names)))
            for (producer, consumer), names in given.items()
        ]
        blocks.append(table(("handoff", "names"), rows, style))
    if plan.params:
        params = [_param_row(param) for param in plan.params]
        blocks.append(table(("param", "type", "default", "description"), params, style))
    return "\n\n".join(blocks) + "\n"


def graph_mermaid(plan: DagPlan) -> str:
    """Return the graph as a Mermaid flowchart; an edge with a handoff carries its names, a declared one is bare."""
    ids = {task.task_id: f"t{number}" for number, task in enumerate(plan.tasks, start=1)}
    given = {(producer, consumer): names for producer, consumer, names in handoffs(plan)}
    lines = ["flowchart LR"]
    for task in plan.tasks:
        opening, closing = ("([", "])") if task.implicit else ("[", "]")
        lines.append(f'    {ids[task.task_id]}{opening}"{_escaped(task.task_id)}"{closing}')
    for task in plan.tasks:
        for upstream in task.upstream:
            names = given.get((upstream, task.task_id))
            label = f'|"{_escaped(", ".join(map(in_short, names)))}"|' if names else ""
            lines.append(f"    {ids[upstream]} -->{label} {ids[task.task_id]}")
    return "\n".join(lines) + "\n"


def _names(load: Load) -> Iterable[str]:
    return (*load.names, *load.optional)


def _task_document(task: TaskPlan) -> dict[str, Any]:
    return {
        "task_id": task.task_id,
        "upstream": list(task.upstream),
        "cells": list(task.source_cells),
        "implicit": task.implicit,
    }


def _param_document(param: ParamPlan) -> dict[str, Any]:
    return {
        "name": param.name,
        "default": param.value,
        "type": list(param.schema_type),
        "description": param.description,
        "cell": param.cell,
    }


def _task_row(task: TaskPlan) -> tuple[str, ...]:
    name = f"{task.task_id} (implicit)" if task.implicit else task.task_id
    return name, ", ".join(str(cell) for cell in task.source_cells), ", ".join(task.upstream) or "-"


def _param_row(param: ParamPlan) -> tuple[str, ...]:
    return param.name, " or ".join(param.schema_type), repr(param.value), param.description


def _escaped(text: str) -> str:
    """Return `text` for a quoted Mermaid label, where only entity codes are safe."""
    return re.sub(r"[^\w ,.\-]", lambda match: f"#{ord(match.group())};", text)
