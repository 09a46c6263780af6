"""Remember what every name stood for, and when every object behind the names changed.

Objects are *regions*: a new one for each value that an expression may make. A name stands for regions, and a region
holds others; a change of an object is an event of its region. The version of a name at a point is then the latest of
its binding and of the events of all it reaches, so that a change through an alias is a change of all.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

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


@dataclass(slots=True)
class Past:
    """What the statements of a cell have changed when they are over: the last state of each name and region.

    `latest` is, by region, the position of the last statement that may have touched the object. `special` says that
    there was more: star imports, files written, or the state of the whole process.
    """

    names: dict[str, Snapshot] = field(default_factory=dict)
    regions: dict[int, Region] = field(default_factory=dict)
    latest: dict[int, int] = field(default_factory=dict)
    special: bool = False

    def pass_by(self, later: Past) -> None:
        """Let what comes later be past as well."""
        self.names.update(later.names)
        self.regions.update(later.regions)
        self.latest.update(later.latest)

    def copy(self) -> Past:
        """Return another one with the same states."""
        return Past(self.names.copy(), self.regions.copy(), self.latest.copy())


@dataclass(frozen=True, slots=True)
class Look:
    """A name as a statement finds it: what it stands for, all that it reaches, and who made that version of it."""

    snapshot: Snapshot
    reach: Regions
    version: int


EVER = 1 << 80
"""Beyond all positions: who asks for this one asks for all that there is."""


@dataclass(slots=True)
class Asked:
    """What somebody asked of a timeline and of the statements of a program.

    `names` are names right before a position, `reached` regions right before one, `statements` the positions of
    statements, `standings` of those of which it mattered only what they stand for in the flow, `ends` of those at the
    end of a cell of which it mattered that it ends there.
    """

    names: list[tuple[str, int]] = field(default_factory=list)
    reached: list[tuple[int, Regions]] = field(default_factory=list)
    statements: set[int] = field(default_factory=set)
    standings: set[int] = field(default_factory=set)
    ends: set[int] = field(default_factory=set)

    def take(self) -> Asked:
        """Return what was asked until now."""
        taken = Asked(self.names, self.reached, self.statements, self.standings, self.ends)
        self.names, self.reached, self.statements, self.standings, self.ends = [], [], set(), set(), set()
        return taken


@dataclass(slots=True)
class Changed:
    """What is no longer as it was: names and regions, each between some positions, statements, and the ends of cells.

    `standings` are the statements that stand for something else in the flow, which are among `statements` too.

    Right before a position the answer may be another one if it is after the first and not after the second of a pair.
    """

    names: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    regions: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    statements: set[int] = field(default_factory=set)
    standings: set[int] = field(default_factory=set)
    ends: set[int] = field(default_factory=set)


class Timeline:
    """All names and regions over the whole notebook; what was asked for is noted in `asked`."""

    def __init__(self) -> None:
        self.names: dict[str, list[Snapshot]] = {}
        self._regions: dict[int, list[Region]] = {}
        self._events: dict[int, list[int]] = {}
        self.carries_any = False
        """Whether any object may carry a definition inside."""
        self.asked = Asked()
        self._looks: dict[tuple[str, int], Look] = {}
        self._further_looks: dict[tuple[str, int], Look] = {}

    def add(self, changes: Changes) -> None:
        """Add what one more statement changes."""
        position = changes.position
        for name, snapshot in changes.names.items():
            _put_in(self.names, name, snapshot)
        for number, region in changes.regions.items():
            if region.carries:
                self.carries_any = True
            _put_in(self._regions, number, region)
        for number in changes.touched:
            events = self._events.setdefault(number, [])
            if events and events[-1] > position:
                events.insert(bisect_left(events, position), position)
            else:
                events.append(position)

    def remove(self, changes: Changes) -> None:
        """Take out again what one statement changed."""
        position = changes.position
        for name in changes.names:
            _take_out(self.names, name, position)
        for number in changes.regions:
            _take_out(self._regions, number, position)
        for number in changes.touched:
            events = self._events[number]
            del events[bisect_left(events, position)]
            if not events:
                del self._events[number]

    def know(self, looks: dict[tuple[str, int], Look]) -> None:
        """Keep what is known of names right before some positions: all those that the statements there read."""
        self._looks |= looks

    def forget(self, looks: Iterable[tuple[str, int]]) -> None:
        """Forget what was known of names right before some positions."""
        for place in looks:
            self._looks.pop(place, None)

    def begin(self) -> None:
        """Be complete: what was found out before, on an earlier state, is no longer so."""
        self._further_looks.clear()
        self.asked.take()

    def changes_of(self, before: Changes, after: Changes, position: int) -> Changed:
        """Return what changed where the statement at `position` does something else than before, which is added."""
        changed = Changed()
        for name in before.names.keys() | after.names.keys():
            if before.names.get(name) != after.names.get(name):
                changed.names[name] = [(position, _next(self.names.get(name, ()), position))]
        for number in before.regions.keys() | after.regions.keys():
            if before.regions.get(number) != after.regions.get(number):
                changed.regions[number] = [(position, _next(self._regions.get(number, ()), position))]
        for number in before.touched.keys() ^ after.touched.keys():
            later = next((event for event in self._events.get(number, ()) if event > position), EVER)
            changed.regions.setdefault(number, []).append((position, later))
        return changed

    # -- asking --------------------------------------------------------------------------------------------------

    def before(self, name: str, position: int) -> Snapshot | None:
        """Return what the name stands for right before the statement at `position`."""
        self.asked.names.append((name, position))
        look = self._looks.get((name, position))
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
        reach = self.reach(name, position)
        self.asked.reached.append((EVER, reach))
        for number in reach:
            history = self._regions.get(number)
            if history is not None:
                # What goes in later is counted as well, if it is there already: the object may be the same one.
                found |= history[-1].carries
        return {item for item in found if 0 <= item.position < position}

    def drawn(self, name: str, position: int) -> set[str]:
        """Return the state that using a name right before `position` may draw from."""
        found: set[str] = set()
        reach = self.reach(name, position)
        self.asked.reached.append((EVER, reach))
        for number in reach:
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
        self.asked.reached.append((EVER, frozenset(found)))
        return found

    def version(self, name: str, position: int) -> int | None:
        """Return the position of the statement that made the version of `name` seen right before `position`."""
        look = self.look(name, position)
        return None if look is None else look.version

    def look(self, name: str, position: int) -> Look | None:
        """Return the name as the statement at `position` finds it."""
        place = name, position
        known = self._looks.get(place) or self._further_looks.get(place)
        if known is None:
            known = self._look(name, position)
            if known is None:
                return None
            self._further_looks[place] = known
        self.asked.names.append(place)
        self.asked.reached.append((position, known.reach))
        return known

    def _look(self, name: str, position: int) -> Look | None:
        snapshot = self.before(name, position)
        if snapshot is None:
            return None
        latest, reach = snapshot.bound, frozenset(self._reach(snapshot, position))
        for number in reach:
            events = self._events.get(number)
            if events is not None and (index := bisect_left(events, position)):
                latest = max(latest, events[index - 1])
        return Look(snapshot, reach, latest)

    def reach(self, name: str, position: int) -> Regions:
        """Return every region that can be reached through a name right before the statement at `position`."""
        look = self.look(name, position)
        return NO_REGIONS if look is None else look.reach

    def touched_at(self, name: str, position: int, until: int) -> bool:
        """Tell whether the statement at `position` bound the name, or changed what it reaches at `until`."""
        self.asked.names.append((name, position + 1))
        history = self.names.get(name, [])
        index = bisect_left(history, position, key=_position)
        if index < len(history) and history[index].position == position and history[index].bound == position:
            return True
        reach = self.reach(name, until + 1)
        self.asked.reached.append((position + 1, reach))
        return any(_contains(self._events.get(number, []), position) for number in reach)

    def changed_from(self, number: int, position: int) -> bool:
        """Tell whether a region may still change at or after `position`."""
        self.asked.reached.append((EVER, frozenset((number,))))
        events = self._events.get(number)
        return events is not None and events[-1] >= position

    def draws_at(self, number: int, position: int) -> frozenset[str]:
        """Return the state that the object of a region may draw from, right before `position`, and its marks."""
        self.asked.reached.append((position, frozenset((number,))))
        region = self._region(number, position)
        return frozenset() if region is None else region.draws

    def made_at(self, number: int) -> int:
        """Return the position of the statement that made a region; -1 for one that is there from the start."""
        history = self._regions.get(number)
        return -1 if history is None else history[0].position

    def carried_by(self, number: int) -> frozenset[Definition]:
        """Return the definitions that a region may carry at any time."""
        self.asked.reached.append((EVER, frozenset((number,))))
        history = self._regions.get(number)
        return frozenset() if history is None else history[-1].carries

    def first_binding_below(self, name: str, position: int) -> int | None:
        """Return the first position after `position` that binds the name."""
        self.asked.names.append((name, EVER))
        return next((item.bound for item in self.names.get(name, ()) if item.bound > position), None)


_State = TypeVar("_State", Snapshot, Region)
_Key = TypeVar("_Key", str, int)


def _put_in(histories: dict[_Key, list[_State]], key: _Key, state: _State) -> None:
    history = histories.setdefault(key, [])
    if history and history[-1].position > state.position:
        history.insert(bisect_left(history, state.position, key=_position), state)
    else:
        history.append(state)


def _take_out(histories: dict[_Key, list[_State]], key: _Key, position: int) -> None:
    history = histories[key]
    del history[bisect_left(history, position, key=_position)]
    if not history:
        del histories[key]


def _next(history: Sequence[_State], position: int) -> int:
    index = bisect_right(history, position, key=_position)
    return history[index].position if index < len(history) else EVER


def _position(item: Snapshot | Region) -> int:
    return item.position


def _contains(events: list[int], position: int) -> bool:
    index = bisect_left(events, position)
    return index < len(events) and events[index] == position
