"""Runs on the two nights of the year whose clocks are changed: what the notebook is told is what Airflow means."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from cluster.cluster import Cluster
from cluster.runs import ENDED

from distributed.turns import PATIENCE

pytestmark = pytest.mark.timeout(1800)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        pytest.param(
            "2026-03-28T00:00:00+01:00",
            "2026-03-30T12:00:00+02:00",
            {
                "2026-03-28": ["2026-03-28T01:30:00+00:00", "2026-03-28T02:30:00+01:00"],
                # Half past two does not exist in this night: the clock goes from 02:00 to 03:00.
                "2026-03-29": ["2026-03-29T01:30:00+00:00", "2026-03-29T03:30:00+02:00"],
                "2026-03-30": ["2026-03-30T00:30:00+00:00", "2026-03-30T02:30:00+02:00"],
            },
            id="an hour is missing",
        ),
        pytest.param(
            "2026-10-24T00:00:00+02:00",
            "2026-10-26T12:00:00+01:00",
            {
                "2026-10-24": ["2026-10-24T00:30:00+00:00", "2026-10-24T02:30:00+02:00"],
                # Half past two comes twice in this night; Airflow takes the second, and the task runs once.
                "2026-10-25": ["2026-10-25T01:30:00+00:00", "2026-10-25T02:30:00+01:00"],
                "2026-10-26": ["2026-10-26T01:30:00+00:00", "2026-10-26T02:30:00+01:00"],
            },
            id="an hour comes twice",
        ),
    ],
)
def test_a_notebook_is_told_the_moment_its_run_is_for(
    first: str, last: str, expected: dict[str, list[str]], cluster: Cluster
) -> None:
    wish = {"dag_id": "clocks", "from_date": first, "to_date": last, "max_active_runs": 2}
    backfill = cluster.send("POST", "/api/v2/backfills", wish)["id"]
    runs = ended_runs(cluster, first, last, len(expected))
    assert [run["state"] for run in runs] == ["success"] * len(expected)
    told = [xcom(cluster, run["dag_run_id"]) for run in runs]
    assert {day: moments for day, *moments in told} == expected
    # A DAG has one backfill at a time, and the scheduler looks every half minute whether one is over.
    wait_until(cluster, lambda: cluster.get(f"/api/v2/backfills/{backfill}")["completed_at"] is not None)


def ended_runs(cluster: Cluster, first: str, last: str, count: int) -> list[dict[str, Any]]:
    """Wait until the runs of a backfill have ended, and return them by their dates."""
    runs: list[dict[str, Any]] = []
    query = f"logical_date_gte={first.replace('+', '%2B')}&logical_date_lte={last.replace('+', '%2B')}"

    def have_ended() -> bool:
        runs[:] = cluster.get(f"/api/v2/dags/clocks/dagRuns?{query}&order_by=logical_date")["dag_runs"]
        return len(runs) >= count and all(run["state"] in ENDED for run in runs)

    wait_until(cluster, have_ended)
    return runs


def wait_until(cluster: Cluster, condition: Callable[[], bool]) -> None:
    """Wait for what has to come."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, cluster.log_tail(10)
        time.sleep(0.5)


def xcom(cluster: Cluster, run_id: str) -> Any:
    """Return the value that the task returned."""
    place = f"/api/v2/dags/clocks/dagRuns/{run_id}/taskInstances/tell/xcomEntries/return_value"
    value = cluster.get(place)["value"]
    return json.loads(value) if isinstance(value, str) else value
