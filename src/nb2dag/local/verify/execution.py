"""Run the notebook whole and as its DAG, through papermill and real kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from nb2dag.errors import Nb2dagError
from nb2dag.local.events import RunEvent
from nb2dag.local.layout import RunFolder
from nb2dag.local.results import RunResult
from nb2dag.local.run import RunOptions, run_bundle
from nb2dag.runtime.execution import TaskRun, execute_task
from nb2dag.runtime.failures import HandoffError, NotRunnableError, TaskError, TaskInterruptedError
from nb2dag.runtime.formats import Job, PointerManifest
from nb2dag.runtime.progress import Event


class NotebookFailsError(Nb2dagError):
    """The notebook itself does not run from top to bottom, so there is nothing to compare a DAG with.

    `cell` and `line` say where, 0 where that is not known.
    """

    def __init__(self, message: str, cell: int = 0, line: int = 0) -> None:
        super().__init__(message)
        self.cell, self.line = cell, line


@dataclass(frozen=True, slots=True)
class WholeRun:
    """One run of the notebook as a whole: all in a kernel, in a private copy of `files`."""

    notebook: Path
    output: Path
    job: Job
    files: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    on_event: Callable[[Event], None] = lambda _: None


class Executor(Protocol):
    """Runs notebooks. The command runs them in kernels; there may be cheaper ways where only values matter."""

    def run_whole(self, run: WholeRun) -> PointerManifest:
        """Run the notebook whole and return what its probes saved.

        Raises:
            NotebookFailsError: A cell failed.
            Nb2dagError: It cannot be run at all.
        """

    def run_dag(
        self, bundle: Path, folder: RunFolder, options: RunOptions, on_event: Callable[[RunEvent], None]
    ) -> RunResult:
        """Run the bundle task by task."""


class KernelExecutor:
    """Runs everything as `nb2dag run` does."""

    def run_whole(self, run: WholeRun) -> PointerManifest:
        """Run the notebook whole in a kernel.

        Raises:
            NotebookFailsError: A cell failed.
            Nb2dagError: The kernel is missing or has no nb2dag.
            KeyboardInterrupt: It was told to stop.
        """
        task = TaskRun(
            notebook=run.notebook,
            output=run.output,
            job=run.job,
            files=run.files,
            parameters=run.parameters,
            on_event=run.on_event,
        )
        try:
            return execute_task(task)
        except TaskInterruptedError as error:
            raise KeyboardInterrupt from error
        except TaskError as error:
            raise NotebookFailsError(f"{error.ename}: {error.evalue}".strip(": "), error.cell, error.line) from error
        except (NotRunnableError, HandoffError) as error:
            raise Nb2dagError(f"the notebook cannot be run: {error}") from error

    def run_dag(
        self, bundle: Path, folder: RunFolder, options: RunOptions, on_event: Callable[[RunEvent], None]
    ) -> RunResult:
        """Run the bundle, each task in a process and a kernel of its own."""
        return run_bundle(bundle, folder, options, on_event)
