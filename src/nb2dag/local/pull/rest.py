"""Ask an Airflow through its REST API (v2), knowing it by an address and a token, or a user and password."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from nb2dag.local.airflow_access import advice, without_userinfo
from nb2dag.local.pull.production import AirflowRefused, Dag, Instance

_SECONDS = 30.0
_LIMIT = 100
_NO_CELLS = 1_000_000
"""A cell number from which on nothing is shown."""


class RestProduction:
    """An Airflow behind a URL. A token is asked for when it is first needed, where a user and password are given."""

    home = ""

    def __init__(self, url: str, *, token: str = "", user: str = "", password: str = "") -> None:
        self._url = without_userinfo(url.rstrip("/"))
        self.name = f"Airflow at {self._url}"
        self._token, self._user, self._password = token, user, password
        if urlsplit(self._url).scheme not in ("http", "https") or not urlsplit(self._url).netloc:
            raise AirflowRefused(
                f"`{self._url}` is no address of an Airflow: it looks like https://airflow.example.com"
            )

    def dag(self, dag_id: str) -> Dag | None:
        """Return a DAG, None where there is none of that id."""
        found = self._ask(f"/dags/{_part(dag_id)}")
        return Dag(dag_id, found.get("fileloc") or "") if found else None

    def dag_ids(self) -> Sequence[str]:
        """Return the ids of its DAGs, the first hundred of them."""
        return [dag["dag_id"] for dag in self._listed(f"/dags?limit={_LIMIT}", "dags")]

    def task_ids(self, dag_id: str) -> Sequence[str]:
        """Return the ids of a DAG's tasks as it is now."""
        return [task["task_id"] for task in self._listed(f"/dags/{_part(dag_id)}/tasks", "tasks")]

    def has_run(self, dag_id: str, run_id: str) -> bool:
        """Tell whether a run is still known."""
        return self._ask(f"/dags/{_part(dag_id)}/dagRuns/{_part(run_id)}") is not None

    def run_ids(self, dag_id: str) -> Sequence[str]:
        """Return the ids of a DAG's last few runs, the newest first."""
        query = urlencode({"limit": 5, "order_by": "-run_after"})
        return [run["dag_run_id"] for run in self._listed(f"/dags/{_part(dag_id)}/dagRuns?{query}", "dag_runs")]

    def instances(
        self, dag_id: str, task_id: str, *, run_id: str | None = None, states: Sequence[str] = ()
    ) -> Sequence[Instance]:
        """Return instances of a task, the last begun first: of one run or of all, in those states or in any."""
        body = {
            "dag_ids": [dag_id],
            "task_ids": [task_id],
            "order_by": "-start_date",
            "page_limit": _LIMIT,
            **({"dag_run_ids": [run_id]} if run_id is not None else {}),
            **({"state": list(states)} if states else {}),
        }
        found = self._ask("/dags/~/dagRuns/~/taskInstances/list", body) or {}
        return [Instance.from_json(value) for value in found.get("task_instances", ())]

    def notebook(self, dag_id: str, task_id: str, instance: Instance, attempt: int) -> str:
        """Return where an attempt's executed notebook is kept, as a worker reaches it; empty where nobody knows."""
        path = f"/dags/{_part(dag_id)}/dagRuns/{_part(instance.run_id)}/taskInstances/{_part(task_id)}/links"
        found = self._ask(f"{path}?{urlencode({'map_index': instance.map_index})}") or {}
        link = str((found.get("extra_links") or {}).get("Executed notebook") or "")
        if not link.startswith(("http://", "https://", "/")):
            return link
        # It leads to the tab of nb2dag's plugin, which says where the notebook is.
        which = "/".join(_part(part) for part in (dag_id, instance.run_id, task_id, str(instance.map_index)))
        shown = self._ask(f"/view/{which}?{urlencode({'attempt': attempt, 'start': _NO_CELLS})}", root="/nb2dag") or {}
        return str(shown.get("place") or "")

    def _listed(self, path: str, key: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (self._ask(path) or {}).get(key, [])
        return found

    def _ask(self, path: str, body: Any = None, root: str = "/api/v2") -> Any:
        """Return the JSON answer, None where there is no such thing."""
        if not self._token:
            self._token = self._new_token()
        try:
            return self._fetch(f"{root}{path}", body, {"Authorization": f"Bearer {self._token}"})
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise AirflowRefused(f"{self.name} answered {error.code} ({error.reason}){advice(error.code)}") from None

    def _new_token(self) -> str:
        given = {"username": self._user, "password": self._password} if self._user else None
        try:
            return str(self._fetch("/auth/token", given, {})["access_token"])
        except (urllib.error.HTTPError, KeyError, TypeError):
            raise AirflowRefused(f"{self.name} gave no token{advice(401)}") from None

    def _fetch(self, path: str, body: Any, headers: dict[str, str]) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Accept": "application/json", "Content-Type": "application/json", **headers}
        request = urllib.request.Request(self._url + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
                return json.load(answer)
        except urllib.error.HTTPError:
            raise
        except (OSError, ValueError) as error:
            why = getattr(error, "reason", None) or error
            raise AirflowRefused(f"{self.name} cannot be reached, or is no Airflow 3: {why}") from None


def _part(identifier: str) -> str:
    return quote(identifier, safe="")
