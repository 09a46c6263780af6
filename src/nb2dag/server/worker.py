"""Ask questions of a process of its own, one at a time: typing and other requests never wait for the compiler.

The process keeps what the compiler remembers between two questions. It is ended and begun anew where an answer takes
too long, and it ends when its standard input does, so it never outlives the server.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

_LIMIT = 64 * 1024 * 1024
"""Bytes of the longest line that is read from the process: generated code of a large notebook."""


class Superseded(Exception):
    """A newer question of the same sort about the same notebook came while this one waited."""


class TookTooLong(Exception):
    """There was no answer within the time allowed; the process was ended."""


class WorkerFailed(Exception):
    """The process ended without an answer, or failed on the question; the message is for people."""


class Worker:
    """One process that answers questions in the order asked; `longest` is in seconds."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._process: asyncio.subprocess.Process | None = None
        self._lock: asyncio.Lock | None = None
        self._newest: dict[str, int] = {}
        self._count = 0

    async def ask(self, question: str, key: str, body: Mapping[str, Any]) -> Any:
        """Return the answer to a question.

        `key` says what the question is about: of those with one key that wait, only the newest is answered. An empty
        key never gives way.

        Raises:
            Superseded: A newer question took this one's place.
            TookTooLong: There was no answer in time.
            WorkerFailed: The process failed.
        """
        self._count += 1
        number = self._count
        self._newest[key] = number
        self._lock = self._lock or asyncio.Lock()
        async with self._lock:
            if key and self._newest[key] != number:
                raise Superseded
            try:
                return await asyncio.wait_for(self._exchange(question, body), self._longest)
            except asyncio.TimeoutError:
                await self.close()
                raise TookTooLong from None
            except asyncio.CancelledError:
                # The rest of the answer would be taken for that to the next question.
                await self.close()
                raise

    async def start(self) -> None:
        """Start the process, so that the first question need not wait for its imports."""
        self._lock = self._lock or asyncio.Lock()
        async with self._lock:
            await self._running()

    async def close(self) -> None:
        """End the process; the next question begins another."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def _exchange(self, question: str, body: Mapping[str, Any]) -> Any:
        process = await self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps({"question": question, "body": body}).encode() + b"\n")
            await process.stdin.drain()
            line = await process.stdout.readline()
        except (OSError, ValueError) as error:
            await self.close()
            raise WorkerFailed(f"the compiler's process cannot be reached: {error}") from error
        if not line:
            await self.close()
            raise WorkerFailed("the compiler's process ended without an answer: look into the server's log")
        answer = json.loads(line)
        if "failed" in answer:
            raise WorkerFailed(answer["failed"])
        return answer["answer"]

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            # Not in the user's folder, from which Python would import: a `json.py` may lie there.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "nb2dag.server.answering",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=tempfile.gettempdir() if os.name == "nt" else "/",
                limit=_LIMIT,
            )
        return self._process
