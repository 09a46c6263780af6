"""Start the process that runs a notebook's cells in a shell of its own, and hold the pipes to it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any, BinaryIO

from nb2dag.runtime.host import MARKER_VARIABLE
from nb2dag.runtime.processes import Guardian, adopt_orphans, end_descendants

_PIPE_SIZE = 1 << 20


class ShellProcess:
    """A process that will run one notebook. It can be started before the notebook is known: most of its time goes
    into importing.

    Attributes:
        marker: The text in the environment of all processes that come of it.
        crash_report: Where Python reports a crash.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Start the process; `environment` is what Python reads when it starts, beside this process's own."""
        adopt_orphans()
        self.marker = os.urandom(12).hex()
        self.crash_report: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `close`)
        request_end, self._requests = os.pipe()
        self.frames, frames_end = os.pipe()
        self.stdout, stdout_end = os.pipe()
        self.stderr, stderr_end = os.pipe()
        theirs = (request_end, frames_end, self.crash_report.fileno())
        for pipe in (self.frames, self.stdout, self.stderr):
            with contextlib.suppress(OSError):
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
            os.set_blocking(pipe, False)
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "nb2dag.runtime.shell", *map(str, theirs)],
                stdin=subprocess.DEVNULL,
                stdout=stdout_end,
                stderr=stderr_end,
                pass_fds=theirs,
                # Not the current folder: a module that lies there would take the place of one that is imported.
                cwd="/",
                env={**os.environ, **environment, MARKER_VARIABLE: self.marker},
                start_new_session=True,
            )
        finally:
            for pipe in (request_end, frames_end, stdout_end, stderr_end):
                os.close(pipe)
        self._guardian = Guardian(self.process.pid, f"{MARKER_VARIABLE}={self.marker}")

    def send(self, request: dict[str, Any]) -> None:
        """Send a request.

        Raises:
            BrokenPipeError: The process is gone.
        """
        data = json.dumps(request).encode() + b"\n"
        while data:
            data = data[os.write(self._requests, data) :]

    def end(self, *, patience: float) -> None:
        """End the process, after `patience` seconds in which it may end by itself, and all that came of it."""
        if self._requests >= 0:
            os.close(self._requests)
            self._requests = -1
        if patience:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
        end_descendants(self.process.pid, f"{MARKER_VARIABLE}={self.marker}", adopted=True)
        self.process.kill()
        self.process.wait()
        self._guardian.dismiss()

    def close(self) -> None:
        """End the process at once if it still runs, and close the pipes."""
        if self.frames < 0:
            return
        if self._requests >= 0:
            self.end(patience=0)
        for pipe in (self.frames, self.stdout, self.stderr):
            os.close(pipe)
        self.frames = self.stdout = self.stderr = -1
        self.crash_report.close()
