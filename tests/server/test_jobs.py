"""A run or verification begun from the panel tells what happens, can be stopped, and leaves its notebooks."""

from __future__ import annotations

import json
import signal

import jsonschema
import pytest

from support.schemas import part, strict
from support.sent import SHOP, sent


@pytest.fixture
def job(jp_fetch, jp_serverapp, jp_asyncio_loop):
    """Return a function that starts a job and returns its id and one that waits for its events."""

    async def start(kind, *cells):
        body = json.dumps(sent(*cells, kind=kind))
        answer = await jp_fetch("nb2dag", "jobs", method="POST", body=body)
        job_id = json.loads(answer.body)["id"]

        async def events(until):
            found = []
            while not any(event["type"] == until for event in found):
                page = await jp_fetch("nb2dag", "jobs", job_id, params={"after": str(len(found))}, request_timeout=60)
                document = json.loads(page.body)
                jsonschema.validate(document, strict(part("job_events")))
                found += document["events"]
            return found

        return job_id, events

    yield start
    # A process ends a moment after it said that it finished.
    jp_asyncio_loop.run_until_complete(jp_serverapp.web_app.settings["nb2dag"]["jobs"].close())


async def test_a_run_tells_each_tasks_states_and_output(job, jp_root_dir):
    _, events = await job("run", *SHOP)
    found = await events("finished")
    assert found[-1]["ok"], found[-1]
    assert {(event["task"], event["state"]) for event in found if event["type"] == "ended"} == {
        ("load", "success"),
        ("report", "success"),
    }
    assert [event["text"] for event in found if event["type"] == "output"] == ["[2, 2]"]
    for task in found[-1]["tasks"]:
        assert (jp_root_dir / task["notebook"]).is_file()


async def test_a_failure_names_its_cell(job):
    _, events = await job("run", *SHOP[:2], "%%airflow_task load\nrows = []\nrows[n]")
    found = await events("finished")
    assert not found[-1]["ok"]
    failure = found[-1]["tasks"][0]["failure"]
    assert (failure["cell"], failure["line"]) == (3, 3)
    assert "IndexError" in failure["message"]


@pytest.mark.parametrize("handler", [signal.default_int_handler, signal.SIG_IGN], ids=["usual", "in the background"])
async def test_a_run_is_stopped(handler, job, jp_fetch):
    """A server that a script starts with `&` ignores interrupts."""
    before = signal.signal(signal.SIGINT, handler)
    job_id, events = await job("run", "%%airflow_task sleeps\nimport time\nprint('asleep')\ntime.sleep(600)")
    signal.signal(signal.SIGINT, before)
    await events("output")
    answer = await jp_fetch("nb2dag", "jobs", job_id, method="DELETE")
    assert answer.code == 204
    found = await events("finished")
    assert found[-1]["message"] == "stopped"
    assert found[-1]["tasks"][0]["state"] == "stopped"


async def test_a_verification_proves(job):
    _, events = await job("verify", *SHOP)
    found = await events("finished")
    assert found[-1]["report"]["verdict"] == "same", found[-1]
    assert any(event["type"] == "step" for event in found)


async def test_a_notebook_with_errors_is_not_run(job):
    _, events = await job("run", "%%airflow_task a\nprint(nothing)")
    found = await events("finished")
    assert "errors" in found[-1]["message"]
