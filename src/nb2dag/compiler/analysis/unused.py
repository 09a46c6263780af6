"""Find tasks whose values nobody reads and that write and show nothing, where that is plain to see."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from nb2dag.compiler.analysis.demand import IMPLICIT, Demand, Demands
from nb2dag.compiler.analysis.edges import after_options, task_ids
from nb2dag.compiler.analysis.effects import Mutate, WriteState
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.replay import is_definition
from nb2dag.compiler.analysis.statements import MOST_STATEMENTS, Statement
from nb2dag.model.dataflow import FlowProblem
from nb2dag.model.program import Program, ProgramCell
from nb2dag.model.span import START

_MEANT = {"return", "outlets", "setup", "teardown", "branch", "short_circuit", "map"}
"""Options that give a task a meaning of its own, whatever its code does."""

_MOST_NAMES = 4

_HARMLESS = {"<clock>", "<entropy>", "<files>", "<random>", "<numpy.random>", "<torch.random>"}

_SHOWS = re.compile(
    r"\b(?:plt|pylab|sns|px|alt|go|ax|axes|fig\w*|plot\w*|hist|boxplot|show|display|print|pprint|log\w*|warn\w*)\b"
)
"""Names that stand for something that is seen: a figure, a line of output, a line of a log."""

_QUIET = (
    ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef,
    ast.ClassDef, ast.Pass,
)  # fmt: skip


def unused_tasks(flow: Flow, demands: Demands, program: Program) -> Iterator[FlowProblem]:
    """Yield the tasks that change nothing for anybody; the notebook's last task is passed over: it may be unfinished.

    What a task makes for itself only is found where all its statements bind names, by known calls.
    """
    waited_for = {other for _, option in after_options(program) for other in task_ids(option.value)}
    last = max((demand.positions[-1] for demand in demands.tasks.values() if demand.positions), default=-1)
    own: dict[str, list[ProgramCell]] = {}
    for cell in program.cells:
        own.setdefault(cell.task_id or IMPLICIT, []).append(cell)
    for demand in demands.tasks.values():
        if demand.task_id == IMPLICIT or not demand.positions or demand.outputs or demand.positions[-1] == last:
            continue
        cells = own[demand.task_id]
        if demand.task_id not in waited_for and not any(map(_speaks, cells)) and _is_quiet(flow, demand):
            directive = cells[0].directive
            place = cells[0].cell.span(program.notebook.path, START if directive is None else directive.region)
            defines = all(is_definition(flow.statements[position].node) for position in demand.positions)
            values = (("task", demand.task_id), ("names", _names(flow, demand)), ("defines", "yes" if defines else ""))
            yield FlowProblem("unused-task", place, values)


def _speaks(cell: ProgramCell) -> bool:
    """Tell whether a cell shows something, or its tag gives it a meaning of its own."""
    options = cell.directive.options if cell.directive is not None else ()
    return bool(cell.code.escapes) or any(option.name in _MEANT for option in options) or _shows(cell.cell.source)


@lru_cache(MOST_STATEMENTS)
def _shows(source: str) -> bool:
    return _SHOWS.search(source) is not None


def _is_quiet(flow: Flow, demand: Demand) -> bool:
    return all(_changes_names_only(flow.statements[position]) for position in demand.positions)


@lru_cache(MOST_STATEMENTS)
def _changes_names_only(statement: Statement) -> bool:
    effects = statement.effects
    if not isinstance(statement.node, _QUIET) or effects.opens or effects.dynamic or effects.configures:
        return False
    if set(effects.unstable) - _HARMLESS or any(use.writes for use in effects.files):
        return False
    if any(isinstance(event, WriteState) for event in effects.events):
        return False
    if is_definition(statement.node) and any(isinstance(event, Mutate) for event in effects.events):
        # A decorator that registers: each task that needs the registry defines it anew.
        return False
    return not any(_acts(definition.node) for definition in effects.references)


def _acts(node: ast.AST) -> bool:
    """Tell whether a function may raise, or calls something for its effect."""
    return any(
        isinstance(child, (ast.Assert, ast.Raise))
        or (isinstance(child, ast.Expr) and isinstance(child.value, ast.Call))
        for child in ast.walk(node)
    )


def _names(flow: Flow, demand: Demand) -> str:
    bound = [name for position in demand.positions for name in flow.statements[position].names.binds]
    names = [f"`{name}`" for name in dict.fromkeys(bound)]
    return ", ".join(names[:_MOST_NAMES]) + (" ..." if len(names) > _MOST_NAMES else "")
