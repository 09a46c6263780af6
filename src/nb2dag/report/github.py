"""Render diagnostics as GitHub workflow commands: an annotation on the line of the .ipynb file that a diff shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from nb2dag.model.diagnostic import Diagnostic, Severity
from nb2dag.model.span import Span
from nb2dag.report.ipynb_lines import FileRegion
from nb2dag.report.style import printable

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}

Locate = Callable[[Span], FileRegion]
"""Where a span stands in its file."""


def render_github(diagnostics: Iterable[Diagnostic], locate: Locate, unreadable: Iterable[tuple[str, str]] = ()) -> str:
    """Return one workflow command per line.

    Columns are given where a finding is on one line only; GitHub takes none for more. `unreadable` are notebooks
    that could not be checked at all, as pairs of path and reason.
    """
    lines = [_command(diagnostic, locate(diagnostic.span)) for diagnostic in diagnostics]
    lines += [
        f"::error file={_property(path)},title=unreadable notebook::{_message(printable(reason))}"
        for path, reason in unreadable
    ]
    return "".join(f"{line}\n" for line in lines)


def _command(diagnostic: Diagnostic, region: FileRegion) -> str:
    properties = {"file": diagnostic.span.path, "line": region.line, "endLine": region.end_line}
    if region.line == region.end_line:
        properties |= {"col": region.column, "endColumn": region.end_column}
    properties["title"] = f"{diagnostic.code} {diagnostic.name}"
    written = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{_COMMANDS[diagnostic.severity]} {written}::{_message(_text(diagnostic))}"


def _text(diagnostic: Diagnostic) -> str:
    where = f"cell {diagnostic.span.cell}, line {diagnostic.span.line}: " if diagnostic.span.cell else ""
    lines = [where + printable(diagnostic.message)]
    lines += [f"cell {label.span.cell}: {printable(label.message)}" for label in diagnostic.labels if label.span.cell]
    if diagnostic.hint:
        lines.append(f"hint: {printable(diagnostic.hint)}")
    return "\n".join(lines)


def _message(text: str) -> str:
    r"""Escape what would end a workflow command.

    >>> _message("50 %\nof")
    '50 %25%0Aof'
    """
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape what would end a property as well.

    >>> _property("a,b:c%")
    'a%2Cb%3Ac%25'
    """
    return _message(text).replace(":", "%3A").replace(",", "%2C")
