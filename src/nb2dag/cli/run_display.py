"""Show a run as it goes: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

import click

from nb2dag.local.events import (
    RunEvent,
    RunStopping,
    TaskEnded,
    TaskEvent,
    TaskOutput,
    TaskProgress,
    TaskRetrying,
    TaskStarted,
)
from nb2dag.local.scheduling import TaskState
from nb2dag.report.style import Style, printable
from nb2dag.report.summary import counted

if TYPE_CHECKING:
    from rich.table import Table

COLOURS = {
    TaskState.SUCCESS: "green",
    TaskState.FAILED: "red",
    TaskState.UPSTREAM_FAILED: "yellow",
    TaskState.SKIPPED: "cyan",
    TaskState.STOPPED: "yellow",
    TaskState.RUNNING: "blue",
    TaskState.UP_FOR_RETRY: "yellow",
}


class Display(Protocol):
    """Takes a run's events while it is entered."""

    def __enter__(self) -> Display: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def __call__(self, event: RunEvent) -> None:
        """Show one event."""


class PlainDisplay:
    """Writes a line per event, each with its task's id in front."""

    def __init__(self, task_ids: Sequence[str], style: Style, *, quiet: bool) -> None:
        self._width = max((len(task_id) for task_id in task_ids), default=0)
        self._style = style
        self._quiet = quiet

    def __enter__(self) -> PlainDisplay:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def __call__(self, event: RunEvent) -> None:
        """Write the line of an event; with `quiet`, what cells write is left out."""
        if isinstance(event, RunStopping):
            click.echo(stopping_text(event))
        elif not isinstance(event, TaskOutput):
            self._line(event.task_id, self._words(event))
        elif not self._quiet:
            self._line(event.task_id, f"| {printable(event.text)}")

    def _words(self, event: TaskEvent) -> str:
        match event:
            case TaskStarted(_, attempt, attempts):
                return "started" if attempt == 1 else f"started again, try {attempt} of {attempts}"
            case TaskProgress(_, number, total, _, what):
                return f"cell {number}/{total} ({what})"
            case TaskRetrying(_, attempt, attempts, delay, failure):
                why = printable(failure.message.partition("\n")[0])
                return f"try {attempt} of {attempts} failed: {why}; the next one in {duration(delay)}"
            case TaskEnded(_, state, seconds, _):
                word = self._style.paint(state_word(state), COLOURS[state])
                return f"{word} after {duration(seconds)}" if seconds else word
            case _:
                return ""

    def _line(self, task_id: str, text: str) -> None:
        click.echo(f"{task_id:{self._width}}  {text}", color=self._style.colour)


class LiveDisplay:
    """Keeps a table of all tasks at the foot of the terminal, and writes what cells write above it."""

    def __init__(self, task_ids: Sequence[str], *, quiet: bool) -> None:
        from rich.console import Console
        from rich.live import Live

        self._tasks = {task_id: _LiveTask() for task_id in task_ids}
        self._quiet = quiet
        self._console = Console(file=sys.stdout, highlight=False)
        self._live = Live(console=self._console, get_renderable=self._table, refresh_per_second=8, transient=True)

    def __enter__(self) -> LiveDisplay:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def __call__(self, event: RunEvent) -> None:
        """Take an event into the table, or write the line a cell wrote."""
        if isinstance(event, RunStopping):
            self._console.print(stopping_text(event), markup=False)
        else:
            self._take(self._tasks[event.task_id], event)

    def _take(self, task: _LiveTask, event: TaskEvent) -> None:
        match event:
            case TaskOutput(task_id, _, text):
                if not self._quiet:
                    self._write(task_id, text)
            case TaskStarted(_, attempt, attempts):
                note = f"try {attempt} of {attempts}" if attempt > 1 else ""
                task.enter(TaskState.RUNNING, note)
            case TaskProgress(_, number, total, _, what):
                task.note = f"cell {number}/{total}, {what}"
            case TaskRetrying(task_id, attempt, attempts, delay, failure):
                task.enter(TaskState.UP_FOR_RETRY, f"next try in {duration(delay)}")
                self._write(task_id, f"try {attempt} of {attempts} failed: {failure.message}")
            case TaskEnded(_, state, seconds, failure):
                task.enter(state, "" if failure is None else failure.message.partition("\n")[0])
                task.seconds = seconds

    def _write(self, task_id: str, text: str) -> None:
        from rich.text import Text

        self._console.print(Text.assemble((f"{task_id} | ", "dim"), printable(text)), soft_wrap=True)

    def _table(self) -> Table:
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 2))
        for task_id, task in self._tasks.items():
            state = Text(state_word(task.state), style=COLOURS.get(task.state, "dim"))
            grid.add_row(task_id, state, task.time(), Text(printable(task.note), no_wrap=True, overflow="ellipsis"))
        return grid


class _LiveTask:
    def __init__(self) -> None:
        self.state = TaskState.WAITING
        self.note = ""
        self.seconds = 0.0
        self.since = 0.0

    def enter(self, state: TaskState, note: str) -> None:
        self.state, self.note, self.since = state, note, time.monotonic()

    def time(self) -> str:
        if self.state is TaskState.RUNNING:
            return duration(time.monotonic() - self.since)
        return duration(self.seconds) if self.seconds else ""


def display_for(task_ids: Sequence[str], style: Style, *, quiet: bool) -> Display:
    """Return the live display on a terminal that can move its cursor, else the plain one."""
    if sys.stdout.isatty() and style.colour:
        return LiveDisplay(task_ids, quiet=quiet)
    return PlainDisplay(task_ids, style, quiet=quiet)


def stopping_text(event: RunStopping) -> str:
    """Return what to say while an interrupted run stops its tasks."""
    if not event.running:
        return "interrupted"
    return f"interrupted: stopping {counted(len(event.running), 'task')} (Ctrl-C again ends them at once)"


def state_word(state: TaskState) -> str:
    """Return a state in words."""
    return state.value.replace("_", " ")


def duration(seconds: float) -> str:
    """Return a time as people read it.

    >>> duration(0.25), duration(75), duration(7300)
    ('0.2 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
