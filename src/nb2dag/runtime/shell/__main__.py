"""Serve one notebook: take requests from a pipe, run cells, and say what they put out, until the pipe ends."""

from __future__ import annotations

import asyncio
import atexit
import faulthandler
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from nb2dag.runtime.shell.streams import FrameStream
from nb2dag.runtime.shell.wire import STDERR, STDOUT, Writer


def main(requests: int, frames: int, crash_report: int) -> None:
    """Serve until the requests end; the arguments are descriptors."""
    for descriptor in (requests, frames, crash_report):
        os.set_inheritable(descriptor, False)
    # What `-m` put there is where this process was started, no folder of the notebook's.
    if sys.path[0] == str(Path.cwd()):
        del sys.path[0]
    faulthandler.enable(crash_report, all_threads=False)
    writer = Writer(frames)
    sys.stdout = sys.__stdout__ = FrameStream(writer, STDOUT, 1, "stdout")  # type: ignore[assignment, misc]
    sys.stderr = sys.__stderr__ = FrameStream(writer, STDERR, 2, "stderr")  # type: ignore[assignment, misc]
    # The loop is this process's own: one of `asyncio.run` would take the interrupt for itself.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(_Server(writer, requests).serve())
    _leave()


class _Server:
    def __init__(self, writer: Writer, requests: int) -> None:
        from nb2dag.runtime.shell.application import IPKernelApp
        from nb2dag.runtime.shell.publishing import PipeSession

        self._writer = writer
        self._requests = requests
        self._pending = b""
        self._process = os.getpid()
        session = PipeSession()
        session.writer = writer
        self._app: Any = IPKernelApp.instance()
        self._session = session
        self._shell: Any = None

    async def serve(self) -> None:
        """Answer each request by a message of its kind, until there are no more."""
        while (line := await self._next_request()) is not None:
            request = json.loads(line)
            reply = await getattr(self, f"_{request['kind']}")(request)
            if os.getpid() != self._process:
                # A child that the cell forked and let run on: the notebook goes on in its parent alone.
                os._exit(0)
            self._writer.message({"msg_type": "reply", "content": reply})

    async def _next_request(self) -> bytes | None:
        loop = asyncio.get_running_loop()
        while b"\n" not in self._pending:
            readable = asyncio.Event()
            loop.add_reader(self._requests, readable.set)
            await readable.wait()
            loop.remove_reader(self._requests)
            data = os.read(self._requests, 1 << 16)
            if not data:
                return None
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\n")
        return line

    async def _start(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take on the notebook's environment and directory, and make the shell."""
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["directory"])
        self._shell = self._app.make_shell(self._session)
        return {"language_info": _language_info()}

    async def _evaluate(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"results": self._shell.user_expressions(request["expressions"])}

    async def _run(self, request: dict[str, Any]) -> dict[str, Any]:
        from nb2dag.runtime.shell.cells import run_cell

        parent = {"header": {"msg_id": request["id"]}}
        self._app.kernel.set_parent(parent)
        self._shell.set_parent(parent)
        count = self._shell.execution_count
        self._writer.message({"msg_type": "execute_input", "content": {"execution_count": count}})
        reply = await run_cell(self._shell, request["code"], silent=False)
        _flush_native()
        return reply

    async def _comm(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take a message of the notebook's front end, which here is the engine, for a widget."""
        import comm

        message = request["message"]
        getattr(comm.get_comm_manager(), message["msg_type"])(None, None, message)
        return {}


def _flush_native() -> None:
    """Write out what C code of this process holds back: its output belongs to the cell that ran it."""
    import ctypes

    ctypes.CDLL(None).fflush(None)


def _language_info() -> dict[str, Any]:
    return {
        "name": "python",
        "version": sys.version.split()[0],
        "mimetype": "text/x-python",
        "codemirror_mode": {"name": "ipython", "version": sys.version_info[0]},
        "pygments_lexer": "ipython3",
        "nbconvert_exporter": "python",
        "file_extension": ".py",
    }


def _leave() -> None:
    """End the process: what is registered for its end runs, and the taking apart of all modules is left out."""
    others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    if any(not thread.daemon for thread in others):
        return
    atexit._run_exitfuncs()  # noqa: SLF001 (there is no public way to it)
    os._exit(0)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:4]))
