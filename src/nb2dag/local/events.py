"""Tell what happens in a local run, as values: what a display shows and a test looks at."""

from __future__ import annotations

from dataclasses import dataclass

from nb2dag.local.scheduling import TaskState


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """Why an attempt failed.

    `cell` and `line` are the source notebook's, 0 where they are not known. `can_retry` is False where another attempt
    would fail in the same way: a missing kernel, a missing file, or a cell says so. `traceback` is that of the
    notebook's code. `skips` is True where it is no failure: a cell says that the task has nothing to do.
    """

    message: str
    cell: int = 0
    line: int = 0
    traceback: str = ""
    can_retry: bool = True
    skips: bool = False


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """Attempt `attempt` of at most `attempts` begins."""

    task_id: str
    attempt: int
    attempts: int


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """Code cell `number` of the task notebook's `total` begins.

    `cell` is its source cell, 0 where there is none; `what` says in words what it is, such as `loads the inputs`.
    """

    task_id: str
    number: int
    total: int
    cell: int
    what: str


@dataclass(frozen=True, slots=True)
class TaskOutput:
    """A task's cell wrote one line to `stdout`, `stderr` or its `display`."""

    task_id: str
    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class TaskRetrying:
    """Attempt `attempt` of `attempts` failed, and the next one follows after `delay` seconds."""

    task_id: str
    attempt: int
    attempts: int
    delay: float
    failure: TaskFailure


@dataclass(frozen=True, slots=True)
class TaskEnded:
    """A task came to its final state; `failure` says why where that is FAILED."""

    task_id: str
    state: TaskState
    seconds: float = 0.0
    failure: TaskFailure | None = None


@dataclass(frozen=True, slots=True)
class RunStopping:
    """The run was interrupted, and the tasks that run are being stopped; that may take some seconds."""

    running: tuple[str, ...]


TaskEvent = TaskStarted | TaskProgress | TaskOutput | TaskRetrying | TaskEnded
RunEvent = TaskEvent | RunStopping
