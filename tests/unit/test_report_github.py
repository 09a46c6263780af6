"""GitHub's workflow commands: one line each, properly escaped, on the lines of the file."""

from __future__ import annotations

import pytest

from nb2dag.model.diagnostic import Diagnostic, Label, Severity
from nb2dag.model.span import Region, Span
from nb2dag.report.github import render_github
from nb2dag.report.ipynb_lines import FILE_START, FileRegion

SPAN = Span("nb/a,b: 50%.ipynb", 3, "c3", Region(2, 6, 2, 8))


def finding(severity=Severity.ERROR, message="`df` is lost", span=SPAN, **extra):
    return Diagnostic("NBD202", "some-pattern", severity, message, span, **extra)


def test_a_command_has_place_title_and_message():
    label = Label(Span("nb", 1, "c1"), "made here")
    text = render_github([finding(hint="do\nthis: 100 %", labels=(label,))], lambda _: FileRegion(12, 5, 12, 7))
    assert text == (
        "::error file=nb/a%2Cb%3A 50%25.ipynb,line=12,endLine=12,col=5,endColumn=7,title=NBD202 some-pattern::"
        "cell 3, line 2: `df` is lost%0Acell 1: made here%0Ahint: do\\nthis: 100 %25\n"
    )


def test_over_several_lines_there_are_no_columns():
    text = render_github([finding()], lambda _: FileRegion(12, 5, 14, 7))
    assert ",line=12,endLine=14,title=" in text


@pytest.mark.parametrize(
    ("severity", "command"), [(Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.NOTE, "notice")]
)
def test_the_severity_is_the_command(severity, command):
    assert render_github([finding(severity)], lambda _: FILE_START).startswith(f"::{command} ")


def test_a_notebooks_text_cannot_make_a_command():
    text = render_github([finding(message="a\n::error::b\r")], lambda _: FILE_START)
    assert text.count("\n") == 1
    assert not any(line.startswith("::error::b") for line in text.splitlines())


def test_what_cannot_be_read_is_an_error_too():
    text = render_github([], lambda _: FILE_START, [("x,y.ipynb", "not JSON\nat all")])
    assert text == "::error file=x%2Cy.ipynb,title=unreadable notebook::not JSON\\nat all\n"
