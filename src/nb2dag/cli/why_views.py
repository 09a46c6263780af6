"""Render why tasks run, load and save what they do, as JSON and as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from nb2dag.cli.why_words import because_hindered, because_load, because_save, because_statement, place
from nb2dag.compiler.pipeline import Compilation
from nb2dag.model.dataflow import Slice
from nb2dag.model.notebook import Notebook
from nb2dag.model.plan import DagPlan, TaskPlan
from nb2dag.model.program import Program
from nb2dag.model.reasons import LoadReason, Obstacle, Reader, SaveReason, StatementReason, TaskReasons
from nb2dag.report.style import Style, printable
from nb2dag.report.value_names import shown

VERSION = 1
"""Version of the JSON form: it changes when a key changes its meaning or goes, not when one is added."""

_LONGEST_CODE = 72


def why_document(compilation: Compilation, plan: DagPlan, reasons: Sequence[TaskReasons]) -> dict[str, Any]:
    """Return the reasons of tasks as a JSON document; `because` is each one in words."""
    given = {reason.task_id: reason for reason in reasons}
    views = [_View(compilation, task, given[task.task_id]) for task in plan.tasks if task.task_id in given]
    return {"version": VERSION, "dag_id": plan.dag_id, "tasks": [view.document() for view in views]}


def why_text(compilation: Compilation, plan: DagPlan, reasons: Sequence[TaskReasons], style: Style) -> str:
    """Return the reasons of tasks as text, in the order of their notebooks: what runs first, loads, cells, saves."""
    given = {reason.task_id: reason for reason in reasons}
    views = [_View(compilation, task, given[task.task_id]) for task in plan.tasks if task.task_id in given]
    return "\n".join("".join(f"{line}\n" for line in view.lines(style)) for view in views)


class _View:
    """One task with its reasons and the notebook they point into."""

    def __init__(self, compilation: Compilation, task: TaskPlan, reasons: TaskReasons) -> None:
        self.notebook = compilation.notebook
        self.program = compilation.program
        self.task = task
        self.reasons = reasons
        self.statements = sorted(reasons.statements, key=lambda reason: reason.statement)

    # -- the graph's edges ---------------------------------------------------------------------------------------

    def edges(self) -> Iterator[tuple[str, tuple[str, ...], tuple[Slice, ...]]]:
        """Yield each upstream task with the names taken from it and the places that name it in `after`."""
        for upstream in self.task.upstream:
            names = tuple(load.name for load in self.reasons.loads if load.source.task_id == upstream)
            yield upstream, names, tuple(_declared(self.program, self.task.task_id, upstream))

    def because_edge(self, names: Iterable[str], declared: Iterable[Slice]) -> str:
        parts = [f"it takes {', '.join(shown(name) for name in names)}"] if names else []
        parts += [f"`after` in {place(where)} says so" for where in declared]
        return "; ".join(parts) or "both use a file outside of the notebook's folder, in this order"

    def because_cell(self) -> str:
        return "it is the task's own cell"

    # -- JSON ----------------------------------------------------------------------------------------------------

    def document(self) -> dict[str, Any]:
        return {
            "task_id": self.task.task_id,
            "implicit": self.task.implicit,
            "upstream": [
                {
                    "task_id": upstream,
                    "names": list(names),
                    "declared": [_place_document(where) for where in declared],
                    "because": self.because_edge(names, declared),
                }
                for upstream, names, declared in self.edges()
            ],
            "statements": [self.statement_document(reason) for reason in self.statements],
            "loads": [self.load_document(reason) for reason in self.reasons.loads],
            "cells": [
                {"cell": cell, "cell_id": self.notebook.cell(cell).id, "because": self.because_cell()}
                for cell in self.own_cells()
            ],
            "saves": [self.save_document(reason) for reason in self.reasons.saves],
        }

    def own_cells(self) -> tuple[int, ...]:
        return () if self.task.implicit else self.task.source_cells

    def statement_document(self, reason: StatementReason) -> dict[str, Any]:
        region = reason.statement.region
        return {
            "cell": reason.statement.cell,
            "cell_id": self.notebook.cell(reason.statement.cell).id,
            "line": region.line,
            "column": region.column,
            "end_line": region.end_line,
            "end_column": region.end_column,
            "cause": reason.cause.value.replace(" ", "-"),
            "name": reason.name,
            "reader": _reader_document(reason.reader),
            "because": because_statement(reason, self.reasons),
        }

    def load_document(self, reason: LoadReason) -> dict[str, Any]:
        return {
            "name": reason.name,
            "from": reason.source.task_id,
            "after_cell": reason.source.cell,
            "made": _place_document(reason.maker),
            "changed": reason.changes,
            "reader": _reader_document(reason.reader),
            "together": list(reason.together),
            "obstacle": reason.hindrance.obstacle.value,
            "because": because_load(reason),
            "handed_over_because": because_hindered(reason.hindrance),
        }

    def save_document(self, reason: SaveReason) -> dict[str, Any]:
        readers = [{"task_id": task, "reader": _reader_document(reader)} for task, reader in reason.readers]
        return {"name": reason.name, "after_cell": reason.cell, "readers": readers, "because": because_save(reason)}

    # -- text ----------------------------------------------------------------------------------------------------

    def lines(self, style: Style) -> Iterator[str]:
        kind = " (implicit: it computes shared values once)" if self.task.implicit else ""
        yield f"{style.paint(f'task {printable(self.task.task_id)}', 'bold')}{kind}"
        yield from self.block("waits for", self.edge_entries(), style)
        heading = "computes" if self.task.implicit else "runs first, from the rest of the notebook"
        yield from self.block(heading, self.statement_entries(), style)
        yield from self.block("takes", self.load_entries(), style)
        yield from self.block("runs", self.cell_entries(), style)
        yield from self.block("hands over", self.save_entries(), style)

    def block(self, heading: str, entries: Iterable[tuple[str, Sequence[str]]], style: Style) -> Iterator[str]:
        """Yield a heading and its entries, nothing where there are none."""
        for number, (what, reasons) in enumerate(entries):
            if not number:
                yield f"  {style.paint(heading, 'cyan')}"
            yield f"    {printable(what)}"
            for reason in reasons:
                yield f"      {style.paint('because', 'dim')} {printable(reason)}"

    def edge_entries(self) -> Iterator[tuple[str, Sequence[str]]]:
        for upstream, names, declared in self.edges():
            yield upstream, [self.because_edge(names, declared)]

    def statement_entries(self) -> Iterator[tuple[str, Sequence[str]]]:
        for reason in self.statements:
            code = _first_line(self.notebook, reason.statement)
            yield f"{place(reason.statement)}: {code}", [because_statement(reason, self.reasons)]

    def load_entries(self) -> Iterator[tuple[str, Sequence[str]]]:
        for reason in self.reasons.loads:
            reasons = [because_load(reason)]
            if reason.hindrance.obstacle is not Obstacle.TASK:
                reasons.append(f"it is handed over, not run again: {because_hindered(reason.hindrance)}")
            if reason.together:
                reasons.append(
                    f"it comes together with {', '.join(map(shown, reason.together))}: they may share objects"
                )
            yield f"{shown(reason.name)} from {reason.source.task_id}", reasons

    def cell_entries(self) -> Iterator[tuple[str, Sequence[str]]]:
        if cells := self.own_cells():
            yield _cells(cells), [self.because_cell() if len(cells) == 1 else "they are the task's own cells"]

    def save_entries(self) -> Iterator[tuple[str, Sequence[str]]]:
        for reason in self.reasons.saves:
            yield f"{shown(reason.name)}, as it is after cell {reason.cell}", [because_save(reason)]


def _declared(program: Program, task_id: str, upstream: str) -> Iterator[Slice]:
    for cell in program.cells:
        option = cell.directive.option("after") if cell.task_id == task_id and cell.directive is not None else None
        if option is not None and isinstance(option.value, (tuple, list)) and upstream in option.value:
            yield Slice(cell.cell.index, option.region)


def _place_document(where: Slice) -> dict[str, int]:
    return {"cell": where.cell, "line": where.region.line}


def _reader_document(reader: Reader | None) -> dict[str, Any] | None:
    return None if reader is None else {**_place_document(reader.place), "via": reader.via}


def _first_line(notebook: Notebook, where: Slice) -> str:
    region = where.region
    lines = notebook.cell(where.cell).source.split("\n")
    end = region.end_column - 1 if region.end_line == region.line else None
    code = lines[region.line - 1][region.column - 1 : end].strip()
    more = region.end_line > region.line
    return f"{code[: _LONGEST_CODE - 3]}..." if len(code) > _LONGEST_CODE else f"{code} ..." if more else code


def _cells(cells: Sequence[int]) -> str:
    numbers = ", ".join(str(cell) for cell in cells)
    return f"cell {numbers}" if len(cells) == 1 else f"cells {numbers}"
