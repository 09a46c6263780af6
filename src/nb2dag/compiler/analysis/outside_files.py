"""Order the tasks that use one file outside of the working directory: the machine has it once, for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nb2dag.compiler.analysis.demand import IMPLICIT, Demands
from nb2dag.compiler.analysis.effects import FileUse
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.places import is_outside, overlap
from nb2dag.compiler.analysis.regions import node_region
from nb2dag.compiler.analysis.statements import Statement, files_of
from nb2dag.model.dataflow import FlowProblem


@dataclass(frozen=True, slots=True)
class SharedUse:
    """A task uses a file outside after another one did, and one of the two writes it."""

    before: str
    after: str
    place: str
    earlier: Statement
    later: Statement
    use: FileUse
    reads: bool


def shared_uses(flow: Flow, demands: Demands) -> list[SharedUse]:
    """Return every pair of uses of one file outside whose order matters, in notebook order."""
    found: list[SharedUse] = []
    seen: list[tuple[str, Statement, FileUse, str]] = []
    for statement in filter(files_of, flow.statements):
        owner = _owner(statement, demands)
        for use in files_of(statement) if owner is not None else ():
            place = use.place
            if place is None or owner is None or not (is_outside(place) or place.startswith("*")):
                continue
            for task_id, earlier, other, there in seen:
                if task_id == owner or not (use.writes or other.writes):
                    continue
                if (is_outside(place) or is_outside(there)) and overlap(place.rstrip("/"), there.rstrip("/")):
                    named = place if is_outside(place) else there
                    reads = other.writes and not use.writes
                    found.append(SharedUse(task_id, owner, named, earlier, statement, use, reads))
            seen.append((owner, statement, use, place))
    return found


def _owner(statement: Statement, demands: Demands) -> str | None:
    if statement.task_id is not None:
        return statement.task_id
    implicit = demands.tasks[IMPLICIT]
    return IMPLICIT if implicit.outputs and statement.position in implicit.replays else None


def outside_problems(uses: list[SharedUse], path: str, ids: dict[str, str]) -> Iterator[FlowProblem]:
    """Yield, once for each writer, reader and file, that both tasks need one machine."""
    said: set[tuple[str, str, str]] = set()
    for shared in uses:
        key = (shared.before, shared.after, shared.place)
        if not shared.reads or key in said:
            continue
        said.add(key)
        cell = shared.later.cell.cell
        yield FlowProblem(
            "file-between-tasks",
            cell.span(path, node_region(shared.use.why, cell.source)),
            (("path", shared.place), ("writer", ids[shared.before]), ("reader", ids[shared.after])),
            ((shared.earlier.cell.cell.span(path, shared.earlier.region), "written here"),),
        )
