"""Start, follow and stop the process of one attempt."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from nb2dag.local.events import TaskFailure
from nb2dag.local.protocol import Committed, Failed, Message, Request, decode

GRACE = 10.0
"""Seconds that a task has, after SIGTERM, to stop its kernel and to write its executed notebook."""

LOG_NAME = "log.txt"


@dataclass(frozen=True, slots=True)
class Ended:
    """The attempt's process is gone; `outcome` is its last message, or a failure that says how it died."""

    outcome: Committed | Failed


Post = tuple[str, "Message | Ended"]
"""What an attempt posts: the task it belongs to, and a message or its end."""


class Attempt:
    """The process of one attempt. Its messages, and its end, go to `posts` as they come."""

    def __init__(self, request: Request, folder: Path, posts: queue.Queue[Post]) -> None:
        """Start the process; `folder` is new and takes its request file and its log."""
        self.task_id = request.job.task_id
        self.number = request.job.attempt
        self.log = folder / LOG_NAME
        self.started = time.monotonic()
        self._posts = posts
        folder.mkdir(parents=True)
        path = folder / "request.json"
        path.write_text(request.dumps(), encoding="utf-8")
        with self.log.open("wb") as log:
            # A session of its own: Ctrl-C reaches the run alone, which then stops its attempts in good order.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "nb2dag.local.worker", str(path.absolute())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,
                env=_environment(),
                start_new_session=True,
            )
        self._reader = threading.Thread(target=self._follow, name=f"follow {self.task_id}", daemon=True)
        self._reader.start()

    def terminate(self) -> None:
        """Ask the process to stop its task in good order."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def wait(self, deadline: float) -> bool:
        """Wait until the process has ended, at most to the monotonic time `deadline`; return whether it has."""
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """End the process and everything it started, at once."""
        import psutil

        try:
            family = psutil.Process(self._process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            family = []
        self._process.kill()
        for member in family:
            # psutil compares start times, so a number that was given to another process meanwhile is left alone.
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        self._process.wait()

    def close(self) -> None:
        """Free what the process held, after it has ended."""
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _follow(self) -> None:
        stdout = self._process.stdout
        last: Message | None = None
        for line in stdout or ():
            last = decode(line)
            self._posts.put((self.task_id, last))
        code = self._process.wait()
        outcome = last if isinstance(last, Committed | Failed) else self._death(code)
        self._posts.put((self.task_id, Ended(outcome)))

    def _death(self, code: int) -> Failed:
        how = f"was ended by {_signal_name(-code)}" if code < 0 else f"ended with code {code}"
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-20:]
        message = f"the process of the task {how} before the task had a result; its log is {self.log}"
        return Failed(TaskFailure(message, traceback="\n".join(lines)))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _environment() -> dict[str, str]:
    environment = dict(os.environ)
    if paths := environment.get("PYTHONPATH"):
        # The process starts in another folder, where a relative entry would mean something else.
        environment["PYTHONPATH"] = os.pathsep.join(str(Path(path).absolute()) for path in paths.split(os.pathsep))
    return environment
