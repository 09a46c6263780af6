"""Hold what the engine is given for one notebook, and what it found: how the notebook failed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2dag.runtime.formats import CELL_METADATA, FINGERPRINTS_VARIABLE, JOB_VARIABLE, CellOrigin
from nb2dag.runtime.progress import Event, ignore

if TYPE_CHECKING:
    from nb2dag.runtime.shell_process import ShellProcess


_INJECTED = "injected-parameters"
"""papermill's tag for the cell with the parameters of a run."""


@dataclass(frozen=True, slots=True)
class Failure:
    """How a notebook failed: in which of its cells, and how.

    `kind` is `error`, `exit` (the cell ended the program, as `sys.exit(0)` does), `timeout`, `cell-timeout`, `stopped`
    or `died`.
    `counts` maps an execution count to where that cell came from.
    """

    kind: str
    origin: CellOrigin | None
    ename: str
    evalue: str
    traceback: tuple[str, ...]
    counts: dict[int, CellOrigin | None]


@dataclass(slots=True)
class Session:
    """What the engine needs beside papermill's own arguments, and what it found: `failure`, None after success.

    Attributes:
        environment: Variables to set in the kernel.
        directory: The kernel's working directory; None for the current one.
        output: Where papermill will write the executed notebook; it is saved there from time to time, too.
        checks_handoffs: Whether to check before the first cell that the kernel has nb2dag and reaches the store.
        fingerprints: Whether to note which loaded values each cell of the user changes in place.
        timeout: Seconds for the whole notebook.
        cell_timeout: Seconds for each cell.
        log_limit: Characters of one cell's output that go to `on_event`; all of it is in the notebook.
        redact: Takes secrets out of a text, before it is kept or passed on; None where there are none.
        record: What stands in the executed notebook's metadata about its attempt.
        process: A process that was started ahead for the engine `nb2dag`; None to have it start one.
        on_event: Called in the calling thread for every event.
        stop: Stops the notebook when it is set.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None
    output: str | None = None
    checks_handoffs: bool = False
    fingerprints: bool = False
    timeout: float | None = None
    cell_timeout: float | None = None
    log_limit: int = 1_000_000
    redact: Callable[[str], str] | None = None
    record: Mapping[str, Any] | None = None
    process: ShellProcess | None = None
    on_event: Callable[[Event], None] = ignore
    stop: threading.Event | None = None
    failure: Failure | None = None


def cell_origin(cell: Any) -> CellOrigin | None:
    """Return where a cell of a task notebook came from, None for one that nb2dag did not write."""
    found = cell.get("metadata", {}).get(CELL_METADATA)
    return CellOrigin.from_json(found) if found else None


def cell_origins(cells: Sequence[Any]) -> list[CellOrigin | None]:
    """Return where each cell of a notebook came from.

    In a notebook that nb2dag did not compile each cell is its own source; the one that papermill put in is none.
    """
    origins = [cell_origin(cell) for cell in cells]
    if any(origin is not None for origin in origins):
        return origins
    written = [cell for cell in cells if _INJECTED not in cell.get("metadata", {}).get("tags", ())]
    places = {id(cell): number for number, cell in enumerate(written, 1)}
    return [_itself(cell, places[id(cell)]) if id(cell) in places else None for cell in cells]


def _itself(cell: Any, number: int) -> CellOrigin:
    lines = range(1, len("".join(cell["source"]).splitlines()) + 1)
    return CellOrigin("body", number, cell.get("id") or f"cell-{number}", tuple(lines))


def kernel_environment(session: Session) -> dict[str, str]:
    """Return the variables a session's kernel starts with: this process's own, except another task's job."""
    inherited = {name: value for name, value in os.environ.items() if name != JOB_VARIABLE}
    watch = {FINGERPRINTS_VARIABLE: "1"} if session.fingerprints else {}
    return inherited | watch | dict(session.environment)
