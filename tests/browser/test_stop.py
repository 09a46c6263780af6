"""Stop ends a run from the panel, and leaves no process of it."""

from __future__ import annotations

import time

import psutil
from playwright.sync_api import expect

SLEEPER = """%%airflow_task sleeper
import subprocess, sys
print('asleep', rows)
subprocess.run([sys.executable, '-c', 'import time; time.sleep(900)'])"""
CELLS = [
    "%load_ext nb2dag",
    "%%airflow_task early\nrows = [1]",
    SLEEPER,
    "%%airflow_task late --after sleeper\nprint(rows)",
]


def test_stop_ends_the_run_and_every_process_of_it(lab, server, page):
    server.write("stop.ipynb", CELLS)
    notebook = lab("stop.ipynb")
    notebook.wait_for_kernel()
    notebook.wait_for_tasks("early", "sleeper", "late")
    before = family(server)
    page.evaluate("() => { void jupyterapp.commands.execute('nb2dag:run'); }")
    sleeper = notebook.panel.locator('[data-run="sleeper"]')
    expect(sleeper.locator("pre")).to_contain_text("asleep [1]", timeout=120_000)
    started = family(server) - before
    assert len(started) >= 3, started

    notebook.panel.locator('[data-action="stop"]').click()
    expect(notebook.panel.locator(".nb2dag-Runs-verdict")).to_have_text("stopped", timeout=60_000)
    expect(sleeper).to_have_attribute("data-state", "stopped")
    expect(notebook.task("early")).to_have_attribute("data-state", "success")
    expect(notebook.task("sleeper")).to_have_attribute("data-state", "stopped")
    expect(notebook.panel.locator('[data-action="run"]')).to_be_enabled()
    deadline = time.monotonic() + 20
    while family(server) - before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert family(server) <= before


def test_a_run_is_stopped_before_the_server_has_answered(lab, server, page):
    server.write("soon.ipynb", CELLS)
    notebook = lab("soon.ipynb")
    notebook.wait_for_tasks("early", "sleeper", "late")
    stop = notebook.panel.locator('[data-action="stop"]')

    def late(route):
        if route.request.method == "POST":
            stop.click()
        route.continue_()

    page.route("**/nb2dag/jobs?*", late)
    notebook.panel.locator('[data-action="run"]').click()
    expect(notebook.panel.locator(".nb2dag-Runs-verdict")).to_have_text("stopped", timeout=60_000)


def family(server):
    """Return every process that began in the server, also one that has left its group or whose parent is gone.

    Each has the server's own home in its environment.
    """
    found = set()
    for process in psutil.process_iter():
        try:
            if process.environ().get("HOME") == str(server.home / "home") and process.status() != psutil.STATUS_ZOMBIE:
                found.add(process)
        except psutil.Error:
            continue
    return found
