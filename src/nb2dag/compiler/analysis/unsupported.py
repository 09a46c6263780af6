"""Find what the analysis cannot see through, so that it is said instead of guessed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from nb2dag.compiler.analysis.demand import IMPLICIT, Demand, Demands
from nb2dag.compiler.analysis.effects import LOG_HANDLERS, PATCH, REGISTERED, WriteState, is_surrounding
from nb2dag.compiler.analysis.file_effects import lost_file_effects
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.regions import node_region
from nb2dag.compiler.analysis.statements import MOST_STATEMENTS, OwnerKind, Statement
from nb2dag.compiler.analysis.streams import replaced_streams
from nb2dag.model.dataflow import FlowProblem

_LOGS = re.compile(r"log|\.(?:debug|info|warning|error|exception|critical)\(", re.IGNORECASE)

_MODULES = "<sys.modules>"

_OPAQUE_STATES = {
    "<folder stack>": (
        "changes the working directory by a stack that only this session has",
        "say where to go: `%cd folder`, or `os.chdir(folder)`",
    ),
    "<run>": (
        "runs another file in this namespace, which is not there or is run in a way that nb2dag does not follow",
        "put the file beside the notebook and write `%run file.py` plainly, or import what you need from it",
    ),
    "<namespace>": (
        "changes the namespace in a way that the text does not show",
        "write out what it does, or tag the cell `%%airflow_skip`",
    ),
    "<store>": (
        "keeps values outside the notebook",
        "read them from a file that lies beside the notebook, or make them in a task",
    ),
    "<builtins>": (
        "replaces what Python itself provides, for all code of the process",
        "give yours a name of its own, and call it by that name",
    ),
    "<finalizer>": (
        "has something called when an object ends, which each process does by itself",
        "call it where it is meant to be called",
    ),
    "<hook>": (
        "lets a module call code of the notebook's that changes what other cells read",
        "call your function by its own name, or let it change nothing but what it is given",
    ),
    PATCH: (
        "begins or ends a patch, which other tasks do not see",
        "patch in the task that needs it, for as long as a block: `with mock.patch(...):`",
    ),
    _MODULES: (
        "puts a module into `sys.modules`, which other tasks do not see",
        "do it in a cell above the first task, or write the module into a file beside the notebook and import it",
    ),
    REGISTERED: (
        "registers a function with a method of a class, which other tasks do not see",
        "register it in the cell of the class, above the first task",
    ),
    "<log>": (
        "lets logging keep what is logged in an object, of which each task would have its own",
        "log to a file, or keep the messages where they are logged",
    ),
    "<magic>": (
        "calls a magic of an extension, which may bind any name",
        "write in Python what it does, or tag the cell `%%airflow_skip` if no task needs it",
    ),
}
"""Each with what it does, and what to do instead."""


def find_opaque(flow: Flow, demands: Demands, path: str) -> Iterator[FlowProblem]:
    """Yield every construct whose effect on names or state cannot be seen, where the DAG would depend on it."""
    last_task = max((s.position for s in flow.statements if s.task_id is not None), default=-1)
    for statement in filter(_may_be_opaque, flow.statements):
        if statement.kind is OwnerKind.SCRATCH:
            yield from _scratch_state(statement, path, last_task)
            continue
        for name, node in statement.effects.dynamic.items():
            if name == "__import__":
                continue
            region = node_region(node, statement.cell.cell.source)
            yield FlowProblem("dynamic-code", statement.cell.cell.span(path, region), (("name", name),))
        for state in _opaque_states(statement):
            what, instead = _OPAQUE_STATES[state]
            yield FlowProblem("opaque-effect", statement.span(path), (("what", what), ("instead", instead)))
        yield from _lost_state(demands, statement, path)
    for cell in flow.cells:
        for statement, stream in replaced_streams(cell) if cell.statements[0].kind is not OwnerKind.SCRATCH else ():
            what = f"replaces `{stream}` for all cells below, which other tasks do not see"
            instead = "put it back in the same cell, or write under `with contextlib.redirect_stdout(...):`"
            yield FlowProblem("opaque-effect", statement.span(path), (("what", what), ("instead", instead)))
    for statement, what, instead in lost_file_effects(flow):
        yield FlowProblem("opaque-effect", statement.span(path), (("what", what), ("instead", instead)))


@lru_cache(MOST_STATEMENTS)
def _may_be_opaque(statement: Statement) -> bool:
    effects = statement.effects
    writes = any(isinstance(event, WriteState) for event in effects.events)
    return writes or bool(effects.dynamic) or effects.configures


def _opaque_states(statement: Statement) -> list[str]:
    """Return what a statement changes in a way that cannot be seen.

    Logging within a task is its own business, and shared code that registers something runs in every task.
    """
    events = [event for event in statement.effects.events if isinstance(event, WriteState)]
    # Taking a module out lets the next import read it again, in the task that asks for that.
    written = [event.state for event in events if event.state != _MODULES or not _takes_out(event.why)]
    harmless = {"<log>"} if statement.task_id else {REGISTERED, PATCH, _MODULES}
    return [item for item in written if item in _OPAQUE_STATES and item not in harmless]


def _takes_out(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return getattr(node.func, "attr", "") in ("pop", "popitem", "clear", "__delitem__")
    return isinstance(getattr(node, "ctx", None), ast.Del) or isinstance(node, ast.Delete)


def _lost_state(demands: Demands, statement: Statement, path: str) -> Iterator[FlowProblem]:
    """Yield state without a name that a task below a statement sees in the notebook, but not in the DAG."""
    written = {event.state for event in statement.effects.events if isinstance(event, WriteState)}
    states = sorted(state for state in written - {"<cwd>", "<log>"} if not is_surrounding(state))
    if statement.effects.configures:
        states.append("<configuration>")
    if not states or _opaque_states(statement):
        return
    position = statement.position
    for demand in demands.tasks.values():
        if demand.task_id in (statement.task_id, IMPLICIT) or not demand.positions:
            continue
        if states == [LOG_HANDLERS] and not _logs(demands.flow, demand):
            continue
        if demand.positions[-1] > position and position not in demand.replays:
            values = (("state", states[0]), ("task", statement.task_id or "the shared code"), ("other", demand.task_id))
            yield FlowProblem("unnamed-state", statement.span(path), values)
            return


def _logs(flow: Flow, demand: Demand) -> bool:
    """Tell whether a task's own statements or the definitions that it uses may log, by their text."""
    replayed = [flow.statements.standing(position) for position in demand.replays]
    own = [flow.statements.standing(position) for position in demand.positions]
    return any(_LOGS.search(each.facts.text) for each in (*own, *filter(_is_definition, replayed)))


def _is_definition(statement: Statement) -> bool:
    return isinstance(statement.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def _scratch_state(statement: Statement, path: str, last_task: int) -> Iterator[FlowProblem]:
    """Yield writes of state in a scratch cell: interactively the tasks below see them, in the DAG they do not."""
    if statement.position > last_task:
        return
    states = [event.state for event in statement.effects.events if isinstance(event, WriteState)]
    if "<builtins>" in states:
        # Whatever the tasks below print, open or count goes through it.
        what, instead = _OPAQUE_STATES["<builtins>"]
        yield FlowProblem("opaque-effect", statement.span(path), (("what", what), ("instead", instead)))
    elif states:
        yield FlowProblem("scratch-state", statement.span(path), (("state", states[0]),))
