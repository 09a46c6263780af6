"""Tell what a scratch cell could be in the DAG, since a task needs what it makes."""

from __future__ import annotations

from nb2dag.compiler.analysis.demand import Demands
from nb2dag.compiler.analysis.effects import Mutate, WriteState
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.statements import Statement

_REPEATED_ALIKE = {"<clock>", "<entropy>", "<files>", "<random>", "<numpy.random>", "<torch.random>"}


def scratch_values(flow: Flow, demands: Demands, maker: Statement) -> tuple[tuple[str, str], ...]:
    """Return what a message about a scratch cell tells besides: what it could be, and the task above it."""
    above = [
        other.task_id for other in flow.statements if other.position < maker.position and other.task_id is not None
    ]
    return ("repair", scratch_repair(flow, demands, maker)), ("above", above[-1] if above else "")


def scratch_repair(flow: Flow, demands: Demands, maker: Statement) -> str:
    """Return what the cell of a scratch statement could be tagged as without doing anything new outside.

    `shared` where it needs no task and would come out the same in each; `task` where it could continue a task, empty
    where it may have effects outside that nobody expects of a scratch cell.
    """
    statements = [statement for statement in flow.statements if statement.cell is maker.cell]
    if all(_stands_alone(flow, demands, statement, statements[0].position) for statement in statements):
        return "shared"
    return "task" if all(map(_stays_inside, statements)) else ""


def _stands_alone(flow: Flow, demands: Demands, statement: Statement, first: int) -> bool:
    effects = statement.effects
    if effects.unstable or effects.dynamic or effects.opens or statement.names.stars:
        return False
    if any(isinstance(event, WriteState) for event in effects.events):
        return False
    changed = {event.name for event in effects.events if isinstance(event, Mutate)}
    versions = {name: flow.timeline.version(name, statement.position) for name in statement.use.names}
    own = {name for name, version in versions.items() if version is not None and version >= first}
    shared = {name for name, version in versions.items() if version is not None and demands.replayable[version]}
    return changed <= own and set(versions) <= own | shared | {name for name, v in versions.items() if v is None}


def _stays_inside(statement: Statement) -> bool:
    effects = statement.effects
    writes = any(use.writes for use in effects.files) or any(isinstance(event, WriteState) for event in effects.events)
    return not writes and not effects.dynamic and not set(effects.unstable) - _REPEATED_ALIKE
