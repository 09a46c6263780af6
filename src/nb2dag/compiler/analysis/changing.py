"""Apply the effects of a statement, event by event, to what names and regions are when it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nb2dag.compiler.analysis.effects import (
    DELETED,
    KEPT,
    Bind,
    Depth,
    Draw,
    Effects,
    FileUse,
    Hold,
    Lend,
    Mutate,
    ReadState,
    Seed,
    WriteState,
    rebound,
)
from nb2dag.compiler.analysis.file_states import FileStates
from nb2dag.compiler.analysis.marks import LENT, LOOKS_INTO
from nb2dag.compiler.analysis.names import NameFacts
from nb2dag.compiler.analysis.places import is_file_state
from nb2dag.compiler.analysis.present import Present
from nb2dag.compiler.analysis.pyplot_state import CURRENT, FIGURE
from nb2dag.compiler.analysis.timeline import NO_REGIONS, Region, Regions, Snapshot
from nb2dag.compiler.analysis.values import (
    ELEMENT,
    ELEMENTS,
    FRAMES,
    HOLDS_FRAMES,
    MAYBE_FOREIGN,
    MOVES,
    Definition,
    Value,
    kept,
)

_MOST_REACHED = 32
"""Where more regions than these can be reached from an object, or it may be one of more than these, they become one."""


def apply_effects(present: Present, effects: Effects, names: NameFacts, *, compound: bool) -> bool:
    """Change what names and regions are, as the statement that has these effects does.

    Returns:
        Whether it may change an object that is an element of a frame.
    """
    application = _Application(present, names, compound=compound)
    application.apply(effects)
    return application.changes_elements or (ELEMENT, Depth.INSIDE) in effects.altered


def apply_state(present: Present, event: Draw | Seed | ReadState | WriteState | FileUse) -> None:
    """Change state without a name as one event does."""
    if isinstance(event, FileUse):
        FileStates(present).apply(event)
        return
    if isinstance(event, Draw) and is_file_state(event.state):
        FileStates(present).touch(event.state)
        return
    position = present.position
    if (name := rebound(event.state)) is not None:
        before = present.now(name)
        region = frozenset({present.new_region()})
        after = Snapshot(position, position, region)
        present.record(name, after if before is None else _either(after, before, always=False))
        return
    snapshot = present.now(event.state)
    moves = isinstance(event, WriteState) and event.state == "<cwd>"
    anew = (isinstance(event, Seed) and event.certain) or (isinstance(event, (Seed, WriteState)) and snapshot is None)
    if moves or anew:
        own = frozenset({present.new_region()})
        made = Snapshot(position, position, own)
        if isinstance(event, WriteState) and moves:
            made = replace(made, kind="immutable", constant=event.text)
        present.record(event.state, made)
    elif event.state == FIGURE and snapshot is None:
        # A function draws on what is there, or else makes it.
        present.record(FIGURE, Snapshot(position, position, frozenset({present.new_region()}), CURRENT))
    elif not isinstance(event, ReadState) and snapshot is not None:
        present.touch(snapshot.own)


class _Application:
    def __init__(self, present: Present, names: NameFacts, *, compound: bool) -> None:
        self.present = present
        self.names = names
        self.compound = compound
        self.changes_elements = False

    def apply(self, effects: Effects) -> None:
        rebound: dict[str, int] = {}
        for event in effects.events:
            if isinstance(event, Bind):
                rebound[event.name] = rebound.get(event.name, 0) + 1
        waiting: list[tuple[str, Snapshot]] = []
        for event in effects.events:
            if not (isinstance(event, Bind) and event.together):
                self.record(waiting)
            if isinstance(event, Bind) and event.value.kind == DELETED:
                if (before := self.present.now(event.name)) is not None:
                    at = self.present.position
                    waiting.append((event.name, replace(before, position=at, bound=at, unbound=True)))
            elif isinstance(event, Bind):
                always = (event.name in self.names.binds and not effects.swallows) or event.name == FIGURE
                certain = always and not self.compound and rebound[event.name] == 1
                certain = certain or event.name == FIGURE
                waiting.append((event.name, self.bound(event, certain=certain, always=always)))
            elif isinstance(event, Mutate):
                snapshot = self.present.now(event.name)
                if snapshot is not None:
                    own = self.present.reach(snapshot.own) if event.deep else self.present.merged(snapshot.own)
                    self.present.touch(own)
                    self.part_lent(own)
                    self.note_elements(snapshot, own, [each for each in Depth if (event.name, each) in effects.altered])
            elif isinstance(event, Lend):
                self.lend(event)
            elif isinstance(event, Hold):
                self.hold(event)
            else:
                apply_state(self.present, event)
        self.record(waiting)
        self.others(rebound)

    def record(self, waiting: list[tuple[str, Snapshot]]) -> None:
        """Let the bindings of one moment take effect, now that the values of all are known."""
        for name, snapshot in waiting:
            self.present.record(name, snapshot)
        waiting.clear()

    def others(self, bound: dict[str, int]) -> None:
        """Bind what the names pass saw and the evaluator did not (magics), and unbind what is deleted."""
        position = self.present.position
        # Sorted, because regions are numbered in the order they are made.
        for name in sorted(self.names.touched - set(bound) - self.names.deletes):
            certain = name in self.names.binds
            self.present.record(name, self.bound(Bind(name, Value()), certain=certain, always=certain))
        for name in self.names.deletes:
            snapshot = self.present.now(name)
            if snapshot is not None and name not in self.names.binds:
                gone = not self.compound
                self.present.record(
                    name, replace(snapshot, position=position, bound=position, deleted=gone, unbound=True)
                )

    # -- values --------------------------------------------------------------------------------------------------

    def own_regions(self, value: Value) -> Regions:
        """Return the regions that may be the value's very object, as far as it has one with a name already."""
        own = NO_REGIONS
        for name in value.same:
            snapshot = self.present.now(name)
            if snapshot is not None:
                own |= self.present.merged(snapshot.own)
        for name in value.part:
            snapshot = self.present.now(name)
            if snapshot is not None:
                own |= self.present.merged(self.present.reach(snapshot.own))
        return own

    def held_regions(self, value: Value) -> Regions:
        """Return the regions that a new object with this value holds."""
        held = NO_REGIONS
        for name in value.holds:
            snapshot = self.present.now(name)
            if snapshot is not None:
                held |= self.present.merged(snapshot.own)
        return held

    def bound(self, event: Bind, *, certain: bool, always: bool) -> Snapshot:
        """Return what a name stands for once it is bound."""
        value, position = event.value, self.present.position
        before = self.present.now(event.name)
        own, held = self.own_regions(value), self.held_regions(value)
        plain = value.same and not value.part and not value.holds
        carries = value.carries
        one_of_several = frozenset[Definition]()
        if not certain:
            # It may be one of several definitions of this name: what reads the name needs them all.
            earlier = before.definition if before is not None and not always else None
            one_of_several = frozenset(each for each in (value.definition, earlier) if each is not None)
            carries |= one_of_several
        if (
            not value.module
            and (not value.immutable or carries or value.free)
            and (one_of_several or not (plain and own))
        ):
            region = frozenset({self.present.new_region(held, carries, value.free, value.draws)})
            self.limit(region, region)
            own |= region
        elif value.carries or MOVES in value.draws:
            # One of several objects: what it may be, a function or an iterator, the name does not tell any more.
            for number in own:
                self.grow(number, Region(position, carries=carries, draws=value.draws & {MOVES}))
        snapshot = Snapshot(position, position, own, value.kind, value.module, value.definition, value.constant)
        if not certain:
            snapshot = _either(snapshot, before, always=always)
        if len(snapshot.own) > _MOST_REACHED and self.limit(snapshot.own, NO_REGIONS):
            snapshot = replace(snapshot, own=self.present.merged(snapshot.own))
        return snapshot

    def hold(self, event: Hold) -> None:
        snapshot = self.present.now(event.name)
        if snapshot is None and event.name in KEPT:
            snapshot = Snapshot(self.present.position, self.present.position, frozenset({self.present.new_region()}))
            self.present.record(event.name, snapshot)
        if snapshot is None:
            return
        value = kept(event.value)
        definitions = value.carries if value.definition is None else value.carries | {value.definition}
        if value.definition is None:
            inside = self.own_regions(value) | self.held_regions(value)
        else:
            # What a function or class keeps itself, it is asked for by its name.
            inside = self.own_regions(Value(same=value.same))
        own = self.present.merged(snapshot.own)
        for number in own:
            self.grow(number, Region(0, inside - {number}, definitions, value.free, value.draws))
        if inside:
            self.limit(own, own)

    def lend(self, event: Lend) -> None:
        """Mark what may be an element of a frame from now on."""
        snapshot = self.present.now(event.name)
        if snapshot is not None:
            own = self.present.merged(snapshot.own)
            for number in self.present.reach(own):
                mark = ELEMENT if event.itself or number not in own else ELEMENTS
                self.grow(number, Region(0, draws=frozenset({mark})))

    def part_lent(self, changed: Regions) -> None:
        """Mark what cannot cross any more, since it changed while an object that is no array works on its memory."""
        if any(LENT in self.present.region(number).draws for number in changed):
            for number in changed:
                self.grow(number, Region(0, draws=frozenset({LOOKS_INTO})))

    def note_elements(self, snapshot: Snapshot, changed: Regions, depths: Sequence[Depth]) -> None:
        """Note whether a change of the object of a name, or of something in it, may be one of an element of a frame."""
        for depth in depths if not self.changes_elements else ():
            inside = depth is not Depth.ITSELF
            marks = {ELEMENT, *((ELEMENTS,) if inside else ()), *((HOLDS_FRAMES,) if depth is Depth.IN_FRAME else ())}
            regions = changed if inside else self.present.merged(snapshot.own)
            marked = any(marks & self.present.region(number).draws for number in regions)
            self.changes_elements |= marked or (inside and snapshot.kind in FRAMES)

    def grow(self, number: int, more: Region) -> None:
        """Let a region hold and carry more than it does."""
        now = self.present.region(number)
        grown = Region(
            self.present.position,
            now.contents | more.contents,
            now.carries | more.carries,
            now.free | more.free,
            now.draws | more.draws,
        )
        if replace(grown, position=now.position) != now:
            self.present.set_region(number, grown)

    def limit(self, regions: Regions, keep: Regions) -> bool:
        """Make one region of all that can be reached from `regions` but `keep`, where that is a lot; tell if it was.

        From then on a change of one is a change of all. Without a limit a list that every cell adds to would make the
        analysis cost the square of the number of cells.
        """
        present = self.present
        reached = present.reach(regions)
        if len(reached) <= _MOST_REACHED:
            return False
        members = sorted(number for number in reached - keep if present.region(number).merged is None)
        if len(members) <= _MOST_REACHED // 2:
            return False
        states = [present.region(number) for number in members]
        one = next((number for number, state in zip(members, states, strict=True) if state.many), None)
        if one is None:
            one = present.new_region()
        inside = frozenset().union(*(state.contents for state in states)) - frozenset(members) - {one}
        for number, state in zip(members, states, strict=True):
            self.grow(one, replace(state, contents=NO_REGIONS))
            if number != one:
                into = replace(state, position=present.position, contents=frozenset({one}), merged=one)
                present.set_region(number, into)
        whole = present.region(one)
        present.set_region(one, replace(whole, position=present.position, contents=inside, many=True))
        for number in reached & keep:
            state = present.region(number)
            left = state.contents - frozenset(members) | {one}
            present.set_region(number, replace(state, position=present.position, contents=left))
        return True


def _either(new: Snapshot, old: Snapshot | None, *, always: bool) -> Snapshot:
    """Return the snapshot of a name that was bound on some path only, or more than once in one statement."""
    if old is None:
        return replace(new, unbound=not always)
    if always and old.position != new.position:
        return new
    if (new.module and not old.own) or (old.module and not new.own):
        # `try: import a` and `except ImportError: a = None`: where it is used, it is the module. A function or object
        # in its place is what it may be as well.
        return replace(
            new if new.module else old, position=new.position, bound=new.bound, unbound=old.unbound and not always
        )
    kinds = {each.kind for each in (new, old) if not each.module}
    if new.module != old.module and "definition" in kinds:
        kinds = {MAYBE_FOREIGN}
    return replace(
        new,
        own=new.own | old.own,
        module=new.module if new.module == old.module else "",
        kind=kinds.pop() if len(kinds) == 1 else "",
        definition=new.definition if new.definition == old.definition else None,
        constant=new.constant if new.constant == old.constant else None,
        unbound=old.unbound and not always,
    )
