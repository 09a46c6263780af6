"""Say why a kernel's process ended: its exit code in words, and the last it wrote."""

from __future__ import annotations

import os
import signal
from typing import BinaryIO

_LAST_WORDS = 15
"""Lines of what a process wrote that are worth showing."""


def ended_by(code: int | None) -> str:
    """Return in words how a process ended, from its exit code as `subprocess` gives it."""
    if code is None:
        return "ended"
    if code >= 0:
        return f"ended with exit code {code}, without an exception (`os._exit`, or a fatal error in native code)"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    if name == "SIGKILL":
        return "was killed (SIGKILL): by the system where memory ran out, or by hand"
    if name in ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT"):
        return f"crashed in native code ({name})"
    return f"was ended by {name}"


def last_words(log: BinaryIO) -> str:
    """Return the end of what the kernel's process wrote past ipykernel, on lines of its own; empty if nothing."""
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
