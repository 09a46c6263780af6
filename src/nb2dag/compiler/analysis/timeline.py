"""Remember what every name stood for, and when every object behind the names changed.

Objects are *regions*: a new one for each value that an expression may make. A name reaches regions; a change of an
object is an event of its region. The version of a name at a point is then the latest of its binding and of the events
of all it reaches, so that a change through an alias is a change of all.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from nb2dag.compiler.analysis.values import Definition

Regions = frozenset[int]
NO_REGIONS: Regions = frozenset()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a name stands for from `position` on; `bound` is the position of the statement that bound it.

    `own` are the regions that may be the name's very object, `reach` all that can be reached through it.
    `unbound` says that on some path the name is not bound at all; `deleted` that it certainly is not.
    """

    position: int
    bound: int
    own: Regions = NO_REGIONS
    reach: Regions = NO_REGIONS
    kind: str = ""
    module: str = ""
    definition: Definition | None = None
    constant: str | None = None
    unbound: bool = False
    deleted: bool = False


@dataclass(slots=True)
class Region:
    """One abstract object: the positions of statements that may have changed it, and what it may carry inside."""

    events: list[int] = field(default_factory=list)
    carries: frozenset[Definition] = frozenset()
    free: frozenset[str] = frozenset()
    draws: frozenset[str] = frozenset()


class Timeline:
    """All names and regions over the whole notebook; positions only ever grow while it is filled."""

    def __init__(self) -> None:
        self.names: dict[str, list[Snapshot]] = {}
        self._positions: dict[str, list[int]] = {}
        self.regions: list[Region] = []
        self._reached_by: list[set[str]] = []

    # -- filling -------------------------------------------------------------------------------------------------

    def new_region(
        self,
        carries: frozenset[Definition] = frozenset(),
        free: frozenset[str] = frozenset(),
        draws: frozenset[str] = frozenset(),
    ) -> int:
        """Add a region and return its number."""
        self.regions.append(Region([], carries, free, draws))
        self._reached_by.append(set())
        return len(self.regions) - 1

    def record(self, name: str, snapshot: Snapshot) -> None:
        """Let `name` stand for `snapshot` from its position on."""
        history = self.names.setdefault(name, [])
        positions = self._positions.setdefault(name, [])
        if history:
            for region in history[-1].reach - snapshot.reach:
                self._reached_by[region].discard(name)
        if positions and positions[-1] == snapshot.position:
            history[-1] = snapshot
        else:
            history.append(snapshot)
            positions.append(snapshot.position)
        for region in snapshot.reach:
            self._reached_by[region].add(name)

    def touch(self, regions: Regions, position: int) -> None:
        """Record that the objects of `regions` may have changed at `position`."""
        for number in regions:
            events = self.regions[number].events
            if not events or events[-1] != position:
                events.append(position)

    def names_reaching(self, regions: Regions) -> set[str]:
        """Return the names that now reach one of `regions`."""
        found: set[str] = set()
        for number in regions:
            found |= self._reached_by[number]
        return found

    # -- asking --------------------------------------------------------------------------------------------------

    def now(self, name: str) -> Snapshot | None:
        """Return what the name stands for at the end of what was filled in so far; None if it never was bound."""
        history = self.names.get(name)
        if not history or history[-1].deleted:
            return None
        return history[-1]

    def before(self, name: str, position: int) -> Snapshot | None:
        """Return what the name stands for right before the statement at `position`."""
        positions = self._positions.get(name)
        if not positions:
            return None
        index = bisect_left(positions, position)
        if not index or self.names[name][index - 1].deleted:
            return None
        return self.names[name][index - 1]

    def version(self, name: str, position: int) -> int | None:
        """Return the position of the statement that made the version of `name` seen right before `position`."""
        snapshot = self.before(name, position)
        if snapshot is None:
            return None
        return max([snapshot.bound, *self._last_events(snapshot.reach, position)])

    def _last_events(self, regions: Regions, position: int) -> list[int]:
        found = []
        for number in regions:
            events = self.regions[number].events
            index = bisect_left(events, position)
            if index:
                found.append(events[index - 1])
        return found

    def touched_at(self, name: str, position: int, until: int) -> bool:
        """Tell whether the statement at `position` bound the name, or changed what it reaches at `until`."""
        positions = self._positions.get(name, [])
        index = bisect_left(positions, position)
        if index < len(positions) and positions[index] == position and self.names[name][index].bound == position:
            return True
        snapshot = self.before(name, until + 1)
        return snapshot is not None and any(
            _contains(self.regions[number].events, position) for number in snapshot.reach
        )

    def changed_from(self, regions: Regions, position: int) -> bool:
        """Tell whether one of `regions` may still change at or after `position`."""
        return any(self.regions[number].events and self.regions[number].events[-1] >= position for number in regions)

    def first_binding_below(self, name: str, position: int) -> int | None:
        """Return the first position after `position` that binds the name."""
        return next((item.bound for item in self.names.get(name, ()) if item.bound > position), None)


def _contains(events: list[int], position: int) -> bool:
    index = bisect_left(events, position)
    return index < len(events) and events[index] == position
