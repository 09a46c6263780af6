"""Find the files that exported code names: what ships with the bundle."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from nb2dag.compiler.analysis.effects import FileAccess
from nb2dag.compiler.analysis.file_states import imported_modules
from nb2dag.compiler.analysis.places import is_exact, is_outside, place_of
from nb2dag.compiler.analysis.statements import Statement

_LONGEST = 300


def made_paths(statements: Iterable[Statement]) -> set[str]:
    """Return the paths that exported code makes before it ever reads them: they are the run's own and never ship."""
    first: dict[str, bool] = {}
    for statement in statements:
        for use in statement.effects.files:
            if use.place is not None and is_exact(use.place):
                making = use.access in (FileAccess.REPLACE, FileAccess.FOLDER)
                first.setdefault(use.place.rstrip("/"), making)
    return {place for place, made in first.items() if made}


def mentioned_paths(statements: Iterable[Statement]) -> set[str]:
    """Return every relative path that exported statements may mean: known arguments and plain string constants."""
    found: set[str] = set()
    for statement in statements:
        places = [use.place for use in statement.effects.files]
        places += [
            place_of(node.value)
            for tree in (statement.node, *(part.tree for script in statement.scripts for part in script.parts))
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and 0 < len(node.value) < _LONGEST
        ]
        found.update(place.rstrip("/") for place in places if place is not None and _may_ship(place))
    return found


def _may_ship(place: str) -> bool:
    """Tell whether a place may be beside the notebook: a path, or a pattern that says more than "anything"."""
    return not is_outside(place) and bool(place.strip("*/"))


def modules_named(statements: Iterable[Statement]) -> set[str]:
    """Return the dotted modules that exported statements import, relative imports left out."""
    found: set[str] = set()
    for statement in statements:
        found |= imported_modules(statement.node)
        for script in statement.scripts:
            found = found.union(*(imported_modules(part.tree) for part in script.parts))
    return found
