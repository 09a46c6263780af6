"""Describe a compilation for the panel: graph, cells with their roles and tags, findings; whatever the passes found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nb2dag.compiler.lowering import dag_id
from nb2dag.compiler.pipeline import Compilation
from nb2dag.directives.formatter import option_text
from nb2dag.directives.names import why_not_id
from nb2dag.directives.vocabulary import directive_spec
from nb2dag.model.dataflow import TaskFlow
from nb2dag.model.directive import Directive
from nb2dag.model.graph import TaskGraph
from nb2dag.model.program import Program, ProgramCell
from nb2dag.report.json_format import diagnostic_to_json, summary_to_json
from nb2dag.report.summary import summarise
from nb2dag.report.value_names import in_short
from nb2dag.server.compiling import Compiled

VERSION = 1
"""Version of the document: it changes when a key changes its meaning or goes, not when one is added."""


def panel_document(compiled: Compiled) -> dict[str, Any]:
    """Return the panel's document; `graph` is null where a broken cell or tag keeps the flow from being known."""
    compilation = compiled.compilation
    program = compilation.program
    settings = program.settings_cell
    return {
        "version": VERSION,
        "dag_id": dag_id(program),
        "language": compilation.notebook.language,
        "tagged": any(cell.directive is not None for cell in program.cells),
        "settings_cell": settings.index if settings is not None else 0,
        "extension_loaded": _loads_extension(program),
        # The plan itself is only lowered for who looks at the code or exports.
        "exportable": compilation.has_plan and compilation.graph is not None and bool(compilation.graph.tasks),
        "graph": _graph(compilation),
        "cells": [_cell(cell) for cell in program.cells],
        "diagnostics": [diagnostic_to_json(diagnostic) for diagnostic in compiled.diagnostics],
        "summary": summary_to_json(summarise(compiled.diagnostics, 1)),
    }


def _loads_extension(program: Program) -> bool:
    loading = {"load_ext", "reload_ext"}
    return any(
        escape.name in loading and escape.text.strip() == "nb2dag"
        for cell in program.cells
        for escape in cell.code.escapes
    )


def _cell(cell: ProgramCell) -> dict[str, Any]:
    return {
        "cell": cell.cell.index,
        "id": cell.cell.id,
        "role": cell.role.value,
        "task": cell.task_id,
        "tag": _tag(cell.directive) if cell.directive is not None else None,
    }


def _tag(directive: Directive) -> dict[str, Any]:
    return {
        "directive": directive_spec(directive.kind).keyword,
        "name": directive.name,
        "spelling": directive.spelling.value,
        "options": [{"name": option.name, "text": option_text(option)} for option in directive.options],
    }


def _graph(compilation: Compilation) -> dict[str, Any] | None:
    if compilation.graph is None or compilation.dataflow is None:
        return None
    flows = {flow.task_id: flow for flow in compilation.dataflow.tasks}
    kinds, groups, docs = _by_task(compilation.program)
    tasks = [
        {
            "task_id": node.task_id,
            "kind": "implicit" if node.implicit else kinds.get(node.task_id, "task"),
            "group": groups.get(node.task_id),
            "cells": list(flows[node.task_id].cells) if node.task_id in flows else [],
            "upstream": list(node.upstream),
            "doc": docs.get(node.task_id, ""),
        }
        for node in compilation.graph.tasks
    ]
    return {"tasks": tasks, "edges": list(_edges(compilation.graph, flows))}


def _by_task(program: Program) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    kinds: dict[str, str] = {}
    groups: dict[str, str] = {}
    docs: dict[str, str] = {}
    for cell in program.cells:
        if cell.task_id is None or cell.directive is None:
            continue
        kinds.setdefault(cell.task_id, directive_spec(cell.directive.kind).keyword)
        group = cell.directive.option("group")
        if group is not None:
            groups.setdefault(cell.task_id, str(group.value))
        if cell.doc:
            docs.setdefault(cell.task_id, cell.doc)
    return kinds, groups, docs


def _edges(graph: TaskGraph, flows: Mapping[str, TaskFlow]) -> Iterator[dict[str, Any]]:
    known = {node.task_id for node in graph.tasks}
    for node in graph.tasks:
        names: dict[str, dict[str, None]] = {}
        flow = flows.get(node.task_id)
        for taken in flow.inputs if flow is not None else ():
            names.setdefault(taken.source.task_id, {}).update(dict.fromkeys((*taken.names, *taken.optional)))
        for upstream in node.upstream:
            if upstream in known and not why_not_id(upstream):
                yield {
                    "from": upstream,
                    "to": node.task_id,
                    "names": [in_short(name) for name in names.get(upstream, ())],
                    "declared": upstream in node.declared,
                }
