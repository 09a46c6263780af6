"""Find the files that exported code names: what ships with the bundle."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import lru_cache

from nb2dag.compiler.analysis.effects import FileAccess
from nb2dag.compiler.analysis.imports import imported_modules
from nb2dag.compiler.analysis.places import is_exact, is_outside, place_of
from nb2dag.compiler.analysis.statements import MOST_STATEMENTS, Statement, files_of

_LONGEST = 300


def made_paths(statements: Iterable[Statement]) -> set[str]:
    """Return the paths that exported code makes before it ever reads them: they are the run's own and never ship."""
    first: dict[str, bool] = {}
    for statement in statements:
        for use in files_of(statement):
            if use.place is not None and is_exact(use.place):
                making = use.access in (FileAccess.REPLACE, FileAccess.FOLDER)
                first.setdefault(use.place.rstrip("/"), making)
    return {place for place, made in first.items() if made}


def mentioned_paths(statements: Iterable[Statement]) -> set[str]:
    """Return every relative path that exported statements may mean: known arguments and plain string constants."""
    return set().union(*map(_mentioned, statements))


@lru_cache(MOST_STATEMENTS)
def _mentioned(statement: Statement) -> frozenset[str]:
    places = [use.place for use in files_of(statement)]
    places += [place_of(text) for text in statement.facts.strings if 0 < len(text) < _LONGEST]
    return frozenset(place.rstrip("/") for place in places if place is not None and _may_ship(place))


def _may_ship(place: str) -> bool:
    """Tell whether a place may be beside the notebook: a path, or a pattern that says more than "anything"."""
    return not is_outside(place) and bool(place.strip("*/"))


def folders_counted_on(paths: Iterable[str], made: set[str]) -> set[str]:
    """Return the folders in which paths lie that exported code names, but for those that it makes itself.

    >>> sorted(folders_counted_on(["out/a.csv", "plots/b.png", "c.txt"], {"plots"}))
    ['out']
    """
    folders = {path.rpartition("/")[0] for path in paths}
    return {folder for folder in folders if folder.strip("*/") and made.isdisjoint(_at_and_above(folder))}


def made_with_parents(statements: Iterable[Statement]) -> set[str]:
    """Return the folders that exported code makes together with those around them: `os.makedirs`, `mkdir -p`."""
    uses = (use for statement in statements for use in files_of(statement) if use.access is FileAccess.FOLDER)
    return {use.place.rstrip("/") for use in uses if use.place is not None and not _makes_one_folder(use.why)}


def _makes_one_folder(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "mkdir":
        return False
    return not any(keyword.arg == "parents" for keyword in node.keywords)


def _at_and_above(folder: str) -> set[str]:
    parts = folder.split("/")
    return {"/".join(parts[: end + 1]) for end in range(len(parts))}


def modules_named(statements: Iterable[Statement]) -> set[str]:
    """Return the dotted modules that exported statements import, relative imports left out."""
    return set().union(*map(_named, statements))


@lru_cache(MOST_STATEMENTS)
def _named(statement: Statement) -> frozenset[str]:
    trees = (part.tree for script in statement.scripts for part in script.parts)
    return imported_modules(statement.node).union(*map(imported_modules, trees))
