"""An edit of a cell changes its lines in the file and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.model.diagnostic import Edit
from nb2dag.model.span import Region
from nb2dag.report.ipynb_edit import apply_edits, edit_source, overlaps
from support.ipynb_files import SOURCES, STYLES, written


def edit(cell, region, replacement):
    return Edit(cell, f"c{cell}", Region(*region), replacement)


@settings(deadline=None, max_examples=150)
@given(st.lists(SOURCES, min_size=1, max_size=3), st.sampled_from(STYLES), st.text(max_size=5).filter(str.isprintable))
def test_the_edited_cell_reads_as_meant_and_the_others_as_before(sources, style, replacement):
    text = written(sources, style)
    before = parse_notebook(text, "n")
    line = before.cell(1).source.split("\n")[0]
    change = edit(1, (1, 1, 1, len(line) + 1), replacement)
    after = parse_notebook(apply_edits(text, [change]), "n")
    assert after.cell(1).source == edit_source(before.cell(1).source, [change])
    assert [cell.source for cell in after.cells[1:]] == [cell.source for cell in before.cells[1:]]


@settings(deadline=None, max_examples=100)
@given(
    st.lists(SOURCES.filter(bool), min_size=1, max_size=3), st.sampled_from(["jupyter", "escaped", "crlf file", "bom"])
)
def test_an_edit_that_changes_nothing_leaves_the_file_as_it_is(sources, style):
    text = written(sources, style)
    assert apply_edits(text, [edit(1, (1, 1, 1, 1), "")]) == text


def test_only_the_edited_line_of_the_file_differs():
    text = written(["é = 1\nb = 2\nc = 3", "x"])
    after = apply_edits(text, [edit(1, (2, 1, 2, 2), "ä")])
    changed = [(a, b) for a, b in zip(text.split("\n"), after.split("\n"), strict=True) if a != b]
    assert changed == [('    "b = 2\\n",', '    "ä = 2\\n",')]


def test_lines_come_and_go_in_the_form_of_the_file():
    text = written(["a\nb\nc"])
    gone = apply_edits(text, [edit(1, (2, 1, 3, 1), "")])
    assert gone == written(["a\nc"])
    assert apply_edits(gone, [edit(1, (2, 1, 2, 1), "b\n")]) == text
    assert json.loads(apply_edits(text, [edit(1, (1, 1, 3, 2), "")]))["cells"][0]["source"] == []


def test_a_file_in_ascii_stays_in_ascii():
    text = written(["a"], "escaped")
    assert apply_edits(text, [edit(1, (1, 1, 1, 2), "é")]).isascii()


def test_several_cells_at_once():
    text = apply_edits(written(["a", "b"]), [edit(1, (1, 1, 1, 2), "longer"), edit(2, (1, 1, 1, 2), "y")])
    assert [cell.source for cell in parse_notebook(text, "n").cells] == ["longer", "y"]


@pytest.mark.parametrize(
    ("cell", "region", "expected"),
    [(1, (1, 3, 1, 5), True), (1, (1, 6, 1, 7), False), (1, (1, 5, 1, 5), True), (2, (1, 3, 1, 5), False)],
)
def test_overlaps(cell, region, expected):
    assert overlaps(edit(cell, region, ""), [edit(1, (1, 2, 1, 5), "x")]) is expected
