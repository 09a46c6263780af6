"""Follow every name that a task reads back to who must hand it over, or to the statements to replay.

The walk goes backwards from the reads of the tasks. A request says: this task sees this name as it is right before
that position. It ends at a binding of the task itself, at a statement that may be replayed in the task, or at another
task, which must then provide the name and so makes requests of its own.
"""

from __future__ import annotations

import ast
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import NamedTuple

from nb2dag.compiler.analysis.deriving import as_it_was, parts_as_they_were
from nb2dag.compiler.analysis.effects import is_surrounding
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.marks import has_put
from nb2dag.compiler.analysis.passing import changing_defaults
from nb2dag.compiler.analysis.places import is_file_state
from nb2dag.compiler.analysis.replay import chain_replayable, is_plain_value, replayable_positions
from nb2dag.compiler.analysis.settled import Settled
from nb2dag.compiler.analysis.statements import MOST_STATEMENTS, OwnerKind, Statement, binds_for_certain, keeps_open
from nb2dag.compiler.analysis.timeline import Timeline
from nb2dag.compiler.analysis.traces import PlacedCell
from nb2dag.compiler.analysis.values import Definition
from nb2dag.model.code import nodes_of
from nb2dag.model.reasons import Cause

_Function = ast.FunctionDef | ast.AsyncFunctionDef
IMPLICIT = "\0shared"
"""Stands for the implicit task until it gets its id."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Why a task runs a statement before its own: for a cause that is a reading, what `reader` reads is `name`."""

    cause: Cause
    name: str = ""
    reader: int = -1


@dataclass(slots=True)
class Demand:
    """What one task needs and gives.

    `inputs` maps a name to the positions of the versions it needs from other tasks, each with the position of the
    first statement that needs it: more than one version is a conflict. `sources` says, for each such name, the
    position after which it is taken (at its version, or later where an alias forces it). `outputs` are the (name,
    position) it must save. `replays` are positions of statements that run before its loads, each with the first reason
    for it, `replayed` the version of each name that must hold when they have run. `early` are the states of files that
    they themselves need from others.
    """

    task_id: str
    positions: list[int] = field(default_factory=list)
    inputs: dict[str, dict[int, int]] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)
    outputs: set[tuple[str, int]] = field(default_factory=set)
    replays: dict[int, Origin] = field(default_factory=dict)
    replayed: dict[str, dict[int, int]] = field(default_factory=dict)
    early: set[str] = field(default_factory=set)
    seen: set[tuple[str, int, bool]] = field(default_factory=set, compare=False)
    """The requests made so far: name, position, and whether for a slice."""

    def copy(self) -> Demand:
        """Return another one that needs and gives the same."""
        return Demand(
            self.task_id,
            self.positions,
            {name: versions.copy() for name, versions in self.inputs.items()},
            self.sources.copy(),
            self.outputs.copy(),
            self.replays.copy(),
            {name: versions.copy() for name, versions in self.replayed.items()},
            self.early.copy(),
            self.seen.copy(),
        )

    @property
    def first(self) -> int:
        """The position of the task's first statement."""
        return self.positions[0] if self.positions else 0


class Request(NamedTuple):
    """`task_id` sees `name` as it is right before `position`; in a slice, for replaying, or in its body."""

    task_id: str
    name: str
    position: int
    asked_at: int
    slicing: bool = False


@dataclass(slots=True)
class Trouble:
    """A request that cannot be met, as a fact for the rules."""

    rule: str
    name: str
    task_id: str
    reader: int
    maker: int


@dataclass(frozen=True, slots=True)
class _Needs:
    """What the statements of a cell ask for: names with the version and the position that reads it, and definitions."""

    names: tuple[tuple[str, int, int], ...]
    definitions: tuple[tuple[Definition, int], ...]


@lru_cache(MOST_STATEMENTS)
def _needs(cell: PlacedCell) -> _Needs:
    """Return what a cell asks for, but for names that it bound itself for certain, and what it asked for before."""
    own = {statement.position: statement for statement in cell.statements}
    seen: set[tuple[str, int]] = set()
    names: list[tuple[str, int, int]] = []
    definitions: list[tuple[Definition, int]] = []
    for position, statement in own.items():
        for name in sorted(statement.use.names):
            look = cell.looks.found.get((name, position))
            if look is None or (name, look.version) in seen:
                continue
            seen.add((name, look.version))
            maker = own.get(look.version)
            if maker is None or not binds_for_certain(maker, name):
                names.append((name, look.version, position))
        definitions += ((item, position) for item in sorted(statement.use.definitions, key=_place))
    return _Needs(tuple(names), tuple(definitions))


def _place(definition: Definition) -> tuple[int, str]:
    return definition.position, definition.name


@lru_cache(MOST_STATEMENTS)
def _makes_function(statement: Statement) -> bool:
    nodes = nodes_of(statement.node) if statement.compound else [statement.node]
    return statement.task_id is not None and any(isinstance(node, _Function) for node in nodes)


def is_it(timeline: Timeline, definition: Definition, position: int) -> bool:
    """Tell whether the name of a definition stands for it right before a position, as far as it may."""
    snapshot = timeline.before(definition.name, position)
    # What may be one of several says of none that it is it.
    return snapshot is None or (snapshot.definition in (definition, None) and snapshot.kind in ("definition", ""))


def _itself(demand: Demand) -> Demand:
    return demand


Provision = tuple[str, str, int]
"""A task, a name, and the position of one of its statements after which it saves the name."""


@dataclass(frozen=True, slots=True)
class _Own:
    """What a task needs for its own statements, what others must save for it, and what cannot be met."""

    demand: Demand
    provided: list[Provision]
    troubles: dict[tuple[str, str, str, int], Trouble]


class Demands:
    """Answers all requests; the result is in `tasks` and `troubles`.

    `own_functions` are the positions of functions that only the task which defines them can define.
    """

    def __init__(self, flow: Flow, task_ids: tuple[str, ...], settled: Settled | None = None) -> None:
        self.flow = flow
        self.settled = settled or Settled()
        self.replayable = replayable_positions(flow)
        self.own_functions = frozenset(
            statement.position
            for statement in filter(_makes_function, flow.statements)
            if not self.replayable[statement.position]
        )
        self.settled.compare(self.replayable)
        self.tasks: dict[str, Demand] = {task_id: Demand(task_id) for task_id in (*task_ids, IMPLICIT)}
        self.settled.keep_only(self.tasks)
        self.troubles: dict[tuple[str, str, str, int], Trouble] = {}
        self._waiting: deque[Request] = deque()
        self._postponed: list[Provision] | None = None

    def follow(self) -> None:
        """Make the requests of every task's own statements and answer them, and all that follow from them."""
        cells: dict[str, list[PlacedCell]] = {}
        for cell in self.flow.cells:
            if cell.cell.task_id is not None:
                cells.setdefault(cell.cell.task_id, []).append(cell)
        provided: list[Provision] = []
        for task_id, own in cells.items():
            found = self.settled.get("own", task_id, own, partial(self._own, task_id, own))
            self.tasks[task_id] = found.demand.copy()
            self.troubles |= found.troubles
            provided += found.provided
        for each in provided:
            self.provide(*each)
        self.answer()

    def _own(self, task_id: str, cells: list[PlacedCell]) -> _Own:
        """Return what a task asks for by itself, whatever others ask of it."""
        positions = [statement.position for cell in cells for statement in cell.statements]
        demand = self.tasks[task_id] = Demand(task_id, positions)
        others, self.troubles, self._postponed = self.troubles, {}, []
        asked: set[tuple[str, int]] = set()
        for cell in cells:
            needs = _needs(cell)
            for name, version, position in needs.names:
                # Who reads a version first stands for all, but where a star import may have come in between.
                if (name, version) not in asked or self.flow.stars.last > version:
                    asked.add((name, version))
                    self.request(Request(task_id, name, position, position))
            for definition, position in needs.definitions:
                self.define(demand, definition, position)
        self.answer()
        found = _Own(demand, self._postponed, self.troubles)
        self.troubles, self._postponed = others, None
        return found

    def settle(self) -> None:
        """Keep for each task that needs and gives what it did in an earlier state the very object of then."""
        for task_id, demand in self.tasks.items():
            self.tasks[task_id] = self.settled.get("demand", task_id, demand, partial(_itself, demand))

    def define(self, demand: Demand, definition: Definition, reader: int) -> None:
        """Let a task run a definition that a value it loads carries; the value refers to it by its name."""
        made = self.flow.statements.standing(definition.position)
        if made.task_id == demand.task_id or self._goes_by_code(definition, reader):
            return
        if not self._is_replayable(definition.position):
            if self._takes_function(demand, definition, reader):
                return
            self._trouble("definition-needs-value", definition.name, demand.task_id, reader, definition.position)
            return
        self.replay(demand, definition.position, Origin(Cause.CARRIED, definition.name, reader))
        if self.flow.definition_with_state(definition.name, reader) == definition:
            # Its state at this point is asked for by its name, as a version of its own.
            return
        if (changed := self.flow.changed_since_defined(definition, reader)) is not None:
            self._trouble("definition-state", definition.name, demand.task_id, reader, changed)
        if self._is_one_of_several(definition, reader):
            self.request(Request(demand.task_id, definition.name, reader, reader))
        else:
            demand.replayed.setdefault(definition.name, {}).setdefault(definition.position, reader)

    def _goes_by_code(self, definition: Definition, reader: int) -> bool:
        """Tell whether what holds a function is saved where its name stands for something else: `f = timed(f)`.

        Nobody could find it by its name there, so that it goes with what holds it.
        """
        timeline = self.flow.timeline
        if not isinstance(definition.node, _Function) or is_it(timeline, definition, reader):
            return False
        holders = [
            name
            for name in self.flow.statements.standing(reader).use.names
            if any(definition in timeline.carried_by(number) for number in timeline.reach(name, reader))
        ]
        makers = [version for name in holders if (version := timeline.version(name, reader)) is not None]
        return bool(makers) and not any(
            is_it(timeline, definition, self.flow.end_of_cell(maker) + 1) for maker in makers
        )

    def _is_one_of_several(self, definition: Definition, reader: int) -> bool:
        """Tell whether a definition is only meant as one that its name may stand for: which of them, the replays find.

        `def f(): ...` and, below, `if fast:` with another one. What else is read there may hold it if it was made when
        the name stood for the same ones.
        """
        timeline = self.flow.timeline
        now = timeline.before(definition.name, reader)
        if now is None or now.definition is not None or not self._may_stand_for(definition, reader):
            return False
        for name in self.flow.statements.standing(reader).use.names - {definition.name}:
            other = timeline.before(name, reader)
            if other is not None and other.definition == definition:
                return False
            if any(
                definition in timeline.carried_by(number) and timeline.made_at(number) <= now.bound
                for number in timeline.reach(name, reader)
            ):
                return False
        return True

    def _may_stand_for(self, definition: Definition, reader: int) -> bool:
        name, version = definition.name, self.flow.timeline.version(definition.name, reader)
        while version is not None and version > definition.position:
            if binds_for_certain(self.flow.statements.standing(version), name):
                return False
            version = self.flow.timeline.version(name, version)
        return version == definition.position

    def _takes_function(self, demand: Demand, definition: Definition, reader: int) -> bool:
        """Let a task take a function by its code that only its task can define: registered there, or one of several."""
        snapshot = self.flow.timeline.before(definition.name, reader)
        if snapshot is None or not isinstance(definition.node, _Function):
            return False
        # One of several functions that a block defines is known by its name alone.
        may_be = (
            snapshot.definition is None
            and snapshot.bound == definition.position
            and definition.name in self.flow.statements.standing(reader).names.reads
        )
        if not (may_be or snapshot.definition == definition) or definition.position not in self.own_functions:
            return False
        self.request(Request(demand.task_id, definition.name, reader, reader))
        return True

    def request(self, request: Request) -> None:
        """Queue a request that was not made before."""
        seen = self.tasks[request.task_id].seen
        key = (request.name, request.position, request.slicing)
        if key not in seen:
            seen.add(key)
            self._waiting.append(request)

    def answer(self) -> None:
        """Answer requests until none is left."""
        while self._waiting:
            request = self._waiting.popleft()
            if request.slicing:
                self._slice(request)
            else:
                self._body(request)

    # -- the body of a task --------------------------------------------------------------------------------------

    def _body(self, request: Request) -> None:
        version = self.flow.timeline.version(request.name, request.position)
        if version is None:
            return
        maker = self.flow.statements.standing(version)
        if maker.task_id == request.task_id:
            self._before(request, maker)
        else:
            self.outside(self.tasks[request.task_id], request.name, version, request.asked_at)

    def _before(self, request: Request, maker: Statement) -> None:
        """The task made the version itself; unless it did so for certain, it needs the one before as well."""
        if not binds_for_certain(maker, request.name):
            self.request(
                Request(request.task_id, request.name, maker.position, request.asked_at, slicing=request.slicing)
            )

    def outside(self, demand: Demand, name: str, version: int, reader: int) -> None:
        """Let a task get a version of a name that it did not make."""
        maker = self.flow.statements.standing(version)
        if maker.kind is OwnerKind.SCRATCH:
            # That a scratch cell changes the process's surroundings is said where it does.
            if not is_surrounding(name):
                self._trouble("scratch-value", name, demand.task_id, reader, version)
        elif self._may_replay(maker, name, version):
            demand.replayed.setdefault(name, {}).setdefault(version, reader)
            self._replay_version(demand, name, version, reader)
        elif demand.task_id == IMPLICIT:
            self._trouble("shared-needs-task", name, demand.task_id, reader, version)
        else:
            demand.inputs.setdefault(name, {}).setdefault(version, reader)
            if version >= demand.sources.get(name, -1):
                demand.sources[name] = version
            self._define_to_restore(demand, name, reader)
            self._rebound_by_star(demand, name, version, reader)
            self.provide(maker.task_id or IMPLICIT, name, version)

    def _rebound_by_star(self, demand: Demand, name: str, version: int, reader: int) -> None:
        """Refuse a value that a star import may have rebound since: a task runs those before its loads."""
        if name.startswith("<"):
            return
        for position, _ in self.flow.stars.may_rebind(name, version, reader):
            if self.flow.statements.standing(position).task_id != demand.task_id:
                self._trouble("star-import", name, demand.task_id, reader, position)

    def _define_to_restore(self, demand: Demand, name: str, reader: int) -> None:
        """Let a task define the class or function that `name` stands for: what it takes is that one's state."""
        definition = self.flow.definition_with_state(name, reader)
        if definition is not None and self._is_replayable(definition.position):
            self.replay(demand, definition.position, Origin(Cause.CARRIED, definition.name, reader))
            self._keep_defaults(demand, definition.position, reader)
            for position in self._put_on_it(definition, name, reader):
                self.replay(demand, position, Origin(Cause.CARRIED, name, reader))

    def _put_on_it(self, definition: Definition, name: str, reader: int) -> list[int]:
        """Return the statements of a class that put functions on it before any task changed it: `C.__hash__ = key`.

        A set of its instances may be loaded before the class gets its state.
        """
        timeline = self.flow.timeline
        if not has_put(frozenset(timeline.drawn(name, reader))):
            return []
        found: list[int] = []
        version = timeline.version(name, reader)
        while version is not None and version > definition.position:
            found = [*found, version] if self._is_replayable(version) else []
            version = timeline.version(name, version)
        return found

    def _may_replay(self, maker: Statement, name: str, version: int) -> bool:
        if not self._is_replayable(version) or (maker.kind is OwnerKind.TASK and is_plain_value(maker)):
            return False
        if binds_for_certain(maker, name):
            return True
        return chain_replayable(self.flow, name, version, self.replayable)

    def provide(self, task_id: str, name: str, position: int) -> None:
        """Let `task_id` save `name` as it is right after the statement at `position`, which is one of its own."""
        if self._postponed is not None:
            self._postponed.append((task_id, name, position))
            return
        demand = self.tasks[task_id]
        if (name, position) in demand.outputs:
            return
        demand.outputs.add((name, position))
        maker = self.flow.statements.standing(position)
        if task_id == IMPLICIT:
            self.replay(demand, position, Origin(Cause.GIVEN, name, position))
            if not binds_for_certain(maker, name):
                self.request(Request(task_id, name, position, position, slicing=True))
        elif not binds_for_certain(maker, name):
            self.request(Request(task_id, name, position, position))

    # -- slices --------------------------------------------------------------------------------------------------

    def _replay_version(self, demand: Demand, name: str, version: int, reader: int) -> None:
        self.replay(demand, version, Origin(Cause.READ, name, reader))
        self._keep_defaults(demand, version, reader)
        if not binds_for_certain(self.flow.statements.standing(version), name):
            self.request(Request(demand.task_id, name, version, version, slicing=True))

    def _keep_defaults(self, demand: Demand, position: int, reader: int) -> None:
        """Refuse a function whose default is a class that changed, and whose name stands for something else by now."""
        for kept in self._classes_as_defaults(position):
            changed = self.flow.changed_since_defined(kept, reader)
            if changed is not None and not is_it(self.flow.timeline, kept, reader):
                self._trouble("definition-state", kept.name, demand.task_id, reader, changed)

    def _classes_as_defaults(self, position: int) -> list[Definition]:
        """Return the classes of the notebook that the function defined at a position has as defaults."""
        node = self.flow.statements.standing(position).node
        defaults = changing_defaults(node.args) if isinstance(node, _Function) else []
        named = [default.id for _, default in defaults if isinstance(default, ast.Name)]
        found = [self.flow.timeline.before(name, position) for name in named]
        definitions = [snapshot.definition for snapshot in found if snapshot is not None]
        return [each for each in definitions if each is not None and each.is_class and each.position >= 0]

    def replay(self, demand: Demand, position: int, origin: Origin) -> None:
        """Let a task run the statement at `position` before its own, with all that the statement needs."""
        if position in demand.replays:
            return
        demand.replays[position] = origin
        statement = self.flow.statements.standing(position)
        use, older = statement.use, parts_as_they_were(self.flow, statement)
        for name in sorted(use.names):
            if name in older and not chain_replayable(self.flow, name, position, self.replayable):
                # It is made of what tasks had not changed yet, which gets its state when the task loads it.
                version = as_it_was(self.flow, name, position, self.replayable)
                if version is not None:
                    self.replay(demand, version, Origin(Cause.CARRIED, name, position))
                    self.request(Request(demand.task_id, name, version, position, slicing=True))
                continue
            if is_file_state(name) and keeps_open(statement, name):
                # It works on the file as the task finds it, and each use of it asks for that.
                demand.early.add(name)
                continue
            self.request(Request(demand.task_id, name, position, position, slicing=True))
        for definition in use.definitions:
            if self.flow.statements.standing(definition.position).kind is not OwnerKind.SCRATCH:
                self.replay(demand, definition.position, Origin(Cause.CARRIED, definition.name, position))

    def _slice(self, request: Request) -> None:
        version = self.flow.timeline.version(request.name, request.position)
        if version is None:
            return
        maker = self.flow.statements.standing(version)
        demand = self.tasks[request.task_id]
        if maker.kind is OwnerKind.SCRATCH:
            self._trouble("scratch-value", request.name, request.task_id, request.asked_at, version)
        elif self._comes_early(request, maker):
            demand.early.add(request.name)
            self.outside(demand, request.name, version, request.asked_at)
        elif maker.kind is OwnerKind.TASK and not self._is_replayable(version):
            self._trouble("shared-needs-task", request.name, request.task_id, request.asked_at, version)
        else:
            self.replay(demand, version, Origin(Cause.READ, request.name, request.asked_at))
            self._before(
                Request(request.task_id, request.name, request.position, request.asked_at, slicing=True), maker
            )

    def _comes_early(self, request: Request, maker: Statement) -> bool:
        """Tell whether what is to be replayed needs files that another task, or the implicit one, has to hand over."""
        return (
            is_file_state(request.name)
            and request.task_id not in (IMPLICIT, maker.task_id)
            and not chain_replayable(self.flow, request.name, request.position, self.replayable)
        )

    def _is_replayable(self, position: int) -> bool:
        # What is asked of a statement counts as asking for it.
        return self.replayable[self.flow.statements.standing(position).position]

    def _trouble(self, rule: str, name: str, task_id: str, reader: int, maker: int) -> None:
        self.troubles.setdefault((rule, name, task_id, maker), Trouble(rule, name, task_id, reader, maker))
