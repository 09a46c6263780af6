"""A place in a cell is found in the file, however the file is written: what stands there is the JSON of that text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.model.span import Region, Span
from nb2dag.report.ipynb_lines import FILE_START, FileRegion, IpynbLines
from support.ipynb_files import SOURCES, STYLES, written


def at(text, region):
    """Return what stands in the file at a region on one line, decoded."""
    assert region.line == region.end_line
    line = text.removeprefix("\ufeff").split("\n")[region.line - 1]
    return json.loads(f'"{line[region.column - 1 : region.end_column - 1]}"', strict=False)


@settings(deadline=None, max_examples=150)
@given(st.lists(SOURCES, max_size=4), st.sampled_from(STYLES))
def test_the_place_found_holds_the_text(sources, style):
    text = written(sources, style)
    lines = IpynbLines(text)
    for cell in parse_notebook(text, "n.ipynb").cells:
        for number, line in enumerate(cell.source.split("\n"), start=1):
            region = Region(number, 1, number, len(line) + 1)
            # Jupyter cuts at a form feed too, which ends no line of a cell.
            if style == "lines cut anywhere" or len(line.splitlines()) > 1 or line[-1:].isspace():
                for column in range(1, len(line) + 1):
                    one = Region(number, column, number, column + 1)
                    assert at(text, lines.region(cell.span("n.ipynb", one))) == line[column - 1]
            elif line:
                assert at(text, lines.region(cell.span("n.ipynb", region))) == line


@settings(deadline=None, max_examples=100)
@given(st.lists(SOURCES, min_size=1, max_size=3), st.sampled_from(STYLES), st.tuples(*[st.integers(0, 20)] * 4))
def test_any_region_has_a_place_in_the_file(sources, style, numbers):
    text = written(sources, style)
    found = IpynbLines(text).region(Span("n.ipynb", 1, "c1", Region(*numbers)))
    count = text.count("\n") + 1
    assert 1 <= found.line <= found.end_line <= count
    assert found.column >= 1
    assert (found.line, found.column) <= (found.end_line, found.end_column)


def test_each_source_line_has_its_own_line_of_a_file_from_jupyter():
    text = written(["a = 1\nb = 2\n\nc = 3"])
    lines = IpynbLines(text)
    places = [lines.region(Span("n.ipynb", 1, "c1", Region(n, 1, n, 2))).line for n in (1, 2, 3, 4)]
    assert places == list(range(places[0], places[0] + 4))
    assert text.split("\n")[places[3] - 1].strip() == '"c = 3"'


def test_a_region_over_several_lines_ends_where_its_last_character_does():
    text = '{"cells": [\n{"source": [\n"f(1,\\n",\n"  2)\\n",\n"x"]}]}'
    lines = IpynbLines(text)
    assert lines.region(Span("n", 1, "c", Region(1, 1, 2, 5))) == FileRegion(3, 2, 4, 6)
    assert lines.region(Span("n", 1, "c", Region(1, 1, 3, 1))) == FileRegion(3, 2, 4, 8)


@pytest.mark.parametrize("cell", [0, 3, -1])
def test_what_is_in_no_cell_is_at_the_start_of_the_file(cell):
    assert IpynbLines(written(["a", "b"])).region(Span("n.ipynb", cell, "")) == FILE_START


@pytest.mark.parametrize("source", ["[]", '""', '[""]'])
def test_an_empty_cell_is_where_its_source_is(source):
    text = '{"cells": [\n {"cell_type": "code",\n  "source": ' + source + "}]}"
    assert IpynbLines(text).region(Span("n.ipynb", 1, "c1")).line == 3


def test_cells_of_an_old_format_and_cells_without_a_source_are_counted():
    old = '{"worksheets": [{"cells": [\n{"input": "a"}]}, {"cells": [\n{"input": ["b"]}, {"source": "t"}]}]}'
    assert [IpynbLines(old).region(Span("n", n, "c")).line for n in (1, 2, 3)] == [2, 3, 3]
    bare = '{"cells": [\n{"cell_type": "code"},\n{"source": "a"}]}'
    assert [IpynbLines(bare).region(Span("n", n, "c")).line for n in (1, 2)] == [2, 3]


def test_of_a_key_given_twice_the_last_counts():
    text = '{"cells": [{"source": "old",\n"sour\\u0063e": "new"}]}'
    assert at(text, IpynbLines(text).region(Span("n", 1, "c", Region(1, 1, 1, 4)))) == "new"
