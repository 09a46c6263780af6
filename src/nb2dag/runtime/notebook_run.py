"""Run the cells of one notebook in a host, from start to end: events, outputs, failures, and what is saved meanwhile.

Importing this module imports nbclient: import it where a notebook is run, not before.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import time
from collections.abc import Callable
from typing import Any

from nb2dag.runtime.cell_log import CellLog
from nb2dag.runtime.failures import NotRunnableError, StoreError
from nb2dag.runtime.formats import HANDOFF_FORMAT, CellOrigin
from nb2dag.runtime.host import Host, HostDiedError
from nb2dag.runtime.kernels import Kernel
from nb2dag.runtime.outputs import merge_streams
from nb2dag.runtime.progress import CellFinished, CellStarted, Event, KernelStarted
from nb2dag.runtime.saving import save_notebook
from nb2dag.runtime.session import Failure, Session, cell_origins, kernel_environment

_SAVE_EVERY = 1.0
"""Seconds between two saves at least: whoever watches sees a cell begin and end about that much later."""

_SAVE_SHARE = 20
"""A save that took longer puts the next one off by that many times its own duration."""

_CELL_GRACE = 5.0
"""Seconds that a cell which took too long has to end after its interrupt."""

_NOTE_CHANGES = "__import__('nb2dag.runtime.commit', fromlist=['note_changes']).note_changes(globals(), {})"
_CHECK = "__import__('nb2dag.runtime.commit', fromlist=['check']).check()"
_BODY = "body"

Opener = Callable[[Any, Callable[[Any], None]], Host]
"""Makes a host for a notebook; what it puts out goes to the second argument."""


class NotebookRun:
    """One run of a notebook. `run` works in any thread; `request_stop` is called from another one.

    Attributes:
        error: What `run` could not go on from, None where it ended by itself.
    """

    def __init__(
        self, manager: Any, kernel: Kernel, session: Session, open_host: Opener, emit: Callable[[Event], None]
    ) -> None:
        self.error: BaseException | None = None
        self._manager = manager
        self._kernel = kernel
        self._session = session
        self._emit = emit
        self._host = open_host(manager.nb, self._take_output)
        self._log = CellLog(session, emit)
        self._saved = float("-inf")
        self._save_every = _SAVE_EVERY
        self._next_save: asyncio.TimerHandle | None = None
        self._stopping: str | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None

    def run(self) -> None:
        """Run the notebook; what ends it early is in the session's `failure`, what prevents it in `error`."""
        try:
            asyncio.run(self._run())
        except asyncio.CancelledError:
            return
        except BaseException as error:  # noqa: BLE001, raised again in the thread that waits
            self.error = error

    def request_stop(self, reason: str, grace: float) -> None:
        """Interrupt the running cell, and stop the host if the cell has not ended after `grace` seconds.

        `reason` becomes the failure's kind. A second request changes nothing.
        """
        if self._stopping is None:
            self._stopping = reason
            if self._loop is not None:
                with contextlib.suppress(RuntimeError):
                    # RuntimeError: the run has just ended by itself.
                    self._loop.call_soon_threadsafe(self._begin_stop, grace)

    def save(self) -> None:
        """Save the notebook as it is now."""
        if self._session.output is not None:
            notebook = self._manager.nb
            if self._session.redact is not None:
                notebook = copy.deepcopy(notebook)
                self.finish(notebook)
            save_notebook(notebook, self._session.output)

    def finish(self, notebook: Any) -> None:
        """Bring a notebook into the form in which it is kept: streams whole, and no secret in it."""
        merge_streams(notebook)
        if self._session.redact is not None:
            for key in list(notebook):
                notebook[key] = _redacted(notebook[key], self._session.redact)

    async def _run(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        outputs = self._host.outputs
        outputs.reset_execution_trackers()
        try:
            self._save_first()
            await self._host.start(kernel_environment(self._session))
            self._emit(KernelStarted(self._host.name, self._host.process_id))
            await self._look()
            await self._run_cells()
            outputs.set_widgets_metadata()
        finally:
            if self._next_save is not None:
                # papermill or the caller saves at the end.
                self._next_save.cancel()
            await self._host.shut_down(now=self._stopping is not None)

    async def _look(self) -> None:
        """Read the language, and check that load and save cells will work."""
        expressions = {"check": _CHECK} if self._session.checks_handoffs else {}
        try:
            language, results = await self._host.first_look(expressions)
        except HostDiedError:
            why = await self._host.why_dead()
            raise NotRunnableError(f"kernel `{self._kernel.name}` died before the first cell: {why}") from None
        if language is not None:
            self._manager.nb.metadata["language_info"] = language
        if expressions:
            _judge_check(self._kernel, results.get("check"))

    async def _run_cells(self) -> None:
        origins = cell_origins(self._manager.nb.cells)
        cells = [
            (index, cell)
            for index, cell in enumerate(self._manager.nb.cells)
            if cell.cell_type == "code" and cell.source.strip()
        ]
        counts: dict[int, CellOrigin | None] = {}
        for number, (index, cell) in enumerate(cells, 1):
            origin = origins[index]
            self._log.begin(number)
            self._emit(CellStarted(number, len(cells), origin))
            self._manager.cell_start(cell, index)
            self._save_soon()
            started = time.monotonic()
            failure = await self._run_cell(cell, index, origin, counts)
            if failure is None and self._session.fingerprints and origin is not None and origin.purpose == _BODY:
                await self._note_changes(origin)
            self._log.end()
            if failure is not None:
                self._session.failure = failure
                self._manager.cell_exception(cell, cell_index=index)
            self._manager.cell_complete(cell, cell_index=index)
            ename = failure.ename if failure is not None else ""
            self._emit(CellFinished(number, len(cells), time.monotonic() - started, failure is None, origin, ename))
            if failure is not None:
                return
            self._save_soon()

    async def _note_changes(self, origin: CellOrigin) -> None:
        """Let the notebook's process compare what the task loaded; what prevents that shows in the next cell."""
        if self._stopping is None:
            with contextlib.suppress(HostDiedError):
                await self._host.evaluate({"changes": _NOTE_CHANGES.format(origin.cell)})

    async def _run_cell(
        self, cell: Any, index: int, origin: CellOrigin | None, counts: dict[int, CellOrigin | None]
    ) -> Failure | None:
        kind, ename, evalue = "", "", ""
        alarm = self._set_alarm()
        try:
            if self._stopping is None:
                reply = await self._host.execute(cell, index)
                ename, evalue = reply.ename, reply.evalue
                kind = "exit" if ename == "SystemExit" or reply.exits else "error" if ename else ""
        except (HostDiedError, asyncio.CancelledError):
            kind, ename, evalue = "died", "DeadKernelError", await self._host.why_dead()
        except Exception as error:  # noqa: BLE001, whatever it is, this cell failed
            kind, ename, evalue = "error", type(error).__name__, str(error)
        finally:
            if alarm is not None:
                alarm.cancel()
        if cell.get("execution_count") is not None:
            counts[cell.execution_count] = origin
        if self._stopping is not None:
            kind = self._stopping
        if not kind:
            return None
        traceback = _error_traceback(cell, kind, ename or "SystemExit", evalue)
        redact = self._session.redact or str
        return Failure(
            kind, origin, ename or "SystemExit", redact(evalue), tuple(redact(line) for line in traceback), counts
        )

    def _set_alarm(self) -> asyncio.TimerHandle | None:
        if not self._session.cell_timeout:
            return None
        loop = asyncio.get_running_loop()
        return loop.call_later(self._session.cell_timeout, self.request_stop, "cell-timeout", _CELL_GRACE)

    def _begin_stop(self, grace: float) -> None:
        # Kept: the loop itself holds tasks weakly.
        self._stopper = asyncio.get_running_loop().create_task(self._stop(grace))

    async def _stop(self, grace: float) -> None:
        await self._host.interrupt()
        await asyncio.sleep(grace)
        if self._task is not None:
            self._task.cancel()

    def _take_output(self, output: Any) -> None:
        self._log.take(output)
        self._save_soon()

    def _save_first(self) -> None:
        try:
            self.save()
        except Exception as error:
            # Whatever the handler of that kind of URL raises.
            raise NotRunnableError(
                f"cannot write the executed notebook to {self._session.output}: {type(error).__name__}: {error}"
            ) from error
        self._saved = time.monotonic()

    def _save_soon(self) -> None:
        """Save for whoever watches, a second after the last save at the soonest, and once for all until then.

        So saving costs a twentieth of the time at most, however many the cells and large the notebook.
        """
        if self._next_save is None:
            wait = self._saved + self._save_every - time.monotonic()
            self._next_save = asyncio.get_running_loop().call_later(max(0.0, wait), self._save_for_watchers)

    def _save_for_watchers(self) -> None:
        self._next_save = None
        started = time.monotonic()
        with contextlib.suppress(Exception):
            # The save at the end says what is wrong with the place.
            self.save()
        self._saved = time.monotonic()
        self._save_every = max(_SAVE_EVERY, _SAVE_SHARE * (self._saved - started))


def _redacted(value: Any, redact: Callable[[str], str]) -> Any:
    """Return a piece of a notebook with every text in it redacted."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [_redacted(item, redact) for item in value]
    if isinstance(value, dict):
        return type(value)({key: _redacted(item, redact) for key, item in value.items()})
    return value


def _judge_check(kernel: Kernel, result: dict[str, Any] | None) -> None:
    advice = f"install nb2dag for it ({kernel.program} -m pip install nb2dag)"
    if result is None:
        raise NotRunnableError(
            f"kernel `{kernel.name}` is no Python kernel that nb2dag can hand values to: use an ipykernel with "
            f"nb2dag installed"
        )
    if result["status"] == "ok":
        if result["data"]["text/plain"] != str(HANDOFF_FORMAT):
            raise NotRunnableError(f"kernel `{kernel.name}` has another version of nb2dag than this process: {advice}")
        return
    if result["ename"] == StoreError.__name__:
        raise StoreError(result["evalue"])
    if result["ename"] in ("ModuleNotFoundError", "ImportError"):
        raise NotRunnableError(
            f"kernel `{kernel.name}` cannot import nb2dag, which load and save cells need ({result['evalue']}): "
            f"{advice}"
        )
    raise NotRunnableError(f"kernel `{kernel.name}` cannot hand values over: {result['evalue']}")


def _error_traceback(cell: Any, kind: str, ename: str, evalue: str) -> tuple[str, ...]:
    """Return the traceback among a cell's outputs; what ended a cell without one becomes an output of it."""
    for output in cell.outputs:
        if output.output_type == "error":
            return tuple(output.traceback)
    from nbformat.v4 import new_output

    if kind in ("died", "timeout", "cell-timeout", "stopped"):
        shown = {
            "timeout": "TaskTimeoutError",
            "cell-timeout": "TaskTimeoutError",
            "stopped": "TaskInterruptedError",
        }.get(kind, ename)
        cell.outputs.append(
            new_output("error", ename=shown, evalue=evalue, traceback=[f"{shown}: {evalue}" if evalue else shown])
        )
    return ()
