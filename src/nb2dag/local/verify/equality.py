"""Say what equal means for numbers, and how a comparison ends that finds more than that."""

from __future__ import annotations

RELATIVE = 1e-9
"""Numbers that differ by less, relative to the larger, are the same."""

ABSOLUTE = 1e-15
"""So are numbers closer to each other than this: what is left of a difference of equal numbers."""


class DifferenceError(Exception):
    """The values differ at `path`, a suffix such as `["a"][3].x`; both sides are there, shortened."""

    def __init__(self, path: str, one: str, other: str) -> None:
        super().__init__(path)
        self.path, self.one, self.other = path, one, other


class IncomparableError(Exception):
    """There is no telling whether the values are the same; the message says why."""
