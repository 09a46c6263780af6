"""Remember what every name stood for, and when every object behind the names changed.

Objects are *regions*: a new one for each value that an expression may make. A name stands for regions, and a region
holds others; a change of an object is an event of its region. The version of a name at a point is then the latest of
its binding and of the events of all it reaches, so that a change through an alias is a change of all.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from nb2dag.compiler.analysis.values import Definition

Regions = frozenset[int]
NO_REGIONS: Regions = frozenset()
Stars = tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a name stands for from `position` on; `bound` is the position of the statement that bound it.

    `own` are the regions that may be the name's very object. `unbound` says that on some path the name is not bound at
    all; `deleted` that it certainly is not.
    """

    position: int
    bound: int
    own: Regions = NO_REGIONS
    kind: str = ""
    module: str = ""
    definition: Definition | None = None
    constant: str | None = None
    unbound: bool = False
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Region:
    """One abstract object from `position` on: the regions it may hold, and what else it may carry inside.

    One that is `merged` into another stands for it from then on, and that one for `many`; events of the time before
    are its own.
    """

    position: int
    contents: Regions = NO_REGIONS
    carries: frozenset[Definition] = frozenset()
    free: frozenset[str] = frozenset()
    draws: frozenset[str] = frozenset()
    merged: int | None = None
    many: bool = False


@dataclass(slots=True)
class Changes:
    """What one statement changes, at its position: names, regions, and the regions whose objects may be touched.

    `stars` are the modules of its star imports, each with the position, `places` where it writes files.
    """

    position: int
    names: dict[str, Snapshot] = field(default_factory=dict)
    regions: dict[int, Region] = field(default_factory=dict)
    touched: dict[int, None] = field(default_factory=dict)
    stars: Stars = ()
    places: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """A name as a statement finds it: what it stands for, all that it reaches, and who made that version of it."""

    snapshot: Snapshot
    reach: Regions
    version: int


class Timeline:
    """All names and regions over the whole notebook; changes are added in the order of their positions."""

    def __init__(self) -> None:
        self.names: dict[str, list[Snapshot]] = {}
        self._regions: dict[int, list[Region]] = {}
        self._events: dict[int, list[int]] = {}
        self.carries_any = False
        """Whether any object may carry a definition inside."""
        self.looks: dict[tuple[str, int], Look] = {}
        """What is known already of names right before some positions: all those that the statement there reads."""

    def add(self, changes: Changes) -> None:
        """Add what one more statement changes."""
        names, regions, events, position = self.names, self._regions, self._events, changes.position
        for name, snapshot in changes.names.items():
            if name in names:
                names[name].append(snapshot)
            else:
                names[name] = [snapshot]
        for number, region in changes.regions.items():
            if region.carries:
                self.carries_any = True
            if number in regions:
                regions[number].append(region)
            else:
                regions[number] = [region]
        for number in changes.touched:
            if number in events:
                events[number].append(position)
            else:
                events[number] = [position]

    # -- asking --------------------------------------------------------------------------------------------------

    def before(self, name: str, position: int) -> Snapshot | None:
        """Return what the name stands for right before the statement at `position`."""
        look = self.looks.get((name, position))
        if look is not None:
            return look.snapshot
        history = self.names.get(name)
        if not history:
            return None
        index = bisect_left(history, position, key=_position)
        if not index or history[index - 1].deleted:
            return None
        return history[index - 1]

    def _reach(self, snapshot: Snapshot, position: int) -> set[int]:
        found = set(snapshot.own)
        waiting = list(found)
        while waiting:
            region = self._region(waiting.pop(), position)
            if region is not None:
                fresh = region.contents - found
                found |= fresh
                waiting += fresh
        return found

    def _region(self, number: int, position: int) -> Region | None:
        history = self._regions.get(number)
        if history is None:
            return None
        if history[-1].position < position:
            return history[-1]
        index = bisect_left(history, position, key=_position)
        return history[index - 1] if index else None

    def carried(self, name: str, position: int) -> set[Definition]:
        """Return the definitions of statements that may be inside what a name reaches right before `position`."""
        found: set[Definition] = set()
        for number in self.reach(name, position):
            history = self._regions.get(number)
            if history is not None:
                # What goes in later is counted as well: the object may be the same one.
                found |= history[-1].carries
        return {item for item in found if item.position >= 0}

    def drawn(self, name: str, position: int) -> set[str]:
        """Return the state that using a name right before `position` may draw from."""
        found: set[str] = set()
        for number in self.reach(name, position):
            history = self._regions.get(number)
            if history is not None:
                found |= history[-1].draws
        return found

    def last_change(self, numbers: Regions, start: int, end: int) -> int | None:
        """Return the last position between two others at which the object of one of some regions may have changed."""
        events = (event for number in self._with_merged(numbers) for event in self._events.get(number, ()))
        return max((event for event in events if start < event < end), default=None)

    def _with_merged(self, numbers: Regions) -> set[int]:
        found: set[int] = set()
        waiting = list(numbers)
        for number in waiting:
            found.add(number)
            history = self._regions.get(number)
            if history is not None and history[-1].merged is not None and history[-1].merged not in found:
                waiting.append(history[-1].merged)
        return found

    def version(self, name: str, position: int) -> int | None:
        """Return the position of the statement that made the version of `name` seen right before `position`."""
        look = self.look(name, position)
        return None if look is None else look.version

    def look(self, name: str, position: int) -> Look | None:
        """Return the name as the statement at `position` finds it."""
        known = self.looks.get((name, position))
        if known is not None:
            return known
        snapshot = self.before(name, position)
        if snapshot is None:
            return None
        latest, reach = snapshot.bound, frozenset(self._reach(snapshot, position))
        for number in reach:
            events = self._events.get(number)
            if events is not None and (index := bisect_left(events, position)):
                latest = max(latest, events[index - 1])
        look = self.looks[name, position] = Look(snapshot, reach, latest)
        return look

    def reach(self, name: str, position: int) -> Regions:
        """Return every region that can be reached through a name right before the statement at `position`."""
        look = self.look(name, position)
        return NO_REGIONS if look is None else look.reach

    def touched_at(self, name: str, position: int, until: int) -> bool:
        """Tell whether the statement at `position` bound the name, or changed what it reaches at `until`."""
        history = self.names.get(name, [])
        index = bisect_left(history, position, key=_position)
        if index < len(history) and history[index].position == position and history[index].bound == position:
            return True
        return any(_contains(self._events.get(number, []), position) for number in self.reach(name, until + 1))

    def changed_from(self, number: int, position: int) -> bool:
        """Tell whether a region may still change at or after `position`."""
        events = self._events.get(number)
        return events is not None and events[-1] >= position

    def first_binding_below(self, name: str, position: int) -> int | None:
        """Return the first position after `position` that binds the name."""
        return next((item.bound for item in self.names.get(name, ()) if item.bound > position), None)


def _position(item: Snapshot | Region) -> int:
    return item.position


def _contains(events: list[int], position: int) -> bool:
    index = bisect_left(events, position)
    return index < len(events) and events[index] == position
