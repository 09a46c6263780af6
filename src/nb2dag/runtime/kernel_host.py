"""Run a notebook's cells in a Jupyter kernel.

Importing this module imports nbclient: import it where a notebook is run, not before.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from jupyter_core.utils import ensure_async
from nbclient.exceptions import CellExecutionError, DeadKernelError

from nb2dag.runtime.failures import NotRunnableError
from nb2dag.runtime.host import MARKER_VARIABLE, HostDiedError, Reply
from nb2dag.runtime.kernels import Kernel
from nb2dag.runtime.outputs import Outputs
from nb2dag.runtime.post_mortem import MemoryWatch, ended_by, last_words
from nb2dag.runtime.processes import Guardian, adopt_orphans, end_descendants

_IOPUB_SECONDS = 60


class KernelHost:
    """A `Host` that is a kernel; see there."""

    def __init__(
        self,
        kernel: Kernel,
        directory: Path | None,
        start_timeout: float,
        nb: Any,
        on_output: Callable[[Any], None],
    ) -> None:
        self.name = kernel.name
        self.process_id: int | None = None
        self.outputs = Outputs(
            nb,
            on_output,
            kernel_name=kernel.name,
            startup_timeout=start_timeout,
            iopub_timeout=_IOPUB_SECONDS,
            raise_on_iopub_timeout=True,
        )
        self.outputs.on_cell_executed = self._take_reply
        self._kernel = kernel
        self._directory = directory
        self._reply: dict[str, Any] = {}
        self._marker = f"{MARKER_VARIABLE}={os.urandom(12).hex()}"
        self._log: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `shut_down`)
        self._guardian: Guardian | None = None
        self._adopts = False
        self._memory = MemoryWatch()

    async def start(self, environment: Mapping[str, str]) -> None:
        """Start the kernel."""
        # Not nbclient's context manager: it handles signals, and leaves something behind where the start fails.
        self.outputs.create_kernel_manager()
        if self._kernel.is_local:
            adopt_orphans()
            self._adopts = True
        try:
            await self.outputs.async_start_new_kernel(**self._start_options(environment))
            self.process_id = getattr(self.outputs.km.provisioner, "pid", None)
            if self._kernel.is_local:
                self._guardian = Guardian(self.process_id, self._marker)
            await self.outputs.async_start_new_kernel_client()
        except Exception as error:
            said = last_words(self._log)
            raise NotRunnableError(f"kernel `{self._kernel.name}` did not start: {error}{said}") from error

    async def first_look(self, expressions: Mapping[str, str]) -> tuple[dict[str, Any] | None, dict[str, Any]]:
        """Return the language's description, and the values of expressions."""
        information = await self._answer(self.outputs.kc.kernel_info())
        language = information["content"]["language_info"] if information is not None else None
        if self._kernel.is_local and os.name == "posix" and self._kernel.language == "python":
            enable = f"__import__('faulthandler').enable({self._log.fileno()}, all_threads=False)"
            expressions = {**expressions, "crash": enable}
        return language, await self.evaluate(expressions) if expressions else {}

    async def evaluate(self, expressions: Mapping[str, str]) -> dict[str, Any]:
        """Return the values of expressions."""
        request = self.outputs.kc.execute("", silent=True, store_history=False, user_expressions=dict(expressions))
        found: dict[str, Any] = ((await self._answer(request)) or {}).get("content", {}).get("user_expressions", {})
        return found

    async def execute(self, cell: Any, index: int) -> Reply:
        """Run a cell."""
        self._reply = {}
        ename, evalue = "", ""
        try:
            await self.outputs.async_execute_cell(cell, index)
        except CellExecutionError as error:
            ename, evalue = error.ename, error.evalue
        except DeadKernelError as error:
            raise HostDiedError from error
        exits = any(item.get("source") == "ask_exit" for item in self._reply.get("payload", ()))
        return Reply(ename, evalue, exits)

    async def why_dead(self) -> str:
        """Return how the kernel's process ended."""
        process = getattr(self.outputs.km.provisioner, "process", None)
        code = process.poll() if process is not None else None
        return f"the kernel's process {ended_by(code, out_of_memory=self._memory.killed())}{last_words(self._log)}"

    async def interrupt(self) -> None:
        """Interrupt the running cell."""
        if self.outputs.km is not None and self.outputs.km.has_kernel:
            await self.outputs.km.interrupt_kernel()

    async def shut_down(self, *, now: bool) -> None:
        """End the kernel and all it started."""
        try:
            await self._shut_down(now)
        finally:
            if self._kernel.is_local:
                end_descendants(self.process_id, self._marker, adopted=self._adopts)
                self._adopts = False
            if self._guardian is not None:
                self._guardian.dismiss()
            self._log.close()

    async def _shut_down(self, now: bool) -> None:
        manager, client = self.outputs.km, self.outputs.kc
        if manager is None:
            return
        try:
            if await ensure_async(manager.is_alive()):
                await ensure_async(manager.shutdown_kernel(now=now))
        finally:
            await ensure_async(manager.cleanup_resources())
            if client is not None:
                await ensure_async(client.stop_channels())

    async def _answer(self, request: Any) -> dict[str, Any] | None:
        try:
            answer: dict[str, Any] | None = await self.outputs.async_wait_for_reply(request)
        except (DeadKernelError, asyncio.CancelledError) as error:
            raise HostDiedError from error
        return answer

    def _start_options(self, environment: Mapping[str, str]) -> dict[str, Any]:
        name, _, value = self._marker.partition("=")
        options: dict[str, Any] = {"env": {**environment, name: value}}
        if self._directory is not None:
            options["cwd"] = str(self._directory)
        if self._kernel.is_local:
            # What the process writes past ipykernel; and where Python reports a crash, under the same number there.
            options |= {"stdout": self._log, "stderr": self._log}
            if os.name == "posix":
                options["pass_fds"] = (self._log.fileno(),)
        return options

    def _take_reply(self, *, execute_reply: dict[str, Any], **_cell: Any) -> None:
        self._reply = execute_reply["content"]
