"""Tell why each task runs, loads and saves what it does, from what was noted while the demands were answered."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from nb2dag.compiler.analysis.demand import IMPLICIT, Demand, Demands, Origin
from nb2dag.compiler.analysis.effects import WriteState
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.free_names import free_names
from nb2dag.compiler.analysis.regions import node_region
from nb2dag.compiler.analysis.statements import OwnerKind, Statement, binds_for_certain
from nb2dag.compiler.analysis.values import Definition
from nb2dag.model.dataflow import Slice, Source
from nb2dag.model.reasons import (
    Hindrance,
    LoadReason,
    Obstacle,
    Reader,
    SaveReason,
    StatementReason,
    TaskReasons,
)

_OBSTACLES = {
    "<clock>": Obstacle.CLOCK, "<entropy>": Obstacle.RANDOM, "<random>": Obstacle.RANDOM,
    "<numpy.random>": Obstacle.RANDOM, "<torch.random>": Obstacle.RANDOM, "<files>": Obstacle.FILES,
    "<network>": Obstacle.NETWORK,
}  # fmt: skip

_LONGEST_TEXT = 60


def task_reasons(flow: Flow, demands: Demands, ids: dict[str, str]) -> tuple[TaskReasons, ...]:
    """Return the reasons of every task; `ids` are the ids in the DAG, the implicit task's among them."""
    explainer = _Explainer(flow, demands, ids)
    return tuple(explainer.task(demand) for demand in demands.tasks.values())


class _Explainer:
    """Turns positions of the flow into places in the notebook, one task after the other."""

    def __init__(self, flow: Flow, demands: Demands, ids: dict[str, str]) -> None:
        self.flow = flow
        self.demands = demands
        self.ids = ids

    def task(self, demand: Demand) -> TaskReasons:
        replays = [
            (position, origin)
            for position, origin in sorted(demand.replays.items())
            if self.flow.statements[position].kind is not OwnerKind.SCRATCH
            and self.flow.statements[position].task_id != demand.task_id
        ]
        return TaskReasons(
            self.ids[demand.task_id],
            tuple(self.statement(position, origin) for position, origin in replays),
            tuple(self.load(demand, name) for name in sorted(demand.sources)),
            tuple(self.saves(demand)),
        )

    def statement(self, position: int, origin: Origin) -> StatementReason:
        reader = self.reader(origin.name, origin.reader) if origin.reader >= 0 else None
        return StatementReason(self.slice(position), origin.cause, origin.name, reader)

    def load(self, demand: Demand, name: str) -> LoadReason:
        readers = demand.inputs[name].values()
        position = demand.sources[name]
        made = self.flow.timeline.version(name, position + 1)
        maker = self.flow.statements[position if made is None else made]
        return LoadReason(
            name,
            self.source(position),
            self.slice(maker.position),
            changes=name not in maker.names.touched,
            hindrance=self.hindrance(name, maker.position),
            reader=self.reading(name, min(readers)),
            together=self.together(demand, name),
        )

    def together(self, demand: Demand, name: str) -> tuple[str, ...]:
        """Return the other names that a task takes from the same place and that may share an object with `name`."""
        position = demand.sources[name]
        reach = self.reach(name, position)
        return tuple(
            other
            for other, taken in sorted(demand.sources.items())
            if other != name and taken == position and reach & self.reach(other, position)
        )

    def reach(self, name: str, position: int) -> frozenset[int]:
        return self.flow.timeline.reach(name, position + 1)

    def saves(self, demand: Demand) -> Iterator[SaveReason]:
        """Yield what a task saves, each name once per cell."""
        last = {(self.source(position), name): position for name, position in sorted(demand.outputs, key=_by_position)}
        for (source, name), position in last.items():
            yield self.save(source, name, position)

    def save(self, source: Source, name: str, position: int) -> SaveReason:
        readers = tuple(
            (self.ids[other.task_id], self.reading(name, min(other.inputs[name].values())))
            for other in self.demands.tasks.values()
            if name in other.sources and self.source(other.sources[name]) == source
        )
        return SaveReason(name, source.cell, readers, self.hindrance(name, position))

    def source(self, position: int) -> Source:
        statement = self.flow.statements[position]
        return Source(self.ids[statement.task_id or IMPLICIT], statement.cell.cell.index)

    def slice(self, position: int) -> Slice:
        statement = self.flow.statements[position]
        return Slice(statement.cell.cell.index, statement.region)

    def reader(self, name: str, position: int) -> Reader:
        """Return the statement at `position` as the reader of `name`, with the function that really reads it."""
        statement = self.flow.statements[position]
        node = statement.names.reads.get(name)
        if node is not None and hasattr(node, "lineno"):
            return Reader(Slice(statement.cell.cell.index, node_region(node, statement.cell.cell.source)))
        via = next((item.name for item in self.definitions(statement) if name in free_names(item.node)), "")
        return Reader(self.slice(position), via)

    def reading(self, name: str, position: int) -> Reader | None:
        """Return the reader of a name that is taken, None where the statement only changes it for those below."""
        return self.reader(name, position) if name in self.flow.statements[position].use.names else None

    def definitions(self, statement: Statement) -> list[Definition]:
        """Return the definitions that a statement may call, the nearest first."""
        found = list(statement.effects.references) + list(statement.use.definitions)
        for name in sorted(statement.use.names):
            snapshot = self.flow.timeline.before(name, statement.position)
            if snapshot is not None and snapshot.definition is not None:
                found.append(snapshot.definition)
        return sorted(set(found), key=lambda item: (-item.position, item.name))

    # -- what keeps a value from being made again ------------------------------------------------------------------

    def hindrance(self, name: str, position: int) -> Hindrance:
        """Return the first obstacle that is met on the way back from a version of `name` to all that made it."""
        through: tuple[str, ...] = ()
        seen: set[int] = set()
        while position not in seen:
            seen.add(position)
            statement = self.flow.statements[position]
            own = _own_obstacle(statement)
            if own is not None:
                return Hindrance(own[0], self.slice(position), own[1], through)
            step = self.obstructed(name, position)
            if step is None:
                break
            if step[0] != name:
                through += (step[0],)
            name, position = step
        return Hindrance(Obstacle.CHANGED, self.slice(position), "", through)

    def obstructed(self, name: str, position: int) -> tuple[str, int] | None:
        """Return the next name and version, on the way back, that is not made again."""
        statement = self.flow.statements[position]
        names = sorted(self.flow.statements[position].use.names)
        if not binds_for_certain(statement, name):
            names = [name, *names]
        for other in names:
            version = self.flow.timeline.version(other, position)
            while version is not None:
                if not self.demands.replayable[version]:
                    return other, version
                if binds_for_certain(self.flow.statements[version], other):
                    break
                version = self.flow.timeline.version(other, version)
        return None


def _by_position(output: tuple[str, int]) -> tuple[int, str]:
    return output[1], output[0]


def _own_obstacle(statement: Statement) -> tuple[Obstacle, str] | None:
    """Return why a statement by itself may not run again, and the code that shows it."""
    if statement.kind is OwnerKind.TASK:
        return Obstacle.TASK, ""
    for reason, node in statement.effects.unstable.items():
        return _OBSTACLES.get(reason, Obstacle.CALL), _text(statement, node)
    for event in statement.effects.events:
        if isinstance(event, WriteState):
            return Obstacle.STATE, _text(statement, event.why)
    return None


def _text(statement: Statement, node: ast.AST) -> str:
    """Return a node's code as it stands in the cell, on one line, cut where it is long."""
    if not hasattr(node, "lineno"):
        return ""
    source = statement.cell.cell.source
    region = node_region(node, source)
    lines = source.split("\n")[region.line - 1 : region.end_line]
    lines[-1] = lines[-1][: region.end_column - 1]
    lines[0] = lines[0][region.column - 1 :]
    text = " ".join(" ".join(lines).split())
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 3]}..."
