"""Run a task notebook in a kernel: the papermill engine `nb2dag-kernel`.

The kernel is driven in a thread of its own, and the thread that called papermill passes the events on and watches the
clock. So whatever arrives there (SIGTERM, Ctrl-C, a timeout of the caller's own) can be raised at any time: the
kernel is stopped in good order and what had run is kept.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from typing import TYPE_CHECKING, Any

from nb2dag.runtime.progress import Event
from nb2dag.runtime.session import Session

if TYPE_CHECKING:
    from nb2dag.runtime.kernel_session import KernelSession

ENGINE_NAME = "nb2dag-kernel"
"""The engine's name, which is its papermill entry point too."""

_INTERRUPT_GRACE = 5.0
"""Seconds an interrupted cell has to end by itself, so that its traceback shows where it was."""

_JOIN_SECONDS = 60.0
"""Seconds to wait for a stopped kernel; one that still hangs then (behind a network) is left to its own end."""

_POLL = 0.2


class KernelEngine:
    """The papermill engine; papermill asks no more of an engine than these three methods.

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

        Of papermill's other options `start_timeout` and `execution_timeout` (here of the whole notebook) are honoured.

        Raises:
            NotRunnableError: The kernel did not start, or has no nb2dag.
        """
        from papermill.engines import NotebookExecutionManager

        if session is None:
            session = Session(dict(os.environ), output=output_path, timeout=options.get("execution_timeout"))
        manager = NotebookExecutionManager(nb, output_path=None, progress_bar=False)
        manager.notebook_start()
        try:
            _Watch(manager, kernel_name, session, options.get("start_timeout", 60)).run()
        finally:
            manager.notebook_complete()
        return manager.nb


class _Watch:
    """Run a kernel session in a thread; pass its events on, and stop it when it is time to."""

    def __init__(self, manager: Any, kernel_name: str, session: Session, start_timeout: float) -> None:
        from nb2dag.runtime.kernel_session import KernelSession

        self._session = session
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._kernel: KernelSession = KernelSession(manager, kernel_name, session, start_timeout, self._events.put)
        self._deadline = time.monotonic() + session.timeout if session.timeout else None

    def run(self) -> None:
        thread = threading.Thread(target=self._run_kernel, name="nb2dag-kernel", daemon=True)
        thread.start()
        try:
            self._pass_events()
            thread.join()
        except BaseException:
            # Not an event more: the caller may have raised in `on_event`.
            self._kernel.request_stop("stopped", grace=_INTERRUPT_GRACE / 2)
            thread.join(_JOIN_SECONDS)
            self._kernel.save()
            raise
        if self._kernel.error is not None:
            raise self._kernel.error

    def _run_kernel(self) -> None:
        try:
            self._kernel.run()
        finally:
            self._events.put(None)

    def _pass_events(self) -> None:
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
                self._kernel.request_stop("timeout", grace=_INTERRUPT_GRACE)
            elif self._session.stop is not None and self._session.stop.is_set():
                self._kernel.request_stop("stopped", grace=_INTERRUPT_GRACE / 2)
