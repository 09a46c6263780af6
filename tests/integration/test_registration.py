"""A real Airflow registers an export or says why not; what nb2dag is known by there stays on the server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from standalone_airflow import StandaloneAirflow

from nb2dag.server.answering import answer
from nb2dag.server.registration import AirflowApi, await_registration
from support.sent import SHOP, sent

# A file that is new or changed is seen within seconds, not minutes.
SOON = {
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "2",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "2",
    "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
}
SECRET = "not-to-be-told"


@pytest.fixture(scope="module")
def airflow(tmp_path_factory):
    home = tmp_path_factory.mktemp("airflow")
    (home / "dags").mkdir()
    with StandaloneAirflow(home, SOON) as started:
        started.wait_for_api(180, lambda _: None)
        yield started


def export(dags, *cells):
    body = sent(*cells, folder=str(dags)) | {"file": str(dags.parent / "n.ipynb")}
    told = answer(json.dumps({"question": "export", "body": body}))
    return Path(told["answer"]["target"])


def asked(bundle, airflow, seconds=100.0):
    return asyncio.run(await_registration(bundle, airflow, seconds))


def test_an_export_is_registered_and_an_import_error_is_told(airflow):
    api = AirflowApi.configured(airflow.url, {})
    bundle = export(airflow.home / "dags", *SHOP)
    assert asked(bundle, api) == {"state": "registered", "message": "", "url": f"{airflow.url}/dags/shop"}

    # Another text under the same name is not registered because an earlier one was.
    elsewhere = export(airflow.home / "elsewhere", *SHOP[:2], SHOP[2].replace("2", "5"), SHOP[3])
    assert asked(elsewhere, api, 0)["state"] == "waiting"

    broken = export(airflow.home / "dags", "%airflow_dag broken", *SHOP[1:])
    file = broken / "broken.py"
    file.write_text(file.read_text().replace("retries=2", "retries=no_such_name"))
    told = asked(broken, api)
    assert told["state"] == "import-error"
    assert "no_such_name" in told["message"]

    refused = AirflowApi.configured(airflow.url, {"NB2DAG_AIRFLOW_TOKEN": SECRET})
    told = asked(bundle, refused)
    assert told["state"] == "unreachable"
    assert "NB2DAG_AIRFLOW_TOKEN" in told["message"]
    assert SECRET not in json.dumps(told) + repr(refused)


def test_no_airflow_and_an_airflow_that_is_not_there(tmp_path):
    bundle = export(tmp_path / "dags", *SHOP)
    assert AirflowApi.configured("", {}) is None
    assert asked(bundle, None) == {"state": "off", "message": "", "url": ""}
    gone = AirflowApi.configured(f"http://user:{SECRET}@127.0.0.1:9", {})
    told = asked(bundle, gone)
    assert told["state"] == "unreachable"
    assert SECRET not in json.dumps(told)
