"""Start a private `airflow standalone`, talk to it through its REST API, and stop everything it started."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil
from airflow_api import AirflowApi, AirflowFailed

__all__ = ["AirflowFailed", "StandaloneAirflow"]

AIRFLOW_DEFAULT_PORTS = frozenset({8793, 8794, 8974, 8080})


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


class StandaloneAirflow(AirflowApi):
    """An `airflow standalone` (SQLite, LocalExecutor) under `home`, whose DAGs lie in `home/dags`.

    As a context manager it starts on entry; on exit no process that it started is left. Its output goes to
    `home/standalone.log`. `settings` are further environment variables, such as `AIRFLOW__CORE__PARALLELISM`.
    """

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.log = home / "standalone.log"
        ports = free_ports(3)
        super().__init__(f"http://127.0.0.1:{ports[0]}")
        self._environment = private_environment(home, ports) | dict(settings or {})
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

    def check_alive(self) -> None:
        """Raise an `AirflowFailed` if Airflow has ended."""
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
