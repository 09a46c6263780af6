"""Tell what happens while a task notebook runs, as events, and put an event into a line for a log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nb2dag.runtime.formats import CellOrigin

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_LONGEST_LINE = 10_000
_REDRAW_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class KernelStarted:
    """The kernel is up; `pid` is its process, None where it does not run on this machine."""

    kernel_name: str
    pid: int | None


@dataclass(frozen=True, slots=True)
class CellStarted:
    """Code cell `number` of `total` begins (1-based, over the code cells of the task notebook).

    `origin` tells where it came from; None for a cell that nb2dag did not write, such as the parameters that were
    passed.
    """

    number: int
    total: int
    origin: CellOrigin | None = None


@dataclass(frozen=True, slots=True)
class OutputLine:
    """One line that a cell wrote, without its line end; `stream` is `stdout`, `stderr` or `display`."""

    number: int
    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class OutputCut:
    """A cell wrote more than a log should hold; `characters` of it stand in the executed notebook only."""

    number: int
    characters: int


@dataclass(frozen=True, slots=True)
class CellFinished:
    """Code cell `number` of `total` ended after `seconds`; `ok` tells whether it ended well.

    `ename` names the exception that it ended by.
    """

    number: int
    total: int
    seconds: float
    ok: bool
    origin: CellOrigin | None = None
    ename: str = ""

    @property
    def percent(self) -> int:
        """The share of the notebook's code cells that ran, 0 to 100."""
        return 100 * self.number // self.total


@dataclass(frozen=True, slots=True)
class FilesKept:
    """The files that the task wrote were copied to `folder`; `names` are their paths in it."""

    folder: str
    names: tuple[str, ...]


Event = KernelStarted | CellStarted | OutputLine | OutputCut | CellFinished | FilesKept


def ignore(event: Event) -> None:
    """Take an event and do nothing."""


def log_line(event: Event) -> str:
    """Return an event as one line for a log.

    Examples:
        >>> log_line(CellFinished(3, 12, 0.25, True, CellOrigin("body", 7, "ab12")))
        'cell 3/12 25 % (notebook cell 7) took 0.25 s'
        >>> log_line(CellStarted(1, 12, CellOrigin("load")))
        'cell 1/12 0 % (loads the inputs)'
        >>> log_line(OutputLine(3, "stdout", "1,024 rows"))
        '1,024 rows'
    """
    match event:
        case KernelStarted(kernel_name, pid):
            return f"kernel {kernel_name} started" + (f" (process {pid})" if pid is not None else "")
        case OutputLine(_, _, text):
            return text
        case OutputCut(_, characters):
            return f"… and {characters:,} more characters, which only the executed notebook holds"
        case FilesKept(folder, names):
            return f"kept in {folder}: {', '.join(names)}"
        case CellStarted(number, total, origin):
            return f"cell {number}/{total} {100 * (number - 1) // total} % ({describe(origin)})"
        case CellFinished(number, total, seconds, ok, origin):
            ended = "took" if ok else "failed after"
            return f"cell {number}/{total} {event.percent} % ({describe(origin)}) {ended} {_duration(seconds)}"


def describe(origin: CellOrigin | None) -> str:
    """Return in words what a cell of a task notebook is: `notebook cell 7`, `loads the inputs` ..."""
    if origin is None:
        return "parameters of this run"
    if origin.purpose == "load":
        return "loads the inputs"
    if origin.purpose == "save":
        return f"saves what notebook cell {origin.cell} made"
    return f"notebook cell {origin.cell}"


class LineBuffer:
    """Cut a stream of text into lines for a log.

    Colours are dropped. A line that is redrawn by carriage returns (a progress bar) gives its last state when it
    ends, and while it lasts one state every five seconds.
    """

    def __init__(self) -> None:
        self._pending = ""
        self._redrawn = float("-inf")

    def feed(self, text: str, now: float) -> Iterator[str]:
        """Yield the lines that `text` completes; `now` is a monotonic time in seconds."""
        *lines, self._pending = (self._pending + text).replace("\r\n", "\n").split("\n")
        for line in lines:
            yield _plain(line)
        if "\r" in self._pending.rstrip("\r"):
            # Only the states since the last carriage return can still be seen.
            self._pending = self._pending[self._pending.rstrip("\r").rindex("\r") :]
            if now - self._redrawn >= _REDRAW_SECONDS:
                self._redrawn = now
                yield _plain(self._pending)

    def flush(self) -> Iterator[str]:
        """Yield the unfinished last line, if there is one."""
        if line := _plain(self._pending):
            yield line
        self._pending = ""


def _plain(line: str) -> str:
    states = [state for state in line.split("\r") if state]
    text = without_colours(states[-1]) if states else ""
    if len(text) > _LONGEST_LINE:
        return f"{text[:_LONGEST_LINE]} … ({len(text) - _LONGEST_LINE} more characters)"
    return text


def without_colours(text: str) -> str:
    """Return `text` without terminal escape sequences."""
    return _ANSI.sub("", text)


def _duration(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
