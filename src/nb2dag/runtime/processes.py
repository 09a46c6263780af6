"""End every process that a notebook left behind, and do so even if the task itself is killed.

This module is run as a program, too: `processes.py LIFELINE LEADER MARKER` waits for the end of the pipe LIFELINE. That
program is started for every task, so what takes long to import (`subprocess`, `pathlib`) is not imported for it.
"""

from __future__ import annotations

import os
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_GRACE_SECONDS = 1.0


class Guardian:
    """A small process that ends a notebook's processes when the one that runs the task is gone, however it went.

    Args:
        leader: As for `end_descendants`.
        marker: As for `end_descendants`.
    """

    def __init__(self, leader: int | None, marker: str) -> None:
        import subprocess

        lifeline, self._held = os.pipe()
        try:
            # Without `site` and without nb2dag it is there in a hundredth of a second.
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", __file__, str(lifeline), str(leader or 0), marker],
                pass_fds=(lifeline,),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,
            )
        finally:
            os.close(lifeline)

    def dismiss(self) -> None:
        """End the guardian: what it watches has ended."""
        self._process.kill()
        self._process.wait()
        os.close(self._held)


def _guard(lifeline: int, leader: int, marker: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.read(lifeline, 1)
    end_descendants(leader or None, marker)


def end_descendants(leader: int | None, marker: str) -> None:
    """End the processes of a notebook's session, and those that carry `marker` in their environment.

    Args:
        leader: The notebook's process, which leads a session of its own; None where it is not known.
        marker: A setting `NAME=value` that only this notebook's process was started with. It finds daemons, which
            leave the session; where there is no /proc, only the process group is ended.
    """
    if not os.path.exists("/proc/self/stat"):  # noqa: PTH110 (see above)
        if leader:
            _send(os.killpg, leader, signal.SIGKILL)
        return
    for sent in (signal.SIGTERM, signal.SIGKILL):
        found = _descendants(leader, marker.encode())
        for process in found:
            _send(os.kill, process, sent)
        if not found or _gone(leader, marker.encode()):
            return


def _gone(leader: int | None, marker: bytes) -> bool:
    deadline = time.monotonic() + _GRACE_SECONDS
    while time.monotonic() < deadline:
        if not _descendants(leader, marker):
            return True
        time.sleep(0.02)
    return False


def _descendants(leader: int | None, marker: bytes) -> list[int]:
    processes = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 (see above)
    return [process for process in processes if process != os.getpid() and _belongs(process, leader, marker)]


def _belongs(process: int, leader: int | None, marker: bytes) -> bool:
    try:
        # After the name, which may hold anything in parentheses: state, parent, group, session.
        state, _, _, session = _read(f"/proc/{process}/stat").rpartition(b")")[2].split()[:4]
        if state == b"Z":
            return False
        # Session 0 is not the notebook's: it holds what was started outside of a container.
        return (bool(leader) and int(session) == leader) or marker in _read(f"/proc/{process}/environ").split(b"\0")
    except OSError:
        # It ended meanwhile, or belongs to another user.
        return False


def _read(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123 (see above)
        return file.read()


def _send(send: Callable[[int, int], None], target: int, number: int) -> None:
    try:
        send(target, number)
    except (ProcessLookupError, PermissionError):
        return


if __name__ == "__main__":
    _guard(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
