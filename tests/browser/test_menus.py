"""The menus of a cell's badge and of the file browser."""

from __future__ import annotations

import ast

from playwright.sync_api import expect

CELLS = [
    "%load_ext nb2dag",
    "%%airflow_task load\nrows = [1, 2]",
    "kept = rows[1:]",
    "%%airflow_task report\nprint(kept)",
]


# What a command of the menu writes above the cell, and what the badge says then.
TAGS = {
    "continue-task": ("%%airflow_task load", "load"),
    "tag-shared": ("%%airflow_shared", "shared, whole"),
    "tag-skip": ("%%airflow_skip", "skip"),
}


def test_the_badge_tags_a_cell_and_undo_takes_the_tag_back(lab, server, page):
    server.write("badges.ipynb", CELLS)
    notebook = lab("badges.ipynb")
    notebook.wait_for_tasks("load", "report")
    expect(notebook.badge(2)).to_have_text("scratch")
    for command, (tag, role) in TAGS.items():
        notebook.choose(2, command)
        notebook.wait_for_source(2, f"{tag}\n{CELLS[2]}")
        expect(notebook.badge(2)).to_have_text(role)
        notebook.edit_at_the_end_of(2)
        page.keyboard.press("Control+z")
        notebook.wait_for_source(2, CELLS[2])
        expect(notebook.badge(2)).to_have_text("scratch")
    assert [notebook.source(i) for i in range(4)] == CELLS


def test_the_file_browser_exports_the_text_that_the_code_tab_copies(lab, server, page):
    cells = [*CELLS[:2], CELLS[3].replace("kept", "rows")]
    # As a saved notebook has it: it is part of what is exported, and the kernel would add it in the midst of the test.
    for path in ("open.ipynb", "sales/closed.ipynb"):
        server.write(path, cells, language_info={"name": "python"})
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.base)
    notebook = lab("open.ipynb", panel=False)
    notebook.wait_for_kernel()
    page.evaluate("() => jupyterapp.commands.execute('filebrowser:go-to-path', { path: 'sales' })")
    page.locator(".jp-DirListing-item", has_text="closed.ipynb").click(button="right")
    page.locator('.lm-Menu-item[data-command="nb2dag:export-file"]').click()
    dialog = page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("Export closed as DAG")
    expect(dialog.locator('[data-change="new"]').first).to_be_visible()
    dialog.locator(".jp-mod-accept").click()
    expect(page.locator(".nb2dag-Export-done")).to_contain_text("written to")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    written = server.root / "dags" / "closed"
    code = (written / "closed.py").read_text()
    assert 'task_id="report"' in code
    ast.parse(code)

    # And the very same text is in the panel of the notebook that is open now.
    page.evaluate("() => jupyterapp.commands.execute('nb2dag:show')")
    notebook.tab("code")
    listing = notebook.panel.locator(".nb2dag-Listing")
    expect(listing).to_contain_text('task_id="report"')
    page.evaluate("() => navigator.clipboard.writeText('before')")
    copy = notebook.panel.locator('[data-action="copy"]')
    copy.click()
    expect(copy).to_have_text("Copied")
    page.wait_for_function("async () => await navigator.clipboard.readText() !== 'before'")
    assert page.evaluate("() => navigator.clipboard.readText()") == code
    notebook.panel.get_by_label("File").select_option("tasks/report.ipynb")
    expect(listing.last).to_contain_text("print(rows)")
    copy.click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()).includes('print(rows)')")
