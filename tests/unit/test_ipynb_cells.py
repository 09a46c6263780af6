"""A cell that is added, and tags that are set, leave the rest of the file as it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.report.ipynb_cells import insert_first_cell, set_tags
from support.ipynb_files import SOURCES, STYLES, written


def document(cells, **kwargs):
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, **kwargs)


def cell(**keys):
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": [], **keys}


@settings(deadline=None, max_examples=100)
@given(st.lists(SOURCES, min_size=1, max_size=3), st.sampled_from(STYLES))
def test_the_added_cell_is_first_and_the_others_are_as_before(sources, style):
    text = written(sources, style)
    after = insert_first_cell(text, "%load_ext x\ny = 'é'", "new")
    cells = parse_notebook(after, "n").cells
    assert cells[0].source == "%load_ext x\ny = 'é'"
    assert [each.source for each in cells[1:]] == [each.source for each in parse_notebook(text, "n").cells]
    kept = 0
    while text[-kept - 1 :] == after[-kept - 1 :] and kept < len(text):
        kept += 1
    assert after.startswith(text[: len(text) - kept])


@pytest.mark.parametrize(
    "layout",
    [{"indent": 1}, {"indent": 2}, {"indent": "\t"}, {}, {"separators": (",", ":")}],
    ids=["1", "2", "tab", "line", "minified"],
)
@pytest.mark.parametrize("identified", [True, False])
def test_the_added_cell_is_written_as_jupyter_would(layout, identified):
    old = cell(id="a", source=["x"]) if identified else cell(source=["x"])
    new = {"cell_type": "code", "execution_count": None, **({"id": "new"} if identified else {})}
    new |= {"metadata": {}, "outputs": [], "source": ["a\n", "b"]}
    assert insert_first_cell(document([old], **layout), "a\nb", "new") == document([new, old], **layout)


@pytest.mark.parametrize("layout", [{"indent": 1}, {"indent": 4}, {}, {"separators": (",", ":")}])
def test_tags_go_in_the_form_of_the_file(layout):
    before = [cell(metadata={"tags": ["a", "b"], "x": 1}), cell(metadata={"tags": ["c"]})]
    after = [cell(metadata={"tags": ["b"], "x": 1}), cell(metadata={"tags": ["c"]})]
    assert set_tags(document(before, **layout), {1: ("b",)}) == document(after, **layout)


@pytest.mark.parametrize(
    ("metadata", "tags", "expected"),
    [
        ({}, ("a",), ["a"]),
        ({"k": {"tags": ["deep"]}}, ("a", "b"), ["a", "b"]),
        ({"tags": []}, ("é",), ["é"]),
        ({"tags": ["a"]}, (), []),
    ],
)
@pytest.mark.parametrize("layout", [{"indent": 1}, {"ensure_ascii": False}])
def test_tags_come_and_go(metadata, tags, expected, layout):
    text = set_tags(document([cell(), cell(metadata=metadata)], **layout), {2: tags})
    found = json.loads(text)["cells"][1]["metadata"]
    assert found == {**metadata, "tags": expected}
    assert text.isascii() or "ensure_ascii" in layout


def test_a_cell_without_tags_that_gets_none_stays_as_it_is():
    text = document([cell()], indent=1)
    assert set_tags(text, {1: ()}) == text


def test_outputs_however_they_look_are_stepped_over():
    output = {"output_type": "display_data", "data": {"a]}": ["source", {"cells": [{"metadata": {"tags": ["x"]}}]}]}}
    text = document([cell(source=["a = 1"], outputs=[output, output]), cell(source="b", metadata={"outputs": 1})])
    for layout in (text, text.replace('"outputs": ', '"outputs" :\n\t ')):
        after = set_tags(layout, {1: ["skip"], 2: ["task:a"]})
        tagged = json.loads(after)["cells"]
        assert [each["metadata"].get("tags") for each in tagged] == [["skip"], ["task:a"]]
        assert tagged[0]["outputs"] == [output, output]
