"""Say where in Airflow's UI the tab `Notebook` of a task instance is."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

PREFIX = "nb2dag"
"""Path below which the API server mounts the plugin."""

ROUTE = "nb2dag"
"""Last part of the tab's address in Airflow's UI."""


def tab_address(base_url: str, ti: Any) -> str:
    """Return the address of a task instance's tab; `ti` has `dag_id`, `run_id`, `task_id` and `map_index`.

    >>> from types import SimpleNamespace
    >>> ti = SimpleNamespace(dag_id="sales", run_id="manual__1:2+0", task_id="a", map_index=-1)
    >>> tab_address("http://airflow.example/team/", ti)
    'http://airflow.example/team/dags/sales/runs/manual__1%3A2%2B0/tasks/a/plugin/nb2dag'
    """
    dag, run, task = (quote(part, safe="") for part in (ti.dag_id, ti.run_id, ti.task_id))
    mapped = f"/mapped/{ti.map_index}" if ti.map_index >= 0 else ""
    return f"{base_url.rstrip('/')}/dags/{dag}/runs/{run}/tasks/{task}{mapped}/plugin/{ROUTE}"
