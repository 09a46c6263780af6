"""Start runs, wait for their end, and ask what became of their tasks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_api import AirflowApi, AirflowFailed

POLL_SECONDS = 1.0
ENDED = ("success", "failed")


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task of a run: its state, the machine that ran it, and when, in seconds since 1970."""

    task_id: str
    state: str
    machine: str
    attempt: int
    queued: float | None
    start: float | None
    end: float | None

    @property
    def seconds(self) -> float:
        """Return how long its last attempt took, 0 where it did not run."""
        return self.end - self.start if self.start is not None and self.end is not None else 0.0


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run that has ended, with its tasks in the order of their start."""

    dag_id: str
    run_id: str
    state: str
    tasks: tuple[TaskRow, ...]

    def task(self, task_id: str) -> TaskRow:
        """Return the row of a task."""
        return next(task for task in self.tasks if task.task_id == task_id)

    @property
    def tries(self) -> list[tuple[str, int]]:
        """Return each task's id with the number of its last attempt."""
        return [(task.task_id, task.attempt) for task in self.tasks]


def follow(
    api: AirflowApi, dag_id: str, run_id: str, seconds: float, tell: Callable[[str], None] = print
) -> FinishedRun:
    """Wait until a run has ended.

    Raises:
        AirflowFailed: It has not in `seconds`; the message says which tasks are in which state.
    """
    began = told = time.monotonic()
    while True:
        state = run_state(api, dag_id, run_id)
        if state in ENDED:
            return FinishedRun(dag_id, run_id, state, task_rows(api, dag_id, run_id))
        now = time.monotonic()
        if now - told > 20:
            told = now
            tell(f"   {now - began:5.0f} s  {_counts(task_rows(api, dag_id, run_id))}")
        if now - began > seconds:
            counts = _counts(task_rows(api, dag_id, run_id))
            raise AirflowFailed(
                f"the run {run_id} of {dag_id} did not end in {seconds:.0f} s: {counts}\n{api.log_tail(15)}"
            )
        time.sleep(POLL_SECONDS)


def run_state(api: AirflowApi, dag_id: str, run_id: str) -> str:
    """Return the state of a run."""
    return str(api.get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"])


def task_rows(api: AirflowApi, dag_id: str, run_id: str) -> tuple[TaskRow, ...]:
    """Return the tasks of a run in the order of their start."""
    instances = api.get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=1000")["task_instances"]
    rows = (
        TaskRow(
            task["task_id"],
            task["state"] or "none",
            task["hostname"] or "-",
            task["try_number"],
            _time(task["queued_when"]),
            _time(task["start_date"]),
            _time(task["end_date"]),
        )
        for task in instances
    )
    return tuple(sorted(rows, key=lambda row: (row.start is None, row.start, row.task_id)))


def idle_share(run: FinishedRun, slots: int) -> float:
    """Return the share of the workers' time, from the first task's start to the last one's end, without a task."""
    ran = [task for task in run.tasks if task.start is not None and task.end is not None]
    span = max(task.end for task in ran) - min(task.start for task in ran)  # type: ignore[type-var, operator]
    return 1 - sum(task.seconds for task in ran) / (slots * span)


def _time(text: Any) -> float | None:
    return datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp() if text else None


def _counts(rows: tuple[TaskRow, ...]) -> str:
    states = sorted({row.state for row in rows})
    return ", ".join(f"{sum(row.state == state for row in rows)} {state}" for state in states)
