"""Find what the analysis cannot see through, so that it is said instead of guessed."""

from __future__ import annotations

from collections.abc import Iterator

from nb2dag.compiler.analysis.effects import WriteState
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.statements import OwnerKind, Statement, node_region
from nb2dag.model.dataflow import FlowProblem
from nb2dag.model.span import Span

_OPAQUE_STATES = {
    "<cwd>": "changes the working directory",
    "<run>": "runs another file in this namespace",
    "<files written>": "writes a file that later cells may read or import",
    "<namespace>": "changes the namespace in a way that the text does not show",
    "<store>": "keeps values outside the notebook",
}


def find_opaque(flow: Flow, path: str) -> Iterator[FlowProblem]:
    """Yield every construct whose effect on names or state cannot be seen, where the DAG would depend on it."""
    last_task = max((s.position for s in flow.statements if s.task_id is not None), default=-1)
    for statement in flow.statements:
        if statement.kind is OwnerKind.SCRATCH:
            yield from _scratch_state(statement, path, last_task)
            continue
        for name, node in statement.effects.dynamic.items():
            if name == "__import__":
                continue
            region = node_region(node, statement.cell.cell.source)
            yield FlowProblem("dynamic-code", statement.cell.cell.span(path, region), (("name", name),))
        for module in statement.names.stars:
            yield FlowProblem("star-import", _span(statement, path), (("module", module),))
        for event in statement.effects.events:
            if isinstance(event, WriteState) and event.state in _OPAQUE_STATES:
                why = (("what", _OPAQUE_STATES[event.state]),)
                yield FlowProblem("opaque-effect", _span(statement, path), why)
        if statement.task_id is not None:
            yield from _task_state(flow, statement, path)


def _span(statement: Statement, path: str) -> Span:
    return statement.cell.cell.span(path, statement.region)


def _task_state(flow: Flow, statement: Statement, path: str) -> Iterator[FlowProblem]:
    """Yield writes of state without a name in a task, where another task below might see them."""
    states = sorted(
        {
            event.state
            for event in statement.effects.events
            if isinstance(event, WriteState) and event.state not in _OPAQUE_STATES
        }
    )
    if not states:
        return
    below = [
        other
        for other in flow.statements[statement.position :]
        if other.task_id is not None and other.task_id != statement.task_id
    ]
    if below and statement.names.touched:
        values = (("state", states[0]), ("task", statement.task_id or ""), ("other", below[0].task_id or ""))
        yield FlowProblem("task-changes-state", _span(statement, path), values)


def _scratch_state(statement: Statement, path: str, last_task: int) -> Iterator[FlowProblem]:
    """Yield writes of state in a scratch cell above a task: interactively the task sees them, in the DAG it does not."""
    if statement.position > last_task:
        return
    states = [event.state for event in statement.effects.events if isinstance(event, WriteState)]
    if states:
        yield FlowProblem("scratch-state", _span(statement, path), (("state", states[0]),))
