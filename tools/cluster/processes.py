"""Start processes, and find every one that came of them, whatever became of its parents."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import psutil

_SET_CHILD_SUBREAPER = 36
"""Of Linux's `prctl`."""


class Processes:
    """The processes of one cluster: all that descend from this process, which starts nothing else meanwhile.

    An orphan becomes a child of this process, so that neither a daemon nor one with a session of its own can be
    overlooked. (A variable in their environment would not do: a process that changes its title, as Celery's do,
    overwrites what can be seen of it.)
    """

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self._started: list[subprocess.Popen[bytes]] = []
        if ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "this process cannot take care of orphans")

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path, user: str | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a command in a session of its own; what it prints is appended to the log `name`."""
        with self.log(name).open("ab") as log:
            started = subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=folder,
                user=user,
                group=user,
                extra_groups=() if user else None,
            )
        self._started.append(started)
        return started

    def log(self, name: str) -> Path:
        """Return the file that takes what `name` prints."""
        return self.logs / f"{name}.log"

    def alive(self) -> list[psutil.Process]:
        """Return every process of this cluster that runs."""
        found = []
        for process in psutil.Process().children(recursive=True):
            # A process may end while it is looked at.
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def end(self) -> None:
        """End all of them: asked first, killed after ten seconds."""
        end(self.alive(), seconds=10)
        # What was being started while the others ended.
        end(self.alive(), seconds=0)
        for started in self._started:
            started.wait()


def end(processes: Iterable[psutil.Process], seconds: float) -> None:
    """Ask processes to end, and kill those that have not after `seconds`."""
    asked = list(processes)
    for process in asked:
        send(process, signal.SIGTERM)
        # One that was stopped (SIGSTOP) hears nothing until it goes on.
        send(process, signal.SIGCONT)
    _, alive = psutil.wait_procs(asked, timeout=seconds)
    for process in alive:
        send(process, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=10)


def send(process: psutil.Process, number: signal.Signals) -> None:
    """Send a signal to a process that may have ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Return a process and all that descend from it, itself first."""
    try:
        first = psutil.Process(process.pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what would tie a cluster to the user's own Airflow or cloud."""
    strange = ("AIRFLOW", "NB2DAG_", "AWS_", "CELERY", "PG", "RCLONE_", "S3")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
    # Every task is a new process: without bytecode files each would compile Airflow's modules again.
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    no_proxy = ",".join(filter(None, ["localhost,127.0.0.1", kept.get("NO_PROXY") or kept.get("no_proxy")]))
    return {**kept, "NO_PROXY": no_proxy, "no_proxy": no_proxy, "PYTHONUNBUFFERED": "1"}
