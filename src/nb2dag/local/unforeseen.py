"""Judge changes of loaded values that the analysis did not foresee: another task may see them in the notebook.

A change that was foreseen makes a version of its own, and who reads below it loads that one. So whoever is below a
change and still loads the value as it was before would compute something else than the notebook does.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

from nb2dag.local.events import TaskFailure
from nb2dag.runtime.formats import CELL_METADATA, BundleManifest, BundleTask, ChangedInput, PointerManifest

Loads = frozenset[tuple[str, str, str]]
"""What a task loads: producer, key of the handoff, and name."""


def find_unforeseen(bundle: Path, manifest: BundleManifest, committed: PointerManifest) -> TaskFailure | None:
    """Return what is wrong with an attempt that changed its inputs; None where nobody else would see it."""
    for change in committed.changed:
        for task in manifest.tasks:
            below = any(cell > change.cell for cell in task.cells)
            reads = (change.task_id, change.key, change.name) in _loads(bundle, task)
            if task.task_id != committed.task_id and below and reads:
                return _failure(committed.task_id, change, task)
    return None


def _failure(task_id: str, change: ChangedInput, reader: BundleTask) -> TaskFailure:
    name = change.name
    return TaskFailure(
        f"task `{task_id}` changed `{name}`, made by `{change.task_id}`, in place in cell {change.cell}, which could "
        f"not be foreseen; task `{reader.task_id}` reads `{name}` below it and would get it unchanged: let the cell "
        f"work on a copy, or write `{name} = {name}` in it to hand the changed value on",
        cell=change.cell,
        can_retry=False,
    )


def _loads(bundle: Path, task: BundleTask) -> Loads:
    """Return what the load cells of a task's notebook name."""
    if not task.inputs:
        return frozenset()
    notebook = json.loads((bundle / task.notebook).read_text(encoding="utf-8"))
    return frozenset(found for cell in notebook["cells"] for found in _loaded(cell))


def _loaded(cell: dict[str, object]) -> Iterator[tuple[str, str, str]]:
    metadata = cell["metadata"]
    source = cell["source"]
    if not isinstance(metadata, dict) or metadata.get(CELL_METADATA, {}).get("purpose") != "load":
        return
    text = "".join(source) if isinstance(source, list) else str(source)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "load":
            _, producer, key, *names = [
                ast.literal_eval(argument) if index else "" for index, argument in enumerate(node.args)
            ]
            optional = next((ast.literal_eval(each.value) for each in node.keywords if each.arg == "optional"), ())
            for name in (*names, *optional) or (key,):
                yield producer, key, name
