"""Render diagnostics as text for people: where, what, the line with a caret, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from nb2dag.model.diagnostic import Applicability, Diagnostic, Severity
from nb2dag.model.notebook import Notebook
from nb2dag.model.span import Span
from nb2dag.report.caret import underlined
from nb2dag.report.style import Style, printable
from nb2dag.report.summary import Summary

_HOW = {
    Applicability.SAFE: " (check --fix)",
    Applicability.UNSAFE: " (check --fix --unsafe-fixes)",
    Applicability.DISPLAY_ONLY: "",
}
"""How a fix is applied."""

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def render_text(
    diagnostics: Iterable[Diagnostic], notebooks: Iterable[Notebook] = (), style: Style | None = None
) -> str:
    """Return `diagnostics` in the order given, each as a block, with a blank line between blocks.

    A diagnostic's first line is `etl.ipynb:cell 4:2:7: error[NBD202] message`, and `etl.ipynb: error[...]` where it is
    about the file as a whole. Source lines are taken from `notebooks`; a diagnostic of a notebook that is not among
    them is rendered without one.
    """
    style = style or Style()
    known = {notebook.path: notebook for notebook in notebooks}
    return "\n".join(
        "".join(f"{line}\n" for line in _diagnostic_lines(diagnostic, known, style)) for diagnostic in diagnostics
    )


def render_summary(summary: Summary, style: Style | None = None) -> str:
    """Return the summary line that ends a report."""
    style = style or Style()
    colour = "red" if summary.errors else "yellow" if summary.warnings else "green"
    return style.paint(summary.sentence(), "bold", colour) + "\n"


def place(span: Span) -> str:
    """Return where a span is, as people read it.

    >>> from nb2dag.model.span import Region
    >>> place(Span("etl.ipynb", 4, "ab", Region(2, 7, 2, 9))), place(Span("etl.ipynb", 0, ""))
    ('etl.ipynb:cell 4:2:7', 'etl.ipynb')
    """
    path = printable(span.path)
    return f"{path}:cell {span.cell}:{span.line}:{span.column}" if span.cell else path


def _diagnostic_lines(diagnostic: Diagnostic, known: Mapping[str, Notebook], style: Style) -> Iterator[str]:
    colour = _COLOURS[diagnostic.severity]
    kind = style.paint(f"{diagnostic.severity.value}[{diagnostic.code}]", "bold", colour)
    yield f"{style.paint(place(diagnostic.span), 'bold')}: {kind} {printable(diagnostic.message)}"
    yield from _source_lines(diagnostic.span, known, style, colour, masked=diagnostic.is_secret)
    for label in diagnostic.labels:
        yield f"  {style.paint(place(label.span), 'bold')}: {printable(label.message)}"
        yield from _source_lines(label.span, known, style, "blue")
    if diagnostic.hint:
        yield f"  {style.paint('hint:', 'bold', 'green')} {printable(diagnostic.hint)}"
    if diagnostic.fix is not None:
        how = _HOW[diagnostic.fix.applicability]
        yield f"  {style.paint('fix:', 'bold', 'green')} {printable(diagnostic.fix.title)}{how}"


def _source_lines(
    span: Span, known: Mapping[str, Notebook], style: Style, colour: str, *, masked: bool = False
) -> Iterator[str]:
    notebook = known.get(span.path)
    if notebook is None or not 1 <= span.cell <= len(notebook.cells):
        return
    drawn = underlined(notebook.cell(span.cell).source, span.region, masked=masked)
    if drawn is None:
        return
    line, carets = drawn
    number = str(span.line)
    yield f"  {style.paint(f'{number} |', 'dim')} {line}".rstrip()
    yield f"  {style.paint(' ' * len(number) + ' |', 'dim')} {style.paint(carets, 'bold', colour)}"
