"""Find the parts of packages that a task uses, and that only another cell, or a library, imports.

`import xml.etree` gives no `xml.etree.ElementTree`, but once some cell has imported that, by whatever name, it is
there. matplotlib has its `pyplot` as soon as pandas has drawn something.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from nb2dag.compiler.analysis.demand import Demand
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.statements import MOST_STATEMENTS, Statement
from nb2dag.compiler.analysis.traces import PlacedCell

_WITHOUT_PARTS = {
    "concurrent", "email", "html", "http", "importlib", "json", "logging", "matplotlib", "mpl_toolkits",
    "multiprocessing", "PIL", "statsmodels", "skimage", "unittest", "urllib", "wsgiref", "xml", "xmlrpc",
}  # fmt: skip
"""Packages that do not import their parts themselves, but that other libraries import parts of."""


class ImportedParts:
    """The parts of packages that the statements of a notebook import, in notebook order."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._imports = [(cell.statements[-1].position, found) for cell in flow.cells if (found := _imported(cell))]
        named = frozenset(part for _, found in self._imports for path in found for part in path.split(".")[1:])
        bare = any(map(_imports_bare, flow.cells))
        self._asking = {
            statement.position: statement
            for cell in flow.cells
            if not named.isdisjoint(_first_attributes(cell)) or (bare and _first_attributes(cell))
            for statement in cell.statements
        }

    def of(self, demand: Demand) -> tuple[str, ...]:
        """Return the parts that a task uses without importing them, in order of their names."""
        asking = [position for position in (*demand.positions, *demand.replays) if position in self._asking]
        if not asking:
            return ()
        last = max(*demand.positions, *demand.replays, 0)
        above = frozenset[str]().union(*(found for end, found in self._imports if end < last))
        used = {path for position in asking for path in self._used(self._asking[position], above)}
        if not used:
            return ()
        own = (self._flow.statements.standing(position) for position in (*demand.positions, *demand.replays))
        given = {path for statement in own for module in statement.facts.modules for path in _prefixes(module)}
        return tuple(sorted(used - given))

    def _used(self, statement: Statement, above: frozenset[str]) -> Iterator[str]:
        for root, attributes in statement.facts.dotted:
            snapshot = self._flow.timeline.before(root, statement.position)
            if snapshot is None or not snapshot.module:
                continue
            whole = _prefixes(".".join((snapshot.module, *attributes)))
            imported = [path for path in whole[snapshot.module.count(".") + 1 :] if path in above]
            if imported:
                yield imported[-1]
            elif snapshot.module in _WITHOUT_PARTS and len(attributes) > 1:
                yield whole[-2]


@lru_cache(MOST_STATEMENTS)
def _first_attributes(cell: PlacedCell) -> frozenset[str]:
    """Return the attributes that a cell takes directly of names."""
    return frozenset(attributes[0] for statement in cell.statements for _, attributes in statement.facts.dotted)


@lru_cache(MOST_STATEMENTS)
def _imports_bare(cell: PlacedCell) -> bool:
    """Tell whether a cell imports a package, which does not import its parts itself, and perhaps nothing of it."""
    return any(not _WITHOUT_PARTS.isdisjoint(statement.facts.modules) for statement in cell.statements)


def _prefixes(path: str) -> list[str]:
    """Return a dotted path and all that it begins with, the shortest first.

    >>> _prefixes("a.b.c")
    ['a', 'a.b', 'a.b.c']
    """
    parts = path.split(".")
    return [".".join(parts[: number + 1]) for number in range(len(parts))]


@lru_cache(MOST_STATEMENTS)
def _imported(cell: PlacedCell) -> frozenset[str]:
    """Return what a cell imports that may be a part of a package."""
    local = {module.name for statement in cell.statements for module in statement.facts.local_modules}
    found = frozenset[str]().union(*(statement.facts.modules for statement in cell.statements))
    return frozenset(path for path in found if "." in path and path.partition(".")[0] not in local)
