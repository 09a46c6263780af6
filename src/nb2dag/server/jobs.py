"""Keep the runs and verifications that panels began: one process each, its events in order, and how to stop it."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sys
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_KEPT = 20
"""Jobs that are remembered; the oldest that has ended makes room."""

_MOST_EVENTS = 20_000
"""Events of one job that are kept: cells that write without end fill no memory."""

_LINE = 16 * 1024 * 1024

_GRACE = 15.0
"""Seconds that a job has for stopping its tasks before it is killed."""


class Job:
    """One process that runs or verifies a notebook; `events` grows until one of the type `finished`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.events: list[dict[str, Any]] = []
        self.done = False
        self._stopped = False
        self._process = process
        self._changed = asyncio.Condition()
        self._reading = asyncio.ensure_future(self._read())

    async def after(self, count: int, patience: float) -> list[dict[str, Any]]:
        """Return the events from number `count` on, waiting up to `patience` seconds for the first of them."""
        async with self._changed:
            if len(self.events) <= count and not self.done:
                try:
                    await asyncio.wait_for(self._changed.wait(), patience)
                except asyncio.TimeoutError:
                    return []
        return self.events[count:]

    def stop(self) -> None:
        """Ask the process to stop its tasks; it is killed where that takes too long."""
        self.interrupt()
        asyncio.get_running_loop().call_later(_GRACE, self.kill)

    def interrupt(self) -> None:
        """Ask the process to stop its tasks."""
        self._stopped = True
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGINT)

    async def ended(self) -> None:
        """Wait until the process has ended and all it said is read."""
        await asyncio.wait([self._reading])

    def kill(self) -> None:
        """End the process at once."""
        if self._process.returncode is None:
            self._process.kill()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            while line := await self._process.stdout.readline():
                await self._add(json.loads(line))
        finally:
            await self._process.wait()
            if not self.done:
                await self._add({"type": "finished", "ok": False, "message": self._last_words()})

    def _last_words(self) -> str:
        # A process that is stopped while it still starts has no handler yet, and one that was killed says nothing.
        if self._stopped:
            return "stopped"
        return f"the run's process ended unexpectedly (exit code {self._process.returncode})"

    async def _add(self, event: dict[str, Any]) -> None:
        finished = event["type"] == "finished"
        async with self._changed:
            if finished or len(self.events) < _MOST_EVENTS:
                self.events.append(event)
            self.done = self.done or finished
            self._changed.notify_all()


class Jobs:
    """The jobs of one server, by their ids, which cannot be guessed."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    async def start(self, kind: str, body: Mapping[str, Any], folder: Path) -> str:
        """Start a job in the notebook's folder and return its id."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "nb2dag.server.running",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd="/" if os.name != "nt" else str(folder),
            limit=_LINE,
            start_new_session=True,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps({"kind": kind, "body": body}).encode() + b"\n")
        await process.stdin.drain()
        job_id = secrets.token_hex(8)
        self._jobs[job_id] = Job(process)
        self._forget()
        return job_id

    def find(self, job_id: str) -> Job | None:
        """Return a job, None where it is not known (any more)."""
        return self._jobs.get(job_id)

    def stop_all(self) -> None:
        """Ask every process to stop its tasks, as the server does when it ends; its event loop need not run."""
        for job in self._jobs.values():
            job.interrupt()

    async def close(self) -> None:
        """End every process, and wait until it has ended."""
        for job in self._jobs.values():
            job.kill()
            await job.ended()

    def _forget(self) -> None:
        ended = [job_id for job_id, job in self._jobs.items() if job.done]
        for job_id in ended[: max(0, len(self._jobs) - _KEPT)]:
            del self._jobs[job_id]
