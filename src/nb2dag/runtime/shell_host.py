"""Run a notebook's cells in a shell of its own process: the parent's side of `nb2dag.runtime.shell`."""

from __future__ import annotations

import asyncio
import base64
import codecs
import contextlib
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nb2dag.runtime.failures import NotRunnableError
from nb2dag.runtime.host import MARKER_VARIABLE, HostDiedError, Reply
from nb2dag.runtime.outputs import Outputs
from nb2dag.runtime.post_mortem import MemoryWatch, ended_by, last_words
from nb2dag.runtime.shell.wire import Reader
from nb2dag.runtime.shell_process import ShellProcess

_READ_SIZE = 1 << 18
_PATIENCE = 5.0
"""Seconds for the process to end by itself: threads are joined, what is registered for the end runs."""

_ALIVE_EVERY = 0.2


class ShellHost:
    """A `Host` that is a process of its own; see there."""

    def __init__(
        self, name: str, process: ShellProcess, directory: Path | None, nb: Any, on_output: Callable[[Any], None]
    ) -> None:
        self.name = name
        self.process_id: int | None = process.process.pid
        self.outputs = Outputs(nb, on_output)
        self._process = process
        self._directory = str(directory or Path.cwd())
        self._reader = Reader()
        self._decoders = {
            process.stdout: ("stdout", codecs.getincrementaldecoder("utf-8")("replace")),
            process.stderr: ("stderr", codecs.getincrementaldecoder("utf-8")("replace")),
        }
        self._cell: tuple[Any, int, str] | None = None
        self._reply: asyncio.Future[dict[str, Any]] | None = None
        self._language: dict[str, Any] | None = None
        self._said = ""
        self._comms: list[dict[str, Any]] = []
        self._memory = MemoryWatch()
        self.outputs.kc = _FrontEnd(self._comms)

    async def start(self, environment: Mapping[str, str]) -> None:
        """Let the process take on the notebook's environment and directory."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._process.frames, self._read)
        for pipe in self._decoders:
            loop.add_reader(pipe, self._read_native)
        request = {
            "kind": "start",
            "environment": {**environment, MARKER_VARIABLE: self._process.marker},
            "directory": self._directory,
        }
        try:
            self._language = (await self._ask(request))["language_info"]
        except HostDiedError:
            raise NotRunnableError(
                f"the process for the notebook did not start: it {self._ending()}{self._last_words()}"
            ) from None

    async def first_look(self, expressions: Mapping[str, str]) -> tuple[dict[str, Any] | None, dict[str, Any]]:
        """Return the language's description, and the values of expressions."""
        return self._language, await self.evaluate(expressions) if expressions else {}

    async def evaluate(self, expressions: Mapping[str, str]) -> dict[str, Any]:
        """Return the values of expressions."""
        results: dict[str, Any] = (await self._ask({"kind": "evaluate", "expressions": dict(expressions)}))["results"]
        return results

    async def execute(self, cell: Any, index: int) -> Reply:
        """Run a cell."""
        cell.outputs = []
        self.outputs.clear_before_next_output = False
        identity = os.urandom(8).hex()
        self._cell = (cell, index, identity)
        try:
            reply = await self._ask({"kind": "run", "id": identity, "code": cell.source})
            while self._comms:
                await self._ask({"kind": "comm", "message": self._comms.pop(0)})
        finally:
            self._read()
            self._cell = None
        cell.execution_count = reply["execution_count"]
        exits = any(item.get("source") == "ask_exit" for item in reply["payload"])
        if reply["status"] == "ok" or "raises-exception" in cell.metadata.get("tags", ()):
            return Reply(exits=exits)
        return Reply(reply["ename"], reply["evalue"], exits)

    async def why_dead(self) -> str:
        """Return how the process ended."""
        return f"the notebook's process {self._ending()}{self._last_words()}"

    async def interrupt(self) -> None:
        """Interrupt the cell, and what it started and waits for."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.process.pid, signal.SIGINT)

    async def shut_down(self, *, now: bool) -> None:
        """End the process."""
        loop = asyncio.get_running_loop()
        ending = loop.run_in_executor(None, lambda: self._process.end(patience=0 if now else _PATIENCE))
        # The pipes are read meanwhile: a process that still writes could not end.
        await ending
        for pipe in (self._process.frames, *self._decoders):
            loop.remove_reader(pipe)
        self._process.close()

    async def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        self._reply = asyncio.get_running_loop().create_future()
        try:
            self._process.send(request)
        except BrokenPipeError:
            raise HostDiedError from None
        while not self._reply.done():
            await asyncio.wait([self._reply], timeout=_ALIVE_EVERY)
            if not self._reply.done() and self._process.process.poll() is not None:
                # All it wrote is in the pipes, the reply may be.
                self._read()
                if not self._reply.done():
                    raise HostDiedError
        return self._reply.result()

    def _read(self) -> None:
        """Take what came, and let who waits for a reply know if that fails."""
        try:
            self._take_all()
        except Exception as error:
            if self._reply is None or self._reply.done():
                raise
            self._reply.set_exception(error)

    def _take_all(self) -> None:
        """Take what came by frames, after what native code wrote before it."""
        while data := _read_some(self._process.frames):
            self._read_native()
            for item in self._reader.feed(data):
                if isinstance(item, dict):
                    self._take(item)
                else:
                    self._take_stream(*item)
            if len(data) < _READ_SIZE:
                break
        if data == b"":
            asyncio.get_running_loop().remove_reader(self._process.frames)
        self._read_native()

    def _read_native(self) -> None:
        for pipe, (name, decoder) in self._decoders.items():
            while data := _read_some(pipe):
                if text := decoder.decode(data):
                    self._take_stream(name, text)
            if data == b"":
                asyncio.get_running_loop().remove_reader(pipe)

    def _take(self, message: dict[str, Any]) -> None:
        if message["msg_type"] == "reply":
            if self._reply is not None and not self._reply.done():
                self._reply.set_result(message["content"])
            return
        self._put(message | {"buffers": [base64.b64decode(buffer) for buffer in message.get("buffers", ())]})

    def _take_stream(self, name: str, text: str) -> None:
        if self._cell is None:
            self._said = (self._said + text)[-8192:]
        else:
            self._put({"msg_type": "stream", "content": {"name": name, "text": text}})

    def _put(self, message: dict[str, Any]) -> None:
        if self._cell is None:
            return
        cell, index, identity = self._cell
        message["header"] = {"msg_type": message["msg_type"]}
        message["parent_header"] = {"msg_id": message.pop("parent", "") or identity}
        self.outputs.process_message(message, cell, index)

    def _ending(self) -> str:
        return ended_by(self._process.process.poll(), out_of_memory=self._memory.killed())

    def _last_words(self) -> str:
        return last_words(self._process.crash_report) or (f"; its last words:\n{self._said}" if self._said else "")


class _FrontEnd:
    """Takes what nbclient's own widgets say to the kernel; it is passed on when the cell has ended."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self._messages = messages
        self.session = self.shell_channel = self

    def msg(self, msg_type: str, content: Any = None, metadata: Any = None, **_: Any) -> dict[str, Any]:
        return {"msg_type": msg_type, "content": content, "metadata": metadata or {}, "buffers": []}

    def send(self, message: dict[str, Any]) -> None:
        self._messages.append(message)


def _read_some(pipe: int) -> bytes | None:
    """Return what is in a pipe, nothing at its end, None where there is nothing at the moment."""
    if pipe < 0:
        return None
    try:
        return os.read(pipe, _READ_SIZE)
    except BlockingIOError:
        return None
