"""Put the analysis together: a program becomes tasks with code, inputs, outputs and problems."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache, partial

from nb2dag.compiler.analysis.advice import find_advice
from nb2dag.compiler.analysis.cache_counts import find_counts
from nb2dag.compiler.analysis.cell_facts import CellFactsMemo
from nb2dag.compiler.analysis.conflicts import find_conflicts
from nb2dag.compiler.analysis.demand import IMPLICIT, Demand, Demands
from nb2dag.compiler.analysis.early import early_states
from nb2dag.compiler.analysis.files import (
    folders_counted_on,
    made_paths,
    made_with_parents,
    mentioned_paths,
    modules_named,
)
from nb2dag.compiler.analysis.flow import Flow, trace_flow
from nb2dag.compiler.analysis.handoffs import (
    Saved,
    compared_by_identity,
    define_what_groups_carry,
    inputs_of,
    outputs_of,
    unite_aliases,
)
from nb2dag.compiler.analysis.imported_parts import ImportedParts
from nb2dag.compiler.analysis.kept import keep_for_effect
from nb2dag.compiler.analysis.outside_files import SharedUse, outside_problems, shared_uses
from nb2dag.compiler.analysis.reasons import task_reasons
from nb2dag.compiler.analysis.settled import Settled
from nb2dag.compiler.analysis.stale_caches import find_stale
from nb2dag.compiler.analysis.statements import MOST_STATEMENTS, OwnerKind, Statement
from nb2dag.compiler.analysis.traces import Traces
from nb2dag.compiler.analysis.unsupported import find_opaque
from nb2dag.model.dataflow import Dataflow, FlowProblem, Input, LocalFile, Output, Slice, TaskFlow
from nb2dag.model.program import Program
from nb2dag.model.reasons import TaskReasons

_READ_BY_LIBRARIES = {"matplotlibrc"}
"""Files that a library reads from the working directory although no code names them."""


def analyse(program: Program, facts: CellFactsMemo | None = None, traces: Traces | None = None) -> Dataflow:
    """Return the flow of a whole notebook between its tasks.

    Nothing is raised for what cannot be split; it is among the result's problems. `facts` and `traces` are remembered:
    of any cells, and of an earlier state of this notebook.
    """
    path = program.notebook.path
    traces = traces or Traces()
    solved = _solved(program, trace_flow(program, facts, traces), traces.settled)
    flow, demands = solved.flow, solved.demands
    exported = _exported(flow, demands)
    outside = shared_uses(flow, demands)
    problems = [
        *find_conflicts(flow, demands, path),
        *find_opaque(flow, demands, path),
        *find_counts(flow, path),
        *find_stale(flow, path),
        *outside_problems(outside, path, solved.ids),
        *_guess_problems(solved.guesses, path),
        *find_advice(flow, demands, program, exported),
    ]
    return Dataflow(
        tasks=tuple(_following(_tasks(program, solved), _follows(outside, solved.ids))),
        problems=tuple(problems),
        files=tuple(_files(exported)),
    )


def explain(program: Program) -> tuple[TaskReasons, ...]:
    """Return why each task runs, loads and saves what it does."""
    solved = _solved(program, trace_flow(program))
    return task_reasons(solved.flow, solved.demands, solved.ids)


@dataclass(frozen=True, slots=True)
class _Solved:
    """The flow, who needs what, the calls of unknown effect, the tasks' ids, and what each task saves and loads."""

    flow: Flow
    demands: Demands
    guesses: list[Statement]
    ids: dict[str, str]
    outputs: dict[str, list[Output]]
    inputs: dict[str, list[Input]]


def _solved(program: Program, flow: Flow, settled: Settled | None = None) -> _Solved:
    demands = Demands(flow, program.task_ids, settled)
    demands.follow()
    guesses = keep_for_effect(flow, demands)
    compared = compared_by_identity(flow)
    unite_aliases(flow, demands, compared)
    ids = _ids(program)
    outputs = {ids[key]: outputs_of(flow, compared, demands, demand, ids[key]) for key, demand in demands.tasks.items()}
    saved = Saved(outputs, ids[IMPLICIT])
    inputs = {key: inputs_of(flow, demand, saved, ids) for key, demand in demands.tasks.items()}
    define_what_groups_carry(flow, demands, saved, inputs)
    demands.settle()
    return _Solved(flow, demands, guesses, ids, outputs, inputs)


def _guess_problems(guesses: Iterable[Statement], path: str) -> list[FlowProblem]:
    return [FlowProblem("bare-call", statement.span(path), _about_call(statement)) for statement in guesses]


def _about_call(statement: Statement) -> tuple[tuple[str, str], ...]:
    effects = statement.effects
    written = sorted({use.place for use in effects.files if use.writes and use.place})
    known = (("files", ", ".join(f"`{place}`" for place in written)),) if written and not effects.unstable else ()
    return (("call", _call(statement)), *known)


def _call(statement: Statement) -> str:
    source = statement.cell.cell.source.split("\n")
    region = statement.region
    return source[region.line - 1].strip()[:60]


def _exported(flow: Flow, demands: Demands) -> list[Statement]:
    kept = {position for demand in demands.tasks.values() for position in demand.replays}
    return [statement for statement in flow.statements if statement.task_id is not None or statement.position in kept]


def _files(exported: list[Statement]) -> list[LocalFile]:
    made = made_paths(exported)
    mentioned = mentioned_paths(exported)
    folders = folders_counted_on((mentioned | made) - made_with_parents(exported), made)
    modules = {module for module in modules_named(exported) if f"{module.replace('.', '/')}.py" not in made}
    return [
        *(LocalFile(module, is_module=True) for module in sorted(modules)),
        *(LocalFile(path) for path in sorted(mentioned - made | _READ_BY_LIBRARIES)),
        *(LocalFile(path, only_folder=True) for path in sorted(folders)),
    ]


def _ids(program: Program) -> dict[str, str]:
    """Return the id in the DAG of every task, the implicit one included."""
    taken = program.task_ids
    implicit = next(name for name in ("shared", "shared_values", "nb2dag_shared") if name not in taken)
    return {**{task_id: task_id for task_id in taken}, IMPLICIT: implicit}


def _tasks(program: Program, solved: _Solved) -> list[TaskFlow]:
    flow, demands, ids, outputs = solved.flow, solved.demands, solved.ids, solved.outputs
    cells: dict[str, list[int]] = {task_id: [] for task_id in program.task_ids}
    for cell in program.cells:
        if cell.task_id is not None:
            cells[cell.task_id].append(cell.cell.index)
    implicit = demands.tasks[IMPLICIT]
    parts = ImportedParts(flow)
    found = []
    if implicit.outputs:
        body = tuple(_slice(flow.statements[position]) for position in sorted(implicit.replays))
        own = tuple(sorted({item.cell for item in body}))
        outputs_of_all = tuple(outputs[ids[IMPLICIT]])
        found.append(
            TaskFlow(ids[IMPLICIT], own, outputs=outputs_of_all, parts=parts.of(implicit), implicit=True, body=body)
        )
    for task_id in program.task_ids:
        demand = demands.tasks[task_id]
        preamble, early = demands.settled.get("preamble", task_id, demand, partial(_before_own, flow, demand))
        inputs = solved.inputs[task_id]
        found.append(
            TaskFlow(
                task_id,
                tuple(cells[task_id]),
                preamble=preamble,
                early=tuple(item for item in inputs if not early.isdisjoint(item.names)),
                inputs=tuple(item for item in inputs if early.isdisjoint(item.names)),
                outputs=tuple(outputs[task_id]),
                parts=parts.of(demand),
            )
        )
    return found


def _following(tasks: Iterable[TaskFlow], follows: dict[str, tuple[str, ...]]) -> list[TaskFlow]:
    return [replace(task, follows=follows[task.task_id]) if task.task_id in follows else task for task in tasks]


def _follows(uses: list[SharedUse], ids: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """Return, for each task, those that use a file outside of the working directory before it does."""
    found: dict[str, set[str]] = {}
    for shared in uses:
        found.setdefault(ids[shared.after], set()).add(ids[shared.before])
    return {task_id: tuple(sorted(others)) for task_id, others in found.items()}


def _before_own(flow: Flow, demand: Demand) -> tuple[tuple[Slice, ...], set[str]]:
    """Return what a task runs before its own statements, and which files it has to find there."""
    replays = [flow.statements[position] for position in sorted(demand.replays)]
    preamble = (
        _slice(each) for each in replays if each.task_id != demand.task_id and each.kind is not OwnerKind.SCRATCH
    )
    return tuple(preamble), early_states(flow, demand)


@lru_cache(MOST_STATEMENTS)
def _slice(statement: Statement) -> Slice:
    return Slice(statement.cell.cell.index, statement.region)
