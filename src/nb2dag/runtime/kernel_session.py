"""Drive one kernel from start to end: start it, check it, run the cells, stream their output, stop it.

Importing this module imports nbclient: import it where a notebook is run, not before.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import tempfile
import time
from collections.abc import Callable
from typing import Any, BinaryIO

from jupyter_core.utils import ensure_async
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from nb2dag.runtime.failures import NotRunnableError, StoreError
from nb2dag.runtime.formats import HANDOFF_FORMAT, CellOrigin
from nb2dag.runtime.kernels import Kernel, find_kernel
from nb2dag.runtime.post_mortem import ended_by, last_words
from nb2dag.runtime.processes import end_descendants
from nb2dag.runtime.progress import CellFinished, CellStarted, Event, KernelStarted, LineBuffer, OutputLine
from nb2dag.runtime.session import Failure, Session, cell_origin, kernel_environment

_SAVE_EVERY = 15.0
_SAVE_SHARE = 20
_IOPUB_SECONDS = 60
_MARKER = "NB2DAG_KERNEL"
_NOTE_CHANGES = "__import__('nb2dag.runtime.commit', fromlist=['note_changes']).note_changes(globals(), {})"
_CHECK = "__import__('nb2dag.runtime.commit', fromlist=['check']).check()"
_BODY = "body"

# What nbclient would log is said in events and failures.
_QUIET = logging.getLogger("nb2dag.runtime.nbclient")
_QUIET.setLevel(logging.CRITICAL + 1)


class KernelSession:
    """One run of a notebook in a kernel. `run` works in any thread; `request_stop` is called from another one.

    Attributes:
        error: What `run` could not go on from, None where it ended by itself.
    """

    def __init__(
        self,
        manager: Any,
        kernel_name: str,
        session: Session,
        start_timeout: float,
        emit: Callable[[Event], None],
    ) -> None:
        self.error: BaseException | None = None
        self._manager = manager
        self._session = session
        self._emit = emit
        self._kernel: Kernel = find_kernel(kernel_name)
        self._client = _StreamingClient(
            manager.nb,
            self._take_output,
            kernel_name=kernel_name,
            timeout=None,
            startup_timeout=start_timeout,
            iopub_timeout=_IOPUB_SECONDS,
            raise_on_iopub_timeout=True,
            log=_QUIET,
        )
        self._client.on_cell_executed = self._take_reply
        self._reply: dict[str, Any] = {}
        self._lines: dict[str, LineBuffer] = {}
        self._number = 0
        self._saved = float("-inf")
        self._save_every = _SAVE_EVERY
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
        """Interrupt the running cell, and stop the kernel if the cell has not ended after `grace` seconds.

        `reason` becomes the failure's kind. A second request changes nothing.
        """
        if self._stopping is None:
            self._stopping = reason
            if self._loop is not None:
                with contextlib.suppress(RuntimeError):
                    # RuntimeError: the session has just ended by itself.
                    self._loop.call_soon_threadsafe(self._begin_stop, grace)

    def save(self) -> None:
        """Save the notebook as it is now."""
        if self._session.output is not None:
            from papermill.iorw import write_ipynb

            write_ipynb(self._manager.nb, self._session.output)

    async def _run(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self._save_first()
        self._client.reset_execution_trackers()
        marker = os.urandom(12).hex()
        leader: int | None = None
        with tempfile.TemporaryFile() as log:
            try:
                await self._start(marker, log)
                leader = self._process_id()
                self._emit(KernelStarted(self._kernel.name, leader))
                await self._check_kernel(log)
                await self._run_cells(log)
                self._client.set_widgets_metadata()
            finally:
                await self._shut_down()
                if self._kernel.is_local:
                    end_descendants(leader, f"{_MARKER}={marker}")

    async def _start(self, marker: str, log: BinaryIO) -> None:
        # Not nbclient's context manager: it handles signals, and leaves something behind where the start fails.
        self._client.create_kernel_manager()
        try:
            await self._client.async_start_new_kernel(**self._start_options(marker, log))
            await self._client.async_start_new_kernel_client()
        except Exception as error:
            raise NotRunnableError(f"kernel `{self._kernel.name}` did not start: {error}{last_words(log)}") from error

    async def _shut_down(self) -> None:
        manager, client = self._client.km, self._client.kc
        if manager is None:
            return
        try:
            if await ensure_async(manager.is_alive()):
                await ensure_async(manager.shutdown_kernel(now=self._stopping is not None))
        finally:
            await ensure_async(manager.cleanup_resources())
            if client is not None:
                await ensure_async(client.stop_channels())

    def _start_options(self, marker: str, log: BinaryIO) -> dict[str, Any]:
        environment = kernel_environment(self._session) | {_MARKER: marker}
        options: dict[str, Any] = {"env": environment}
        if self._session.directory is not None:
            options["cwd"] = str(self._session.directory)
        if self._kernel.is_local:
            # What the process writes past ipykernel; and where Python reports a crash, under the same number there.
            options |= {"stdout": log, "stderr": log}
            if os.name == "posix":
                options["pass_fds"] = (log.fileno(),)
        return options

    def _process_id(self) -> int | None:
        process: int | None = getattr(self._client.km.provisioner, "pid", None)
        return process

    async def _check_kernel(self, log: BinaryIO) -> None:
        """Read the kernel's language, and check that load and save cells will work in it."""
        try:
            await self._ask(log)
        except DeadKernelError as error:
            raise NotRunnableError(
                f"kernel `{self._kernel.name}` died before the first cell: {await self._why_dead(log)}"
            ) from error

    async def _ask(self, log: BinaryIO) -> None:
        information = await self._client.async_wait_for_reply(self._client.kc.kernel_info())
        if information is not None:
            self._manager.nb.metadata["language_info"] = information["content"]["language_info"]
        expressions = {"check": _CHECK} if self._session.checks_handoffs else {}
        if self._kernel.is_local and os.name == "posix" and self._kernel.language == "python":
            expressions["crash"] = f"__import__('faulthandler').enable({log.fileno()}, all_threads=False)"
        if expressions:
            request = self._client.kc.execute("", silent=True, store_history=False, user_expressions=expressions)
            reply = await self._client.async_wait_for_reply(request)
            if self._session.checks_handoffs:
                _judge_check(self._kernel, (reply or {}).get("content", {}).get("user_expressions", {}).get("check"))

    async def _run_cells(self, log: BinaryIO) -> None:
        cells = [
            (index, cell)
            for index, cell in enumerate(self._manager.nb.cells)
            if cell.cell_type == "code" and cell.source.strip()
        ]
        counts: dict[int, CellOrigin | None] = {}
        for number, (index, cell) in enumerate(cells, 1):
            origin = cell_origin(cell)
            self._number = number
            self._emit(CellStarted(number, len(cells), origin))
            self._manager.cell_start(cell, index)
            started = time.monotonic()
            failure = await self._run_cell(cell, index, origin, counts, log)
            if failure is None and self._session.fingerprints and origin is not None and origin.purpose == _BODY:
                await self._note_changes(origin)
            self._flush_lines()
            if failure is not None:
                self._session.failure = failure
                self._manager.cell_exception(cell, cell_index=index)
            self._manager.cell_complete(cell, cell_index=index)
            self._emit(CellFinished(number, len(cells), time.monotonic() - started, failure is None, origin))
            if failure is not None:
                return
            self._save_now_and_then()

    async def _note_changes(self, origin: CellOrigin) -> None:
        """Let the kernel compare what the task loaded; what prevents that shows when the next cell runs."""
        if self._stopping is None:
            expressions = {"changes": _NOTE_CHANGES.format(origin.cell)}
            request = self._client.kc.execute("", silent=True, store_history=False, user_expressions=expressions)
            with contextlib.suppress(DeadKernelError):
                await self._client.async_wait_for_reply(request)

    async def _run_cell(
        self, cell: Any, index: int, origin: CellOrigin | None, counts: dict[int, CellOrigin | None], log: BinaryIO
    ) -> Failure | None:
        kind, ename, evalue = "", "", ""
        self._reply = {}
        try:
            if self._stopping is None:
                await self._client.async_execute_cell(cell, index)
        except CellExecutionError as error:
            kind, ename, evalue = "exit" if error.ename == "SystemExit" else "error", error.ename, error.evalue
        except (DeadKernelError, asyncio.CancelledError):
            kind, ename, evalue = "died", "DeadKernelError", await self._why_dead(log)
        except Exception as error:  # noqa: BLE001, whatever it is, this cell failed
            kind, ename, evalue = "error", type(error).__name__, str(error)
        if cell.get("execution_count") is not None:
            counts[cell.execution_count] = origin
        if not kind and any(item.get("source") == "ask_exit" for item in self._reply.get("payload", ())):
            kind, ename, evalue = "exit", "SystemExit", ""
        if self._stopping is not None:
            kind = self._stopping
        if not kind:
            return None
        return Failure(kind, origin, ename, evalue, _error_traceback(cell, kind, ename, evalue), counts)

    async def _why_dead(self, log: BinaryIO) -> str:
        process = getattr(self._client.km.provisioner, "process", None)
        code = process.poll() if process is not None else None
        return f"the kernel's process {ended_by(code)}{last_words(log)}"

    def _begin_stop(self, grace: float) -> None:
        # Kept: the loop itself holds tasks weakly.
        self._stopper = asyncio.get_running_loop().create_task(self._stop(grace))

    async def _stop(self, grace: float) -> None:
        if self._client.km is not None and self._client.km.has_kernel:
            await self._client.km.interrupt_kernel()
        await asyncio.sleep(grace)
        if self._task is not None:
            self._task.cancel()

    def _take_reply(self, *, execute_reply: dict[str, Any], **_cell: Any) -> None:
        self._reply = execute_reply["content"]

    def _take_output(self, output: Any) -> None:
        if output.output_type == "stream":
            buffer = self._lines.setdefault(output.name, LineBuffer())
            for line in buffer.feed("".join(output.text), time.monotonic()):
                self._emit(OutputLine(self._number, output.name, line))
        elif output.output_type in ("display_data", "execute_result"):
            buffer = LineBuffer()
            text = "".join(output.data.get("text/plain", ""))
            for line in (*buffer.feed(text, time.monotonic()), *buffer.flush()):
                self._emit(OutputLine(self._number, "display", line))
        self._save_now_and_then()

    def _flush_lines(self) -> None:
        for stream, buffer in self._lines.items():
            for line in buffer.flush():
                self._emit(OutputLine(self._number, stream, line))

    def _save_first(self) -> None:
        try:
            self.save()
        except Exception as error:
            # Whatever the handler of that kind of URL raises.
            raise NotRunnableError(
                f"cannot write the executed notebook to {self._session.output}: {type(error).__name__}: {error}"
            ) from error
        self._saved = time.monotonic()

    def _save_now_and_then(self) -> None:
        """Save for whoever watches; seldom enough to cost a twentieth of the time at most."""
        started = time.monotonic()
        if started - self._saved < self._save_every:
            return
        with contextlib.suppress(Exception):
            # The save at the end says what is wrong with the place.
            self.save()
        self._saved = time.monotonic()
        self._save_every = max(_SAVE_EVERY, _SAVE_SHARE * (self._saved - started))


class _StreamingClient(NotebookClient):  # type: ignore[misc]
    """An nbclient that passes each output on as it comes."""

    def __init__(self, nb: Any, on_output: Callable[[Any], None], **options: Any) -> None:
        super().__init__(nb, **options)
        self._on_output = on_output

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Put a message of the kernel into the notebook, and pass the output on that it made."""
        output = super().process_message(msg, cell, cell_index)
        if output is not None:
            self._on_output(output)
        return output


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

    if kind in ("died", "timeout", "stopped"):
        shown = {"timeout": "TaskTimeoutError", "stopped": "TaskInterruptedError"}.get(kind, ename)
        cell.outputs.append(
            new_output("error", ename=shown, evalue=evalue, traceback=[f"{shown}: {evalue}" if evalue else shown])
        )
    return ()
