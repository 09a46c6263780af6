"""Count diagnostics by severity and say the count in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nb2dag.model.diagnostic import Diagnostic, Severity


@dataclass(frozen=True, slots=True)
class Summary:
    """How many diagnostics of each severity were found in how many notebooks."""

    notebooks: int
    errors: int = 0
    warnings: int = 0
    notes: int = 0

    @property
    def total(self) -> int:
        """The number of diagnostics of any severity."""
        return self.errors + self.warnings + self.notes

    def sentence(self) -> str:
        """Return the summary as one line, such as `2 errors and 1 warning in 3 notebooks`."""
        where = counted(self.notebooks, "notebook")
        if not self.total:
            return f"no findings in {where}"
        parts = [
            counted(number, noun)
            for number, noun in ((self.errors, "error"), (self.warnings, "warning"), (self.notes, "note"))
            if number
        ]
        *first, last = parts
        return f"{', '.join(first)} and {last} in {where}" if first else f"{last} in {where}"


def summarise(diagnostics: Iterable[Diagnostic], notebooks: int) -> Summary:
    """Count `diagnostics`, found in that many notebooks."""
    severities = [diagnostic.severity for diagnostic in diagnostics]
    return Summary(
        notebooks,
        errors=severities.count(Severity.ERROR),
        warnings=severities.count(Severity.WARNING),
        notes=severities.count(Severity.NOTE),
    )


def counted(number: int, noun: str) -> str:
    """Return `number` and `noun`, which takes an s where there is not exactly one.

    >>> counted(1, "error"), counted(0, "error")
    ('1 error', '0 errors')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
