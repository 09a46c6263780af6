"""Choose where to cut: at headings where little is handed over, into a handful of tasks of some size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

MOST_TASKS = 8
FEWEST_TASKS = 3

_WORTH = {None: 0.0, 1: 4.0, 2: 3.5, 3: 2.5, 4: 1.8, 5: 1.4, 6: 1.2, 7: 0.8}
"""What a boundary gains from the Markdown at it, by the level of its highest heading."""

_GOOD = 1.0
"""A cut worth less than this is made only to have `FEWEST_TASKS`."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """A place between two cells: the level of the heading there, the cost of the handoff, whether it may be cut."""

    level: int | None
    cost: float
    turns: bool = False
    """The code below does another kind of work than that above."""
    forbidden: bool = False

    @property
    def worth(self) -> float:
        """How good a place for a cut it is."""
        return _WORTH[self.level] - min(self.cost, 3.5) + (0.8 if self.turns else 0.0)


def choose_cuts(boundaries: Sequence[Boundary], weights: Sequence[int]) -> list[int]:
    """Return the boundaries to cut at, by their number.

    Cutting starts everywhere; the worst cut is taken back until what is left is good, and few enough.

    Args:
        boundaries: The n-th lies between the n-th cell and the next.
        weights: Lines of code per cell.

    >>> section, text = Boundary(2, 0.3), Boundary(None, 0.6)
    >>> choose_cuts([text, section, text, section, text], [3] * 6)
    [1, 3]
    """
    cuts = [number for number, boundary in enumerate(boundaries) if not boundary.forbidden]
    while cuts:
        sizes = _sizes(cuts, weights)
        value = {
            cut: boundaries[cut].worth - 1.6 / (1 + min(sizes[place], sizes[place + 1]) / 4)
            for place, cut in enumerate(cuts)
        }
        worst = min(cuts, key=lambda cut: (value[cut], cut))
        tasks = len(cuts) + 1
        if tasks <= FEWEST_TASKS or (tasks <= MOST_TASKS and value[worst] >= _GOOD):
            break
        cuts.remove(worst)
    return cuts


def _sizes(cuts: Sequence[int], weights: Sequence[int]) -> list[int]:
    edges = [0, *(cut + 1 for cut in cuts), len(weights)]
    return [sum(weights[start:end]) for start, end in pairwise(edges)]
