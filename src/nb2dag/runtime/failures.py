"""Name what stops a task, a handoff or a task notebook; every message says what, where and what to do."""

from __future__ import annotations

from dataclasses import dataclass

SKIPPED = "AirflowSkipException"
"""Name of the exception by which a cell says that its task has nothing to do."""

HOPELESS = "AirflowFailException"
"""Name of the exception by which a cell says that trying again is no use."""


class HandoffError(Exception):
    """A value could not be saved, found or trusted; the message names the task, the value, the path and what to do."""


class StoreError(HandoffError):
    """The handoff store cannot be reached, read or written, or an object in it is missing or damaged."""


class NotRunnableError(Exception):
    """A task notebook cannot be run at all; none of its cells has run.

    Its kernel is missing or has no nb2dag, a parameter cannot be passed, or a file it needs is not there.
    """


@dataclass(frozen=True, slots=True)
class Frame:
    """A line of the source notebook that was being executed: cell number (1-based over all cells), cell id, line.

    `cell` is 0 for what no source cell stands behind: a load cell, or parameters that were passed. `line` is 0 where
    it is not known.
    """

    cell: int
    cell_id: str
    line: int

    def __str__(self) -> str:
        return f"cell {self.cell}, line {self.line}" if self.line else f"cell {self.cell}"


@dataclass(frozen=True, slots=True)
class Raised:
    """The exception in the kernel, as `TaskError` shows it."""

    ename: str = ""
    evalue: str = ""
    frames: tuple[Frame, ...] = ()
    traceback: str = ""


class TaskError(Exception):
    """A task notebook failed while it ran.

    Attributes:
        task_id: The task.
        cell: The source cell that failed, as `Frame.cell`; 0 for none.
        cell_id: Its id in the source notebook.
        line: The line of that cell that was being executed, 0 where it is not known.
        ename: The name of the exception in the kernel; for what is none, the name of this class.
        evalue: Its text.
        frames: Every known line of the source notebook in the traceback, outermost call first.
        traceback: The kernel's traceback without colours, empty where there is none.
    """

    def __init__(
        self,
        message: str,
        *,
        task_id: str,
        frame: Frame | None = None,
        raised: Raised | None = None,
    ) -> None:
        super().__init__(message)
        raised = raised or Raised()
        self.task_id = task_id
        self.cell = frame.cell if frame else 0
        self.cell_id = frame.cell_id if frame else ""
        self.line = frame.line if frame else 0
        self.ename = raised.ename or type(self).__name__
        self.evalue = raised.evalue or message
        self.frames = raised.frames
        self.traceback = raised.traceback

    @property
    def place(self) -> str:
        """The source cell, and the line where it is known: `cell 7, line 3`."""
        return str(Frame(self.cell, self.cell_id, self.line))


class TaskTimeoutError(TaskError):
    """The notebook took longer than its timeout; its kernel was stopped and what had run was kept."""


class TaskInterruptedError(TaskError):
    """The task was told to stop (SIGTERM, or `TaskRun.stop`); its kernel was stopped and what had run was kept."""


class KernelDiedError(TaskError):
    """The kernel's process ended by itself: out of memory, a crash in native code, `os._exit`."""
