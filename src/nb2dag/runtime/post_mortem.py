"""Say why a notebook's process ended: its exit code in words, and the last it wrote."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import BinaryIO

_LAST_WORDS = 15
"""Lines of what a process wrote that are worth showing."""


class MemoryWatch:
    """Tells whether the system has killed a process for want of memory, from the counter of this process's cgroup.

    A container, a Kubernetes pod and a systemd unit each are a cgroup. Where its counter cannot be read, nothing is
    known.
    """

    def __init__(self) -> None:
        self._file = _kill_counter()
        self._before = _kills(self._file)

    def killed(self) -> bool | None:
        """Return whether it has since this watch began; None where that is not known."""
        now = _kills(self._file)
        return None if now is None or self._before is None else now > self._before


def _kill_counter() -> Path | None:
    """Return the file of this process's cgroup that counts such kills (of version 2 or 1), None where there is none."""
    try:
        lines = Path("/proc/self/cgroup").read_text("utf-8").splitlines()
    except OSError:
        return None
    mount = Path("/sys/fs/cgroup")
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            root, name = mount / "memory", "memory.oom_control"
        elif not controllers:
            root, name = mount, "memory.events"
        else:
            continue
        # Inside a container the path may be the one that holds outside of it.
        for folder in (root / path.lstrip("/"), root):
            if _kills(folder / name) is not None:
                return folder / name
    return None


def _kills(file: Path | None) -> int | None:
    try:
        text = file.read_text("utf-8") if file is not None else ""
    except OSError:
        return None
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("oom_kill ")), None)


def ended_by(code: int | None, *, out_of_memory: bool | None = None) -> str:
    """Return in words how a process ended, from its exit code as `subprocess` gives it.

    `out_of_memory` is what a `MemoryWatch` says.
    """
    if code is None:
        return "ended"
    if code >= 0:
        return f"ended with exit code {code}, without an exception (`os._exit`, or a fatal error in native code)"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    if name == "SIGKILL" and out_of_memory:
        return "was killed (SIGKILL) by the system because memory ran out: give the task more, or read less at a time"
    if name == "SIGKILL" and out_of_memory is False:
        return "was killed (SIGKILL) from outside; memory had not run out"
    if name == "SIGKILL":
        return "was killed (SIGKILL), possibly because memory ran out"
    if name in ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT"):
        return f"crashed in native code ({name})"
    return f"was ended by {name}"


def last_words(log: BinaryIO) -> str:
    """Return the end of what the process wrote to its log, on lines of its own; empty if nothing."""
    size = log.seek(0, os.SEEK_END)
    log.seek(max(0, size - 8192))
    lines = [line for line in log.read().decode("utf-8", "replace").splitlines() if "[IPKernelApp]" not in line]
    text = "\n".join(_crash_report(lines) or lines[-_LAST_WORDS:]).strip()
    return f"; its last words:\n{text}" if text else ""


def _crash_report(lines: list[str]) -> list[str]:
    """Return Python's own report of a crash, innermost frame first, down to the frames that are not the user's."""
    start = next((number for number, line in enumerate(lines) if line.startswith("Fatal Python error")), None)
    if start is None:
        return []
    report = lines[start:]
    end = next((number for number, line in enumerate(report) if "interactiveshell.py" in line), _LAST_WORDS)
    return report[:end]
