"""`%airflow_preview` in real front ends: the panel works there, and a picture stays in the saved notebook."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

EVIL = "<img src=x onerror='window.stolen = 1'>"
CELLS = [
    "%load_ext nb2dag\n%airflow_dag previewed",
    "%%airflow_task load --retries 2\nrows = [1]",
    f'%%airflow_task report\nprint(rows, "{EVIL}")',
    "%airflow_preview",
]


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_the_preview_shows_graph_findings_code_and_exports(lab, server, page, app):
    file = server.write(f"{app}/previewed.ipynb", CELLS)
    notebook = lab(f"{app}/previewed.ipynb", app=app, panel=False)
    notebook.wait_for_kernel()
    page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
    preview = page.locator(".nb2dag-preview")
    expect(preview).to_contain_text("no findings", timeout=120_000)
    picture = page.locator(".jp-RenderedSVG img")
    expect(picture).to_be_visible()
    assert picture.bounding_box()["height"] > 100

    # The code is text, whatever it holds.
    preview.get_by_role("tab", name="Code").click()
    files = preview.locator("select")
    expect(files.locator("option")).to_have_count(3)
    files.select_option("tasks/report.ipynb")
    expect(preview.locator("pre:visible")).to_contain_text(EVIL)
    assert preview.locator("img").count() == 0

    preview.get_by_role("tab", name="Export").click()
    expect(preview.locator("pre:visible")).to_contain_text("new      previewed.py")
    preview.get_by_role("button", name="Export", exact=True).click()
    expect(preview).to_contain_text("written to")
    assert "retries=2" in (file.parent / "dags" / "previewed" / "previewed.py").read_text()

    # The saved file is what counts, when it is read again.
    page.evaluate(
        """async () => {
            const panel = jupyterapp.shell.currentWidget;
            panel.content.widgets[1].model.sharedModel.setSource('%%airflow_task load\\nrows = undefined_name');
            await panel.context.save();
        }"""
    )
    preview.get_by_role("button", name="Read the file again").click()
    preview.get_by_role("tab", name="Findings").click()
    expect(preview).to_contain_text("undefined_name")
    page.evaluate("() => jupyterapp.shell.currentWidget.context.save()")
    outputs = json.loads(file.read_text())["cells"][3]["outputs"]
    assert "load" in "".join(outputs[0]["data"]["image/svg+xml"])
    assert "undefined_name" in "".join(outputs[0]["data"]["text/plain"])
    assert page.evaluate("() => window.stolen") is None


def test_a_picture_of_the_preview_for_the_guide(lab, server, page):
    cells = [
        "%load_ext nb2dag\n%airflow_dag regions --schedule @daily",
        "%%airflow_task extract\norders = [('north', 3), ('south', 5), ('north', 4)]",
        "%%airflow_task by_region\nregions = sorted({region for region, _ in orders})",
        "%%airflow_task total --retries 2\ntotal = sum(amount for _, amount in orders)",
        "%%airflow_task report\nprint(regions, total)",
        "%airflow_preview",
    ]
    server.write("regions.ipynb", cells)
    notebook = lab("regions.ipynb", panel=False)
    notebook.wait_for_kernel()
    page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
    preview = page.locator(".nb2dag-preview")
    expect(preview).to_contain_text("no findings", timeout=120_000)
    preview.get_by_role("tab", name="Code").click()
    expect(preview.locator("pre:visible")).to_contain_text('dag_id="regions"')
    # Other tests' notebooks are no part of the picture.
    page.evaluate("() => jupyterapp.commands.execute('application:toggle-left-area')")
    page.evaluate("() => jupyterapp.shell.currentWidget.content.scrollToItem(5, 'start')")
    notebook.shot("preview")
