"""The panel follows the notebook in a real JupyterLab: graph, badges, findings, forms, export and runs."""

from __future__ import annotations

import re

from playwright.sync_api import expect

SHOP = [
    "md:# Daily sales\nWhat each region sold.",
    '%load_ext nb2dag\n%airflow_dag daily_sales --schedule "0 6 * * *" --start-date 2026-01-01 --timezone Europe/Oslo',
    "#| parameters\nrate = 1.25  # euros per dollar",
    "import math\n\n\ndef euros(dollars):\n    return math.floor(dollars / rate)",
    "md:## Load\nThe day's prices.",
    "%%airflow_task load --retries 2\nprices = [10, 20, 30]",
    "prices[:2]",
    "%%airflow_task convert\nconverted = [euros(price) for price in prices]",
    "%%airflow_task summary --group reports\ntotal = sum(converted)\nprint(total)",
    "%%airflow_task check --group reports\nassert len(converted) == len(prices)",
]


def edge(notebook, name):
    return notebook.panel.locator(f'[data-edge="{name}"]')


def test_a_dag_from_nothing_to_a_run(lab, server, page):
    """The way of a first user: tag, see the graph, follow a finding, fix, set retries, undo, export, run."""
    server.write("first.ipynb", ["rows = [3, 1, 2]", "total = sum(rows)\nprint(totl)"])
    notebook = lab("first.ipynb")
    notebook.widen(400)
    expect(notebook.panel).to_contain_text("No cell is a task yet")

    # Tag both cells from their badges: one named after what it makes, one by hand.
    notebook.choose(0, "tag-task")
    page.locator(".jp-Dialog input").press("Enter")
    notebook.wait_for_tasks("rows")
    assert notebook.source(0) == "%load_ext nb2dag"
    assert notebook.source(1) == "%%airflow_task rows\nrows = [3, 1, 2]"
    notebook.choose(2, "tag-task")
    page.locator(".jp-Dialog input").fill("report")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    expect(notebook.badge(2)).to_have_text("report")
    assert notebook.badge(2).bounding_box()["height"] > 8

    # A finding goes to its line.
    finding = notebook.panel.locator(".nb2dag-Finding").first
    expect(finding).to_contain_text("totl")
    expect(page.locator(".cm-lintRange-error")).to_have_text("totl")
    finding.locator(".nb2dag-Finding-main").click()
    assert notebook.cursor() == (2, 3)
    notebook.set_source(2, "%%airflow_task report --retris 1\ntotal = sum(rows)\nprint(total)")

    # And its fix mends the text.
    notebook.panel.locator(".nb2dag-Finding", has_text="retris").locator(".nb2dag-Finding-fix").click()
    page.wait_for_function("() => !document.querySelector('#nb2dag-panel .nb2dag-Finding')")
    assert notebook.source(2).startswith("%%airflow_task report --retries 1\n")
    notebook.wait_for_tasks("rows", "report")
    expect(edge(notebook, "rows->report")).to_have_count(1)

    # A form edits the tag, and undo takes it back.
    notebook.task("report").click()
    notebook.tab("task")
    retries = notebook.panel.locator('[data-option="retries"] input')
    expect(retries).to_have_value("1")
    notebook.shot("two-tasks")
    retries.fill("4")
    retries.press("Enter")
    page.wait_for_function(
        "() => jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.getSource().includes('--retries 4')"
    )
    # What the panel has read, and not what stands in the field: an older answer would take the next value away.
    field = notebook.panel.locator('[data-option="retries"]')
    expect(field).to_have_attribute("data-given", "4")
    page.locator(".jp-Cell.jp-mod-active .cm-content").click()
    page.keyboard.press("Control+z")
    page.wait_for_function(
        "() => jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.getSource().includes('--retries 1')"
    )
    expect(field).to_have_attribute("data-given", "1")
    expect(retries).to_have_value("1")
    retries.fill("many")
    retries.press("Enter")
    expect(notebook.panel.locator(".nb2dag-Field-problem")).to_contain_text("many")

    export(page, notebook)
    files = {path.name for path in (server.root / "dags" / "first").iterdir()}
    assert files == {"first.py", "tasks", "nb2dag.json"}
    assert "retries=1" in (server.root / "dags" / "first" / "first.py").read_text()
    page.locator('[data-action="export"]').click()
    expect(page.locator(".nb2dag-Export-fresh")).to_be_visible()
    page.locator(".jp-Dialog .jp-mod-reject").click()

    page.locator('[data-action="run"]').click()
    expect(notebook.panel.locator(".nb2dag-Runs-verdict")).to_have_text("The run succeeded.", timeout=300_000)
    expect(notebook.task("report")).to_have_attribute("data-state", "success")
    output = notebook.panel.locator('[data-run="report"] pre')
    assert output.text_content().strip() == "6"


def export(page, notebook):
    page.locator('.jp-NotebookPanel-toolbar [data-jp-item-name="nb2dag-export"] :is(button, jp-button)').first.click()
    dialog = page.locator(".jp-Dialog")
    expect(dialog.locator('[data-change="new"]').first).to_be_visible()
    dialog.locator(".jp-mod-accept").click()
    expect(page.locator(".nb2dag-Export-ok, .nb2dag-Export-conflict")).to_be_visible(timeout=300_000)
    expect(page.locator(".nb2dag-Export-ok")).to_contain_text("Airflow imports it")
    dialog.locator(".jp-mod-accept").click()


def test_pictures_for_the_guide(lab, server, page):
    """Every view of the panel, in both themes, to be looked at in docs/images/jupyterlab."""
    server.write("daily_sales.ipynb", SHOP)
    notebook = lab("daily_sales.ipynb")
    notebook.widen(400)
    notebook.wait_for_kernel()
    notebook.wait_for_tasks("load", "convert", "summary", "check")
    notebook.task("convert").click()
    page.wait_for_selector('[data-task="convert"][data-focused="true"]')
    notebook.tab("task")
    notebook.shot("panel")
    notebook.tab("dag")
    notebook.shot("settings")
    notebook.tab("code")
    expect(notebook.panel.locator(".nb2dag-Listing span").first).to_be_visible()
    notebook.shot("code")
    notebook.tab("schedule")
    expect(notebook.panel.locator(".nb2dag-Schedule tbody tr")).to_have_count(5)
    notebook.shot("schedule")
    page.locator('[data-action="export"]').click()
    expect(page.locator('.nb2dag-Export-files [data-change="new"]').first).to_be_visible()
    page.locator(".nb2dag-Export-diff summary").click()
    notebook.shot("export")
    page.locator(".jp-Dialog .jp-mod-reject").click()
    broken = SHOP[7].replace("prices]", "prices if price > limit]")
    notebook.set_source(7, broken)
    notebook.set_source(3, SHOP[3] + "\n\n\nsetup_everything = print\nsetup_everything()")
    notebook.tab("findings")
    expect(notebook.panel.locator(".nb2dag-Finding").first).to_be_visible()
    notebook.panel.locator(".nb2dag-Finding .nb2dag-Finding-main").first.click()
    notebook.shot("findings")
    page.evaluate("() => jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    page.wait_for_selector("body[data-jp-theme-light='false']", state="attached")
    notebook.shot("findings-dark")
    notebook.set_source(3, SHOP[3])
    notebook.set_source(7, SHOP[7])
    expect(notebook.panel.locator('.nb2dag-Status[data-status="ok"]')).to_be_visible()
    page.locator('[data-action="run"]').click()
    expect(notebook.panel.locator(".nb2dag-Runs-verdict")).to_be_visible(timeout=300_000)
    notebook.shot("run-dark")


def test_a_narrow_panel_and_sixty_tasks(lab, server, page):
    cells = ["%load_ext nb2dag\n%airflow_dag warehouse"]
    for group in range(10):
        cells.append(f"%%airflow_task extract_{group} --group source_{group}\nraw_{group} = [{group}]")
        task = f"%%airflow_task step_{group}_{{0}} --group source_{group}\nv_{group}_{{0}} = list(raw_{group})"
        cells += [task.format(step) for step in range(4)]
        names = ", ".join(f"v_{group}_{step}" for step in range(4))
        cells.append(f"%%airflow_task merge_{group} --group source_{group}\nprint([{names}])")
    server.write("warehouse.ipynb", cells)
    notebook = lab("warehouse.ipynb")
    notebook.wait_for_kernel()
    page.evaluate("() => jupyterapp.commands.execute('application:toggle-left-area')")
    notebook.widen(800)
    page.wait_for_function("() => document.querySelectorAll('#nb2dag-panel [data-task]').length === 60")
    # More room for the graph, by its lower edge.
    divider = notebook.panel.get_by_role("separator")
    place = divider.bounding_box()
    page.mouse.move(place["x"] + 100, place["y"] + 2)
    page.mouse.down()
    page.mouse.move(place["x"] + 100, place["y"] + 180)
    page.mouse.up()
    assert divider.bounding_box()["y"] > place["y"] + 150
    notebook.panel.get_by_title("Fit the graph").click()
    assert_names_stay_in_their_boxes(notebook)
    notebook.shot("sixty-tasks")
    notebook.widen(260)
    assert re.fullmatch("warehouse", notebook.panel.locator(".nb2dag-Head-name").inner_text())
    notebook.shot("narrow")


def assert_names_stay_in_their_boxes(notebook):
    margins = notebook.panel.locator("[data-task]").evaluate_all(
        """tasks => tasks.map(task => {
            const box = task.querySelector('.nb2dag-Task-box').getBoundingClientRect();
            const name = task.querySelector('.nb2dag-Task-name').getBoundingClientRect();
            return Math.min(name.left - box.left, box.right - name.right) / box.width;
        })"""
    )
    assert min(margins) > 0.04, margins


def test_the_same_wheel_in_notebook_7(lab, server, page):
    server.write("seven.ipynb", SHOP)
    notebook = lab("seven.ipynb", app="notebook")
    notebook.wait_for_kernel()
    notebook.wait_for_tasks("load", "convert", "summary", "check")
    expect(notebook.badge(5)).to_have_text("load")
    assert notebook.badge(5).bounding_box()["height"] > 8
    notebook.set_source(9, "x = 1")
    notebook.wait_for_tasks("load", "convert", "summary")
    notebook.tab("code")
    expect(notebook.panel.locator(".nb2dag-Listing").first).to_contain_text("daily_sales")
    notebook.shot("notebook-7")


def test_a_hostile_notebook_stays_text(lab, server, page):
    """Names, messages and titles from the notebook never become HTML."""
    evil = '<img src=x onerror="window.stolen = 1">'
    cells = [
        f"md:# {evil}",
        f"%load_ext nb2dag\n%airflow_dag evil --description '{evil}'",
        f"md:## {evil}",
        f"%%airflow_task load --doc '{evil}'\nx = 1",
        f"%%airflow_task {evil}\ny = x",
        f"%%airflow_task use --pool '{evil}'\nprint(x, '{evil}', undefined_name)",
    ]
    server.write("<b>evil<img src=x onerror=stolen=1>.ipynb", cells)
    notebook = lab("%3Cb%3Eevil%3Cimg%20src=x%20onerror=stolen=1%3E.ipynb")
    expect(notebook.panel.locator(".nb2dag-Finding").first).to_be_visible()
    for tab in ("findings", "dag", "task", "code", "schedule"):
        notebook.tab(tab)
        page.wait_for_timeout(200)
        assert notebook.panel.locator("img").count() == 0
    notebook.tab("findings")
    for finding in notebook.panel.locator(".nb2dag-Finding-actions .nb2dag-link").all():
        finding.click()
    page.wait_for_timeout(300)
    assert page.evaluate("() => window.stolen") is None
