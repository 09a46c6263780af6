"""Compare the files that cells and tasks wrote."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from nb2dag.local.results import RunResult
from nb2dag.local.scheduling import TaskState
from nb2dag.local.verify.probe import REMOVED, file_digest
from nb2dag.local.verify.request import Item, Kind, Outcome
from nb2dag.model.plan import TaskPlan
from nb2dag.runtime.kept_files import kept_folder

Written = Mapping[int, Mapping[str, str]]
"""Digests of the files that each cell wrote in a whole run, by cell number and relative path; `REMOVED` of others."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the probes of a whole run noted: the files each cell wrote, and why groups could not be saved, by key."""

    files: Mapping[int, Mapping[str, str]]
    failed: Mapping[str, str]


def read_record(path: Path) -> Record:
    """Read what the probes noted; there is no file where there was nothing to note."""
    files: dict[int, dict[str, str]] = {}
    failed: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        entry = json.loads(line)
        failed |= entry.get("failed", {})
        if "files" in entry:
            files.setdefault(entry["cell"], {}).update(entry["files"])
    return Record(files, failed)


def file_items(tasks: Iterable[TaskPlan], first: Written, second: Written, run: RunResult) -> Iterator[Item]:
    """Compare, task by task, the files that its own cells wrote with those that the task left in the DAG's run."""
    own = {cell for task in tasks for cell in task.source_cells if not task.implicit}
    shared = {name: digest for cell, files in first.items() if cell not in own for name, digest in files.items()}
    for task in tasks:
        result = run.task(task.task_id)
        if task.implicit or result.state is not TaskState.SUCCESS or result.notebook is None:
            continue
        expected, again = (_of_task(task, written) for written in (first, second))
        found = _kept(Path(kept_folder(result.notebook)))
        for name in sorted(expected.keys() | found.keys()):
            cell, digest = expected.get(name, (min(task.source_cells, default=0), "not written"))
            dag = found.get(name, "not written")
            if name not in expected and shared.get(name) == dag:
                # A shared cell writes it, in the notebook once and in every task that runs the cell.
                continue
            outcome = _outcome(digest, again.get(name, (0, "not written"))[1], dag)
            sides = ("", "") if outcome is Outcome.BY_VALUE else (_side(digest), _side(dag))
            yield Item(Kind.FILE, outcome, task.task_id, cell, name, *sides)


def _of_task(task: TaskPlan, written: Written) -> dict[str, tuple[int, str]]:
    found: dict[str, tuple[int, str]] = {}
    for cell in sorted(task.source_cells):
        found |= {name: (cell, digest) for name, digest in written.get(cell, {}).items()}
    return {name: kept for name, kept in found.items() if kept[1] != REMOVED}


def _kept(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        return {}
    return {path.relative_to(folder).as_posix(): file_digest(path) for path in folder.rglob("*") if path.is_file()}


def _outcome(first: str, second: str, dag: str) -> Outcome:
    if first != second:
        return Outcome.NOT_REPRODUCIBLE
    return Outcome.BY_VALUE if first == dag else Outcome.DIFFERENT


def _side(digest: str) -> str:
    return digest if " " in digest else f"sha256 {digest[:12]}"
