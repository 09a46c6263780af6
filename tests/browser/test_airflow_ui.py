"""A real Airflow, opened in a real Chromium: the tab Notebook, who may see it, what its HTML may do, and pictures."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from support.lab import RENEW
from support.tab_airflow import GUEST, prepared_airflow

SHOTS = Path(__file__).parents[2] / "docs" / "images" / "airflow"
LARGEST_PICTURE = 150_000
pytestmark = pytest.mark.timeout(900)
"""Airflow takes its time to start where other tests run beside this one."""

FORECAST, BY_HAND, WEATHER = "orders_forecast", "by_hand", "seattle_weather"


@pytest.fixture(scope="module")
def airflow(tmp_path_factory):
    home = tmp_path_factory.mktemp("airflow")
    with prepared_airflow(home) as started:
        started.wait_for_api(600, lambda _: None)
        for dag_id in (FORECAST, BY_HAND, WEATHER):
            started.wait_for_dag(dag_id, 300)
        started.runs = {dag_id: started.trigger(dag_id) for dag_id in (FORECAST, BY_HAND)}
        yield started


@pytest.fixture
def ui(page, airflow):
    """Airflow's pages, opened by the admin."""
    ui = Pages(page, airflow)
    ui.log_in(airflow.new_token())
    return ui


class Pages:
    """Airflow's pages in a browser."""

    def __init__(self, page, airflow):
        self.page, self.airflow = page, airflow
        self.notebook = page.frame_locator('iframe[title="Notebook"]')

    def log_in(self, token):
        self.page.context.add_cookies([{"name": "_token", "value": token, "url": self.airflow.url}])

    def theme(self, name):
        self.page.add_init_script(f"try {{{{ localStorage.setItem('theme', '{name}') }}}} catch {{{{}}}}")

    def open(self, path):
        self.page.goto(f"{self.airflow.url}/{path}")

    def open_notebook(self, dag_id, task_id, mapped=""):
        run = quote(self.airflow.runs[dag_id], safe="")
        self.open(f"dags/{dag_id}/runs/{run}/tasks/{task_id}{mapped}")
        tab = self.page.get_by_role("link", name="Notebook", exact=True)
        tab.click()
        try:
            expect(self.page.locator('iframe[title="Notebook"]')).to_be_visible(timeout=10_000)
        except AssertionError:
            # Airflow's page shows the logs by itself once it knows the attempts, now and then after the click.
            tab.click()
        return self.notebook

    def cell(self, label):
        return self.notebook.locator("section", has=self.page.get_by_text(label, exact=True))

    def shot(self, name):
        """Take a picture for the docs, and keep it where they are to be renewed."""
        from PIL import Image

        self.page.mouse.move(5, 895)
        for footer in self.notebook.locator("footer").all():
            # A folder of this machine.
            footer.evaluate("each => { each.style.visibility = 'hidden'; }")
        # Airflow's pages fade in, and images of a frame load when they are seen.
        self.page.wait_for_timeout(700)
        path = SHOTS / f"{name}.png"
        if not os.environ.get(RENEW):
            # That the pictures of a guide are there, the test of its links knows.
            self.page.screenshot()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path)
        Image.open(path).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
        assert path.stat().st_size < LARGEST_PICTURE


def instance(airflow, dag_id, task_id, map_index=-1):
    return f"{dag_id}/{quote(airflow.runs[dag_id], safe='')}/{task_id}/{map_index}"


def answer(airflow, path, token=None, **headers):
    """Return status, headers and text of an answer."""
    request = urllib.request.Request(f"{airflow.url}/{path}", headers=headers)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as got:
            return got.status, got.headers, got.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def wait_until(condition, seconds=300):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.3)


def state(airflow, dag_id, task_id):
    run = quote(airflow.runs[dag_id], safe="")
    return airflow.get(f"/api/v2/dags/{dag_id}/dagRuns/{run}/taskInstances/{task_id}")["state"]


def wait_for_state(airflow, dag_id, task_id, wanted):
    wait_until(lambda: state(airflow, dag_id, task_id) == wanted)


def test_1_a_running_notebook_shows_cell_by_cell(ui, airflow):
    wait_for_state(airflow, FORECAST, "train", "running")
    ui.open_notebook(FORECAST, "train")
    running = ui.cell("Notebook cell 7")
    expect(running).to_have_attribute("data-state", "running", timeout=120_000)
    expect(running).to_contain_text("epoch 12/24")
    expect(ui.cell("Notebook cell 6")).to_have_attribute("data-state", "done")
    expect(ui.cell("Notebook cell 8")).to_have_attribute("data-state", "waiting")
    frame = ui.cell("Notebook cell 6").frame_locator("iframe")
    expect(frame.get_by_text("Saturday")).to_be_visible()
    ui.shot("notebook-running")
    run = quote(airflow.runs[FORECAST], safe="")
    ui.open(f"dags/{FORECAST}/runs/{run}/tasks/train/task-state-store")
    expect(ui.page.get_by_text("progress", exact=True).first).to_be_visible()
    expect(ui.page.get_by_text("notebook_cell")).to_be_visible()
    ui.shot("progress")

    ui.open_notebook(FORECAST, "train")
    expect(running).to_have_attribute("data-state", "running")
    (airflow.home / "gate").touch()
    expect(running).to_contain_text("epoch 24/24")
    expect(ui.notebook.get_by_role("status").first).to_contain_text("success", timeout=120_000)
    ui.cell("Notebook cell 8").locator("img").scroll_into_view_if_needed()
    expect(ui.page.get_by_text("Success", exact=True).first).to_be_visible()
    ui.shot("notebook-done")


def test_2_a_failure_is_one_click_away_in_either_attempt(ui, airflow):
    wait_for_state(airflow, FORECAST, "publish", "failed")
    ui.theme("dark")
    tab = ui.open_notebook(FORECAST, "publish")
    expect(tab.locator("html")).to_have_attribute("data-theme", "dark")
    failed = ui.cell("Notebook cell 9")
    expect(failed).to_have_attribute("data-state", "failed")
    expect(ui.cell("Notebook cell 10")).to_have_attribute("data-state", "not run")
    jump = tab.get_by_role("button", name="Jump to failure")
    jump.focus()
    ui.page.keyboard.press("Enter")
    try:
        expect(failed).to_be_focused(timeout=10_000)
    except AssertionError:
        # Airflow's page may have put the tab there anew in between.
        jump.focus()
        ui.page.keyboard.press("Enter")
        expect(failed).to_be_focused()
    expect(failed).to_contain_text("KeyError: 'west'")
    ui.shot("notebook-failed-dark")
    choice = tab.get_by_label("Attempt")
    expect(choice).to_have_value("2")
    choice.select_option("1")
    expect(failed).to_have_attribute("data-state", "failed")


def test_3_without_a_token_or_permission_nothing_is_told(airflow):
    wait_for_state(airflow, BY_HAND, "hostile", "success")
    here = instance(airflow, BY_HAND, "hostile")
    guest, admin = airflow.token_of(GUEST), airflow.new_token()
    for path in (f"nb2dag/notebook/{here}", f"nb2dag/view/{here}", f"nb2dag/part/{here}/1/2/0"):
        assert answer(airflow, path)[0] == 401, path
        assert answer(airflow, path, "not.a.token")[0] in (401, 403), path
        assert answer(airflow, path, guest)[0] == 403, path
        assert answer(airflow, path, admin)[0] == 200, path
    # As Airflow itself answers.
    assert answer(airflow, f"api/v2/dags/{BY_HAND}", guest)[0] == 403
    assert answer(airflow, "nb2dag/view/no_such_dag/x/y/-1", admin)[0] == 404
    assert answer(airflow, "nb2dag/static/..%2f__init__.py", admin)[0] == 404
    # One DAG's permission is asked for that very DAG.
    assert answer(airflow, f"nb2dag/view/{here}?dag_id=other", guest)[0] == 403


def test_4_a_page_that_has_not_changed_is_not_sent_again(airflow):
    path, admin = f"nb2dag/view/{instance(airflow, BY_HAND, 'hostile')}", airflow.new_token()
    _, headers, _ = answer(airflow, path, admin)
    status, _, text = answer(airflow, path, admin, **{"If-None-Match": headers["ETag"]})
    assert (status, text) == (304, "")


def test_5_a_hostile_notebook_gets_no_rights(ui, airflow):
    tab = ui.open_notebook(BY_HAND, "hostile")
    expect(ui.cell("Notebook cell 2")).to_contain_text("<script>parent.PWNED = 1</script>")
    seen = tab.locator("section").nth(2).frame_locator("iframe").locator("#seen")
    told = json.loads(_settled(seen))
    assert told.pop("fetch") != "GOT 200"
    assert not [name for name, what in told.items() if what.startswith("GOT")], told
    assert set(told) == {"cookie", "storage", "parent", "top", "leave", "origin"}
    hello = tab.locator("section").first.frame_locator("iframe")
    expect(hello.get_by_text("<img src=x")).to_be_visible()
    for frame in ui.page.frames:
        assert frame.evaluate("() => window.PWNED === undefined")

    # The same where somebody opens the output by its own address, with the cookie.
    for cell, kind in ((2, "html"), (3, "svg")):
        address = f"nb2dag/part/{instance(airflow, BY_HAND, 'hostile')}/1/{cell}/0"
        ui.open(address)
        assert ui.page.evaluate("() => window.origin") == "null", kind
    # Its own window is its parent there, so that a script may leave something in it; an image runs none at all.
    assert ui.page.evaluate("() => window.PWNED === undefined")
    ui.open(f"nb2dag/part/{instance(airflow, BY_HAND, 'hostile')}/1/2/0")
    told = json.loads(_settled(ui.page.locator("#seen")))
    assert not [name for name in ("cookie", "storage", "origin", "fetch") if told[name].startswith("GOT")], told


def _settled(seen):
    expect(seen).to_contain_text("fetch")
    return seen.text_content()


def test_6_it_says_why_there_is_nothing(ui, airflow):
    for task_id in ("outside", "other"):
        wait_for_state(airflow, BY_HAND, task_id, "success")
    tab = ui.open_notebook(BY_HAND, "outside")
    expect(tab.get_by_role("heading")).to_have_text("The notebook is kept elsewhere")
    expect(tab.locator("#message p")).to_contain_text(str(airflow.home / "outside.ipynb"))
    tab = ui.open_notebook(BY_HAND, "other")
    expect(tab.get_by_role("heading")).to_have_text("No notebook")
    (kept,) = (airflow.home / "nb2dag" / "notebooks" / FORECAST).glob("*/load/-1/try-1.ipynb")
    kept.unlink()
    tab = ui.open_notebook(FORECAST, "load")
    expect(tab.get_by_role("heading")).to_have_text("The notebook is not there any more")


def test_7_a_mapped_task_has_a_notebook_each_and_the_button_leads_there(ui, airflow):
    wait_for_state_of_mapped(airflow)
    ui.open_notebook(BY_HAND, "mapped", "/mapped/1")
    expect(ui.notebook.locator("main")).to_contain_text("n is 2")
    run = quote(airflow.runs[BY_HAND], safe="")
    links = airflow.get(f"/api/v2/dags/{BY_HAND}/dagRuns/{run}/taskInstances/mapped/links?map_index=1")
    address = links["extra_links"]["Executed notebook"]
    assert address == f"{airflow.url}/dags/{BY_HAND}/runs/{run}/tasks/mapped/mapped/1/plugin/nb2dag"
    ui.page.goto(address)
    expect(ui.notebook.locator("main")).to_contain_text("n is 2")


def wait_for_state_of_mapped(airflow):
    run = quote(airflow.runs[BY_HAND], safe="")
    path = f"/api/v2/dags/{BY_HAND}/dagRuns/{run}/taskInstances/mapped/listMapped"
    wait_until(lambda: [each["state"] for each in airflow.get(path)["task_instances"]] == ["success", "success"])


def test_8_pictures_of_the_graph_the_form_and_the_docs(ui, airflow):
    ui.page.add_init_script("try { localStorage.setItem('default_dag_view', '\"graph\"') } catch {}")
    ui.open(f"dags/{WEATHER}")
    expect(ui.page.get_by_text("validate").first).to_be_visible()
    ui.shot("graph")
    ui.page.get_by_role("button", name="Dag Docs").click()
    expect(ui.page.get_by_role("heading", name="One year of weather in Seattle")).to_be_visible()
    ui.shot("dag-docs")
    ui.open(f"dags/{WEATHER}")
    ui.page.get_by_test_id("trigger-dag-button").click()
    expect(ui.page.get_by_text("hot_day").first).to_be_visible()
    ui.shot("trigger-form")
    ui.open(f"dags/{FORECAST}/tasks/train")
    ui.page.get_by_role("button", name="Documentation").click()
    expect(ui.page.get_by_text("Learns how the days of a week differ.")).to_be_visible()
    ui.shot("task-docs")
