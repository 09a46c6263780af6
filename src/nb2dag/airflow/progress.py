"""Show a running notebook in Airflow: cells and their output in the log, progress where others can read it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from nb2dag.runtime.failures import SKIPPED
from nb2dag.runtime.progress import CellFinished, CellStarted, Event, OutputCut, OutputLine, describe, log_line

PROGRESS_KEY = "progress"
"""Key in the task state store, the one that Airflow's documentation names for this."""

PROGRESS_XCOM_KEY = "nb2dag_progress"
"""The XCom that stands in for it before Airflow 3.3."""

MINIMUM_INTERVAL = 1.0
"""Seconds between two notes of progress: each is a request to Airflow's API."""


class ProgressReporter:
    """Takes the events of one attempt.

    Args:
        task_id: The task, for the log.
        log: The task's logger.
        publish: Stores a note of progress where it can be read while the task runs.
        clock: A monotonic time in seconds.
        shows_output: Whether the log shows what the cells put out.
    """

    def __init__(
        self,
        task_id: str,
        log: Any,
        publish: Callable[[dict[str, Any]], None],
        clock: Callable[[], float] = time.monotonic,
        *,
        shows_output: bool = True,
    ) -> None:
        self._task_id = task_id
        self._log = log
        self._publish: Callable[[dict[str, Any]], None] | None = publish
        self._clock = clock
        self._published_at = float("-inf")
        self._shows_output = shows_output

    def __call__(self, event: Event) -> None:
        """Log the event, and note the progress it means."""
        if isinstance(event, OutputLine | OutputCut) and not self._shows_output:
            return
        if isinstance(event, OutputLine):
            write = self._log.warning if event.stream == "stderr" else self._log.info
            write("%s", event.text)
        elif isinstance(event, CellStarted):
            self._log.info("cell %s/%s %s: %s", event.number, event.total, self._task_id, describe(event.origin))
            self._note(event, event.number - 1, "running", urgent=False)
        elif isinstance(event, CellFinished):
            self._finished(event)
        else:
            self._log.info("%s", log_line(event))

    def _finished(self, event: CellFinished) -> None:
        cell = (event.number, event.total, self._task_id)
        if event.ename == SKIPPED:
            self._log.info("cell %s/%s %s skips the task", *cell)
            self._note(event, event.number - 1, "skipped", urgent=True)
            return
        if not event.ok:
            self._log.error("cell %s/%s %s failed after %.2f s", *cell, event.seconds)
            self._note(event, event.number - 1, "failed", urgent=True)
            return
        self._log.info("cell %s/%s %s %s %% in %.2f s", *cell, event.percent, event.seconds)
        if event.number == event.total:
            self._note(event, event.number, "completed", urgent=True)

    def _note(self, event: CellStarted | CellFinished, done: int, status: str, *, urgent: bool) -> None:
        now = self._clock()
        if self._publish is None or (not urgent and now - self._published_at < MINIMUM_INTERVAL):
            return
        self._published_at = now
        note = {
            "cell": event.number,
            "of": event.total,
            "percent": 100 * done // event.total,
            "status": status,
            "notebook_cell": event.origin.cell if event.origin else 0,
        }
        try:
            self._publish(note)
        except Exception as error:  # noqa: BLE001 (whatever a state store or XCom backend raises)
            # Progress is a courtesy: a work result must not be lost because it could not be shown.
            self._publish = None
            self._log.warning("progress cannot be stored, and is left out from here on: %s", error)


def publisher(context: Mapping[str, Any]) -> Callable[[dict[str, Any]], None]:
    """Return what stores a note of progress: the task state store (Airflow 3.3 and later), else XCom."""
    store = context.get("task_state_store")
    if store is not None:
        return lambda note: store.set(PROGRESS_KEY, note)
    return lambda note: context["ti"].xcom_push(key=PROGRESS_XCOM_KEY, value=note)
