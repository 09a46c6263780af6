"""Carry the flow of a notebook's earlier state over to the present one, and tell where the two differ.

Only the cells that were edited are traced again, and those below that asked for something that has become different.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from nb2dag.compiler.analysis.numbering import common_ends
from nb2dag.compiler.analysis.present import Present
from nb2dag.compiler.analysis.statements import Statement
from nb2dag.compiler.analysis.timeline import Changed, Changes, Past
from nb2dag.compiler.analysis.traces import CellKey, PlacedCell, TracedNotebook, place
from nb2dag.model.program import ProgramCell

TraceCell = Callable[[ProgramCell, CellKey], PlacedCell]
"""Traces one cell after all those above it."""


@dataclass(slots=True)
class _Difference:
    """What is not as it was at the same place of the earlier state: names, regions, and who touched these last."""

    names: set[str] = field(default_factory=set)
    regions: set[int] = field(default_factory=set)
    latest: set[int] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.names or self.regions or self.latest)

    def compare(self, was: Past, now: Past, changed: Past) -> None:
        """Look again at what a cell changed."""
        _compare(self.names, was.names, now.names, changed.names)
        _compare(self.regions, was.regions, now.regions, changed.regions)
        _compare(self.latest, was.latest, now.latest, changed.latest)

    def settle(self, changed: Past) -> None:
        """What a cell changed as it did in the earlier state is now the same."""
        self.names.difference_update(changed.names)
        self.regions.difference_update(changed.regions)
        self.latest.difference_update(changed.latest)

    def concerns(self, cell: PlacedCell, history: Collection[str]) -> bool:
        """Tell whether a cell asked for anything that is different; `history` are names that differ anywhere above."""
        asked, looks = cell.trace.asked, cell.looks
        return not (
            asked.names.keys().isdisjoint(self.names)
            and asked.unbound.keys().isdisjoint(self.names)
            and asked.regions.keys().isdisjoint(self.regions)
            and asked.quiet.keys().isdisjoint(self.latest)
            and asked.touched.keys().isdisjoint(self.latest)
            and looks.latest.keys().isdisjoint(self.latest)
            and looks.quiet.isdisjoint(self.latest)
            and not any(name in history for name, _ in asked.before)
        )


_Key = TypeVar("_Key", str, int)
_State = TypeVar("_State")


def _compare(
    different: set[_Key], was: dict[_Key, _State], now: dict[_Key, _State], changed: dict[_Key, _State]
) -> None:
    for key in changed:
        if was.get(key) == now.get(key):
            different.discard(key)
        else:
            different.add(key)


@dataclass(frozen=True, slots=True)
class Retraced:
    """The cells of the present state, and what differs from the earlier one anywhere."""

    cells: list[PlacedCell]
    changed: Changed


def retrace(
    last: TracedNotebook, present: Present, cells: Sequence[ProgramCell], keys: Sequence[CellKey], trace: TraceCell
) -> Retraced | None:
    """Return the cells as they are now, with the timeline of `last` brought up to date.

    None where too much may depend on the edit to find out what does: star imports, written files and the state of the
    whole process concern cells that never name them. The timeline is of no use then.
    """
    return _Retracing(last, present, trace).over(cells, keys)


_NOTHING = Changes(-1)


def _by_position(cells: Sequence[PlacedCell]) -> dict[int, Statement]:
    return {statement.position: statement for cell in cells for statement in cell.statements}


def _ends(cells: Sequence[PlacedCell]) -> set[int]:
    return {cell.statements[-1].position for cell in cells}


def _changes(cells: Sequence[PlacedCell]) -> dict[int, Changes]:
    return {each.changes.position: each.changes for cell in cells for each in cell.trace.statements}


class _Retracing:
    def __init__(self, last: TracedNotebook, present: Present, trace: TraceCell) -> None:
        self.last = last
        self.present = present
        self.trace = trace
        self.now = present.past()
        self.was = Past()
        self.difference = _Difference()
        self.changed = Changed()

    def over(self, cells: Sequence[ProgramCell], keys: Sequence[CellKey]) -> Retraced | None:
        """Go over all cells: those above the edited ones, these, and those below."""
        above, below = common_ends(self.last.keys, keys)
        old, end = self.last.cells, len(cells) - below
        found = [self._kept(cell, known) for cell, known in zip(cells, old[:above], strict=False)]
        self.was = self.now.copy()
        edited = old[above : len(old) - below]
        for known in edited:
            self._take_out(known)
        new = [self.trace(cell, key) for cell, key in zip(cells[above:end], keys[above:end], strict=True)]
        if not self._compared(edited, new):
            return None
        found += new
        for cell, key, known in zip(cells[end:], keys[end:], old[len(old) - below :], strict=True):
            if not self.difference:
                found.append(self._placed(cell, known))
            elif not self.difference.concerns(known, self.changed.names):
                self.was.pass_by(known.trace.past)
                self.difference.settle(known.trace.past)
                found.append(self._kept(cell, known))
            else:
                self._take_out(known)
                found.append(self.trace(cell, key))
                if not self._traced_again(known, found[-1]):
                    return None
        return Retraced(found, self.changed)

    def _kept(self, cell: ProgramCell, known: PlacedCell) -> PlacedCell:
        """Let a cell be past that did what it does."""
        if known.trace.past.special:
            for statement in known.trace.statements:
                self.present.follow(statement.changes)
        else:
            self.now.pass_by(known.trace.past)
        return self._placed(cell, known)

    def _placed(self, cell: ProgramCell, known: PlacedCell) -> PlacedCell:
        """Return what is known of a cell in the program as it is now."""
        if known.cell == cell:
            return known
        self._mark_statements(known)
        return place(known.trace, cell, [statement.position for statement in known.statements], known.looks)

    def _take_out(self, known: PlacedCell) -> None:
        """Take what a cell did out of the timeline; in the earlier state it is past."""
        timeline = self.last.timeline
        timeline.forget(known.looks.found)
        for statement in known.trace.statements:
            timeline.remove(statement.changes)
        self.was.pass_by(known.trace.past)

    def _traced_again(self, known: PlacedCell, placed: PlacedCell) -> bool:
        """Compare what a cell does with what it did; tell whether that is all there is to say."""
        if placed.trace is known.trace:
            self.difference.settle(known.trace.past)
            if placed.statements is not known.statements:
                self._mark_statements(known)
            return True
        return self._compared([known], [placed])

    def _compared(self, were: Sequence[PlacedCell], are: Sequence[PlacedCell]) -> bool:
        """Compare what some cells did with what others in their place do; tell whether that is all there is to say."""
        for cell in (*were, *are):
            self.difference.compare(self.was, self.now, cell.trace.past)
        before, after = _by_position(were), _by_position(are)
        for position in before.keys() | after.keys():
            old, new = before.get(position), after.get(position)
            if old is None or new is None or not old.says_the_same(new):
                self.changed.statements.add(position)
                if old is None or new is None or not old.stands_for_the_same(new):
                    self.changed.standings.add(position)
        self.changed.ends |= _ends(were) ^ _ends(are)
        did, does = _changes(were), _changes(are)
        for position in did.keys() | does.keys():
            self._mark(position, did.get(position, _NOTHING), does.get(position, _NOTHING))
        return not any(cell.trace.past.special for cell in (*were, *are))

    def _mark(self, position: int, before: Changes, after: Changes) -> None:
        """Mark what one statement no longer changes as it did."""
        changed = self.last.timeline.changes_of(before, after, position)
        for name, spans in changed.names.items():
            self.changed.names.setdefault(name, []).extend(spans)
        for number, spans in changed.regions.items():
            self.changed.regions.setdefault(number, []).extend(spans)

    def _mark_statements(self, cell: PlacedCell) -> None:
        positions = {statement.position for statement in cell.statements}
        self.changed.statements |= positions
        self.changed.standings |= positions
