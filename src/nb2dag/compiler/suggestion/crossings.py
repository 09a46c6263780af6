"""Weigh every boundary between two cells: which values would be handed over there, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.replay import chain_replayable, replayable_positions
from nb2dag.compiler.analysis.timeline import Snapshot
from nb2dag.compiler.suggestion.settings import set_up

_NEVER = frozenset({"resource", "client", "connection", "file", "generator", "iterator", "module", "lock", "thread"})
"""Kinds of values that stay in the process they were made in."""

_DRAWN = frozenset({"figure", "axes"})
"""Kinds that can be handed over, but belong to the cell that shows them."""


@dataclass(slots=True)
class Crossing:
    """What crosses one boundary: the names of values, those among them that still change, and what cannot cross.

    An empty name among `stuck` stands for the settings of a library.
    """

    names: set[str] = field(default_factory=set)
    changing: set[str] = field(default_factory=set)
    drawn: set[str] = field(default_factory=set)
    stuck: set[str] = field(default_factory=set)

    @property
    def cost(self) -> float:
        """How dear it is to cut here, in units of one heading's level."""
        return 0.3 * len(self.names) + 0.4 * len(self.changing) + 2.5 * len(self.drawn)


def weigh(flow: Flow, body: Sequence[int]) -> list[Crossing]:
    """Return the crossings between the cells of `body`: the n-th lies between the n-th cell and the next."""
    crossings = [Crossing() for _ in body[1:]]
    replayable = replayable_positions(flow)
    places = {index: number for number, index in enumerate(body)}
    cells = {statement.position: places.get(statement.cell.cell.index, -1) for statement in flow.statements}
    for statement in flow.statements:
        here = cells[statement.position]
        for name in statement.use.names:
            version = flow.timeline.version(name, statement.position)
            if version is None or cells[version] == here:
                continue
            snapshot = flow.timeline.before(name, statement.position)
            if snapshot is None or snapshot.module or snapshot.definition is not None:
                continue
            if cells[version] < 0 and chain_replayable(flow, name, statement.position, replayable):
                continue
            for crossing in crossings[max(cells[version], 0) : here]:
                _cross(crossing, name, snapshot)
            if snapshot.kind in _NEVER:
                # Its maker and its readers stay together, whoever changes it in between.
                for crossing in crossings[max(cells[snapshot.bound], 0) : here]:
                    crossing.stuck.add(name)
    for position, last in set_up(flow):
        for crossing in crossings[max(cells[position], 0) : max(cells[last], 0)]:
            crossing.stuck.add("")
    _changes(flow, crossings, body)
    return crossings


def _cross(crossing: Crossing, name: str, snapshot: Snapshot) -> None:
    crossing.names.add(name)
    if snapshot.kind in _DRAWN:
        crossing.drawn.add(name)


def _changes(flow: Flow, crossings: list[Crossing], body: Sequence[int]) -> None:
    """Mark the names whose objects change below a boundary that they cross."""
    ends = [flow.last[index] for index in body[:-1]]
    for number, crossing in enumerate(crossings):
        for name in crossing.names:
            below = ends[number] + 1
            if any(flow.timeline.changed_from(region, below) for region in flow.timeline.reach(name, below)):
                crossing.changing.add(name)
