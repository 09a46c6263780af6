"""Run a notebook whole, and compare what its cells show with what the tasks of a distributed run showed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
from airflow_api import AirflowFailed

from nb2dag.runtime.formats import BundleManifest, path_component

_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")

Shown = dict[str, list[Any]]
"""What each cell shows, by the id of the source cell."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the results of a run compare with the plain run: cells that agree, and what is wrong elsewhere."""

    agree: int
    differences: tuple[str, ...]


def run_whole(notebook: Path) -> Shown:
    """Run a notebook in one kernel from top to bottom, in a copy of its folder, and return what it shows.

    Raises:
        AirflowFailed: The plain notebook itself does not run to its end.
    """
    with tempfile.TemporaryDirectory(prefix="nb2dag-whole-") as folder:
        work = Path(folder, "work")
        shutil.copytree(notebook.parent, work)
        executed = Path(folder, "executed.ipynb")
        command = [sys.executable, "-m", "papermill", str(notebook), str(executed), "--cwd", str(work)]
        done = subprocess.run([*command, "--no-progress-bar"], check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise AirflowFailed(f"{notebook} cannot be run whole:\n{done.stderr[-2000:]}")
        return shown_by(json.loads(executed.read_text("utf-8")))


def shown_by(notebook: Mapping[str, Any]) -> Shown:
    """Return what each cell of an executed notebook shows; the cells that nb2dag added are left out."""
    found: Shown = {}
    for cell in notebook["cells"]:
        origin = cell["metadata"].get("nb2dag", {"purpose": "body", "source": cell.get("id")})
        if cell["cell_type"] == "code" and origin["purpose"] == "body":
            found[origin["source"]] = _outputs(cell["outputs"])
    return found


def compare(whole: Shown, bundle: BundleManifest, notebooks: Mapping[str, Mapping[str, Any]]) -> Comparison:
    """Compare the executed notebooks of a run, by task id, with the plain run."""
    differences, agree = [], 0
    for task in bundle.tasks:
        shown = shown_by(notebooks[task.task_id]) if task.task_id in notebooks else {}
        # A part of a shared cell has an id of its own, and shows nothing.
        compared = {cell: outputs for cell, outputs in shown.items() if cell in whole or outputs}
        if not compared:
            differences.append(f"`{task.task_id}` has no executed notebook, or none with a cell to compare")
        for cell, outputs in compared.items():
            if outputs == whole.get(cell):
                agree += 1
            else:
                parts = f"{_short(outputs)}, and whole {_short(whole.get(cell))}"
                differences.append(f"`{task.task_id}`, cell {cell}: {parts}")
    return Comparison(agree, tuple(differences))


def executed_notebooks(
    root: str, options: Mapping[str, Any], run: tuple[str, str], tries: Iterable[tuple[str, int]]
) -> dict[str, Any]:
    """Return the executed notebooks of a run by task id, from the output store.

    Args:
        root: Where executed notebooks are kept, a URL.
        options: What fsspec needs for it.
        run: The DAG's id and the run's.
        tries: The tasks' ids with the number of the attempt that counts.
    """
    filesystem, folder = fsspec.core.url_to_fs(root, **options)
    found = {}
    for task_id, number in tries:
        parts = "/".join(path_component(part) for part in (*run, task_id, "-1"))
        filesystem.invalidate_cache()
        path = f"{folder}/{parts}/try-{number}.ipynb"
        if filesystem.exists(path):
            found[task_id] = json.loads(filesystem.cat_file(path))
    return found


def _outputs(outputs: Iterable[Mapping[str, Any]]) -> list[Any]:
    """Return outputs as they are compared: in how many pieces a stream arrives is a matter of time."""
    found: list[Any] = []
    for output in outputs:
        if output["output_type"] == "stream":
            text = _ADDRESS.sub("0x", "".join(output["text"]))
            if found and isinstance(found[-1], tuple) and found[-1][0] == output["name"]:
                text = found.pop()[1] + text
            found.append((output["name"], text))
        else:
            # Figures are compared as they are: the examples draw the same bytes each time.
            kinds = sorted(output.get("data", {}).items())
            found.append({kind: _ADDRESS.sub("0x", "".join(text)) for kind, text in kinds})
    return found


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) < 160 else f"{text[:160]}…"
