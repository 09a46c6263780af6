"""Hold what names and regions are at one point of the notebook, and note what a statement asks of it and changes."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from nb2dag.compiler.analysis.effects import is_surrounding
from nb2dag.compiler.analysis.star_imports import StarImports
from nb2dag.compiler.analysis.timeline import Changes, Look, Past, Region, Regions, Snapshot, Stars, Timeline
from nb2dag.compiler.analysis.values import Definition

_Key = TypeVar("_Key", bound=Hashable)
_Answer = TypeVar("_Answer")

_REGIONS_OF_A_STATEMENT = 1 << 14
"""What the numbers of two statements' regions differ by: more than the regions that one statement makes."""


@dataclass(slots=True)
class Questions:
    """What was asked of the present, with the answers: as long as these hold, whoever asked finds the same.

    `unbound` are names that nothing had bound, `before` names at an earlier position; `quiet` and `touched` are
    regions whose objects nothing, or something, had touched; `stars` the star imports, `places`
    where files were written, `surroundings` the state of the whole process that was changed, None where nobody asked.
    """

    names: dict[str, Snapshot] = field(default_factory=dict)
    unbound: dict[str, None] = field(default_factory=dict)
    regions: dict[int, Region] = field(default_factory=dict)
    before: dict[tuple[str, int], Snapshot | None] = field(default_factory=dict)
    quiet: dict[int, None] = field(default_factory=dict)
    touched: dict[int, None] = field(default_factory=dict)
    stars: Stars | None = None
    places: tuple[str, ...] | None = None
    surroundings: frozenset[str] | None = None

    def add(self, others: Questions, made: Changes) -> None:
        """Add the questions of a later statement, but those that are answered by what was `made` in between.

        `made` has the position of the first statement in between.
        """
        _add(self.names, others.names, made.names)
        _add(self.unbound, others.unbound, made.names)
        _add(self.regions, others.regions, made.regions)
        _add(self.quiet, others.quiet, made.touched)
        _add(self.touched, others.touched, made.touched)
        if self.stars is None and not made.stars:
            self.stars = others.stars
        if self.places is None and not made.places:
            self.places = others.places
        if self.surroundings is None:
            self.surroundings = others.surroundings
        if others.before:
            self.before |= {place: found for place, found in others.before.items() if place[1] <= made.position}


def _add(known: dict[_Key, _Answer], others: dict[_Key, _Answer], made: Collection[_Key]) -> None:
    for key, answer in others.items():
        if key not in made and key not in known:
            known[key] = answer


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """The names that the statements of a cell read as these find them, by name and position.

    They are right as long as the regions among them were last touched as they were then, in `latest`, or never
    (`quiet`), before the cell.
    """

    found: dict[tuple[str, int], Look]
    latest: dict[int, int]
    quiet: frozenset[int]


class Present:
    """The state of all names and regions after the statements so far; `timeline` keeps the states before it."""

    def __init__(self, timeline: Timeline | None = None) -> None:
        self.timeline = timeline or Timeline()
        self.position = -1
        self.asked = Questions()
        self.changes = Changes(-1)
        self._names: dict[str, Snapshot] = {}
        self._regions: dict[int, Region] = {}
        self._latest: dict[int, int] = {}
        self._stars: Stars = ()
        self._places: dict[str, None] = {}
        self._surroundings: frozenset[str] = frozenset()
        self._made = 0

    def begin(self, position: int) -> None:
        """Begin a statement: note its questions and changes."""
        self.position = position
        self.asked = Questions()
        self.changes = Changes(position)
        self._made = 0

    def add(self, changes: Changes) -> None:
        """Let what a statement changes be past, on the timeline too."""
        self.follow(changes)
        self.timeline.add(changes)

    def follow(self, changes: Changes) -> None:
        """Let what a statement changes be past that the timeline has already."""
        self._names.update(changes.names)
        self._regions.update(changes.regions)
        position = changes.position
        if changes.stars:
            self._stars += changes.stars
        if changes.places:
            self._places |= changes.places
        for name, snapshot in changes.names.items():
            if name[0] == "<" and is_surrounding(name):
                self._surroundings = self._surroundings - {name} if snapshot.deleted else self._surroundings | {name}
        for number in changes.touched:
            self._latest[number] = position

    def past(self) -> Past:
        """Return the names and regions as they are now; what is passed by it is passed by here."""
        return Past(self._names, self._regions, self._latest)

    def holds(self, asked: Questions) -> bool:
        """Tell whether all the answers are still the same."""
        return (
            asked.names.items() <= self._names.items()
            and asked.regions.items() <= self._regions.items()
            and self._names.keys().isdisjoint(asked.unbound)
            and self._latest.keys().isdisjoint(asked.quiet)
            and asked.touched.keys() <= self._latest.keys()
            and asked.stars in (None, self._stars)
            and (asked.places is None or asked.places == tuple(self._places))
            and asked.surroundings in (None, self._surroundings)
            and all(self.timeline.before(*place) == snapshot for place, snapshot in asked.before.items())
        )

    def looks_hold(self, looks: Looks) -> bool:
        """Tell whether nothing else than then had touched the objects that the looks are about."""
        return looks.latest.items() <= self._latest.items() and self._latest.keys().isdisjoint(looks.quiet)

    def look(self, name: str) -> Look | None:
        """Return a name as the next statement finds it."""
        snapshot = self._names.get(name)
        if snapshot is None or snapshot.deleted:
            return None
        reach, latest = self._past_reach(snapshot.own), self._latest
        if latest.keys().isdisjoint(reach):
            return Look(snapshot, reach, snapshot.bound)
        return Look(snapshot, reach, max(snapshot.bound, *[latest[number] for number in reach if number in latest]))

    def _past_reach(self, own: Regions) -> Regions:
        found = set(own)
        waiting = list(own)
        for number in waiting:
            contents = self._regions[number].contents
            if contents:
                fresh = contents - found
                found |= fresh
                waiting += fresh
        return own if len(found) == len(own) else frozenset(found)

    def looking(self) -> Looking:
        """Begin to look at the names that the statements of a cell read."""
        return Looking(self)

    def touched_by(self, number: int) -> int | None:
        """Return the position of the last statement that touched the object of a region."""
        return self._latest.get(number)

    # -- asking --------------------------------------------------------------------------------------------------

    def now(self, name: str) -> Snapshot | None:
        """Return what the name stands for; None if nothing ever bound it, or it is deleted."""
        found = self.changes.names.get(name)
        if found is None:
            found = self._names.get(name)
            if found is None:
                self.asked.unbound[name] = None
                return None
            self.asked.names[name] = found
        return None if found.deleted else found

    def before(self, name: str, position: int) -> Snapshot | None:
        """Return what the name stood for right before an earlier position."""
        found = self.timeline.before(name, position)
        self.asked.before[name, position] = found
        return found

    def region(self, number: int) -> Region:
        """Return the state of a region."""
        found = self.changes.regions.get(number)
        if found is None:
            found = self._regions[number]
            self.asked.regions[number] = found
        return found

    def is_quiet(self, number: int) -> bool:
        """Tell whether no statement before this one may have changed the object."""
        quiet = number not in self._latest
        (self.asked.quiet if quiet else self.asked.touched)[number] = None
        return quiet

    def surroundings(self) -> frozenset[str]:
        """Return the names of the state of the whole process that statements above this one changed."""
        self.asked.surroundings = self._surroundings
        return self._surroundings

    def places(self) -> tuple[str, ...]:
        """Return the places at which statements so far wrote files, in the order they first did."""
        before = self.asked.places = tuple(self._places)
        return (*before, *(place for place in self.changes.places if place not in self._places))

    def write_to(self, place: str) -> None:
        """Note that this statement writes files at a place."""
        self.changes.places[place] = None

    def stars(self) -> StarImports:
        """Return the star imports above this statement."""
        self.asked.stars = self._stars
        return StarImports(self._stars)

    def all_stars(self) -> StarImports:
        """Return the star imports of all statements so far."""
        return StarImports(self._stars)

    def reach(self, own: Regions) -> Regions:
        """Return all regions that can be reached from some, these included."""
        changed, regions, asked = self.changes.regions, self._regions, self.asked.regions
        found = set(own)
        waiting = list(own)
        for number in waiting:
            region = changed.get(number)
            if region is None:
                region = asked[number] = regions[number]
            if region.contents:
                fresh = region.contents - found
                found |= fresh
                waiting += fresh
        return own if len(found) == len(own) else frozenset(found)

    def merged(self, regions: Regions) -> Regions:
        """Return the regions that some have become, where those were made one with others."""
        found: set[int] = set()
        for number in regions:
            region = self.region(number)
            while region.merged is not None:
                number, region = region.merged, self.region(region.merged)
            found.add(number)
        return frozenset(found)

    # -- changing ------------------------------------------------------------------------------------------------

    def new_region(
        self,
        contents: Regions = frozenset(),
        carries: frozenset[Definition] = frozenset(),
        free: frozenset[str] = frozenset(),
        draws: frozenset[str] = frozenset(),
    ) -> int:
        """Add a region and return its number, which follows from the statement and what the statement did before."""
        number = self.position * _REGIONS_OF_A_STATEMENT + self._made
        self._made += 1
        self.changes.regions[number] = Region(self.position, contents, carries, free, draws)
        return number

    def set_region(self, number: int, region: Region) -> None:
        """Let a region be in another state from this statement on."""
        self.changes.regions[number] = region

    def record(self, name: str, snapshot: Snapshot) -> None:
        """Let `name` stand for `snapshot` from its position on."""
        self.changes.names[name] = snapshot

    def touch(self, regions: Regions) -> None:
        """Record that the objects of `regions` may change in this statement."""
        self.changes.touched |= dict.fromkeys(regions)


class Looking:
    """Looks at names while the statements of one cell go by."""

    def __init__(self, present: Present) -> None:
        self._present = present
        self._found: dict[tuple[str, int], Look] = {}
        self._latest: dict[int, int] = {}
        self._quiet: set[int] = set()
        self._touched: set[int] = set()

    def at(self, position: int, names: Iterable[str]) -> None:
        """Look at the names that the next statement reads."""
        for name in names:
            look = self._present.look(name)
            if look is not None:
                self._found[name, position] = look
                for number in look.reach - self._touched:
                    last = self._present.touched_by(number)
                    if last is None:
                        self._quiet.add(number)
                    else:
                        self._latest[number] = last

    def add(self, changes: Changes) -> None:
        """Let that statement be past."""
        self._touched.update(changes.touched)
        self._present.add(changes)

    def looks(self) -> Looks:
        """Return what was found."""
        self._present.timeline.know(self._found)
        return Looks(self._found, self._latest, frozenset(self._quiet))
