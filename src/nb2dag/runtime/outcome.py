"""Put how a notebook failed into an exception that speaks of the source notebook's cells and lines."""

from __future__ import annotations

from dataclasses import replace

from nb2dag.runtime.failures import (
    Frame,
    HandoffError,
    KernelDiedError,
    Raised,
    StoreError,
    TaskError,
    TaskInterruptedError,
    TaskTimeoutError,
)
from nb2dag.runtime.formats import CellOrigin
from nb2dag.runtime.location import source_frames
from nb2dag.runtime.progress import without_colours
from nb2dag.runtime.session import Failure

_LONGEST_VALUE = 4000

_KINDS: dict[str, type[TaskError]] = {
    "timeout": TaskTimeoutError,
    "cell-timeout": TaskTimeoutError,
    "stopped": TaskInterruptedError,
    "died": KernelDiedError,
}


def task_error(
    task_id: str, failure: Failure, timeout: float | None = None, cell_timeout: float | None = None
) -> TaskError:
    """Return the exception for a failure; its message names task, cell, line and what went wrong."""
    if failure.kind == "cell-timeout":
        timeout = cell_timeout
    frames = source_frames(failure.traceback, failure.counts)
    frame = _own_frame(failure.origin, frames)
    error = _KINDS.get(failure.kind, TaskError)
    # The sentence names the task already.
    said = replace(failure, evalue=failure.evalue.removeprefix(f"task `{task_id}`: "))
    return error(
        f"task `{task_id}` {_what(said, _where(failure.origin, frame), timeout)}{_raised_elsewhere(frame, frames)}",
        task_id=task_id,
        frame=frame,
        raised=Raised(
            failure.ename if failure.kind in ("error", "exit") else "",
            failure.evalue,
            frames,
            without_colours("\n".join(failure.traceback)),
        ),
    )


def _own_frame(origin: CellOrigin | None, frames: tuple[Frame, ...]) -> Frame:
    """Return the line of the failed cell itself: of its own statement, not of what that statement called."""
    if origin is None or origin.purpose in ("load", "save"):
        return Frame(origin.cell, origin.cell_id if origin.cell else "", 0) if origin else Frame(0, "", 0)
    own = (frame for frame in frames if frame.cell == origin.cell)
    return next(own, Frame(origin.cell, origin.cell_id, 0))


def _where(origin: CellOrigin | None, frame: Frame) -> str:
    if origin is None:
        return "in the parameters of this run"
    if origin.purpose == "load":
        return "while it loaded its inputs"
    if origin.purpose == "save":
        return f"while it handed over what cell {origin.cell} made"
    return f"in {frame}"


def _what(failure: Failure, where: str, timeout: float | None) -> str:
    value = failure.evalue
    if len(value) > _LONGEST_VALUE:
        value = f"{value[:_LONGEST_VALUE]} … ({len(value) - _LONGEST_VALUE} more characters)"
    if failure.kind == "timeout":
        return f"took longer than its timeout of {timeout:g} s; it was stopped {where}"
    if failure.kind == "cell-timeout":
        return f"was stopped {where}: that cell took longer than the {timeout:g} s which each cell has"
    if failure.kind == "stopped":
        return f"was told to stop, {where}"
    if failure.kind == "exit":
        return (
            f"ended its own program {where} (`sys.exit({value})`): what stands below did not run, so this is no "
            f"success; use "
            f"`if` to leave cells out, or raise an exception to fail"
        )
    named = failure.kind == "died" or failure.ename in (HandoffError.__name__, StoreError.__name__)
    return f"failed {where}: {value if named else f'{failure.ename}: {value}' if value else failure.ename}"


def _raised_elsewhere(frame: Frame, frames: tuple[Frame, ...]) -> str:
    if not frames or frames[-1] == frame or not frames[-1].cell or not frame.cell:
        return ""
    return f" (raised in {frames[-1]})"
