"""Run a bundle: start each task when its trigger rule says so, follow it, retry it, and say what came of it."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nb2dag.local.attempt import GRACE, Attempt, Ended, Post
from nb2dag.local.bundles import read_manifest, require_kernels, require_params
from nb2dag.local.events import (
    RunEvent,
    RunStopping,
    TaskEnded,
    TaskFailure,
    TaskOutput,
    TaskProgress,
    TaskRetrying,
    TaskStarted,
)
from nb2dag.local.layout import RunFolder
from nb2dag.local.protocol import Committed, Failed, Message, Output, Progress, Request
from nb2dag.local.results import RunResult, TaskResult, write_record
from nb2dag.local.scheduling import TaskState, Verdict, ready, retry_delay
from nb2dag.local.unforeseen import find_unforeseen
from nb2dag.runtime.formats import BundleManifest, BundleTask, Job, PointerManifest


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run a bundle.

    Attributes:
        params: Values in place of the params' defaults.
        store: Where handoffs go, a folder or an fsspec URL; None for the run folder's own.
        jobs: How many tasks may run at once; None for one per processor.
        notebooks: Folder for the executed notebooks; None for one in the run folder.
        fingerprints: Whether a task fails that changes a value in place which a task below reads as it was.
        order: Which of the tasks that may run at a moment starts first: ids in this order; empty for the bundle's.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    store: str | None = None
    jobs: int | None = None
    notebooks: Path | None = None
    order: tuple[str, ...] = ()
    fingerprints: bool = False


def run_bundle(
    bundle: Path,
    folder: RunFolder,
    options: RunOptions | None = None,
    on_event: Callable[[RunEvent], None] = lambda _: None,
) -> RunResult:
    """Run every task of `bundle` that its trigger rule lets run, each in a process of its own; keep all in `folder`.

    `on_event` is called in the calling thread. On KeyboardInterrupt every process is stopped, what had been executed is
    kept, and a result with `interrupted` is returned.

    Raises:
        Nb2dagError: The bundle cannot be used, it has no such param, or a kernel is not installed.
        OSError: The run's folders cannot be written.
    """
    options = options or RunOptions()
    manifest = read_manifest(bundle)
    require_params(manifest.dag_id, manifest.params, options.params)
    require_kernels(manifest)
    return _Run(bundle.absolute(), manifest, folder, options, on_event).execute()


@dataclass(slots=True)
class _Progress:
    """What is known of one task so far."""

    state: TaskState = TaskState.WAITING
    attempts: int = 0
    seconds: float = 0.0
    due: float = 0.0
    failure: TaskFailure | None = None
    manifest: PointerManifest | None = None


class _Run:
    def __init__(
        self,
        bundle: Path,
        manifest: BundleManifest,
        folder: RunFolder,
        options: RunOptions,
        on_event: Callable[[RunEvent], None],
    ) -> None:
        self.bundle = bundle
        self.manifest = manifest
        self.folder = folder
        self.options = options
        self.on_event = on_event
        self.notebooks = (options.notebooks or folder.notebooks).absolute()
        self.jobs = max(1, options.jobs or os.cpu_count() or 1)
        self.tasks = {task.task_id: task for task in manifest.tasks}
        self.progress = {task_id: _Progress() for task_id in self.tasks}
        self.running: dict[str, Attempt] = {}
        self.posts: queue.Queue[Post] = queue.Queue()
        self.began = time.monotonic()

    def execute(self) -> RunResult:
        self.notebooks.mkdir(parents=True, exist_ok=True)
        interrupted = False
        try:
            while not all(progress.state.is_final for progress in self.progress.values()):
                self._decide()
                self._start_due()
                self._take_post()
        except KeyboardInterrupt:
            interrupted = True
            self.on_event(RunStopping(tuple(self.running)))
        finally:
            self._stop_running()
        result = self._result(interrupted)
        write_record(result)
        return result

    def _decide(self) -> None:
        """Apply the trigger rules until they have nothing more to say: a skip may skip what is below it."""
        while decided := ready(self.manifest.tasks, self._states()):
            for task, outcome in decided:
                match outcome:
                    case Verdict.RUN:
                        self.progress[task.task_id].state = TaskState.QUEUED
                    case Verdict.SKIP:
                        self._end(task.task_id, TaskState.SKIPPED)
                    case _:
                        self._end(task.task_id, TaskState.UPSTREAM_FAILED)

    def _start_due(self) -> None:
        now = time.monotonic()
        for task_id in self.options.order or self.tasks:
            progress = self.progress[task_id]
            waiting = progress.state in {TaskState.QUEUED, TaskState.UP_FOR_RETRY}
            if waiting and progress.due <= now and len(self.running) < self.jobs:
                self._start(self.tasks[task_id], progress)

    def _start(self, task: BundleTask, progress: _Progress) -> None:
        output = self._output(task)
        if output.exists():
            output.replace(output.with_name(f"{output.stem}.try-{progress.attempts}{output.suffix}"))
        progress.attempts += 1
        progress.state = TaskState.RUNNING
        folder = self.folder.path / "attempts" / output.stem / f"try-{progress.attempts}"
        self.running[task.task_id] = Attempt(self._request(task, progress.attempts), folder, self.posts)
        self.on_event(TaskStarted(task.task_id, progress.attempts, task.retries + 1))

    def _request(self, task: BundleTask, attempt: int) -> Request:
        committed = {name: self.progress[name].manifest for name in task.inputs}
        job = Job(
            dag_id=self.manifest.dag_id,
            run_id=self.folder.run_id,
            task_id=task.task_id,
            attempt=attempt,
            store=self.options.store or str(self.folder.store),
            bundle=self.manifest.digest,
            manifest="",
            inputs={name: manifest for name, manifest in committed.items() if manifest is not None},
            returns=task.returns,
        )
        values = {**self.manifest.params, **self.options.params}
        files = self.bundle / "files"
        return Request(
            notebook=str(self.bundle / task.notebook),
            output=str(self._output(task)),
            job=job,
            files=str(files) if files.is_dir() else None,
            parameters={name: values[name] for name in task.parameters},
            kernel_name=task.kernel_name or None,
            timeout=task.timeout,
            fingerprints=self.options.fingerprints,
        )

    def _output(self, task: BundleTask) -> Path:
        return self.notebooks / Path(task.notebook).name

    def _take_post(self) -> None:
        """Wait for a message of a running task or until a retry is due, whichever comes first."""
        due = [progress.due for progress in self.progress.values() if progress.state is TaskState.UP_FOR_RETRY]
        if not self.running and not due:
            return
        timeout = max(0.0, min(due) - time.monotonic()) if due and len(self.running) < self.jobs else None
        try:
            task_id, message = self.posts.get(timeout=timeout)
        except queue.Empty:
            return
        if isinstance(message, Ended):
            self._finish(task_id, message.outcome)
        else:
            self._tell(task_id, message)

    def _tell(self, task_id: str, message: Message) -> None:
        match message:
            case Progress(number, total, cell, what):
                self.on_event(TaskProgress(task_id, number, total, cell, what))
            case Output(stream, text):
                self.on_event(TaskOutput(task_id, stream, text))

    def _finish(self, task_id: str, outcome: Committed | Failed) -> None:
        attempt = self.running.pop(task_id)
        attempt.close()
        progress = self.progress[task_id]
        progress.seconds += time.monotonic() - attempt.started
        match outcome:
            case Committed(manifest):
                if (failure := find_unforeseen(self.bundle, self.manifest, manifest)) is not None:
                    self._fail(self.tasks[task_id], failure)
                    return
                progress.manifest = manifest
                self._end(task_id, TaskState.SUCCESS)
            case Failed(failure) if failure.skips:
                self._end(task_id, TaskState.SKIPPED)
            case Failed(failure):
                self._fail(self.tasks[task_id], failure)

    def _fail(self, task: BundleTask, failure: TaskFailure) -> None:
        progress = self.progress[task.task_id]
        progress.failure = failure
        if not failure.can_retry or progress.attempts > task.retries:
            self._end(task.task_id, TaskState.FAILED)
            return
        delay = retry_delay(task, progress.attempts)
        progress.state = TaskState.UP_FOR_RETRY
        progress.due = time.monotonic() + delay
        self.on_event(TaskRetrying(task.task_id, progress.attempts, task.retries + 1, delay, failure))

    def _end(self, task_id: str, state: TaskState) -> None:
        progress = self.progress[task_id]
        progress.state = state
        failure = progress.failure if state is TaskState.FAILED else None
        self.on_event(TaskEnded(task_id, state, progress.seconds, failure))

    def _stop_running(self) -> None:
        """Stop what still runs: in good order while patience lasts, then at once, and at once on a second Ctrl-C."""
        try:
            for attempt in self.running.values():
                attempt.terminate()
            deadline = time.monotonic() + GRACE
            for attempt in self.running.values():
                attempt.wait(deadline)
        except KeyboardInterrupt:
            pass
        for task_id, attempt in self.running.items():
            attempt.kill()
            attempt.close()
            progress = self.progress[task_id]
            progress.state = TaskState.STOPPED
            progress.seconds += time.monotonic() - attempt.started
        self.running.clear()
        self._take_last_posts()

    def _take_last_posts(self) -> None:
        """Take what attempts posted while they were stopped: one may have committed before it noticed."""
        while not self.posts.empty():
            task_id, message = self.posts.get()
            progress = self.progress[task_id]
            match message:
                case Ended(Committed(manifest)):
                    progress.state, progress.manifest = TaskState.SUCCESS, manifest
                case Ended(Failed(failure)):
                    progress.failure = failure

    def _states(self) -> dict[str, TaskState]:
        return {task_id: progress.state for task_id, progress in self.progress.items()}

    def _result(self, interrupted: bool) -> RunResult:
        tasks = tuple(self._task_result(task) for task in self.manifest.tasks)
        return RunResult(
            self.manifest.dag_id,
            self.folder.run_id,
            self.folder.path,
            self.notebooks,
            tasks,
            time.monotonic() - self.began,
            interrupted,
        )

    def _task_result(self, task: BundleTask) -> TaskResult:
        progress = self.progress[task.task_id]
        output = self._output(task)
        return TaskResult(
            task.task_id,
            progress.state,
            progress.attempts,
            progress.seconds,
            output if progress.attempts and output.exists() else None,
            progress.failure if progress.state is not TaskState.SUCCESS else None,
            progress.manifest,
        )
