"""Run task notebooks that a test writes, as the tasks of one DAG run."""

from __future__ import annotations

import json
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from nb2dag.runtime.execution import TaskRun, execute_task
from nb2dag.runtime.formats import CellOrigin, Job, PointerManifest
from nb2dag.runtime.progress import Event, KernelStarted, OutputLine

RUNTIME = "import nb2dag.runtime as _nb2dag\n"


@dataclass
class Bench:
    """A folder in which task notebooks are written and run as tasks of one DAG run."""

    folder: Path
    manifests: dict[str, PointerManifest] = field(default_factory=dict)
    events: list[tuple[float, Event]] = field(default_factory=list)
    on_event: Callable[[Event], None] | None = None
    engine: str = "nb2dag"

    def notebook(self, name: str, *cells: tuple[str, int, str]) -> Path:
        """Write a task notebook of (purpose, source cell, code); the source cell had one tag line above the code."""
        notebook = nbformat.v4.new_notebook()
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        for purpose, number, code in cells:
            code = textwrap.dedent(code).strip()
            lines = tuple(range(2, len(code.splitlines()) + 2)) if purpose not in ("load", "save") else ()
            origin = CellOrigin(purpose, number, f"id-{number}", lines)
            cell = nbformat.v4.new_code_cell(code, metadata={"nb2dag": origin.to_json()})
            if purpose == "parameters":
                cell.metadata["tags"] = ["parameters"]
            notebook.cells.append(cell)
        path = self.folder / "tasks" / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        nbformat.write(notebook, path)
        return path

    def task_run(self, name: str, *cells: tuple[str, int, str], **options: Any) -> TaskRun:
        job = Job(
            "sales",
            "manual__2026-01-01T00:00:00+00:00",
            name,
            1,
            str(self.folder / "store"),
            "b",
            "",
            inputs=self.manifests,
        )
        options = {"engine": self.engine, **options}
        return TaskRun(self.notebook(name, *cells), self.executed(name), job, on_event=self.take, **options)

    def run(self, name: str, *cells: tuple[str, int, str], **options: Any) -> PointerManifest:
        self.events.clear()
        manifest = execute_task(self.task_run(name, *cells, **options))
        self.manifests = {**self.manifests, name: manifest}
        return manifest

    def take(self, event: Event) -> None:
        self.events.append((time.monotonic(), event))
        if self.on_event is not None:
            self.on_event(event)

    def executed(self, name: str) -> Path:
        return self.folder / "executed" / f"{name}.ipynb"

    def outputs(self, name: str) -> str:
        """Return every output of an executed notebook as text."""
        notebook = nbformat.read(self.executed(name), as_version=4)
        return json.dumps([cell.get("outputs") for cell in notebook.cells])

    def lines(self) -> list[str]:
        return [event.text for _, event in self.events if isinstance(event, OutputLine)]

    def process(self) -> int:
        return next(event.pid for _, event in self.events if isinstance(event, KernelStarted))


def body(code: str, cell: int = 1) -> tuple[str, int, str]:
    return "body", cell, code


def is_running(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
