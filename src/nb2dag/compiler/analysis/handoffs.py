"""Turn demands into handoffs: names that may share objects travel together, from one place, in one group."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial

from nb2dag.compiler.analysis.classes import compares_by_identity
from nb2dag.compiler.analysis.demand import IMPLICIT, Demand, Demands, is_it
from nb2dag.compiler.analysis.effects import Bind
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.statements import MOST_STATEMENTS, Statement
from nb2dag.compiler.analysis.timeline import NO_REGIONS
from nb2dag.compiler.analysis.traces import PlacedCell
from nb2dag.compiler.analysis.values import Definition
from nb2dag.model.dataflow import Input, Output, Source

_SavedCell = tuple[int, int, set[tuple[str, int]]]
"""The last statement of a cell, the cell's number, and the names that are saved after it, each with its version."""

_COMPARED = -(1 << 40)
"""From which number down there are such as stand for comparisons, not for regions or functions."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What the notebook compares by identity, `a is b`: the regions, and names whose objects have none.

    These names each have numbers, as if of regions, that they have in common with what they are compared with.
    """

    regions: frozenset[int]
    names: dict[str, frozenset[int]]

    def numbers(self, name: str) -> frozenset[int]:
        """Return what stands for the regions that the object of a name does not have."""
        return self.names.get(name, NO_REGIONS)


def unite_aliases(flow: Flow, demands: Demands, compared: Compared) -> None:
    """Let each task take names that share an object which changes, or is compared, from one and the same place."""
    changed, turn = True, 0
    while changed:
        changed, turn = False, turn + 1
        # From the last task back, since uniting what one takes is asked of tasks above it. It ends: a name is only ever
        # taken from a later place than before.
        for demand in reversed(demands.tasks.values()):
            if demand.inputs and _unite(flow, demands, demand, compared, turn):
                changed = True
                demands.answer()


def identity_regions(flow: Flow) -> frozenset[int]:
    """Return the regions of objects whose identity the notebook asks for: `a is b`."""
    asked = (item for cell in flow.cells for item in _compared_by_identity(cell))
    # As the statement finds it, and as it leaves it.
    return frozenset().union(*(flow.timeline.reach(name, at) for name, place in asked for at in (place, place + 1)))


def named_marks(flow: Flow) -> frozenset[int]:
    """Return the regions of marks, `MISSING = object()`, that have a name for good: a load finds them by that name."""
    found = NO_REGIONS
    for statement in flow.statements:
        for name in _marks(statement):
            if sum(name in each.names.touched for each in flow.statements) == 1:
                snapshot = flow.timeline.before(name, statement.position + 1)
                found |= NO_REGIONS if snapshot is None else snapshot.own
    return found


def marks_made_again(flow: Flow) -> dict[str, list[Statement]]:
    """Return the names that several cells bind to a mark, with the statements: a load could not tell these apart."""
    found: dict[str, list[Statement]] = {}
    for statement in flow.statements:
        for name in _marks(statement):
            found.setdefault(name, []).append(statement)
    return {name: made for name, made in found.items() if len({each.cell.cell.index for each in made}) > 1}


@lru_cache(MOST_STATEMENTS)
def _marks(statement: Statement) -> tuple[str, ...]:
    """Return the names that a statement binds to a new `object()`, once."""
    events = statement.effects.events if not statement.compound else ()
    return tuple(event.name for event in events if isinstance(event, Bind) and event.value.kind == "mark")


def _functions(flow: Flow, places: Iterable[tuple[str, int]]) -> frozenset[int]:
    """Return where functions are defined that names stand for right before positions: they travel by their code.

    So what else holds such a function must be in the same stream: there, too, it is no definition to look up.
    """
    found = (_definition(flow, *place) for place in places)
    return frozenset(each.position for each in found if each is not None and not each.is_class)


def _held(flow: Flow, name: str, position: int, functions: frozenset[int]) -> frozenset[int]:
    """Return numbers, as if of regions, for those among `functions` that a name stands for or may hold."""
    if not functions:
        return NO_REGIONS
    held = {each.position for each in flow.timeline.carried(name, position)}
    definition = _definition(flow, name, position)
    held |= set() if definition is None else {definition.position}
    return frozenset(-1 - number for number in held & functions)


def _definition(flow: Flow, name: str, position: int) -> Definition | None:
    snapshot = flow.timeline.before(name, position)
    return None if snapshot is None else snapshot.definition


def compared_by_identity(flow: Flow) -> Compared:
    """Return what the notebook compares by identity: in a stream, one object stays one, also one that cannot change."""
    found: dict[str, frozenset[int]] = {}
    for position in dict.fromkeys(place for cell in flow.cells for _, place in _compared_by_identity(cell)):
        names = flow.statements[position].effects.identity
        snapshots = [flow.timeline.before(name, position) for name in names]
        if len(names) > 1 and any(each is not None and each.kind == "immutable" for each in snapshots):
            for name in names:
                found[name] = found.get(name, NO_REGIONS) | {_COMPARED - position}
    return Compared(identity_regions(flow), found)


@lru_cache(MOST_STATEMENTS)
def _compared_by_identity(cell: PlacedCell) -> tuple[tuple[str, int], ...]:
    return tuple((name, each.position) for each in cell.statements for name in each.effects.identity)


def _unite(flow: Flow, demands: Demands, demand: Demand, compared: Compared, turn: int) -> bool:
    changed = False
    readers = {name: max(versions.values()) for name, versions in (demand.replayed | demand.inputs).items()}
    given = readers, frozenset(demand.inputs), compared
    # It may be asked for again within one compilation, when it takes more than before.
    what = f"sharing {turn}"
    for names in demands.settled.get(what, demand.task_id, given, partial(_sharing, flow, demand.first, *given)):
        taken = {demand.sources.get(name, -1) for name in names}
        if len(taken) == 1:
            continue
        target = max(taken)
        for name in names:
            if demand.sources.get(name, -1) == target:
                continue
            if name not in demand.inputs:
                demand.inputs[name] = demand.replayed.pop(name)
            demand.sources[name] = target
            there = flow.timeline.version(name, flow.end_of_cell(target) + 1)
            if there is not None and there not in demand.inputs[name]:
                # The objects were changed between the task's cells: no one place has all its names as it needs them.
                demand.inputs[name][there] = max(demand.inputs[name].values())
                continue
            demands.provide(_owner(flow, target), name, target)
            changed = True
    return changed


def _sharing(
    flow: Flow, first: int, readers: dict[str, int], inputs: frozenset[str], compared: Compared
) -> list[list[str]]:
    """Return the sets of names of a task's inputs that share an object which still changes, in a fixed order.

    `readers` has the last reader of all that is taken or replayed; the task begins at `first`. Those who hold a
    function that is handed over share it whether it changes or not.
    """
    functions = _functions(flow, ((name, readers[name]) for name in inputs))
    reach: dict[str, frozenset[int]] = {}
    for name, reader in sorted(readers.items()):
        snapshot = flow.timeline.before(name, reader)
        if snapshot is None or snapshot.module:
            continue
        if snapshot.definition is not None and name not in inputs:
            if snapshot.definition.name == name and _keeps_something(flow, snapshot.definition, reader):
                # It is made again, but what it keeps is not: a default, an attribute of the class.
                reach[name] = frozenset(number for number in snapshot.own if flow.timeline.changed_from(number, first))
            continue
        reach[name] = frozenset(
            number
            for number in flow.timeline.reach(name, reader)
            if number in compared.regions
            or flow.timeline.changed_from(number, first)
            or any(map(compares_by_identity, flow.timeline.carried_by(number)))
        )
        reach[name] |= _held(flow, name, reader, functions) | compared.numbers(name)
    return [names for names in _connected(reach) if len(names) > 1 and not inputs.isdisjoint(names)]


def _keeps_something(flow: Flow, definition: Definition, reader: int) -> bool:
    """Tell whether a class or function may have objects of its own: a function has defaults and attributes."""
    if definition.is_class or flow.definition_with_state(definition.name, reader) is not None:
        return True
    given = getattr(definition.node, "args", None)
    defaults = [*given.defaults, *given.kw_defaults] if given is not None else []
    return any(default is not None and not isinstance(default, ast.Constant) for default in defaults)


def _connected(reach: dict[str, frozenset[int]]) -> list[list[str]]:
    """Return the names grouped so that names which share a number, directly or through others, stand together.

    >>> _connected({"a": frozenset({1}), "b": frozenset({1, 2}), "c": frozenset({3}), "d": frozenset({2})})
    [['a', 'b', 'd'], ['c']]
    """
    if len(reach) < 2:
        return [[name] for name in reach]
    leader = {name: name for name in reach}

    def find(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    first: dict[int, str] = {}
    for name, numbers in reach.items():
        for number in numbers:
            other = first.setdefault(number, name)
            if other != name:
                left, right = sorted((find(other), find(name)))
                leader[right] = left
    groups: dict[str, list[str]] = defaultdict(list)
    for name in reach:
        groups[find(name)].append(name)
    return [sorted(names) for _, names in sorted(groups.items())]


def _owner(flow: Flow, position: int) -> str:
    return flow.statements.standing(position).task_id or IMPLICIT


def outputs_of(flow: Flow, compared: Compared, demands: Demands, demand: Demand, task_id: str) -> list[Output]:
    """Return the alias groups a task saves, in the order of its cells; the implicit one does at its end."""
    if not demand.outputs:
        return []
    if demand.task_id == IMPLICIT:
        end = max(demand.replays)
        cells = [(end, flow.statements.standing(end).cell.cell.index, demand.outputs)]
        return _groups(flow, compared, cells, task_id)
    given = task_id, frozenset(demand.outputs), compared
    return demands.settled.get(
        "outputs", demand.task_id, given, lambda: _groups(flow, compared, _by_cell(flow, demand), task_id)
    )


def _by_cell(flow: Flow, demand: Demand) -> list[_SavedCell]:
    """Return for each cell after which a task saves its last statement, its number, and what is saved."""
    by_cell: dict[int, set[tuple[str, int]]] = {}
    for name, position in demand.outputs:
        by_cell.setdefault(flow.end_of_cell(position), set()).add((name, position))
    return [(end, flow.statements.standing(end).cell.cell.index, saved) for end, saved in sorted(by_cell.items())]


def _groups(
    flow: Flow, compared: Compared, cells: list[tuple[int, int, set[tuple[str, int]]]], task_id: str
) -> list[Output]:
    found: list[Output] = []
    for end, cell, saved in cells:
        looks = {name: flow.timeline.look(name, end + 1) for name in sorted({name for name, _ in saved})}
        functions = _functions(flow, ((name, end + 1) for name in looks))
        reach = {
            name: look.reach | _held(flow, name, end + 1, functions) | compared.numbers(name)
            if look is not None
            else NO_REGIONS
            for name, look in looks.items()
        }
        for group in _connected(reach):
            optional = tuple(name for name in group if (look := looks[name]) is not None and look.snapshot.unbound)
            found.append(Output(Source(task_id, cell), tuple(group), optional))
    return found


class Saved:
    """What all tasks save, by the task, the cell after which it does, and the name."""

    def __init__(self, outputs: dict[str, list[Output]], implicit: str) -> None:
        self._implicit = implicit
        self._by_place = {
            (task_id, 0 if task_id == implicit else output.source.cell, name): output
            for task_id, own in outputs.items()
            for output in own
            for name in output.names
        }

    def find(self, task_id: str, cell: int, name: str) -> Output | None:
        """Return the group that has `name`; the implicit task saves everything at its end."""
        return self._by_place.get((task_id, 0 if task_id == self._implicit else cell, name))


def inputs_of(flow: Flow, demand: Demand, saved: Saved, ids: dict[str, str]) -> list[Input]:
    """Return what a task loads, grouped as its producers save it."""
    wanted: dict[int, tuple[Output, list[str]]] = {}
    for name, source in sorted(demand.sources.items()):
        cell = flow.statements.standing(source).cell
        output = saved.find(ids[cell.task_id or IMPLICIT], cell.cell.index, name)
        if output is not None:
            wanted.setdefault(id(output), (output, []))[1].append(name)
    found = [
        Input(output.source, tuple(names), tuple(name for name in output.optional if name in names))
        for output, names in wanted.values()
    ]
    return sorted(found, key=lambda item: (item.source.task_id, item.source.cell, item.names))


def define_what_groups_carry(flow: Flow, demands: Demands, saved: Saved, inputs: dict[str, list[Input]]) -> None:
    """Let each task define the classes and functions inside the groups it loads, also inside names it does not read.

    A group is one stream: to take one name out of it is to build everything in it.
    """
    if not flow.timeline.carries_any:
        return
    for demand in demands.tasks.values():
        given = []
        for item in inputs[demand.task_id]:
            output = saved.find(item.source.task_id, item.source.cell, item.names[0])
            assert output is not None
            given.append((output.names, demand.sources.get(item.names[0], 0)))
        find = partial(_carried_in, flow, given)
        for definition in demands.settled.get("carried", demand.task_id, given, find) if given else ():
            demands.define(demand, definition, demand.first)
    demands.answer()


def _carried_in(flow: Flow, groups: list[tuple[tuple[str, ...], int]]) -> list[Definition]:
    """Return the definitions inside the names of groups, each with the position after which it is taken."""
    ends = [(names, flow.end_of_cell(position) + 1) for names, position in groups]
    return [definition for names, end in ends for name in names for definition in _carried(flow, name, end)]


def _carried(flow: Flow, name: str, position: int) -> list[Definition]:
    snapshot = flow.timeline.before(name, position)
    if snapshot is None:
        return []
    carried = flow.timeline.carried(name, position) - {snapshot.definition}
    # A class or function that changed since it was defined is in the stream with what it keeps.
    if (changed := flow.definition_with_state(name, position)) is not None:
        carried.add(changed)
    # A function whose name stands for something else there goes by its code.
    found = (item for item in carried if item.is_class or is_it(flow.timeline, item, position))
    return sorted(found, key=lambda item: item.position)
