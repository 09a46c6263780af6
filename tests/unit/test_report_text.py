"""The text form: where, what, the source line with its caret, labels, hint."""

from __future__ import annotations

import pytest

from nb2dag.model.diagnostic import Diagnostic, Label, Severity
from nb2dag.model.notebook import Cell, CellType, Notebook
from nb2dag.model.span import Region, Span
from nb2dag.report.caret import columns, underlined
from nb2dag.report.style import Style, printable
from nb2dag.report.summary import summarise
from nb2dag.report.text import render_summary, render_text

NOTEBOOK = Notebook(
    "etl.ipynb",
    (
        Cell(1, "intro", CellType.MARKDOWN, "# ETL"),
        Cell(2, "load", CellType.CODE, "#| task: load\ndf = read()"),
        Cell(3, "clean", CellType.CODE, "#| task: clean\ndf = df.dropna()\n"),
    ),
)


def finding(region, cell=3, severity=Severity.ERROR, **extra):
    span = Span("etl.ipynb", cell, "clean" if cell else "", region)
    return Diagnostic("NBD202", "some-pattern", severity, "`df` is changed twice", span, **extra)


def test_a_diagnostic_is_place_message_line_caret_labels_and_hint():
    label = Label(Span("etl.ipynb", 2, "load", Region(2, 1, 2, 3)), "`df` is made here")
    text = render_text([finding(Region(2, 6, 2, 17), labels=(label,), hint="rename one")], [NOTEBOOK])
    assert text == (
        "etl.ipynb:cell 3:2:6: error[NBD202] `df` is changed twice\n"
        "  2 | df = df.dropna()\n"
        "    |      ^^^^^^^^^^^\n"
        "  etl.ipynb:cell 2:2:1: `df` is made here\n"
        "  2 | df = read()\n"
        "    | ^^\n"
        "  hint: rename one\n"
    )


def test_a_secret_is_not_shown():
    notebook = Notebook("etl.ipynb", (Cell(1, "clean", CellType.CODE, "key = 'hunter2', 1"),))
    text = render_text([finding(Region(1, 7, 1, 16), cell=1, is_secret=True)], [notebook])
    assert "  1 | key = '*******', 1\n    |       ^^^^^^^^^\n" in text


def test_a_finding_about_the_file_names_no_cell_and_shows_no_line():
    assert render_text([finding(Region(1, 1, 1, 1), cell=0)], [NOTEBOOK]) == (
        "etl.ipynb: error[NBD202] `df` is changed twice\n"
    )


def test_a_notebook_that_is_not_at_hand_is_rendered_without_its_lines():
    assert render_text([finding(Region(2, 6, 2, 17))]) == "etl.ipynb:cell 3:2:6: error[NBD202] `df` is changed twice\n"


@pytest.mark.parametrize(("severity", "word"), [(Severity.WARNING, "warning"), (Severity.NOTE, "note")])
def test_the_severity_is_named(severity, word):
    assert f": {word}[NBD202] " in render_text([finding(Region(2, 1, 2, 2), severity=severity)])


def test_blocks_are_parted_by_a_blank_line():
    one = finding(Region(2, 1, 2, 3))
    assert render_text([one, one]).count("\n\n") == 1


def test_colour_adds_only_escape_sequences():
    import re

    diagnostics = [finding(Region(2, 6, 2, 17), hint="rename one")]
    painted = render_text(diagnostics, [NOTEBOOK], Style(True))
    assert "\x1b[1;31merror[NBD202]\x1b[0m" in painted
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == render_text(diagnostics, [NOTEBOOK])


@pytest.mark.parametrize(
    ("source", "region", "line", "carets"),
    [
        pytest.param("abc", Region(1, 2, 1, 3), "abc", " ^", id="one character"),
        pytest.param("abc", Region(1, 1, 1, 1), "abc", "^", id="empty region"),
        pytest.param("abc", Region(1, 4, 1, 4), "abc", "   ^", id="past the end of the line"),
        pytest.param("abc", Region(1, 9, 1, 12), "abc", "   ^", id="beyond the line"),
        pytest.param("f(a,\n  b)", Region(1, 1, 2, 5), "f(a,", "^^^^", id="several lines: the first"),
        pytest.param("\tx = y", Region(1, 6, 1, 7), "    x = y", "        ^", id="tab before"),
        pytest.param("a\tb", Region(1, 2, 1, 3), "a   b", " ^^^", id="the tab itself"),
        pytest.param("漢 = x", Region(1, 5, 1, 6), "漢 = x", "     ^", id="wide character before"),
        pytest.param("漢字", Region(1, 1, 1, 3), "漢字", "^^^^", id="wide characters"),
        pytest.param("e\u0301 = x", Region(1, 6, 1, 7), "e\u0301 = x", "    ^", id="combining mark before"),
        pytest.param("a\x1bb", Region(1, 3, 1, 4), "a\\x1bb", "     ^", id="control character before"),
        pytest.param("a\x0cb\nc", Region(2, 1, 2, 2), "c", "^", id="a form feed ends no line"),
        pytest.param("x = 1\r\ny", Region(1, 1, 1, 2), "x = 1", "^", id="carriage return"),
    ],
)
def test_carets_stand_below_their_characters(source, region, line, carets):
    assert underlined(source, region) == (line, carets)


@pytest.mark.parametrize("line", [0, 4])
def test_a_line_that_does_not_exist_is_not_drawn(line):
    assert underlined("a\nb\nc", Region(line, 1, line, 2)) is None


def test_a_long_line_is_shown_around_its_caret():
    source = "x" * 300 + "HERE" + "y" * 300
    line, carets = underlined(source, Region(1, 301, 1, 305))
    assert len(line) < 160
    assert line.startswith("...x")
    assert line.endswith("y...")
    assert line[carets.index("^") :][:4] == "HERE"
    assert carets.count("^") == 4


def test_a_region_longer_than_what_is_shown_is_underlined_as_far_as_it_is():
    line, carets = underlined("x" * 500, Region(1, 1, 1, 501))
    assert line == "x" * 140 + "..."
    assert carets == "^" * 140


def test_text_of_a_notebook_cannot_move_the_cursor():
    assert printable("a\x1b]0;title\x07\r\n\u202e\ud800b") == "a\\x1b]0;title\\x07\\r\\n\\u202e\\ud800b"
    assert printable("tab\tstays, 漢 too") == "tab\tstays, 漢 too"


def test_columns_counts_what_a_terminal_does():
    assert columns("a漢e\u0301") == 4


@pytest.mark.parametrize(
    ("severities", "sentence"),
    [
        ([], "no findings in 1 notebook"),
        ([Severity.ERROR], "1 error in 1 notebook"),
        ([Severity.ERROR, Severity.ERROR, Severity.NOTE], "2 errors and 1 note in 1 notebook"),
        ([Severity.ERROR, Severity.WARNING, Severity.NOTE], "1 error, 1 warning and 1 note in 1 notebook"),
    ],
)
def test_the_summary_is_a_sentence(severities, sentence):
    found = [finding(Region(1, 1, 1, 2), severity=severity) for severity in severities]
    assert render_summary(summarise(found, 1)) == sentence + "\n"
