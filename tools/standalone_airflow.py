"""Start a private `airflow standalone`, talk to it through its REST API, and stop everything it started."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil

ATTEMPTS = 5
STILL_WAITING_SECONDS = 20
AIRFLOW_DEFAULT_PORTS = frozenset({8793, 8794, 8974, 8080})


class AirflowFailed(Exception):
    """Airflow did not start, or does not do what was asked of it."""


def free_ports(count: int) -> list[int]:
    """Return different ports that nobody listens on, and that are none of Airflow's own defaults."""
    sockets: list[socket.socket] = []
    ports: list[int] = []
    try:
        while len(ports) < count:
            # All are held open until the last is found, so that no port comes twice.
            sockets.append(socket.socket())
            sockets[-1].bind(("127.0.0.1", 0))
            port = sockets[-1].getsockname()[1]
            if port not in AIRFLOW_DEFAULT_PORTS:
                ports.append(port)
    finally:
        for each in sockets:
            each.close()
    return ports


def private_environment(home: Path, ports: list[int]) -> dict[str, str]:
    """Return an environment for an Airflow that shares nothing with one the user may have configured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "NB2DAG_"))}
    # Every task is a new process: without bytecode files each would compile Airflow's modules again.
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    api, worker_log, trigger_log = ports
    no_proxy = ",".join(filter(None, ["localhost,127.0.0.1", kept.get("NO_PROXY") or kept.get("no_proxy")]))
    return {
        **kept,
        # `airflow standalone` starts its parts by the name `airflow`, whatever Python runs this file.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)]),
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{api}/execution/",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(api),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{api}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(worker_log),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(trigger_log),
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.05",
        # A slow machine must not fail a task for an answer that came late.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "5",
        # Only the run that is asked for: an example's own schedule would start others beside it.
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
        "PYTHONUNBUFFERED": "1",
    }


class StandaloneAirflow:
    """An `airflow standalone` (SQLite, LocalExecutor) under `home`, whose DAGs lie in `home/dags`.

    As a context manager it starts on entry; on exit no process that it started is left. Its output goes to
    `home/standalone.log`. `settings` are further environment variables, such as `AIRFLOW__CORE__PARALLELISM`.
    """

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.log = home / "standalone.log"
        ports = free_ports(3)
        self.url = f"http://127.0.0.1:{ports[0]}"
        self._environment = private_environment(home, ports) | dict(settings or {})
        # An opener of our own: `http_proxy` in the user's environment is not for this machine.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self._token = ""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> StandaloneAirflow:
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "airflow", "standalone"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=self.home,
            )
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait_for_api(self, seconds: float, still_waiting: Callable[[float], None]) -> None:
        """Wait until the REST API hands out a token; call `still_waiting` with the seconds now and then.

        Raises:
            AirflowFailed: It does not in `seconds`, or Airflow ended; the message ends with its last output.
        """
        began = said = time.monotonic()
        while time.monotonic() - began < seconds:
            self._check_alive()
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
            self._check_alive()
            known = self.get(f"/api/v2/dags?dag_id_pattern={dag_id}")["dags"]
            if any(dag["dag_id"] == dag_id for dag in known):
                return
            errors = self.get("/api/v2/importErrors")["import_errors"]
            if errors:
                raise AirflowFailed("\n".join(f"{error['filename']}:\n{error['stack_trace']}" for error in errors))
            time.sleep(0.5)
        raise AirflowFailed(f"Airflow did not find the DAG `{dag_id}` in {seconds:.0f} s:\n{self.log_tail()}")

    def trigger(self, dag_id: str) -> str:
        """Start a run without a logical date, as `airflow dags trigger` does, and return its run id."""
        run = self.request("POST", f"/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None})
        return str(run["dag_run_id"])

    def get(self, path: str) -> Any:
        """Return the JSON answer to a GET; a busy machine may need a second try, or more.

        Raises:
            AirflowFailed: There is still no answer after several tries.
        """
        for attempt in range(1, ATTEMPTS + 1):
            self._check_alive()
            try:
                return self.request("GET", path)
            except OSError as error:
                refused = isinstance(error, urllib.error.HTTPError) and error.code < 500
                if refused or attempt == ATTEMPTS:
                    raise AirflowFailed(f"Airflow's API does not answer to {path}: {error}") from error
                time.sleep(attempt)
        raise AssertionError("the last attempt returns or raises")

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Return the JSON answer to a request.

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

    def log_tail(self, lines: int = 30) -> str:
        """Return the last lines Airflow's parts have printed."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self) -> None:
        """End Airflow, its parts and their tasks: asked first, killed after five seconds."""
        if self._process is None:
            return
        processes = _started_under(self._process.pid)
        for each in processes:
            _signal(each, signal.SIGTERM)
        _, alive = psutil.wait_procs(processes, timeout=5)
        for each in alive:
            _signal(each, signal.SIGKILL)
        psutil.wait_procs(alive, timeout=5)
        self._process.wait(timeout=5)
        self._process = None

    def _check_alive(self) -> None:
        if self._process is None or self._process.poll() is not None:
            raise AirflowFailed(f"`airflow standalone` ended by itself:\n{self.log_tail()}")


def _started_under(session: int) -> list[psutil.Process]:
    """Return the processes of a session and their descendants, which may have begun sessions of their own."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        # A process may end while it is looked at.
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError, PermissionError):
            if os.getsid(process.pid) == session:
                found.update((each.pid, each) for each in [process, *process.children(recursive=True)])
    return list(found.values())


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)
