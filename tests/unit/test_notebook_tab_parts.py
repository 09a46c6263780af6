"""What the tab Notebook makes of files and of Airflow's facts, without an Airflow."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone

import fsspec
import pytest

from nb2dag.airflow.plugin.attempts import Attempt, TaskInstanceFacts
from nb2dag.airflow.plugin.cells import BUDGET, cell_views, rich_part, shown_cells
from nb2dag.airflow.plugin.finding import LARGEST, Found, Nothing, find
from nb2dag.airflow.plugin.frames import frame_document
from nb2dag.airflow.plugin.kept_notebook import KeptNotebook, OutsideStore, kept_notebook
from nb2dag.airflow.plugin.outputs import LONGEST_TEXT, MOST_OUTPUTS, Rich, output_views
from nb2dag.airflow.plugin.reading import Reader
from nb2dag.airflow.plugin.view import version_of, view_of

NOW = datetime(2026, 11, 1, tzinfo=timezone.utc)


@pytest.fixture
def store(tmp_path, monkeypatch):
    root = tmp_path / "kept"
    root.mkdir()
    monkeypatch.setenv("NB2DAG_NOTEBOOKS", str(root))
    return root


def facts(*attempts, operator="NotebookOperator", output_nb=None):
    return TaskInstanceFacts("sales", "run:1", "clean", -1, operator, output_nb, attempts)


def tried(number=1, state="success", hostname="here"):
    begun = state not in (None, "queued")
    return Attempt(number, state, NOW if begun else None, NOW if state == "success" else None, hostname)


def keep(store, notebook, number=1):
    path = store / "sales" / "run%3A1" / "clean" / "-1" / f"try-{number}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebook if isinstance(notebook, str) else json.dumps(notebook))
    return path


def code(source, *outputs, status="completed", origin=None, **timing):
    ours = {"nb2dag": origin} if origin else {}
    metadata = {"papermill": {"status": status, **timing}, **ours}
    return {"cell_type": "code", "source": source, "metadata": metadata, "outputs": list(outputs)}


def notebook(*cells):
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"language": "python"}},
        "cells": list(cells),
    }


def seen(what, attempt, *, start=0, reader=None):
    return view_of(what, attempt, find(what, attempt, "here"), reader or Reader(), start)


@pytest.mark.parametrize(
    ("place", "root"),
    [
        ("/srv/secret.ipynb", "/srv/kept"),
        ("/srv/kept-too/a.ipynb", "/srv/kept"),
        ("/srv/kept/../secret.ipynb", "/srv/kept"),
        ("/srv/kept/a/../../secret.ipynb", "/srv/kept"),
        ("/srv/kept", "/srv/kept"),
        ("relative.ipynb", "/srv/kept"),
        ("file:///etc/passwd", "/srv/kept"),
        ("s3://bucket/a.ipynb", "/srv/kept"),
        ("s3://other/a.ipynb", "s3://bucket/kept"),
        ("s3://bucket/kept/../a.ipynb", "s3://bucket/kept"),
        ("s3://bucket/kept/a::file:///etc/passwd", "s3://bucket/kept"),
        ("/etc/passwd", "s3://bucket/kept"),
    ],
)
def test_nothing_outside_the_store_has_a_place_in_it(place, root):
    with pytest.raises(OutsideStore):
        kept_notebook(place, root)


def test_no_link_is_followed_below_the_root(tmp_path, store):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "a.ipynb").write_text("secret")
    (store / "folder").symlink_to(tmp_path / "secret")
    (store / "file.ipynb").symlink_to(tmp_path / "secret" / "a.ipynb")
    for place in (store / "folder" / "a.ipynb", store / "file.ipynb"):
        with pytest.raises(OutsideStore):
            kept_notebook(str(place)).stamp()
        with pytest.raises(OutsideStore):
            kept_notebook(str(place)).read()
    os.mkfifo(store / "pipe.ipynb")
    with pytest.raises(OutsideStore):
        kept_notebook(str(store / "pipe.ipynb")).stamp()


def test_the_root_itself_may_be_a_link(tmp_path, store, monkeypatch):
    (store / "a.ipynb").write_text("{}")
    (tmp_path / "link").symlink_to(store)
    monkeypatch.setenv("NB2DAG_NOTEBOOKS", str(tmp_path / "link"))
    for place in (tmp_path / "link" / "a.ipynb", store / "a.ipynb"):
        assert kept_notebook(str(place)).read() == b"{}"


def test_a_notebook_behind_a_url():
    files = fsspec.filesystem("memory")
    kept = kept_notebook("memory://kept/a.ipynb", "memory://kept")
    assert kept.stamp() is None
    files.pipe_file("/kept/a.ipynb", b"{}")
    first = kept.stamp()
    assert first[0] == 2
    assert kept.read() == b"{}"
    files.pipe_file("/kept/a.ipynb", b"[]")
    assert kept.stamp() != first
    files.rm("/kept", recursive=True)


@pytest.mark.parametrize(
    ("attempt", "changes", "title"),
    [
        (tried(state=None), {}, "Not started yet"),
        (tried(state="queued"), {}, "Not started yet"),
        (tried(state="running"), {}, "Starting"),
        (tried(state="skipped"), {}, "The task did not run"),
        (tried(), {}, "The notebook is not there any more"),
        (tried(hostname="worker-7"), {}, "The notebook is on another machine"),
        (tried(), {"operator": "BashOperator"}, "No notebook"),
        (tried(), {"output_nb": "/elsewhere/a.ipynb"}, "The notebook is kept elsewhere"),
        (tried(), {"output_nb": "s3://bucket/a.ipynb"}, "The notebook is kept elsewhere"),
    ],
)
def test_it_says_why_there_is_nothing_to_show(store, attempt, changes, title):
    what = facts(attempt, **changes)
    told = find(what, attempt, "here")
    assert isinstance(told, Nothing)
    assert told.title == title
    if "machine" in title:
        assert "worker-7" in told.text
        assert "NB2DAG_NOTEBOOKS" in told.text
    if "elsewhere" in title:
        assert changes["output_nb"] in told.text


def test_a_notebook_that_was_pruned_names_its_place(store):
    told = find(facts(tried()), tried(), "here")
    assert str(store / "sales" / "run%3A1" / "clean" / "-1" / "try-1.ipynb") in told.text


def test_an_earlier_attempt_is_not_shown_the_file_of_a_later_one(store):
    (store / "mine.ipynb").write_text(json.dumps(notebook()))
    first, second = tried(1, "failed"), tried(2)
    what = facts(first, second, output_nb="mine.ipynb")
    assert isinstance(find(what, second, "here"), Found)
    assert find(what, first, "here").title == "Only the last attempt's notebook is known"


def test_a_huge_notebook_is_named_and_not_read(store, monkeypatch):
    path = keep(store, notebook())
    os.truncate(path, LARGEST + 1)
    monkeypatch.setattr(KeptNotebook, "read", lambda _: pytest.fail("it was read"))
    view = seen(facts(tried()), tried())
    assert view["message"]["title"] == "The notebook is too large to be shown"
    assert str(path) in view["message"]["text"]


def test_a_notebook_of_20_mb_gives_a_short_answer_with_words(store):
    line = "x" * 99 + "\n"
    printed = {"output_type": "stream", "name": "stdout", "text": line * 10_000}
    keep(store, notebook(*[code(f"run({n})", printed) for n in range(22)]))
    view = seen(facts(tried()), tried())
    assert len(json.dumps(view)) < 2 * BUDGET
    texts = [cell["outputs"][0]["text"] for cell in view["cells"]]
    assert "900,000 characters left out" in texts[0]
    assert "left out here" in texts[-1]


@pytest.mark.parametrize("broken", ["", "{", '{"cells": 3}', "[]", "[" * 100_000, '{"nbformat": 3, "worksheets": []}'])
def test_a_file_that_is_no_notebook_is_said_to_be_none(store, broken):
    keep(store, broken)
    assert seen(facts(tried()), tried())["message"]["title"] == "The notebook cannot be read just now"


@pytest.mark.parametrize(
    "cell",
    [
        {},
        {"cell_type": "code"},
        {"cell_type": "code", "source": None, "outputs": 7, "metadata": []},
        {"cell_type": "code", "source": ["a", 1], "outputs": [3, {}, {"output_type": "display_data", "data": 5}]},
        {"cell_type": "code", "source": "", "metadata": {"papermill": {"duration": float("nan"), "status": []}}},
        {"cell_type": "code", "source": "", "metadata": {"nb2dag": {"purpose": "body"}}},
        {"cell_type": "code", "source": "", "outputs": [{"output_type": "display_data", "data": {"image/png": 5}}]},
        {"cell_type": "markdown", "source": ["# a"]},
    ],
)
def test_any_cell_is_shown_somehow(store, cell):
    keep(store, json.dumps(notebook(cell)))
    view = seen(facts(tried()), tried())
    assert view["total"] == 1
    json.loads(json.dumps(view), parse_constant=pytest.fail)


def test_cells_carry_the_numbers_of_the_source_notebook_and_their_state(store):
    mark = {"cell_type": "markdown", "source": "error", "metadata": {"tags": ["papermill-error-cell-tag"]}}
    load = {"purpose": "load", "cell": 0, "source": "", "lines": []}
    body = {"purpose": "body", "cell": 7, "source": "c7", "lines": [[2, 2]]}
    keep(
        store,
        notebook(
            mark,
            code("_nb2dag.load()", origin=load, duration=0.5),
            mark,
            code("x = 1", status="failed", origin=body, duration=1.5),
            code("x", status="pending", origin={**body, "cell": 8}),
        ),
    )
    ended = seen(facts(tried(state="failed")), tried(state="failed"))["cells"]
    assert [(cell["label"], cell["state"], cell["seconds"]) for cell in ended] == [
        ("loads the inputs", "done", 0.5),
        ("notebook cell 7", "failed", 1.5),
        ("notebook cell 8", "not run", None),
    ]
    assert ended[0]["folded"]
    live = seen(facts(tried(state="running")), tried(state="running"))["cells"]
    assert live[2]["state"] == "waiting"


def test_an_error_names_the_line_of_the_source_notebook(store):
    error = {"output_type": "error", "ename": "KeyError", "evalue": "", "traceback": ["Cell In[4], line 2", "KeyError"]}
    body = {"purpose": "body", "cell": 7, "source": "c7", "lines": [[3, 5]]}
    keep(store, notebook({**code("a\nb", error, origin=body), "execution_count": 4}))
    (cell,) = seen(facts(tried(state="failed")), tried(state="failed"))["cells"]
    assert cell["outputs"][0]["where"] == "notebook cell 7, line 4"


def test_a_live_view_gives_only_the_cells_that_are_asked_for(store):
    keep(store, notebook(*[code(str(n)) for n in range(9)]))
    what = facts(tried(state="running"))
    view = seen(what, what.attempts[0], start=7)
    assert [cell["index"] for cell in view["cells"]] == [7, 8]
    assert view["total"] == 9


def test_the_version_changes_with_the_file_and_the_attempts_and_needs_no_reading(store, monkeypatch):
    path = keep(store, notebook(code("1")))
    monkeypatch.setattr(KeptNotebook, "read", lambda _: pytest.fail("it was read"))

    def version(attempt):
        what = facts(attempt)
        return version_of(what, attempt, find(what, attempt, "here"), 0)

    running = version(tried(state="running"))
    assert version(tried(state="running")) == running
    assert version(tried()) != running
    path.write_text(json.dumps(notebook(code("2"))))
    assert version(tried(state="running")) != running


def test_a_notebook_is_parsed_once_for_its_page_and_all_its_parts(store, monkeypatch):
    keep(store, notebook(code("1")))
    reader, times = Reader(), []
    read = KeptNotebook.read
    monkeypatch.setattr(KeptNotebook, "read", lambda self: times.append(1) or read(self))
    for _ in range(3):
        seen(facts(tried()), tried(), reader=reader)
    assert len(times) == 1


def views(*outputs):
    return list(output_views(outputs, lambda number, rich: f"{number}/{rich.mime}"))


def shown(**data):
    return {"output_type": "display_data", "data": {name.replace("_", "/", 1): value for name, value in data.items()}}


def test_outputs():
    stream = {"output_type": "stream", "name": "stdout", "text": ["a\n", "b"]}
    error = {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": ["\x1b[31mline", "KeyError"]}
    assert views(stream, stream, error) == [
        {"type": "stream", "name": "stdout", "text": "a\nba\nb"},
        {"type": "error", "name": "KeyError: 'x'", "text": "\x1b[31mline\nKeyError"},
    ]
    assert views(shown(text_html="<b>", text_plain="b")) == [{"type": "frame", "address": "0/text/html", "text": "b"}]
    assert views(stream, shown(image_png="aGk=", text_plain="p"))[1]["address"] == "1/image/png"
    assert views(shown(text_plain="p")) == [{"type": "text", "text": "p"}]
    assert views({"output_type": "display_data", "data": {"application/vnd.plotly.v1+json": {}}})[0]["type"] == "note"
    widget = {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "Slider()", "text/html": "no kernel"}
    assert views({"output_type": "display_data", "data": widget}) == [{"type": "text", "text": "Slider()"}]


def test_too_much_output_is_cut_with_words():
    assert len(views({"output_type": "stream", "name": "stdout", "text": "x" * 10**6})[0]["text"]) < LONGEST_TEXT + 100
    many = views(*[shown(text_plain=str(n)) for n in range(MOST_OUTPUTS + 50)])
    assert len(many) == MOST_OUTPUTS + 1
    assert many[-1] == {"type": "note", "text": "… and 50 more outputs, which only the notebook holds"}
    assert "6 MB" in views(shown(text_html="x" * 6_000_000))[0]["text"]


def test_markdown_of_a_notebook_becomes_no_html_of_its_own():
    document = frame_document(
        Rich("text/markdown", "# A <img src=x onerror=alert(1)>\n[x](javascript:alert(1))"), "dark"
    )
    assert "<h1>A &lt;img" in document
    assert 'href="javascript' not in document


def test_a_part_is_an_output_or_a_text_cell_and_nothing_else():
    cell = code("x", shown(text_html="<b>"), shown(text_plain="p"))
    assert rich_part(cell, 0) == Rich("text/html", "<b>")
    assert rich_part(cell, 1) is None
    assert rich_part(cell, 2) is None
    assert rich_part(cell, None) is None
    assert rich_part({"cell_type": "markdown", "source": "# A"}, None) == Rich("text/markdown", "# A")


def test_cells_of_a_notebook_by_hand_are_numbered_as_it_is_seen():
    injected = {**code("n = 1"), "metadata": {"tags": ["injected-parameters"]}}
    cells = shown_cells(notebook(code("n = 0"), injected, code("n")))
    labels = [view["label"] for view in cell_views(cells, "python", None, 0, lambda *_: "")]
    assert labels == ["notebook cell 1", "parameters of this run", "notebook cell 2"]
