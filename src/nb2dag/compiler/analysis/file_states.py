"""Keep the versions of the files in the working directory on the timeline: one state for each place that is written.

Two places that may have a file in common are two states, and to write one is to touch the other. So whoever takes
a state from its last writer has all of it, and two states taken from different tasks agree where they overlap.
"""

from __future__ import annotations

import ast

from nb2dag.compiler.analysis.effects import FileAccess, FileUse
from nb2dag.compiler.analysis.places import file_state, is_outside, lies_below, overlap, place_in
from nb2dag.compiler.analysis.timeline import Snapshot, Timeline


class FileStates:
    """The places that were written up to now. One that certainly lies outside of the working directory has no state."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._places: dict[str, None] = {}

    def needed(self, use: FileUse) -> set[str]:
        """Return the states that a use depends on: what it reads, or changes without replacing all of it."""
        place = use.place
        if place is None or is_outside(place):
            return set()
        replaces = use.certain and use.access in (FileAccess.REPLACE, FileAccess.FOLDER)
        found = {other for other in self._places if overlap(place, other)}
        if replaces:
            found.discard(place)
        if use.writes:
            found |= {other for other in self._places if other.endswith("/") and lies_below(place, other)}
        return {file_state(other) for other in found}

    def imported(self, node: ast.stmt) -> set[str]:
        """Return the states of written files that an import, or one inside a function or block, may load."""
        if not any(".py" in place or "*" in place or place.endswith("/") for place in self._places):
            return set()
        found: set[str] = set()
        for module in imported_modules(node):
            found |= {file_state(other) for other in self._places if is_module_file(other, module)}
        return found

    def apply(self, use: FileUse, position: int) -> None:
        """Record what a use at `position` does."""
        place = use.place
        if place is None or is_outside(place) or not use.writes:
            return
        replaces = use.certain and use.access in (FileAccess.REPLACE, FileAccess.FOLDER)
        state = file_state(place)
        if replaces or self._timeline.now(state) is None:
            own = frozenset({self._timeline.new_region()})
            self._timeline.record(state, Snapshot(position, position, own, own))
            self._places[place] = None
        self.touch(state, position)

    def touch(self, state: str, position: int) -> None:
        """Record that the files of a state may change at `position`, and with them those of every state it overlaps."""
        place = place_in(state)
        if not place or is_outside(place):
            return
        for other in [place, *self._places]:
            snapshot = self._timeline.now(file_state(other))
            if snapshot is not None and (other == place or overlap(place, other)):
                self._timeline.touch(snapshot.own, position)


def imported_modules(tree: ast.AST) -> set[str]:
    """Return the dotted modules that a tree imports; `from a import b` may mean the module `a.b`."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*")
    return found


def is_module_file(place: str, module: str) -> bool:
    """Tell whether what was written at a place may be the file of a module.

    >>> is_module_file("lib/rows.py", "rows"), is_module_file("rows.csv", "rows"), is_module_file("*", "rows")
    (True, False, True)
    """
    path = module.replace(".", "/")
    return any(_is_module(place, file) for file in (f"{path}.py", f"{path}/__init__.py"))


def _is_module(place: str, path: str) -> bool:
    """Tell whether what was written at a place may be the file at `path`, below some folder of the search."""
    if place.endswith("/"):
        return False
    return overlap(place, path) or place.endswith(f"/{path}") or (place.endswith("*") and "/" not in place)
