"""Read from the errors of a proposal which cells have to stay in one task."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nb2dag.compiler.pipeline import Compilation
from nb2dag.model.dataflow import FlowProblem
from nb2dag.model.diagnostic import Diagnostic, Severity


@dataclass(frozen=True, slots=True)
class Ties:
    """What would remove errors: groups of tasks to unite, and shared cells to make part of a task."""

    tasks: tuple[frozenset[str], ...] = ()
    shared: frozenset[int] = frozenset()


def errors_of(compilation: Compilation) -> list[Diagnostic]:
    """Return the diagnostics that stand in the way of a bundle."""
    return [item for item in compilation.diagnostics if item.severity is Severity.ERROR]


def find_ties(compilation: Compilation, shared: tuple[int, ...]) -> Ties:
    """Return what to unite so that the errors of a compilation have no ground any more."""
    tasks = {cell.cell.index: cell.task_id for cell in compilation.program.cells if cell.task_id is not None}
    groups = []
    freed: set[int] = set()
    for item in errors_of(compilation):
        cells = {item.span.cell, *(label.span.cell for label in item.labels)}
        named = {tasks[cell] for cell in cells if cell in tasks}
        for problem in _problems_of(compilation, item):
            named |= {value for _, value in problem.values if value in tasks.values()}
        if len(named) > 1:
            groups.append(frozenset(named))
        freed |= cells & set(shared)
    return Ties(tuple(groups), frozenset(freed))


def _problems_of(compilation: Compilation, item: Diagnostic) -> Iterator[FlowProblem]:
    flow = compilation.dataflow.problems if compilation.dataflow is not None else ()
    graph = compilation.graph.problems if compilation.graph is not None else ()
    return (problem for problem in (*flow, *graph) if problem.rule == item.name and problem.span == item.span)
