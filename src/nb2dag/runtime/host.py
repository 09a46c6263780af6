"""Say what an engine asks of whatever runs a notebook's cells, be it a kernel or a shell of our own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from nb2dag.runtime.outputs import Outputs

MARKER_VARIABLE = "NB2DAG_KERNEL"
"""Carries a text that only the processes of one notebook have, by which they are found and ended."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How a cell ended: with the exception `ename`, empty for none; `exits` where it asked for the end (`quit()`)."""

    ename: str = ""
    evalue: str = ""
    exits: bool = False


class HostDiedError(Exception):
    """The process that ran the cells is gone."""


class Host(Protocol):
    """Runs the cells of one notebook. All of its methods are called in one event loop.

    Attributes:
        name: The kernel's name.
        outputs: Takes what the cells put out.
        process_id: The process that leads the session of all others of this notebook, None where it is not known.
    """

    name: str
    outputs: Outputs
    process_id: int | None

    async def start(self, environment: Mapping[str, str]) -> None:
        """Start, with these variables.

        Raises:
            NotRunnableError: It did not start.
        """

    async def first_look(self, expressions: Mapping[str, str]) -> tuple[dict[str, Any] | None, dict[str, Any]]:
        """Return the language's description, and what `evaluate` returns.

        Raises:
            HostDiedError: It died.
        """

    async def evaluate(self, expressions: Mapping[str, str]) -> dict[str, Any]:
        """Return the values of expressions by their names, each as a kernel's reply gives it.

        Raises:
            HostDiedError: It died.
        """

    async def execute(self, cell: Any, index: int) -> Reply:
        """Run a cell; its outputs go into it as they come.

        Raises:
            HostDiedError: It died.
        """

    async def why_dead(self) -> str:
        """Return in words how the process ended, and the last it said."""

    async def interrupt(self) -> None:
        """Interrupt the running cell."""

    async def shut_down(self, *, now: bool) -> None:
        """End, in good order unless it is to be `now`, and leave no process behind."""
