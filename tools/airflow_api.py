"""Talk to an Airflow through its REST API."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

ATTEMPTS = 5
STILL_WAITING_SECONDS = 20


class AirflowFailed(Exception):
    """Airflow did not start, or does not do what was asked of it."""


class AirflowApi:
    """The REST API at `url`, of an Airflow whose users are all admins.

    Whoever starts that Airflow overrides `check_alive` and `log_tail`.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        # An opener of our own: `http_proxy` in the user's environment is not for this machine.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self._token = ""

    def check_alive(self) -> None:
        """Raise an `AirflowFailed` if Airflow has ended."""

    def log_tail(self, lines: int = 30) -> str:
        """Return the last lines Airflow's parts have printed."""
        return f"(no log of {lines} lines is kept)"

    def wait_for_api(self, seconds: float, still_waiting: Callable[[float], None]) -> None:
        """Wait until the REST API hands out a token; call `still_waiting` with the seconds now and then.

        Raises:
            AirflowFailed: It does not in `seconds`, or Airflow ended; the message ends with its last output.
        """
        began = said = time.monotonic()
        while time.monotonic() - began < seconds:
            self.check_alive()
            try:
                self._token = self.new_token()
                # The API for tasks is built at its first request, which takes longer than a task waits.
                self.request("GET", "/execution/health")
                return
            except OSError:
                time.sleep(0.5)
            if time.monotonic() - said > STILL_WAITING_SECONDS:
                said = time.monotonic()
                still_waiting(said - began)
        raise AirflowFailed(f"Airflow's API did not answer in {seconds:.0f} s:\n{self.log_tail()}")

    def new_token(self) -> str:
        """Return a token for the REST API; everybody is an admin here, and needs no password."""
        return str(self.request("GET", "/auth/token")["access_token"])

    def wait_for_dag(self, dag_id: str, seconds: float) -> None:
        """Wait until the DAG is known.

        Raises:
            AirflowFailed: It is not in `seconds`, or its file cannot be imported; the message holds the traceback.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check_alive()
            known = self.get(f"/api/v2/dags?dag_id_pattern={dag_id}")["dags"]
            if any(dag["dag_id"] == dag_id for dag in known):
                return
            errors = self.get("/api/v2/importErrors")["import_errors"]
            if errors:
                raise AirflowFailed("\n".join(f"{error['filename']}:\n{error['stack_trace']}" for error in errors))
            time.sleep(0.5)
        raise AirflowFailed(f"Airflow did not find the DAG `{dag_id}` in {seconds:.0f} s:\n{self.log_tail()}")

    def trigger(self, dag_id: str, params: Mapping[str, Any] | None = None) -> str:
        """Start a run without a logical date, as `airflow dags trigger` does, and return its run id."""
        wish = {"logical_date": None, "conf": dict(params or {})}
        run = self.send("POST", f"/api/v2/dags/{dag_id}/dagRuns", wish)
        return str(run["dag_run_id"])

    def get(self, path: str) -> Any:
        """Return the JSON answer to a GET; a busy machine may need a second try, or more.

        Raises:
            AirflowFailed: There is still no answer after several tries.
        """
        for attempt in range(1, ATTEMPTS + 1):
            self.check_alive()
            try:
                return self.request("GET", path)
            except OSError as error:
                refused = isinstance(error, urllib.error.HTTPError) and error.code < 500
                if refused or attempt == ATTEMPTS:
                    raise AirflowFailed(f"Airflow's API does not answer to {path}: {error}") from error
                time.sleep(attempt)
        raise AssertionError("the last attempt returns or raises")

    def send(self, method: str, path: str, body: object) -> Any:
        """Return the JSON answer to a request that changes something, and is therefore made once.

        Raises:
            AirflowFailed: Airflow refuses it, or does not answer.
        """
        try:
            return self.request(method, path, body)
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")
            raise AirflowFailed(f"Airflow's API refuses {method} {path}: {error}: {said}") from error
        except OSError as error:
            raise AirflowFailed(f"Airflow's API does not answer to {method} {path}: {error}") from error

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Return the JSON answer to a request, made once.

        Raises:
            OSError: There is no answer, or it is an error (`urllib.error.HTTPError`).
        """
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        payload = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, payload, headers, method=method)
        with self._opener.open(request, timeout=60) as answer:
            return json.load(answer)
