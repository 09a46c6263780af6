"""The preview draws a graph in layers, says it in text, and lets nothing of the notebook become markup."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from nb2dag.errors import Nb2dagError
from nb2dag.magics.preview import PreviewError, find_file
from nb2dag.preview.document import SavedNotebook
from nb2dag.preview.layout import BOX_HEIGHT, lay_out
from nb2dag.preview.svg import graph_svg
from nb2dag.preview.text import preview_text
from support.sent import SHOP, sent

SVG = "{http://www.w3.org/2000/svg}"


def task(name, *upstream, cells=(1,), kind="task"):
    return {"task_id": name, "kind": kind, "group": None, "cells": list(cells), "upstream": list(upstream), "doc": ""}


def graph(*tasks, names=("x",)):
    edges = [
        {"from": up, "to": each["task_id"], "names": list(names), "declared": False}
        for each in tasks
        for up in each["upstream"]
    ]
    return {"tasks": list(tasks), "edges": edges}


DIAMOND = graph(task("load"), task("a", "load"), task("b", "load"), task("report", "a", "b"))


def test_each_task_stands_below_its_upstream_tasks_and_no_two_overlap():
    wide = graph(task("root"), *(task(f"t{n}", "root") for n in range(30)), task("end", *(f"t{n}" for n in range(30))))
    for drawn in (DIAMOND, wide):
        layout = lay_out(drawn["tasks"], drawn["edges"])
        boxes = list(layout.boxes.values())
        for edge in drawn["edges"]:
            assert layout.boxes[edge["to"]].y >= layout.boxes[edge["from"]].y + BOX_HEIGHT
        for number, one in enumerate(boxes):
            assert one.x >= 0
            assert one.x + one.width <= layout.width
            assert one.y + BOX_HEIGHT <= layout.height
            for other in boxes[:number]:
                assert one.y != other.y or one.x + one.width <= other.x or other.x + other.width <= one.x


def test_the_picture_holds_every_task_and_edge():
    root = ElementTree.fromstring(graph_svg(DIAMOND, "shop"))
    assert len(root.findall(f"{SVG}rect")) == 4
    assert len(root.findall(f"{SVG}path")) == 4
    assert {text.text for text in root.findall(f"{SVG}text")} == {"load", "a", "b", "report", "cell 1"}


def test_a_cycle_and_an_empty_graph_are_drawn_all_the_same():
    ElementTree.fromstring(graph_svg(graph(task("a", "b"), task("b", "a")), ""))
    ElementTree.fromstring(graph_svg(graph(), ""))


@pytest.mark.parametrize(
    "evil", ["</text><script>x()</script>", "<img src=x onerror=x()>", "]]>&lt;\"'", "a\x00\x1b\ud800b"]
)
def test_names_are_text(evil):
    drawn = graph(task(evil), task("b", evil), names=(evil,))
    root = ElementTree.fromstring(graph_svg(drawn, evil).encode())
    tags = {each.tag.removeprefix(SVG) for each in root.iter()}
    assert tags == {"svg", "title", "style", "defs", "marker", "path", "rect", "text"}
    assert not any(name.startswith("on") for each in root.iter() for name in each.attrib)


def test_the_text_lists_tasks_and_findings(tmp_path):
    file = tmp_path / "n.ipynb"
    write(file, *SHOP, "%%airflow_task extra\nprint(nothing)")
    said = preview_text(SavedNotebook(file).panel(), "n.ipynb")
    assert said.startswith("shop: 3 tasks (n.ipynb)\n  load\n  report after load\n  extra\n")
    assert "cell 5, line 2: error[NBD" in said


def write(file, *cells):
    notebook = sent(*cells)["notebook"]
    for cell in notebook["cells"]:
        cell |= {"outputs": [], "execution_count": None}
    file.write_text(json.dumps(notebook | {"nbformat": 4, "nbformat_minor": 5}))


def test_an_export_goes_beside_the_notebook_and_says_what_it_changed(tmp_path):
    file = tmp_path / "n.ipynb"
    write(file, *SHOP)
    notebook = SavedNotebook(file)
    assert {each["change"] for each in notebook.preview_export("dags")["files"]} == {"new"}
    assert "shop.py" in notebook.export("dags")["changed"]
    assert (tmp_path / "dags" / "shop" / "shop.py").is_file()
    assert notebook.export("dags")["changed"] == []


@pytest.mark.parametrize("content", ["", "[]", '{"cells": 3}'])
def test_what_is_no_notebook_is_said(tmp_path, content):
    file = tmp_path / "n.ipynb"
    file.write_text(content)
    with pytest.raises(Nb2dagError, match="not a notebook"):
        SavedNotebook(file).panel()


def test_the_file_is_the_one_named_or_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here = tmp_path / "n.ipynb"
    here.touch()
    assert find_file("other.ipynb", {}, {}) == tmp_path / "other.ipynb"
    assert find_file("", {"__vsc_ipynb_file__": str(here)}, {"JPY_SESSION_NAME": "x.ipynb"}) == here
    assert find_file("", {}, {"JPY_SESSION_NAME": "from/the/root/n.ipynb"}) == here
    with pytest.raises(PreviewError, match="name it"):
        find_file("", {}, {"JPY_SESSION_NAME": "console-1-abc"})
    with pytest.raises(PreviewError, match="rename"):
        find_file("", {}, {"JPY_SESSION_NAME": str(tmp_path / "renamed.ipynb")})
