"""Two browsers on one notebook: `make test-lab-matrix` runs this where jupyter-collaboration is installed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from support.lab import new_page, open_notebook, running_chromium, running_lab

CELLS = ["rows = [1, 2]", "%%airflow_task report\nprint(3)"]
QUIET = 2000
"""Milliseconds in which an edit that answers an edit would have shown."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture
def two(server):
    server.write("shared.ipynb", CELLS)
    with running_chromium() as browser:
        yield [open_notebook(new_page(browser), server, "shared.ipynb") for _ in range(2)]


def test_edits_of_one_browser_reach_the_other_once(server, two):
    ours, theirs = two
    for notebook in two:
        assert notebook.page.evaluate("() => jupyterapp.shell.currentWidget.context.model.collaborative")
        notebook.wait_for_tasks("report")
        count_edits(notebook)

    # Their menu tags a cell, and loads nb2dag in a new first cell: once, not once a browser.
    theirs.choose(0, "tag-task")
    theirs.page.locator(".jp-Dialog input").fill("load")
    theirs.page.locator(".jp-Dialog .jp-mod-accept").click()
    ours.wait_for_tasks("load", "report")
    for notebook in two:
        notebook.wait_for_source(0, "%load_ext nb2dag")
        notebook.wait_for_source(1, "%%airflow_task load\nrows = [1, 2]")
        assert cells(notebook) == 3

    # Our keys change their graph.
    ours.edit_at_the_end_of(2)
    ours.page.keyboard.type("ed --after load")
    theirs.wait_for_tasks("load", "reported")
    expect(theirs.panel.locator('[data-edge="load->reported"]')).to_have_count(1)
    expect(theirs.badge(2)).to_have_text("reported")

    # Their form changes our text.
    theirs.task("reported").click()
    theirs.tab("task")
    retries = theirs.panel.locator('[data-option="retries"] input')
    retries.fill("4")
    retries.press("Enter")
    text = "%%airflow_task reported --after load --retries 4\nprint(3)"
    ours.wait_for_source(2, text)

    # And then both are at rest, with the same text.
    ours.page.wait_for_timeout(QUIET)
    edits = [count_of_edits(notebook) for notebook in two]
    ours.page.wait_for_timeout(QUIET)
    assert [count_of_edits(notebook) for notebook in two] == edits
    for notebook in two:
        assert [notebook.source(i) for i in range(cells(notebook))] == [
            "%load_ext nb2dag", "%%airflow_task load\nrows = [1, 2]", text
        ]  # fmt: skip
        assert not notebook.page.faults


def cells(notebook):
    return notebook.page.evaluate("() => jupyterapp.shell.currentWidget.content.widgets.length")


def count_edits(notebook):
    notebook.page.evaluate(
        """() => {
            window.edits = 0;
            jupyterapp.shell.currentWidget.context.model.contentChanged.connect(() => { window.edits += 1; });
        }"""
    )


def count_of_edits(notebook):
    return notebook.page.evaluate("() => window.edits")
