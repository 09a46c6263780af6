"""Start a real JupyterLab and a real Chromium, and act in them as a user does: for tests, benchmarks and pictures."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import sync_playwright

TOKEN = "nb2dag-browser-test"
WIDTH, HEIGHT = 1440, 900
SHOTS = Path(__file__).parents[2] / "docs" / "images" / "jupyterlab"
RENEW = "NB2DAG_RENEW_PICTURES"
"""Set to write the pictures of docs/guide/jupyterlab.md anew; else each test takes them and throws them away."""

LAB_PYTHON = "NB2DAG_LAB_PYTHON"
"""Set to the interpreter of another environment to try the JupyterLab that is installed there."""

QUIET = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": False}


def chromium():
    """Return Chromium's path; there is no skipping what the tests are for."""
    names = (os.environ.get("NB2DAG_CHROMIUM"), shutil.which("chromium"), shutil.which("google-chrome"))
    found = next((name for name in names if name and Path(name).exists()), None)
    assert found, "no Chromium: `make test` installs it (apt-get install chromium), or set NB2DAG_CHROMIUM"
    return found


@dataclass(frozen=True)
class Server:
    """A running Jupyter server with its own home, settings and workspaces."""

    base: str
    root: Path
    home: Path
    process: subprocess.Popen

    def write(self, name, cells, **metadata):
        """Write a notebook; a cell that begins with `md:` is Markdown."""
        made = [new_markdown_cell(cell[3:]) if cell.startswith("md:") else new_code_cell(cell) for cell in cells]
        for number, cell in enumerate(made, 1):
            cell["id"] = f"c{number}"
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(new_notebook(cells=made, metadata={"kernelspec": kernel, **metadata}), path)
        return path


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running_lab(home, *options, environ=None, through=()):
    """Run a Jupyter server with its own home, settings and workspaces below the folder `home`.

    `through` is a command that runs the one behind it, as `setpriv` does.
    """
    root = home / "root"
    root.mkdir()
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(QUIET))
    port = _free_port()
    folders = {
        "HOME": "home",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    environment = {**os.environ, **{name: str(home / folder) for name, folder in folders.items()}, **(environ or {})}
    command = [
        *through,
        os.environ.get(LAB_PYTHON, sys.executable),
        "-m",
        "jupyterlab",
        "--no-browser",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={root}",
        f"--IdentityProvider.token={TOKEN}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.expose_app_in_browser=True",
        "--JupyterNotebookApp.expose_app_in_browser=True",
        "--LabApp.extension_manager=readonly",
        "--allow-root",
        # The JupyterLab of another environment has no Airflow beside it, and this one has.
        f"--Nb2dagServer.airflow_python={sys.executable}",
        *options,
    ]
    log = home / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=root, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    base = f"http://127.0.0.1:{port}"
    try:
        _wait_for(process, base, log)
        yield Server(base, root, home, process)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            # Jupyter's server may wait without end for a kernel that was just starting.
            process.kill()
            process.wait(20)


def _wait_for(process, base, log):
    deadline = time.monotonic() + 240
    while True:
        try:
            with urllib.request.urlopen(f"{base}/api/status?token={TOKEN}", timeout=5) as answer:
                json.load(answer)
            return
        except OSError:
            assert process.poll() is None, log.read_text()[-4000:]
            assert time.monotonic() < deadline, log.read_text()[-4000:]
            time.sleep(0.2)


@contextmanager
def running_chromium():
    """Run Chromium and give Playwright's browser."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        launched = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield launched
        launched.close()


def new_page(browser):
    """Return a page of its own context; it keeps the errors that nothing caught in `faults`."""
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, reduced_motion="reduce")
    context.set_default_timeout(45_000)
    opened = context.new_page()
    opened.faults = []
    opened.on("pageerror", lambda error: opened.faults.append(f"{error}\n{error.stack}"))
    return opened


def open_notebook(page, server, name, *, app="lab", panel=True, theme="light"):
    """Open a notebook in JupyterLab or Notebook 7 and, unless told otherwise, the panel beside it."""
    where = f"lab/tree/{name}?reset&token={TOKEN}" if app == "lab" else f"notebooks/{name}?token={TOKEN}"
    page.goto(f"{server.base}/{where}", wait_until="domcontentloaded")
    # The page's 20 MB of scripts are the slowest part where a machine is busy.
    page.wait_for_function("() => window.jupyterapp", timeout=180_000)
    page.evaluate("async app => { await (app === 'lab' ? jupyterapp.restored : jupyterapp.started) }", app)
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    page.wait_for_function("() => window.jupyterapp.shell.currentWidget?.context?.isReady")
    page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
    # The theme is kept on the server, where an earlier test may have changed it.
    named = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}[theme]
    page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", named)
    page.wait_for_selector(f"body[data-jp-theme-name='{named}']", state="attached")
    if panel:
        page.evaluate("() => jupyterapp.commands.execute('nb2dag:show')")
        page.locator("#nb2dag-panel").wait_for()
    return Notebook(page)


class Notebook:
    """The open notebook and the panel, as a user sees them."""

    def __init__(self, page):
        self.page = page
        self.panel = page.locator("#nb2dag-panel")

    def wait_for_kernel(self):
        """Wait until the kernel is there: the code is highlighted from then on."""
        self.page.wait_for_function(
            "() => jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'", timeout=120_000
        )

    def source(self, index):
        """Return the text of a cell, counted from 0."""
        return self.page.evaluate(
            "i => jupyterapp.shell.currentWidget.content.widgets[i].model.sharedModel.getSource()", index
        )

    def set_source(self, index, text):
        self.page.evaluate(
            "([i, t]) => jupyterapp.shell.currentWidget.content.widgets[i].model.sharedModel.setSource(t)",
            [index, text],
        )

    def cursor(self):
        """Return the cell, from 0, and the line, from 1, where the cursor is once an editor has the focus."""
        self.page.wait_for_function("() => document.activeElement?.classList.contains('cm-content')")
        place = self.page.evaluate(
            """() => {
                const notebook = jupyterapp.shell.currentWidget.content;
                return [notebook.activeCellIndex, notebook.activeCell.editor.getCursorPosition().line + 1];
            }"""
        )
        return tuple(place)

    def edit_at_the_end_of(self, index, line=0):
        """Put the cursor at the end of a cell's line; both are counted from 0."""
        self.page.evaluate(
            """([index, line]) => {
                const notebook = jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = index;
                notebook.mode = 'edit';
                const { editor } = notebook.activeCell;
                editor.focus();
                editor.setCursorPosition({ line, column: editor.getLine(line).length });
            }""",
            [index, line],
        )

    def choose(self, index, command):
        """Choose a command in the menu of a cell's badge."""
        self.badge(index).click()
        self.page.locator(f'.lm-Menu-item[data-command="nb2dag:{command}"]').click()

    def wait_for_source(self, index, text):
        """Wait until that is the text of a cell, counted from 0."""
        try:
            self.page.wait_for_function(
                "([i, t]) => jupyterapp.shell.currentWidget.content.widgets[i]?.model.sharedModel.getSource() === t",
                arg=[index, text],
                timeout=20_000,
            )
        except PlaywrightTimeout:
            assert self.source(index) == text

    def set_option(self, task, option, text):
        """Give a task's option another value in the panel's form."""
        self.task(task).click()
        self.tab("task")
        field = self.panel.locator(f'[data-option="{option}"] input')
        field.fill(text)
        field.press("Enter")

    def task(self, name):
        return self.panel.locator(f'[data-task="{name}"]')

    def tasks(self):
        return self.panel.locator("[data-task]").evaluate_all("all => all.map(each => each.dataset.task)")

    def wait_for_tasks(self, *names):
        self.page.wait_for_function(
            """names => {
                const found = [...document.querySelectorAll('#nb2dag-panel [data-task]')].map(e => e.dataset.task);
                return JSON.stringify(found.sort()) === JSON.stringify(names);
            }""",
            arg=sorted(names),
        )

    def badge(self, index):
        return self.page.locator(".jp-NotebookPanel:visible .jp-Notebook .jp-Cell").nth(index).locator(".nb2dag-Badge")

    def tab(self, name):
        self.panel.locator(f'[data-tab="{name}"]').click()

    def widen(self, pixels):
        """Give the panel about that many pixels."""
        self.page.evaluate(
            """pixels => {
                const shell = jupyterapp.shell;
                const split = shell._hsplitPanel;
                const sizes = split.relativeSizes();
                const right = sizes.length - 1;
                const share = pixels / split.node.clientWidth;
                const rest = sizes[right - 1] + sizes[right] - share;
                split.setRelativeSizes(sizes.map((s, i) => (i === right ? share : i === right - 1 ? rest : s)));
            }""",
            pixels,
        )

    def shot(self, name):
        """Take a picture for the docs, once nothing moves."""
        self.page.mouse.move(WIDTH / 2, HEIGHT - 2)
        self.page.wait_for_timeout(400)
        path = SHOTS / f"{name}.png"
        if os.environ.get(RENEW):
            path.parent.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=path)
        else:
            self.page.screenshot()
            assert path.is_file(), f"{path} is missing: run the browser tests with {RENEW}=1, and look at it"
