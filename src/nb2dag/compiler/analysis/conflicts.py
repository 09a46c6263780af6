"""Find what cannot be split faithfully: two versions of a name in one task, a task waiting for itself."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from functools import partial

from nb2dag.compiler.analysis.decorators import decorated_by_method
from nb2dag.compiler.analysis.demand import IMPLICIT, Demand, Demands, Trouble
from nb2dag.compiler.analysis.early import overwritten_states
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.handoffs import identity_regions, marks_made_again, named_marks
from nb2dag.compiler.analysis.obstacles import RESOURCES, find_obstacle
from nb2dag.compiler.analysis.places import is_file_state, place_in
from nb2dag.compiler.analysis.pyplot_state import FIGURE
from nb2dag.compiler.analysis.regions import node_region
from nb2dag.compiler.analysis.scratch import scratch_values
from nb2dag.compiler.analysis.statements import Statement
from nb2dag.compiler.analysis.timeline import EVER
from nb2dag.compiler.analysis.undefined import undefined_names
from nb2dag.model.dataflow import FlowProblem
from nb2dag.model.span import Span

_MOST_LABELS = 4

_NEVER_HANDED_OVER = {"<torch.random>", FIGURE}

_TOLD_ONCE = {"scratch-value", "cannot-hand-over"}

_MADE = {"scratch-value": "made or changed here", "definition-needs-value": "defined here"}


def find_conflicts(flow: Flow, demands: Demands, path: str) -> Iterator[FlowProblem]:
    """Yield every problem of the flow between tasks, in the order of the tasks."""
    places = _Places(flow, path)
    yield from undefined_names(flow, path)
    troubles = [_trouble(flow, demands, trouble, places) for trouble in demands.troubles.values()]
    # What else is wrong with a name that shared code cannot have is mended with that.
    first = {dict(problem.values)["name"] for problem in troubles if problem.rule == "shared-needs-task"}
    yield from _once(problem for problem in troubles if not _follows(problem, first))
    found = [
        demands.settled.get("conflicts", demand.task_id, demand, partial(_of_task, flow, demand, places))
        for demand in demands.tasks.values()
    ]
    for versions, _ in found:
        yield from (problem for problem in versions if not _follows(problem, first))
    identity = identity_regions(flow) - named_marks(flow)
    for demand in demands.tasks.values():
        given = demand, identity
        yield from demands.settled.get("captured", demand.task_id, given, partial(_captured, flow, *given, places))
    yield from _marks_made_again(flow, places)
    told = {_subject(problem) for problem in troubles}
    unpicklable = _once(problem for _, stuck in found for problem in stuck if _subject(problem) not in told)
    # An import that cannot run again because of what a scratch cell does is mended with that cell.
    yield from (problem for problem in unpicklable if not (demands.troubles and _is_module(problem)))


def _subject(problem: FlowProblem) -> tuple[str, str, str]:
    values = dict(problem.values)
    return problem.rule, values.get("name", ""), values.get("task", "")


def _follows(problem: FlowProblem, names: Container[str]) -> bool:
    return problem.rule in ("two-versions", "definition-state") and dict(problem.values)["name"] in names


def _of_task(flow: Flow, demand: Demand, places: _Places) -> tuple[list[FlowProblem], list[FlowProblem]]:
    """Return where a task gets two versions of one thing, and what it takes that cannot be handed over."""
    versions = [*_versions(flow, demand, places)]
    for name in sorted(overwritten_states(flow, demand)):
        maker = flow.statements[demand.sources[name]]
        values = (("name", shown(name)), ("task", _task(demand.task_id)), ("cells", _cells(flow, [maker.position])))
        versions.append(FlowProblem("two-versions", places.whole(maker), values))
    reopened = [*_reopened(flow, demand, places)]
    names = {dict(problem.values)["name"] for problem in reopened}
    # With the cell in a task of its own, both are mended.
    versions = [problem for problem in versions if dict(problem.values)["name"] not in names]
    return [*versions, *_as_one(flow, reopened)], [*_unpicklable(flow, demand, places)]


def _as_one(flow: Flow, reopened: list[FlowProblem]) -> Iterator[FlowProblem]:
    """Yield the problems of a task that is reopened once for each other task, with all names, those of values first."""
    found: dict[str, list[FlowProblem]] = {}
    for problem in reopened:
        found.setdefault(dict(problem.values)["other"], []).append(problem)
    for problems in found.values():
        first, *others = sorted(problems, key=lambda problem: _is_definition(flow, dict(problem.values)["name"]))
        names = ", ".join(f"`{dict(problem.values)['name']}`" for problem in others)
        yield replace(first, values=(*first.values, ("others", names))) if others else first


def _is_definition(flow: Flow, name: str) -> bool:
    snapshot = flow.timeline.before(name, EVER)
    return snapshot is not None and snapshot.definition is not None


def _captured(flow: Flow, demand: Demand, identity: frozenset[int], places: _Places) -> list[FlowProblem]:
    """Return where a definition keeps an object, by a default for one, that its task gets from another task as well.

    The definition is made again, with an object of its own. That matters where it changes, or is compared by identity.
    """
    taken = {
        name: flow.timeline.reach(name, max(versions.values()))
        for name, versions in sorted(demand.inputs.items())
        if not name.startswith("<")
    }
    # A class that others are derived from is itself found again by its name.
    bases = _bases(flow, demand)
    found: list[FlowProblem] = []
    for name, versions in sorted(demand.replayed.items()) if taken else ():
        reader = max(versions.values())
        snapshot = flow.timeline.before(name, reader)
        if snapshot is None or snapshot.definition is None or name in taken:
            continue
        kept = flow.timeline.reach(name, reader) - snapshot.own - bases
        for other, regions in taken.items() if kept else ():
            both = kept & regions
            if any(number in identity or flow.timeline.changed_from(number, demand.first) for number in both):
                maker = flow.statements[demand.sources[other]]
                values = (("name", name), ("task", _task(demand.task_id)), ("other", _task(maker.task_id or IMPLICIT)))
                place = places.name(flow.statements[reader], name)
                found.append(FlowProblem("definition-state", place, (*values, ("held", other))))
                break
    return found


def _bases(flow: Flow, demand: Demand) -> frozenset[int]:
    """Return the regions of the classes that those which a task defines are derived from, as these are defined."""
    found = frozenset[int]()
    for name, versions in demand.replayed.items():
        snapshot = flow.timeline.before(name, max(versions.values()))
        if snapshot is None or snapshot.definition is None:
            continue
        for base in getattr(snapshot.definition.node, "bases", ()):
            known = flow.timeline.before(base.id, snapshot.definition.position) if isinstance(base, ast.Name) else None
            if known is not None and known.definition is not None:
                found |= known.own
    return found


def _marks_made_again(flow: Flow, places: _Places) -> Iterator[FlowProblem]:
    """Yield each name that stands for one mark after the other: marks cross by their names (see `pickler`)."""
    for name, made in marks_made_again(flow).items():
        cells = _cells(flow, [statement.position for statement in made])
        values = (("name", name), ("task", _task(made[-1].task_id or IMPLICIT)), ("cells", cells))
        labels = tuple((places.whole(statement), "one version is made here") for statement in made)
        yield FlowProblem("two-versions", places.whole(made[-1]), values, labels)


def _is_module(problem: FlowProblem) -> bool:
    return ("kind", RESOURCES["module"]) in problem.values


def _trouble(flow: Flow, demands: Demands, trouble: Trouble, places: _Places) -> FlowProblem:
    reader, maker = flow.statements[trouble.reader], flow.statements[trouble.maker]
    values = [("name", shown(trouble.name)), ("task", _task(trouble.task_id)), ("cell", str(maker.cell.cell.index))]
    values.append(("other", _task(maker.task_id or IMPLICIT)))
    if trouble.rule == "scratch-value":
        values += scratch_values(flow, demands, maker)
        values.append(("file", "yes" if is_file_state(trouble.name) else ""))
    if trouble.rule == "definition-needs-value":
        values.append(("decorator", decorated_by_method(maker.node)))
    labels = ((places.whole(maker), _MADE.get(trouble.rule, "made here")),)
    return FlowProblem(trouble.rule, places.name(reader, trouble.name), tuple(values), labels)


def _whose(problem: FlowProblem) -> str:
    """Return the task that is told, where it has to be told each time; an empty string where once is enough."""
    return "" if problem.rule in _TOLD_ONCE else dict(problem.values).get("task", "")


def _once(problems: Iterable[FlowProblem]) -> Iterator[FlowProblem]:
    """Yield each problem once per name and place that made it, the other tasks that need it as labels of the first."""
    found: dict[tuple[str, str, str, Span | None], FlowProblem] = {}
    for problem in problems:
        values = dict(problem.values)
        made = problem.labels[0][0] if problem.labels and problem.rule == "scratch-value" else None
        name = "<file>" if values.get("file") else values.get("name", values.get("state", ""))
        key = (problem.rule, name, _whose(problem), made)
        first = found.get(key)
        if first is None:
            found[key] = problem
        elif len(first.labels) < _MOST_LABELS and "task" in values:
            label = (problem.span, f"`{values['task']}` needs it too")
            found[key] = replace(first, labels=(*first.labels, label))
    yield from found.values()


def shown(name: str) -> str:
    """Return a name as a reader knows it: a file by its path.

    >>> shown("<file:out/a.csv>"), shown("rows")
    ('out/a.csv', 'rows')
    """
    return place_in(name) if is_file_state(name) else name


def _task(task_id: str) -> str:
    return "the shared code" if task_id == IMPLICIT else task_id


class _Places:
    """Turns statements and names into spans."""

    def __init__(self, flow: Flow, path: str) -> None:
        self.flow = flow
        self.path = path

    def whole(self, statement: Statement) -> Span:
        return statement.span(self.path)

    def name(self, statement: Statement, name: str) -> Span:
        node = statement.names.reads.get(name) or statement.names.deferred.get(name)
        if node is None or not hasattr(node, "lineno"):
            return self.whole(statement)
        return statement.cell.cell.span(self.path, node_region(node, statement.cell.cell.source))


def _versions(flow: Flow, demand: Demand, places: _Places) -> Iterator[FlowProblem]:
    binders = {
        name: position
        for position in sorted(demand.replays)
        for name in flow.statements.standing(position).names.touched
    }
    for name in sorted({*demand.inputs, *demand.replayed}):
        versions = demand.inputs.get(name, {})
        made = [*versions]
        if name in demand.replayed:
            versions = {**demand.replayed[name], **versions}
            last = binders.get(name, -1)
            made = sorted({*versions, last} if last > max(versions) else versions)
        if len(made) < 2:
            continue
        made.sort()
        reader = flow.statements[max(versions.values())]
        labels = tuple((places.whole(flow.statements[position]), "one version is made here") for position in made)
        yield FlowProblem(
            "two-versions",
            places.name(reader, name),
            (("name", shown(name)), ("task", _task(demand.task_id)), ("cells", _cells(flow, made))),
            labels,
        )


def _cells(flow: Flow, positions: list[int]) -> str:
    numbers = sorted({flow.statements[position].cell.cell.index for position in positions})
    return " and ".join(str(number) for number in numbers)


def _reopened(flow: Flow, demand: Demand, places: _Places) -> Iterator[FlowProblem]:
    for name in sorted({*demand.inputs, *demand.replayed}):
        versions = demand.inputs.get(name) or demand.replayed[name]
        version = demand.sources[name] if name in demand.inputs else max(versions)
        if demand.first >= version:
            continue
        earlier = [
            position
            for position in demand.positions
            if position < version and flow.timeline.touched_at(name, position, version)
        ]
        if not earlier:
            continue
        reader, maker = flow.statements[max(versions.values())], flow.statements[version]
        yield FlowProblem(
            "reopened-task",
            places.name(reader, name),
            (("name", shown(name)), ("task", demand.task_id), ("other", _task(maker.task_id or IMPLICIT))),
            (
                (places.whole(flow.statements[earlier[-1]]), f"`{demand.task_id}` makes it here"),
                (places.whole(maker), f"`{_task(maker.task_id or IMPLICIT)}` changes it here"),
            ),
        )


def _unpicklable(flow: Flow, demand: Demand, places: _Places) -> Iterator[FlowProblem]:
    for name, versions in sorted(demand.inputs.items()):
        reader, source = max(versions.values()), demand.sources[name]
        if name.startswith("<"):
            if name in _NEVER_HANDED_OVER:
                maker = flow.statements[source]
                lost = (("state", name), ("task", _task(maker.task_id or IMPLICIT)), ("other", demand.task_id))
                yield FlowProblem("unnamed-state", places.whole(maker), lost)
        elif (obstacle := find_obstacle(flow, demand, name, source, reader)) is not None:
            maker = flow.statements[source]
            values = (("name", name), ("task", _task(demand.task_id)), ("other", _task(maker.task_id or IMPLICIT)))
            labels = ((places.whole(maker), "made or changed here"),)
            rule, more = obstacle
            yield FlowProblem(rule, places.name(flow.statements[reader], name), (*values, *more), labels)
