"""Hold what came of a run, task by task, and keep it as `run.json` in the run's folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nb2dag.local.events import TaskFailure
from nb2dag.local.scheduling import TaskState
from nb2dag.runtime.formats import PointerManifest

RECORD_NAME = "run.json"
RECORD_VERSION = 1


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What came of one task: its state, how often it was tried, for how long, and where its executed notebook is.

    `seconds` is the time of all attempts together, without the pauses between them.
    """

    task_id: str
    state: TaskState
    attempts: int = 0
    seconds: float = 0.0
    notebook: Path | None = None
    failure: TaskFailure | None = None
    manifest: PointerManifest | None = None


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of a run; `tasks` are in the bundle's order."""

    dag_id: str
    run_id: str
    folder: Path
    notebooks: Path
    tasks: tuple[TaskResult, ...]
    seconds: float
    interrupted: bool = False

    @property
    def ok(self) -> bool:
        """Whether every task succeeded or was skipped."""
        return not self.interrupted and all(task.state in {TaskState.SUCCESS, TaskState.SKIPPED} for task in self.tasks)

    def task(self, task_id: str) -> TaskResult:
        """Return the result of one task."""
        return next(task for task in self.tasks if task.task_id == task_id)


def write_record(result: RunResult) -> Path:
    """Write `run.json`, and return its path."""
    record = {
        "version": RECORD_VERSION,
        "dag_id": result.dag_id,
        "run_id": result.run_id,
        "seconds": round(result.seconds, 3),
        "interrupted": result.interrupted,
        "tasks": [_task_to_json(task) for task in result.tasks],
    }
    path = result.folder / RECORD_NAME
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return path


def _task_to_json(task: TaskResult) -> dict[str, Any]:
    return {
        "task_id": task.task_id,
        "state": task.state.value,
        "attempts": task.attempts,
        "seconds": round(task.seconds, 3),
        "notebook": None if task.notebook is None else str(task.notebook),
        "message": None if task.failure is None else task.failure.message,
        "manifest": None if task.manifest is None else task.manifest.to_json(),
    }
