"""A production to pull from: a real Airflow with compiled and hand-written DAGs that fail, succeed and map."""

from __future__ import annotations

import time
import urllib.error
from pathlib import Path

from standalone_airflow import StandaloneAirflow

from nb2dag.server.answering import answer
from support.sent import sent

SECRET = "hunter2-of-the-warehouse"
SETTINGS = {
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "5",
    "AIRFLOW_CONN_WAREHOUSE": f'{{"conn_type": "http", "login": "me", "password": "{SECRET}"}}',
}
FINISHED = ("success", "failed")

ORDERS = "region,amount\nnorth,3\nsouth,5\nnorth,n/a\nwest,4\n"
PRICING = "def euros(amount):\n    return float(amount)\n"

EXTRACT = """%%airflow_task extract
with open('orders.csv') as file:
    orders = list(csv.DictReader(file))
with open('notes.txt', 'w') as file:
    file.write('from the extract')
big = bytes(300_000)"""
CLEAN = """%%airflow_task clean --connections warehouse
import os
print('password', os.environ['AIRFLOW_CONN_WAREHOUSE'])
rows = [row for row in orders if row['region'] == region]
print(open('notes.txt').read(), len(big))"""
SALES = (
    "%load_ext nb2dag\n%airflow_dag sales",
    "#| parameters\nregion = 'south'",
    "import csv\nfrom pricing import euros",
    EXTRACT,
    CLEAN,
    "#| task: clean\n# each amount\namounts = [euros(row['amount']) for row in rows]",
    "%%airflow_task report\ntotal = sum(amounts)\nprint(region, total)",
)

BY_HAND = """
from datetime import timedelta
from airflow.sdk import DAG
from nb2dag.airflow import NotebookOperator

with DAG("by_hand", schedule=None) as dag:
    NotebookOperator.partial(
        task_id="share", input_nb="share.ipynb", retries=1, retry_delay=timedelta(seconds=1)
    ).expand(parameters=[{"parts": 4}, {"parts": 0}])
"""


class Production:
    """A started Airflow with runs that have ended."""

    def __init__(self, airflow: StandaloneAirflow) -> None:
        self.airflow = airflow
        self.home = airflow.home
        self.url = airflow.url

    def run(self, dag_id: str, run_id: str, conf: dict | None = None) -> None:
        """Start a run of that id."""
        self._post(f"/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None, "dag_run_id": run_id, "conf": conf or {}})

    def run_again(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Clear a task and all below it, and wait until the run has ended again."""
        body = {
            "dry_run": False,
            "dag_run_id": run_id,
            "task_ids": [task_id],
            "include_downstream": True,
            "only_failed": False,
            "reset_dag_runs": True,
        }
        self._post(f"/api/v2/dags/{dag_id}/clearTaskInstances", body)
        self.wait(dag_id, run_id)

    def _post(self, path: str, body: dict) -> None:
        for attempt in range(1, 6):
            try:
                self.airflow.request("POST", path, body)
            except urllib.error.HTTPError as error:
                if error.code == 409:
                    return
                # SQLite is locked now and then, on a machine with much to do.
                if error.code < 500 or attempt == 5:
                    raise
                time.sleep(attempt)
            else:
                return

    def wait(self, dag_id: str, run_id: str, seconds: float = 240.0) -> None:
        """Wait until a run has ended."""
        deadline = time.monotonic() + seconds
        while self.airflow.get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"] not in FINISHED:
            assert time.monotonic() < deadline, self.airflow.log_tail()
            time.sleep(1)


def write_dags(home: Path) -> None:
    """Write the DAGs below `home/dags`, and the notebook of the compiled one into `home`."""
    import json

    (home / "orders.csv").write_text(ORDERS, encoding="utf-8")
    (home / "pricing.py").write_text(PRICING, encoding="utf-8")
    body = sent(*SALES, folder=str(home / "dags")) | {"file": str(home / "sales.ipynb")}
    told = answer(json.dumps({"question": "export", "body": body}))
    assert "target" in told["answer"], told
    by_hand = home / "dags" / "by_hand"
    by_hand.mkdir(parents=True)
    (by_hand / "by_hand.py").write_text(BY_HAND, encoding="utf-8")
    (by_hand / "share.ipynb").write_text(json.dumps(_share()), encoding="utf-8")


def _share() -> dict:
    divide = "# one share\nshare = 12 / parts\nprint(share)"
    cells = [("parts = 1", ["parameters"]), ("print('sharing')", []), (divide, [])]
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{number}",
                "metadata": {"tags": tags},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for number, (source, tags) in enumerate(cells)
        ],
    }


RUNS = {
    "north": ("sales", {"region": "north"}),
    "shares": ("by_hand", None),
    "south": ("sales", None),
}
"""Run ids, each with the DAG and the configuration. `north` fails in `clean`, `shares` in one of two, twice; `south` is
run again."""


def begin_runs(production: Production) -> None:
    """Run what the tests pull, and wait until all of it has ended."""
    for dag_id in ("sales", "by_hand"):
        production.airflow.wait_for_dag(dag_id, 120)
    for run_id, (dag_id, conf) in RUNS.items():
        production.run(dag_id, run_id, conf)
    for run_id, (dag_id, _) in RUNS.items():
        production.wait(dag_id, run_id)
    production.run_again("sales", "south", "extract")
