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

    def of(self, demand: Demand) -> tuple[str, ...]:
        """Return the parts that a task uses without importing them, in order of their names."""
        flow = self._flow
        positions = sorted({*demand.positions, *demand.replays})
        if not positions:
            return ()
        above = frozenset[str]().union(*(found for end, found in self._imports if end < positions[-1]))
        named = {part for path in above for part in path.split(".")[1:]}
        used: set[str] = set()
        own: set[str] = set()
        for position in positions:
            statement = flow.statements.standing(position)
            own |= statement.facts.modules
            for root, attributes in statement.facts.dotted:
                if attributes[0] in named or len(attributes) > 1:
                    used.update(self._parts(statement, root, attributes, above))
        given = {path for module in own for path in _prefixes(module)}
        return tuple(sorted(used - given))

    def _parts(
        self, statement: Statement, root: str, attributes: tuple[str, ...], above: frozenset[str]
    ) -> Iterator[str]:
        snapshot = self._flow.timeline.before(root, statement.position)
        if snapshot is None or not snapshot.module:
            return
        whole = ".".join((snapshot.module, *attributes))
        imported = [path for path in _prefixes(whole) if path in above and path.count(".") > snapshot.module.count(".")]
        if imported:
            yield imported[-1]
        elif snapshot.module in _WITHOUT_PARTS and len(attributes) > 1:
            yield ".".join((snapshot.module, *attributes[:-1]))


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
