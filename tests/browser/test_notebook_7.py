"""In Notebook 7, too, the panel changes the notebook, exports and runs it, beside a preview below a cell."""

from __future__ import annotations

from playwright.sync_api import expect

CELLS = [
    "%load_ext nb2dag\n%airflow_dag seven",
    "%%airflow_task load --retris 2\nrows = [1, 2]",
    "kept = rows[1:]",
    "%%airflow_task report\nprint(kept)",
    "%airflow_preview",
]


def test_fix_menu_form_export_run_and_preview_in_notebook_7(lab, server, page):
    server.write("seven/seven.ipynb", CELLS)
    notebook = lab("seven/seven.ipynb", app="notebook")
    notebook.wait_for_kernel()
    notebook.panel.locator(".nb2dag-Finding", has_text="retris").locator(".nb2dag-Finding-fix").click()
    notebook.wait_for_source(1, "%%airflow_task load --retries 2\nrows = [1, 2]")
    notebook.choose(2, "continue-task")
    notebook.wait_for_source(2, "%%airflow_task load\nkept = rows[1:]")
    notebook.wait_for_tasks("load", "report")

    notebook.set_option("report", "retries", "4")
    notebook.wait_for_source(3, "%%airflow_task report --retries 4\nprint(kept)")

    page.locator('.jp-NotebookPanel-toolbar [data-jp-item-name="nb2dag-export"] :is(button, jp-button)').first.click()
    dialog = page.locator(".jp-Dialog")
    expect(dialog.locator('[data-change="new"]').first).to_be_visible()
    dialog.locator(".jp-mod-accept").click()
    expect(page.locator(".nb2dag-Export-done")).to_contain_text("written to")
    dialog.locator(".jp-mod-accept").click()
    assert "retries=4" in (server.root / "dags" / "seven" / "seven.py").read_text()

    notebook.panel.locator('[data-action="run"]').click()
    expect(notebook.panel.locator(".nb2dag-Runs-verdict")).to_have_text("The run succeeded.", timeout=120_000)
    assert notebook.panel.locator('[data-run="report"] pre').text_content().strip() == "[2]"

    # The preview is of the file, which is saved first; the panel beside it stays what it was.
    page.evaluate("() => jupyterapp.shell.currentWidget.context.save()")
    page.evaluate("() => { void jupyterapp.commands.execute('notebook:run-all-cells'); }")
    expect(page.locator(".nb2dag-preview")).to_contain_text("no findings", timeout=120_000)
    expect(page.locator(".jp-RenderedSVG img")).to_be_visible()
    expect(notebook.task("report")).to_be_visible()
    expect(notebook.badge(4)).to_be_visible()
