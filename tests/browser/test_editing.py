"""The tag line completes, a squiggle mends itself, a name changes wherever it stands, and Verify shows the proof."""

from __future__ import annotations

from playwright.sync_api import expect

CELLS = [
    "%load_ext nb2dag\n%airflow_dag shop",
    "%%airflow_task load --retris 2\nrows = [1, 2]",
    "%%airflow_task clean\nrows = rows[1:]",
    "%%airflow_task report --after load\nprint(rows)",
]


def test_tags_are_completed_mended_renamed_and_verified(lab, server, page):
    server.write("editing.ipynb", CELLS)
    notebook = lab("editing.ipynb")
    notebook.wait_for_kernel()

    # The quick fix is in the squiggle's own tooltip.
    page.locator(".cm-lintRange-error").first.hover()
    page.locator(".cm-tooltip .cm-diagnosticAction").first.click()
    notebook.wait_for_tasks("load", "clean", "report")
    assert notebook.source(1) == "%%airflow_task load --retries 2\nrows = [1, 2]"

    # A flag and a task's name, as far as they are typed.
    notebook.edit_at_the_end_of(2)
    for typed, chosen in ((" --aft", "--after"), ("lo", "load")):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
        page.locator(".jp-Completer-item", has_text=chosen).first.click()
        page.locator(".jp-Completer").wait_for(state="hidden")
    assert notebook.source(2) == "%%airflow_task clean --after load\nrows = rows[1:]"

    # A task has one name: in its own tag and in those that name it.
    notebook.choose(1, "rename-task")
    page.locator(".jp-Dialog input").fill("extract")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    notebook.wait_for_tasks("extract", "clean", "report")
    assert notebook.source(1).startswith("%%airflow_task extract --retries 2\n")
    assert "--after extract" in notebook.source(2)
    assert notebook.source(3).startswith("%%airflow_task report --after extract\n")

    page.locator('[data-action="verify"]').click()
    verdict = notebook.panel.locator(".nb2dag-Runs-verdict")
    expect(verdict).to_have_text("Proven: the DAG computes what the notebook computes.", timeout=300_000)
    expect(notebook.panel.locator('[data-tab="run"]')).to_have_text("Proof")
    expect(notebook.panel.locator(".nb2dag-Proof")).to_contain_text("by value")
