"""Decide which statements every task runs although it reads nothing of them: configuration, and whole shared cells."""

from __future__ import annotations

import ast
from collections.abc import Collection
from functools import lru_cache

from nb2dag.compiler.analysis.demand import IMPLICIT, Demand, Demands, Origin
from nb2dag.compiler.analysis.effects import FileAccess, Mutate
from nb2dag.compiler.analysis.exported import installations
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.places import file_state
from nb2dag.compiler.analysis.replay import configures
from nb2dag.compiler.analysis.statements import MOST_STATEMENTS, OwnerKind, Statement
from nb2dag.model.code import escape_of
from nb2dag.model.program import Role
from nb2dag.model.reasons import Cause

_REGISTERING = ("register", "route", "listens_for", "add_", "on_")
"""How the names of decorators begin that are used for their effect on a library."""


def keep_for_effect(flow: Flow, demands: Demands) -> list[Statement]:
    """Add to every task what it runs for its effect alone; return the bare calls that nothing is known about."""
    guesses: list[Statement] = []
    for statement in filter(_may_run, flow.statements):
        unknown = is_bare_call(statement)
        if not (unknown or _is_kept(statement, flow.read_names)):
            continue
        if not _needs_are_replayable(flow, demands, statement):
            continue
        if unknown and not _only_makes_folders(statement) and not _installs(statement):
            guesses.append(statement)
        for demand in demands.tasks.values():
            if demand.task_id == IMPLICIT:
                continue
            after = statement.task_id is not None and demand.first <= statement.position
            before = bool(demand.positions) and demand.positions[-1] > statement.position and not after
            if before and not _is_over(statement, demand):
                demands.replay(demand, statement.position, Origin(_cause(statement)))
    demands.answer()
    implicit = demands.tasks[IMPLICIT]
    if implicit.outputs:
        for statement in filter(_may_run, flow.statements):
            if (
                statement.kind is OwnerKind.SHARED
                and statement.cell.role is Role.SHARED
                and _is_kept(statement, flow.read_names)
            ):
                demands.replay(implicit, statement.position, Origin(_cause(statement)))
        demands.answer()
    return guesses


def _is_over(statement: Statement, demand: Demand) -> bool:
    """Tell whether all that a statement does is done to files of which a task takes a later state from another task."""
    effects = statement.effects
    written = {use.place for use in effects.files if use.writes}
    return (
        bool(written)
        and not effects.unstable
        and all(
            place is not None and demand.sources.get(file_state(place), -1) > statement.position for place in written
        )
    )


def _cause(statement: Statement) -> Cause:
    if statement.kind is OwnerKind.WHOLE:
        return Cause.WHOLE
    if is_bare_call(statement):
        return Cause.UNKNOWN_CALL
    return Cause.IMPORTED if isinstance(statement.node, (ast.Import, ast.ImportFrom)) else Cause.SETS_UP


def _installs(statement: Statement) -> bool:
    """Tell whether a statement is a command that installs packages: more is said of one elsewhere."""
    escape = escape_of(statement.node.value) if isinstance(statement.node, ast.Expr) else None
    return escape is not None and escape.body is None and any(installations((escape,), ()))


def _only_makes_folders(statement: Statement) -> bool:
    effects = statement.effects
    return not effects.unstable and all(use.access in (FileAccess.FOLDER, FileAccess.READ) for use in effects.files)


def _needs_are_replayable(flow: Flow, demands: Demands, statement: Statement) -> bool:
    names = statement.use.names
    versions = [flow.timeline.version(name, statement.position) for name in names]
    return all(version is None or demands.replayable[version] for version in versions)


@lru_cache(MOST_STATEMENTS)
def _may_run(statement: Statement) -> bool:
    """Tell whether a statement may be one that every task runs, whatever the others read."""
    return is_bare_call(statement) or _is_kept(statement, frozenset())


def _is_kept(statement: Statement, read: Collection[str]) -> bool:
    """Tell whether every task runs a statement although, of these names that are read, it has none."""
    if statement.kind is OwnerKind.WHOLE:
        return True
    if statement.kind is not OwnerKind.SCRATCH and _registers(statement):
        return True
    if statement.kind is OwnerKind.SCRATCH or (statement.effects.unstable and not is_bare_call(statement)):
        return False
    if configures(statement):
        return True
    if statement.kind is OwnerKind.SHARED and isinstance(statement.node, (ast.Import, ast.ImportFrom)):
        bound = set(statement.names.binds)
        return statement.cell.role is Role.SHARED and bool(bound) and bound.isdisjoint(read)
    return False


@lru_cache(MOST_STATEMENTS)
def _registers(statement: Statement) -> bool:
    """Tell whether a definition is put into a library's registry by its decorator: `@area.register(int)`."""
    if any(isinstance(event, Mutate) for event in statement.effects.events):
        return False
    for decorator in getattr(statement.node, "decorator_list", ()):
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(target, ast.Attribute) and target.attr.startswith(_REGISTERING):
            return True
    return False


@lru_cache(MOST_STATEMENTS)
def is_bare_call(statement: Statement) -> bool:
    """Tell whether a shared statement is a call of unknown effect, its result unused, that changes no name."""
    node = statement.node
    if statement.kind is not OwnerKind.SHARED or not isinstance(node, ast.Expr):
        return False
    call = node.value.value if isinstance(node.value, ast.Await) else node.value
    if not isinstance(call, ast.Call) or escape_of(call) is not None:
        return isinstance(call, ast.Call) and bool(statement.effects.unstable)
    effects = statement.effects
    if effects.configures or any(isinstance(event, Mutate) for event in effects.events):
        return False
    return bool(effects.unstable) or any(use.writes and not use.logs for use in effects.files)
