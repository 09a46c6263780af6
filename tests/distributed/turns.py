"""One run of the gated DAG: hold its cells, let them go on, look at what became of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from cluster.cluster import Cluster
from cluster.runs import FinishedRun, TaskRow, follow, task_rows

PATIENCE = 420.0
"""Seconds for what should happen soon; a busy machine is slow."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A cell that waits at a gate: the process that runs it, and the machine that it runs on."""

    pid: int
    machine: str


class Turn:
    """A run of `gated` whose gates lie in a folder of its own."""

    dag_id = "gated"

    def __init__(self, cluster: Cluster, name: str, offset: int = 0) -> None:
        self.cluster, self.name = cluster, name
        self._folder = cluster.gates / name
        self._folder.mkdir()
        self.run_id = cluster.trigger(self.dag_id, {"turn": name, "offset": offset})

    def arrivals(self, place: str, count: int = 1) -> list[Arrival]:
        """Wait until a place was reached `count` times, and return the arrivals, the earliest first."""
        found: list[Path] = []

        def enough() -> bool:
            found[:] = sorted(self._folder.glob(f"{place}.*.arrived"), key=lambda path: path.stat().st_mtime)
            return len(found) >= count

        self.wait_until(enough, f"{count} arrivals at `{place}`")
        return [Arrival(**json.loads(path.read_text("utf-8"))) for path in found]

    def open(self, *places: str) -> None:
        """Let every cell go on that waits at one of these places now or later."""
        for place in places:
            (self._folder / f"{place}.open").touch()

    def end(self) -> FinishedRun:
        """Wait for the run's end."""
        return follow(self.cluster, self.dag_id, self.run_id, PATIENCE)

    def row(self, task_id: str) -> TaskRow:
        """Return a task as it is now."""
        rows = task_rows(self.cluster, self.dag_id, self.run_id)
        return next(row for row in rows if row.task_id == task_id)

    def clear(self, task_id: str) -> None:
        """Clear a task and all downstream of it, as the button does."""
        wish = {
            "dry_run": False,
            "dag_run_id": self.run_id,
            "task_ids": [task_id],
            "include_downstream": True,
            "only_failed": False,
        }
        self.cluster.send("POST", f"/api/v2/dags/{self.dag_id}/clearTaskInstances", wish)

    def xcom(self, task_id: str, key: str = "return_value") -> Any:
        """Return a value of a task in XCom."""
        place = f"/api/v2/dags/{self.dag_id}/dagRuns/{self.run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        value = self.cluster.get(place)["value"]
        return json.loads(value) if isinstance(value, str) else value

    def stored(self, task_id: str, key: str) -> Path:
        """Return the file behind a handoff, on the object store's disk."""
        return self.cluster.objects.objects / "handoffs" / self.xcom(task_id, "nb2dag")["objects"][key]["path"]

    def log(self, task_id: str, attempt: int) -> str:
        """Return what the attempt logged, on whichever machine it ran."""
        pattern = f"logs/dag_id={self.dag_id}/run_id={self.run_id}/task_id={task_id}/attempt={attempt}.log"
        return "".join(
            path.read_text("utf-8") for machine in self.cluster.workers.values() for path in machine.home.glob(pattern)
        )

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for what has to come."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"no {what} after {PATIENCE:.0f} s\n{self.cluster.log_tail(10)}"
            time.sleep(0.1)


def wait_for_end(pid: int) -> None:
    """Wait until a process has ended."""
    try:
        psutil.Process(pid).wait(60)
    except psutil.NoSuchProcess:
        return


def task_processes(pid: int, worker: int) -> list[psutil.Process]:
    """Return the processes between a worker's main one and a notebook's, and the notebook's, from the top down."""
    notebook = psutil.Process(pid)
    above = []
    for process in notebook.parents():
        if process.pid == worker:
            return [*reversed(above), notebook]
        above.append(process)
    raise AssertionError(f"process {pid} does not descend from the worker {worker}")
