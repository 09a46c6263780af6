"""What goes wrong around the panel is said in it, and nothing in the notebook is lost."""

from __future__ import annotations

import json
import os
import time

from playwright.sync_api import expect

from support.lab import open_notebook, running_lab

CELLS = ["%load_ext nb2dag", "%%airflow_task load\nrows = [1]", "%%airflow_task report\nprint(rows)"]


def banner(notebook):
    return notebook.panel.locator(".nb2dag-Banner").first


def test_a_server_without_the_extension(page, tmp_path_factory):
    options = ("--ServerApp.jpserver_extensions={'nb2dag': False}",)
    with running_lab(tmp_path_factory.mktemp("bare"), *options) as server:
        server.write("n.ipynb", CELLS)
        notebook = open_notebook(page, server, "n.ipynb")
        expect(notebook.panel).to_contain_text("The nb2dag server extension is missing")
        assert notebook.source(1) == CELLS[1]
        notebook.wait_for_kernel()


def test_a_server_of_another_version(lab, server, page):
    def older(route):
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"version": "0.0.1"})

    page.route("**/nb2dag/hello*", older)
    server.write("version.ipynb", CELLS)
    notebook = lab("version.ipynb")
    expect(banner(notebook)).to_contain_text("The server has nb2dag 0.0.1 and this page")
    notebook.wait_for_tasks("load", "report")


def test_a_notebook_of_another_language(lab, server, page):
    kernel = {"name": "ir", "display_name": "R", "language": "R"}
    server.write("r.ipynb", ["x <- 1"], kernelspec=kernel, language_info={"name": "R"})
    # JupyterLab asks which kernel to use in place of the one that is not here.
    dialog = page.locator(".jp-Dialog")
    page.add_locator_handler(dialog, dialog.locator(".jp-mod-reject").first.click)
    notebook = lab("r.ipynb")
    expect(notebook.panel).to_contain_text("only Python notebooks become DAGs")


def test_a_lost_connection_and_a_text_that_moved_on(lab, server, page):
    server.write("lost.ipynb", CELLS)
    notebook = lab("lost.ipynb")
    notebook.wait_for_tasks("load", "report")

    # The text changes while the server works out an edit for the older one: it is kept, and the edit is not made.
    def late(route):
        notebook.set_source(1, "%%airflow_task load\nrows = [1, 2]")
        route.continue_()

    page.route("**/nb2dag/edit*", late)
    notebook.task("load").click()
    notebook.tab("task")
    retries = notebook.panel.locator('[data-option="retries"] input')
    retries.fill("4")
    retries.press("Enter")
    expect(notebook.panel).to_contain_text("edited in the meantime")
    assert notebook.source(1) == "%%airflow_task load\nrows = [1, 2]"
    page.unroute("**/nb2dag/edit*")

    # Nor is anything of a notebook that must not be changed.
    page.evaluate("() => { jupyterapp.shell.currentWidget.context.model.readOnly = true; }")
    retries.fill("5")
    retries.press("Enter")
    expect(notebook.panel).to_contain_text("The notebook is read-only")
    assert notebook.source(1) == "%%airflow_task load\nrows = [1, 2]"
    page.evaluate("() => { jupyterapp.shell.currentWidget.context.model.readOnly = false; }")

    # The graph stays while the server is away, and follows when it is back, without a keystroke.
    page.context.set_offline(True)
    notebook.set_source(2, "%%airflow_task summary\nprint(rows)")
    expect(banner(notebook)).to_contain_text("cannot be reached")
    assert set(notebook.tasks()) == {"load", "report"}
    page.context.set_offline(False)
    notebook.wait_for_tasks("load", "summary")
    expect(notebook.panel.locator(".nb2dag-Banner")).to_have_count(0)
    assert notebook.source(2) == "%%airflow_task summary\nprint(rows)"
    # Chromium reports each request that it could not send.
    page.faults[:] = [fault for fault in page.faults if "Failed to fetch" not in fault]


def test_an_export_folder_that_is_in_the_way_or_gone(lab, server, page):
    file = server.write("out/export.ipynb", CELLS)
    (file.parent / "taken").write_text("a file, and no folder")
    notebook = lab("out/export.ipynb")
    notebook.wait_for_tasks("load", "report")
    notebook.panel.locator('[data-action="export"]').click()
    dialog = page.locator(".jp-Dialog")
    folder = dialog.locator("#nb2dag-export-folder")
    folder.fill("out/taken")
    expect(dialog.locator(".nb2dag-Export-conflict")).to_contain_text("taken is a file")
    folder.fill("../elsewhere")
    expect(dialog.locator(".nb2dag-Banner")).to_contain_text("no path below the server's root")
    folder.fill("out/dags")
    expect(dialog.locator('[data-change="new"]').first).to_be_visible()
    dialog.locator(".jp-mod-accept").click()
    expect(page.locator(".nb2dag-Export-done")).to_contain_text("written to")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    written = file.parent / "dags" / "export"
    before = json.loads((written / "nb2dag.json").read_text())
    for each in sorted(file.parent.joinpath("dags").rglob("*"), reverse=True):
        each.rmdir() if each.is_dir() else each.unlink()
    file.parent.joinpath("dags").rmdir()
    notebook.panel.locator('[data-action="export"]').click()
    # The folder is the one remembered, and what was in it is made again.
    expect(dialog.locator("#nb2dag-export-folder")).to_have_value("out/dags")
    expect(dialog.locator('[data-change="new"]').first).to_be_visible()
    dialog.locator(".jp-mod-accept").click()
    expect(page.locator(".nb2dag-Export-done")).to_contain_text("written to")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    assert json.loads((written / "nb2dag.json").read_text()) == before


def test_a_file_that_others_changed_is_gone_or_in_conflict(lab, server, page):
    file = server.write("moved.ipynb", CELLS)
    notebook = lab("moved.ipynb")
    notebook.wait_for_tasks("load", "report")

    # As `git pull` does, and then the user comes back to the page.
    newer = time.time() + 60
    server.write("moved.ipynb", [*CELLS[:2], "%%airflow_task other\nprint(rows)"])
    os.utime(file, (newer, newer))
    back_to_the_page(page)
    expect(banner(notebook)).to_contain_text("The file was changed on disk")
    assert set(notebook.tasks()) == {"load", "report"}
    assert notebook.source(2) == CELLS[2]
    page.evaluate("() => { void jupyterapp.shell.currentWidget.context.revert(); }")
    notebook.wait_for_tasks("load", "other")
    expect(notebook.panel.locator(".nb2dag-Banner")).to_have_count(0)

    text = file.read_text()
    file.unlink()
    back_to_the_page(page)
    expect(banner(notebook)).to_contain_text("The file is not there any more")
    assert set(notebook.tasks()) == {"load", "other"}

    # A file with Git's conflict markers is no notebook, and JupyterLab says so; the one that is open stays as it is.
    (server.root / "conflict.ipynb").write_text(f"<<<<<<< HEAD\n{text}\n=======\n{text}\n>>>>>>> theirs\n")
    page.evaluate("() => { void jupyterapp.commands.execute('docmanager:open', { path: 'conflict.ipynb' }); }")
    expect(page.locator(".jp-Dialog").first).to_contain_text("conflict.ipynb")


def back_to_the_page(page):
    page.evaluate("() => { window.dispatchEvent(new Event('focus')); }")
