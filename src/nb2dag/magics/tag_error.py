"""Show what is wrong with a tag as IPython shows an error, without a traceback of ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nb2dag.compiler.rules.directive import directive_diagnostics
from nb2dag.errors import Nb2dagError
from nb2dag.model.diagnostic import Diagnostic
from nb2dag.model.directive import DirectiveProblem
from nb2dag.model.notebook import Cell, CellType
from nb2dag.report.caret import underlined


class TagError(Nb2dagError):
    """The tag of the cell that was run is wrong; the cell did not run."""

    def __init__(self, source: str, problems: Sequence[DirectiveProblem]) -> None:
        cell = Cell(1, "", CellType.CODE, source)
        self.source = source
        self.diagnostics = tuple(directive_diagnostics("", cell, problems))
        super().__init__("; ".join(f"line {found.span.line}: {found.message}" for found in self.diagnostics))

    def _render_traceback_(self) -> list[str]:
        """Return the lines that IPython shows in place of a traceback."""
        return [line for found in self.diagnostics for line in _shown(self.source, found)]


def _shown(source: str, found: Diagnostic) -> Iterator[str]:
    yield f"TagError: line {found.span.line}: {found.message} [{found.code} {found.name}]"
    drawn = underlined(source, found.span.region)
    if drawn is not None:
        yield f"    {drawn[0]}"
        yield f"    {drawn[1]}"
    if found.hint:
        yield f"  hint: {found.hint}"
