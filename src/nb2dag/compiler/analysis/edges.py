"""Join data edges and declared edges to the DAG's graph, and find what makes it no DAG."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush

from nb2dag.model.dataflow import Dataflow, FlowProblem
from nb2dag.model.directive import Option
from nb2dag.model.graph import TaskGraph, TaskNode
from nb2dag.model.program import Program, ProgramCell
from nb2dag.model.span import Region, Span

_MOST_GRAPHS = 64
"""Of how many graphs the order is remembered: an edit seldom changes it."""


def build_graph(program: Program, dataflow: Dataflow) -> TaskGraph:
    """Return the graph; a cycle, an unknown task in `after` and a task after itself are among its problems."""
    declared: dict[str, set[str]] = {}
    problems: list[FlowProblem] = []
    known = {flow.task_id for flow in dataflow.tasks}
    for cell, option in after_options(program):
        span = cell.cell.span(program.notebook.path, option.region)
        task_id = cell.task_id or ""
        for other in task_ids(option.value):
            if other == task_id:
                problems.append(FlowProblem("after-itself", span, (("task", task_id),)))
            elif other not in known:
                similar = next(iter(get_close_matches(other, sorted(known), 1)), "")
                values = (("task", task_id), ("other", other), ("similar", similar))
                place = cell.cell.span(program.notebook.path, _word(cell, option.region, other))
                problems.append(FlowProblem("unknown-upstream", place, values))
            else:
                declared.setdefault(task_id, set()).add(other)
    nodes = {
        flow.task_id: TaskNode(
            flow.task_id,
            tuple(sorted({item.source.task_id for item in (*flow.early, *flow.inputs)})),
            tuple(sorted(declared.get(flow.task_id, ()))),
            flow.implicit,
            flow.follows,
        )
        for flow in dataflow.tasks
    }
    problems += _kernel_problems(program, nodes)
    order, cycle = _ordered(nodes)
    explained = any(problem.rule in ("reopened-task", "two-versions") for problem in dataflow.problems)
    if cycle and not explained:
        is_declared = any(declared.get(task_id, set()) & {*cycle} for task_id in cycle)
        problems.append(_cycle_problem(program, dataflow, cycle, is_declared=is_declared))
    return TaskGraph(tuple(nodes[task_id] for task_id in order), tuple(problems))


def _cycle_problem(program: Program, dataflow: Dataflow, cycle: tuple[str, ...], *, is_declared: bool) -> FlowProblem:
    """Return the problem of tasks that wait for each other, at the cell that goes on with one of them if there is."""
    spans = _first_cells(program)
    shown = ("cycle", " -> ".join([*cycle, cycle[0]]))
    first = {cell.task_id: cell.cell.index for cell in reversed(program.cells) if cell.task_id in cycle}
    for cell in program.cells if not is_declared else ():
        below = [task_id for task_id, index in first.items() if task_id != cell.task_id and index < cell.cell.index]
        if cell.task_id in cycle and below and first[cell.task_id] < cell.cell.index:
            flow = next(flow for flow in dataflow.tasks if flow.task_id == cell.task_id)
            names = [f"`{name}`" for item in flow.inputs if item.source.task_id in cycle for name in item.names]
            values = (shown, ("task", cell.task_id), ("names", ", ".join(sorted(names))))
            place = cell.directive.region if cell.directive is not None else None
            path = program.notebook.path
            span = cell.cell.span(path) if place is None else cell.cell.span(path, place)
            return FlowProblem("cycle", span, values, ((spans[cell.task_id], "begun here"),))
    labels = tuple((spans[task_id], f"`{task_id}`") for task_id in cycle[1:] if task_id in spans)
    place_of_first = spans.get(cycle[0]) or next(iter(spans.values()))
    goes_on = len([cell for cell in program.cells if cell.task_id in cycle]) > len(first)
    return FlowProblem("cycle", place_of_first, (shown, ("goes_on", "yes" if goes_on else "")), labels)


def after_options(program: Program) -> Iterator[tuple[ProgramCell, Option]]:
    """Yield the cells of tasks that name tasks to wait for, each with that option."""
    for cell in program.cells:
        if cell.task_id is not None and cell.directive is not None:
            option = cell.directive.option("after")
            if option is not None:
                yield cell, option


def _word(cell: ProgramCell, region: Region, word: str) -> Region:
    """Return where `word` stands in a region; the whole region where it is not plainly there, and there once."""
    lines = cell.cell.source.split("\n")
    pattern = re.compile(rf"(?<![\w.-]){re.escape(word)}(?![\w.-])")
    found = []
    for number in range(region.line, region.end_line + 1):
        end = region.end_column - 1 if number == region.end_line else len(lines[number - 1])
        start = region.column - 1 if number == region.line else 0
        found += [
            Region(number, match.start() + 1, number, match.end() + 1)
            for match in pattern.finditer(lines[number - 1], start, end)
        ]
    return found[0] if len(found) == 1 else region


def task_ids(value: object) -> tuple[str, ...]:
    """Return the ids of an option that takes tasks."""
    return tuple(str(item) for item in value) if isinstance(value, (tuple, list)) else (str(value),)


def _first_cells(program: Program) -> dict[str, Span]:
    found: dict[str, Span] = {}
    for cell in program.cells:
        if cell.task_id is not None and cell.task_id not in found:
            region = cell.directive.region if cell.directive is not None else None
            path = program.notebook.path
            found[cell.task_id] = cell.cell.span(path) if region is None else cell.cell.span(path, region)
    return found


def _kernels(program: Program) -> dict[str, tuple[str, Span]]:
    found: dict[str, tuple[str, Span]] = {}
    for cell in program.cells:
        option = cell.directive.option("kernel") if cell.directive is not None else None
        if cell.task_id is not None and option is not None:
            found[cell.task_id] = (str(option.value), cell.cell.span(program.notebook.path, option.region))
    return found


def _kernel_problems(program: Program, nodes: dict[str, TaskNode]) -> Iterator[FlowProblem]:
    """Yield data edges between two interpreters: a value would need a codec that both can read."""
    kernels = _kernels(program)
    if not kernels:
        return
    own = program.notebook.kernel_name
    spans = _first_cells(program)
    for node in nodes.values():
        here = kernels.get(node.task_id, (own, None))[0]
        for other in node.data:
            there = kernels.get(other, (own, None))[0]
            if here != there:
                place = (kernels.get(node.task_id) or kernels[other])[1]
                values = (("task", node.task_id), ("other", other), ("here", here), ("there", there))
                labels = ((spans[other], "the value is made here"),) if other in spans else ()
                yield FlowProblem("edge-between-kernels", place, values, labels)


def _ordered(nodes: dict[str, TaskNode]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the task ids in topological order, stable by notebook order, and the cycle if there is one."""
    return _in_order(tuple((node.task_id, node.upstream) for node in nodes.values()))


@lru_cache(_MOST_GRAPHS)
def _in_order(edges: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    sorter: TopologicalSorter[str] = TopologicalSorter(dict(edges))
    try:
        sorter.prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        return tuple(task_id for task_id, _ in edges), tuple(reversed(cycle[1:]))
    rank = {task_id: index for index, (task_id, _) in enumerate(edges)}
    order: list[str] = []
    ready: list[tuple[int, str]] = []
    while sorter.is_active():
        for task_id in sorter.get_ready():
            heappush(ready, (rank[task_id], task_id))
        _, task_id = heappop(ready)
        order.append(task_id)
        sorter.done(task_id)
    return tuple(order), ()
