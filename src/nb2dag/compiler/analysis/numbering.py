"""Give statements positions that outlive edits: a cell that others were put above keeps the numbers it had.

Positions only tell which of two statements comes first, so there is room between them. A cell that is changed in place
keeps its room, and in it the statements above and below the change keep their numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nb2dag.compiler.analysis.cell_facts import CellFacts

_ROOM = 1 << 40


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cell's statements stand: between `start` and `end`, both exclusive."""

    start: int
    end: int
    positions: tuple[int, ...]


class Numbering:
    """Numbers the cells of one notebook, again after every edit."""

    def __init__(self) -> None:
        self._cells: list[CellFacts] = []
        self._places: list[Place] = []

    def places(self, cells: Sequence[CellFacts]) -> list[Place]:
        """Return where the statements of each cell stand."""
        above, below = common_ends(self._cells, cells)
        old, new = self._cells[above : len(self._cells) - below], cells[above : len(cells) - below]
        before, after = self._places[:above], self._places[len(self._places) - below :]
        if len(new) == len(old):
            known = self._places[above : len(self._places) - below]
            middle = [_changed(place, was.texts, now.texts) for place, was, now in zip(known, old, new, strict=True)]
        else:
            middle = _put_between(before[-1].end if before else 0, after[0].start if after else None, new)
        if len(middle) < len(new):
            before, after, middle = [], [], _put_between(0, None, cells)
        self._cells, self._places = list(cells), [*before, *middle, *after]
        return self._places


def common_ends(old: Sequence[object], new: Sequence[object]) -> tuple[int, int]:
    """Return how many items at the beginning and how many at the end are the same."""
    most = min(len(old), len(new))
    above = next((n for n in range(most) if old[n] != new[n]), most)
    below = next((n for n in range(most - above) if old[-1 - n] != new[-1 - n]), most - above)
    return above, below


def _put_between(start: int, end: int | None, cells: Sequence[CellFacts]) -> list[Place]:
    """Return places for cells between two numbers, with as much room again between them; none where they do not fit."""
    count = len(cells)
    room = _ROOM if end is None else min(_ROOM, (end - start) // (2 * count + 1))
    if count and room <= 2 * max(len(cell.texts) for cell in cells):
        return []
    found = []
    for number, cell in enumerate(cells):
        first = start + (2 * number + 1) * room
        found.append(Place(first, first + room, tuple(_evenly(first, first + room, len(cell.texts)))))
    return found


def _changed(place: Place, old: Sequence[str], new: Sequence[str]) -> Place:
    """Return the place of a cell whose statements were `old` and are `new`."""
    above, below = common_ends(old, new)
    kept = place.positions
    if len(old) == len(new):
        return place
    before, after = kept[:above], kept[len(kept) - below :]
    start, end = before[-1] if before else place.start, after[0] if after else place.end
    count = len(new) - above - below
    middle = tuple(_evenly(start, end, count))
    if count and end - start <= count:
        before, middle, after = (), tuple(_evenly(place.start, place.end, len(new))), ()
    return Place(place.start, place.end, (*before, *middle, *after))


def _evenly(start: int, end: int, count: int) -> list[int]:
    return [start + (end - start) * (number + 1) // (count + 1) for number in range(count)]
