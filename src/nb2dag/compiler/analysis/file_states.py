"""Keep the versions of the files in the working directory on the timeline: one state for each place that is written.

Two places that may have a file in common are two states, and to write one is to touch the other. So whoever takes
a state from its last writer has all of it, and two states taken from different tasks agree where they overlap.
"""

from __future__ import annotations

from collections.abc import Iterable

from nb2dag.compiler.analysis.effects import FileAccess, FileUse
from nb2dag.compiler.analysis.places import file_state, is_outside, lies_below, overlap, place_in
from nb2dag.compiler.analysis.present import Present
from nb2dag.compiler.analysis.timeline import Snapshot


class FileStates:
    """The places that were written up to now. One that certainly lies outside of the working directory has no state."""

    def __init__(self, present: Present) -> None:
        self._present = present

    def needed(self, use: FileUse) -> set[str]:
        """Return the states that a use depends on: what it reads, or changes without replacing all of it."""
        place = use.place
        if place is None or is_outside(place):
            return set()
        places = self._present.places()
        replaces = use.certain and use.access in (FileAccess.REPLACE, FileAccess.FOLDER)
        found = {other for other in places if overlap(place, other)}
        if replaces:
            found.discard(place)
        if use.writes:
            found |= {other for other in places if other.endswith("/") and lies_below(place, other)}
        return {file_state(other) for other in found}

    def imported(self, modules: Iterable[str]) -> set[str]:
        """Return the states of written files that an import, or one inside a function or block, may load."""
        if not modules:
            return set()
        places = self._present.places()
        if not any(".py" in place or "*" in place or place.endswith("/") for place in places):
            return set()
        return {file_state(other) for module in modules for other in places if is_module_file(other, module)}

    def apply(self, use: FileUse) -> None:
        """Record what a use does."""
        place = use.place
        if place is None or is_outside(place) or not use.writes:
            return
        replaces = use.certain and use.access in (FileAccess.REPLACE, FileAccess.FOLDER)
        state, position = file_state(place), self._present.position
        if replaces or self._present.now(state) is None:
            own = frozenset({self._present.new_region()})
            self._present.record(state, Snapshot(position, position, own))
            self._present.write_to(place)
        self.touch(state)

    def touch(self, state: str) -> None:
        """Record that the files of a state may change, and with them those of every state it overlaps."""
        place = place_in(state)
        if not place or is_outside(place):
            return
        for other in [place, *self._present.places()]:
            snapshot = self._present.now(file_state(other))
            if snapshot is not None and (other == place or overlap(place, other)):
                self._present.touch(snapshot.own)


def is_module_file(place: str, module: str) -> bool:
    """Tell whether what was written at a place may be the file of a module.

    >>> is_module_file("lib/rows.py", "rows"), is_module_file("rows.csv", "rows"), is_module_file("*", "rows")
    (True, False, True)
    """
    path = module.replace(".", "/")
    if f"/{path}/" in f"/{place}" and place.endswith(".py"):
        # A package may import its own modules.
        return True
    return any(_is_module(place, file) for file in (f"{path}.py", f"{path}/__init__.py"))


def _is_module(place: str, path: str) -> bool:
    """Tell whether what was written at a place may be the file at `path`, below some folder of the search."""
    if place.endswith("/"):
        return False
    return overlap(place, path) or place.endswith(f"/{path}") or (place.endswith("*") and "/" not in place)
