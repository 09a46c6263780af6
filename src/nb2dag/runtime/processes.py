"""End every process that a notebook left behind, and do so even if the task itself is killed.

This module is run as a program, too, `processes.py LEADER MARKER SINCE`: what the guardian becomes if it is needed. So
what takes long to import (`subprocess`, `pathlib`) is not imported for it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_GRACE_SECONDS = 1.0

_WAIT = "trap '' INT TERM HUP; read -r _; exec \"$@\""
"""What the guardian does as long as all goes well, in a shell: a Python of its own would cost each task 0.03 s."""

_START_TIME = 19
"""Where a process's start time stands in /proc/PID/stat, counted from the state."""

_SET_CHILD_SUBREAPER = 36
"""From <linux/prctl.h>."""

_guardians: set[int] = set()
"""The guardians of this process, which outlive the notebook's processes."""

_adopters = 0
"""How many notebooks of this process, each in a thread, have orphans to come."""

_adopting_since: int | None = None
"""Since when, in clock ticks, this process is given the orphans among its descendants."""

_adopting = threading.Lock()


def adopt_orphans() -> None:
    """Become the parent of each descendant whose own parent ends, so that `end_descendants` finds every daemon.

    A daemon that left the session and was started without the notebook's environment is known by nothing else. Linux
    alone has this (prctl(2), PR_SET_CHILD_SUBREAPER); elsewhere nothing happens. Call it before the notebook's process
    is started; `end_descendants` with `adopted` ends it.
    """
    global _adopters, _adopting_since  # noqa: PLW0603 - they are properties of the process
    with _adopting:
        _adopters += 1
        if _adopters == 1 and _be_subreaper(wanted=True):
            _adopting_since = int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))


def _adopt_no_more() -> None:
    global _adopters, _adopting_since  # noqa: PLW0603 (see above)
    with _adopting:
        _adopters -= 1
        if _adopters == 0:
            _be_subreaper(wanted=False)
            _adopting_since = None


def _be_subreaper(*, wanted: bool) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    done: int = ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)
    return done == 0


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
            # Without `site` and without nb2dag Python is there in a hundredth of a second.
            program = [sys.executable, "-I", "-S", __file__, str(leader or 0), marker, str(_start_of("self"))]
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _WAIT, "nb2dag-guardian", *program],
                stdin=lifeline,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,
            )
        finally:
            os.close(lifeline)
        _guardians.add(self._process.pid)

    def dismiss(self) -> None:
        """End the guardian: what it watches has ended."""
        self._process.kill()
        self._process.wait()
        _guardians.discard(self._process.pid)
        os.close(self._held)


def end_descendants(leader: int | None, marker: str, since: int | None = None, *, adopted: bool = False) -> None:
    """End the processes of a notebook's session, those that carry `marker` in their environment, and adopted ones.

    Args:
        leader: The notebook's process, which leads a session of its own; None where it is not known.
        marker: A setting `NAME=value` that only this notebook's process was started with. It finds daemons, which
            leave the session; where there is no /proc, only the process group is ended.
        since: The start time, in clock ticks, of the process that started the notebook's, by default this one. An
            older process is nobody's descendant, and its environment need not be read.
        adopted: Whether the notebook has called `adopt_orphans`. While others of this process run, none can say whose
            an orphan is: the last one ends them.
    """
    if not os.path.exists("/proc/self/stat"):  # noqa: PTH110 (see above)
        if leader:
            _send(os.killpg, leader, signal.SIGKILL)
        return
    wanted = (leader, marker.encode(), _start_of("self") if since is None else since)
    for sent in (signal.SIGTERM, signal.SIGKILL):
        found = _descendants(*wanted)
        for process in found:
            _send(os.kill, process, sent)
        if not found or _gone(*wanted):
            break
    if adopted:
        _adopt_no_more()


def _gone(leader: int | None, marker: bytes, since: int) -> bool:
    deadline = time.monotonic() + _GRACE_SECONDS
    while time.monotonic() < deadline:
        if not _descendants(leader, marker, since):
            return True
        time.sleep(0.02)
    return False


def _descendants(leader: int | None, marker: bytes, since: int) -> list[int]:
    processes = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 (see above)
    return [process for process in processes if process != os.getpid() and _belongs(process, leader, marker, since)]


def _belongs(process: int, leader: int | None, marker: bytes, since: int) -> bool:
    try:
        status = _status(process)
        if int(status[_START_TIME]) < since:
            return False
        if process != leader and _is_adopted(process, status):
            return not _reaped(process)
        if status[0] == b"Z":
            return False
        # Session 0 is not the notebook's: it holds what was started outside of a container.
        return (bool(leader) and int(status[3]) == leader) or marker in _read(f"/proc/{process}/environ").split(b"\0")
    except OSError:
        # It ended meanwhile, or belongs to another user.
        return False


def _is_adopted(process: int, status: list[bytes]) -> bool:
    # What this process starts itself is in its own session, but for notebooks' leaders and their guardians.
    if _adopters != 1 or _adopting_since is None or int(status[1]) != os.getpid():
        return False
    if int(status[_START_TIME]) < _adopting_since:
        return False
    return int(status[3]) != os.getsid(0) and process not in _guardians


def _reaped(process: int) -> bool:
    return os.waitpid(process, os.WNOHANG)[0] == process


def _start_of(process: int | str) -> int:
    """Return when a process started, in clock ticks since the machine did; 0 where there is no /proc."""
    try:
        return int(_status(process)[_START_TIME])
    except OSError:
        return 0


def _status(process: int | str) -> list[bytes]:
    # After the name, which may hold anything in parentheses: state, parent, group, session ...
    return _read(f"/proc/{process}/stat").rpartition(b")")[2].split()


def _read(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123 (see above)
        return file.read()


def _send(send: Callable[[int, int], None], target: int, number: int) -> None:
    try:
        send(target, number)
    except (ProcessLookupError, PermissionError):
        return


if __name__ == "__main__":
    # The shell has made it ignore what would end it; it is the end of the pipe that has ended the shell's wait.
    end_descendants(int(sys.argv[1]) or None, sys.argv[2], int(sys.argv[3]))
