"""Run a notebook for papermill: its engines `nb2dag` (a shell in a process of its own) and `nb2dag-kernel`.

The cells are run in a thread of its own, and the thread that called papermill passes the events on and watches the
clock. So whatever arrives there (SIGTERM, Ctrl-C, a timeout of the caller's own) can be raised at any time: the
notebook's process is stopped in good order and what had run is kept.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from typing import TYPE_CHECKING, Any

from nb2dag.runtime import hash_seed
from nb2dag.runtime.attempt_record import RECORD_METADATA
from nb2dag.runtime.progress import Event
from nb2dag.runtime.session import Session

if TYPE_CHECKING:
    from nb2dag.runtime.kernels import Kernel
    from nb2dag.runtime.notebook_run import NotebookRun, Opener

_INTERRUPT_GRACE = 5.0
"""Seconds an interrupted cell has to end by itself, so that its traceback shows where it was."""

_JOIN_SECONDS = 60.0
"""Seconds to wait for a stopped kernel; one that still hangs then (behind a network) is left to its own end."""

_POLL = 0.2


class KernelEngine:
    """The papermill engine `nb2dag-kernel`; papermill asks no more of an engine than these three methods.

    It differs from papermill's own in that it saves seldom (papermill's cost grows with the square of the cells),
    reports events as they come, and knows a dead kernel, a timeout and `sys.exit(0)` for failures.
    """

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """Return the kernel's name: `name`, else the one in the notebook."""
        from papermill.utils import nb_kernel_name

        found: str = nb_kernel_name(nb, name)
        return found

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """Return the notebook's language."""
        from papermill.utils import nb_language

        found: str = nb_language(nb, language)
        return found

    @classmethod
    def execute_notebook(
        cls,
        nb: Any,
        kernel_name: str,
        output_path: str | None = None,
        session: Session | None = None,
        **options: Any,
    ) -> Any:
        """Run a notebook and return it with its outputs; failures stand in its outputs and in `session`.

        Of papermill's other options `start_timeout` and `execution_timeout` (for each cell) are honoured.

        Raises:
            NotRunnableError: It could not be started, or has no nb2dag.
        """
        from papermill.engines import NotebookExecutionManager

        from nb2dag.runtime.kernels import find_kernel
        from nb2dag.runtime.notebook_run import NotebookRun

        if session is None:
            session = Session(dict(os.environ), output=output_path, cell_timeout=options.get("execution_timeout"))
        kernel = find_kernel(kernel_name)
        manager = NotebookExecutionManager(nb, output_path=None, progress_bar=False)
        if session.record is not None:
            manager.nb.metadata[RECORD_METADATA] = dict(session.record)
        manager.notebook_start()
        watch = _Watch(session)
        opener = cls._opener(kernel, session, options.get("start_timeout", 60))
        run = NotebookRun(manager, kernel, session, opener, watch.take)
        try:
            watch.follow(run)
        finally:
            manager.notebook_complete()
            run.finish(manager.nb)
        return manager.nb

    @classmethod
    def _opener(cls, kernel: Kernel, session: Session, start_timeout: float) -> Opener:
        from nb2dag.runtime.kernel_host import KernelHost

        return lambda nb, on_output: KernelHost(kernel, session.directory, start_timeout, nb, on_output)


class ShellEngine(KernelEngine):
    """The papermill engine `nb2dag`: an IPython shell in a process of its own, without a kernel's start and sockets.

    It is for notebooks of the interpreter that runs it. Any other kernel is started as `nb2dag-kernel` does.
    """

    @classmethod
    def _opener(cls, kernel: Kernel, session: Session, start_timeout: float) -> Opener:
        if not kernel.is_this_python:
            return super()._opener(kernel, session, start_timeout)
        from nb2dag.runtime.shell_host import ShellHost
        from nb2dag.runtime.shell_process import ShellProcess

        process = session.process or ShellProcess(hash_seed.part_of(session.environment))
        return lambda nb, on_output: ShellHost(kernel.name, process, session.directory, nb, on_output)


class _Watch:
    """Run a notebook in a thread; pass its events on, and stop it when it is time to."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._deadline = time.monotonic() + session.timeout if session.timeout else None

    def take(self, event: Event) -> None:
        """Take an event from the thread."""
        self._events.put(event)

    def follow(self, run: NotebookRun) -> None:
        thread = threading.Thread(target=self._run, args=(run,), name="nb2dag-notebook", daemon=True)
        thread.start()
        try:
            self._pass_events(run)
            thread.join()
        except BaseException:
            # Not an event more: the caller may have raised in `on_event`.
            run.request_stop("stopped", grace=_INTERRUPT_GRACE / 2)
            thread.join(_JOIN_SECONDS)
            run.save()
            raise
        if run.error is not None:
            raise run.error

    def _run(self, run: NotebookRun) -> None:
        try:
            run.run()
        finally:
            self._events.put(None)

    def _pass_events(self, run: NotebookRun) -> None:
        while True:
            try:
                event = self._events.get(timeout=_POLL)
            except queue.Empty:
                pass
            else:
                if event is None:
                    return
                self._session.on_event(event)
            if self._deadline is not None and time.monotonic() >= self._deadline:
                run.request_stop("timeout", grace=_INTERRUPT_GRACE)
            elif self._session.stop is not None and self._session.stop.is_set():
                run.request_stop("stopped", grace=_INTERRUPT_GRACE / 2)
