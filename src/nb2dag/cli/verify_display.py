"""Show how far a verification has come: one line that changes on a terminal, a line per step elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

import click

from nb2dag.report.style import printable

if TYPE_CHECKING:
    from nb2dag.local.verify.verification import Step


class StepDisplay(Protocol):
    """Takes a verification's steps while it is entered."""

    def __enter__(self) -> StepDisplay: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def __call__(self, step: Step) -> None:
        """Show one step."""


class PlainSteps:
    """Writes a line per step to stderr, or nothing."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def __enter__(self) -> PlainSteps:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def __call__(self, step: Step) -> None:
        """Write the line of a step."""
        if not self._quiet:
            click.echo(step_text(step), err=True)


class LiveSteps:
    """Keeps one line with the current step at the foot of the terminal."""

    def __init__(self) -> None:
        from rich.console import Console

        self._status = Console(stderr=True, highlight=False).status("starting")

    def __enter__(self) -> LiveSteps:
        self._status.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status.__exit__(kind, error, trace)

    def __call__(self, step: Step) -> None:
        """Show a step in place of the one before."""
        from rich.text import Text

        self._status.update(Text(step_text(step)))


def display_for(*, quiet: bool) -> StepDisplay:
    """Return the live display on a terminal, else the plain one."""
    return LiveSteps() if sys.stderr.isatty() and not quiet else PlainSteps(quiet=quiet)


def step_text(step: Step) -> str:
    """Return a step as one line."""
    return printable(f"run {step.run}: {step.detail}" if step.detail else f"run {step.run}")
