"""End every process that a kernel left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

_GRACE_SECONDS = 1.0


def end_descendants(leader: int | None, marker: str) -> None:
    """End the processes of a kernel's session, and those that carry `marker` in their environment.

    Args:
        leader: The kernel's process, which leads a session of its own; None where it is not known.
        marker: A setting `NAME=value` that only this kernel was started with. It finds daemons, which
            leave the session; where there is no /proc, only the kernel's process group is ended.
    """
    if not Path("/proc/self/stat").exists():
        if leader:
            _send_to_group(leader, signal.SIGKILL)
        return
    for sent in (signal.SIGTERM, signal.SIGKILL):
        found = _descendants(leader, marker.encode())
        for process in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, sent)
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
    return [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and int(entry.name) != os.getpid() and _belongs(entry, leader, marker)
    ]


def _belongs(entry: Path, leader: int | None, marker: bytes) -> bool:
    try:
        # After the name, which may hold anything in parentheses: state, parent, group, session.
        state, _, _, session = (entry / "stat").read_bytes().rpartition(b")")[2].split()[:4]
        if state == b"Z":
            return False
        # Session 0 is not the kernel's: it holds what was started outside of a container.
        return (bool(leader) and int(session) == leader) or marker in (entry / "environ").read_bytes().split(b"\0")
    except OSError:
        # It ended meanwhile, or belongs to another user.
        return False


def _send_to_group(group: int, sent: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, sent)
