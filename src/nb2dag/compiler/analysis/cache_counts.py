"""Find tasks that ask how often a cache was used which other tasks use as well: each task has a cache of its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from nb2dag.compiler.analysis.classes import CACHE_COUNTS, is_cached
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.statements import MOST_STATEMENTS, Statement
from nb2dag.compiler.analysis.values import Definition
from nb2dag.model.dataflow import FlowProblem


def find_counts(flow: Flow, path: str) -> Iterator[FlowProblem]:
    """Yield where a task asks for counts that another task above has a part in."""
    for statement in filter(_asks, flow.statements):
        for name in sorted(owner for owner, part in statement.effects.lost if part == CACHE_COUNTS):
            snapshot = flow.timeline.before(name, statement.position)
            definition = None if snapshot is None else snapshot.definition
            if definition is not None and is_cached(definition):
                yield from _problems(flow, path, statement, definition)


@lru_cache(MOST_STATEMENTS)
def _asks(statement: Statement) -> bool:
    return any(part == CACHE_COUNTS for _, part in statement.effects.lost)


def _problems(flow: Flow, path: str, statement: Statement, definition: Definition) -> Iterator[FlowProblem]:
    for other in flow.statements:
        if other.position >= statement.position:
            return
        if other.task_id not in (None, statement.task_id) and definition in other.effects.references:
            values = (
                ("name", definition.name),
                ("task", statement.task_id or "the shared code"),
                ("other", other.task_id),
            )
            yield FlowProblem(
                "definition-state", statement.span(path), values, ((other.span(path), "made or changed here"),)
            )
            return
