"""A notebook whose file must not be written: the panel says so, edits stay on the page, and another name keeps them."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import expect

from support.lab import open_notebook, running_lab

CELLS = ["%load_ext nb2dag", "%%airflow_task load --retris 2\nrows = [1]", "%%airflow_task report\nprint(rows)"]

AS_OTHERS = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
"""What lets file permissions bind root, too."""


@pytest.fixture(scope="module")
def bound(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("bound"), through=AS_OTHERS) as server:
        yield server


def test_a_read_only_file_is_announced_and_edits_are_kept_under_another_name(bound, page):
    file = bound.write("locked.ipynb", CELLS)
    before = file.read_bytes()
    file.chmod(0o444)
    notebook = open_notebook(page, bound, "locked.ipynb")
    banner = notebook.panel.locator(".nb2dag-Banner")
    expect(banner).to_contain_text("The file is read-only")

    # A fix and a form change the text on the page: it is the file that must not be written.
    notebook.panel.locator(".nb2dag-Finding-fix").first.click()
    notebook.wait_for_source(1, "%%airflow_task load --retries 2\nrows = [1]")
    notebook.wait_for_tasks("load", "report")
    notebook.set_option("load", "retries", "4")
    notebook.wait_for_source(1, "%%airflow_task load --retries 4\nrows = [1]")
    expect(banner).to_contain_text("can only be saved under another name")

    # JupyterLab says why it does not save, and writes the edits under another name.
    page.keyboard.press("Control+s")
    expect(page.get_by_text("locked.ipynb is read-only")).to_be_visible()
    assert file.read_bytes() == before
    page.evaluate("() => { void jupyterapp.commands.execute('docmanager:save-as'); }")
    page.locator(".jp-Dialog input").fill("mine.ipynb")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    expect(notebook.panel.locator(".nb2dag-Head-name")).to_have_text("mine")
    expect(banner).to_have_count(0)
    assert "--retries 4" in (bound.root / "mine.ipynb").read_text()
    assert file.read_bytes() == before
