"""Show a finished DAG run in a terminal: its tasks, why one failed, and where to look next."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from nb2dag.runtime.formats import BundleManifest, PointerManifest

LOG_TAIL = 25
LONGEST_VALUE = 300

console = Console(highlight=False, soft_wrap=True)


def plain(text: str) -> str:
    """Return text that rich prints as it stands."""
    return text.replace("[", "\\[")


def short(path: Path) -> str:
    """Return a path as one would type it here."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def coloured(state: str) -> str:
    """Return a task's state in its colour."""
    colour = {"success": "green", "failed": "red", "upstream_failed": "red", "running": "cyan"}.get(state, "dim")
    return f"[{colour}]{state}[/]"


@dataclass(frozen=True, slots=True)
class RunReport:
    """A finished run.

    `home` is Airflow's home, `folder` the bundle's; `tasks` are the task instances as Airflow's API gives them, and
    `committed` holds what each successful task handed over.
    """

    home: Path
    folder: Path
    bundle: BundleManifest
    tasks: list[dict[str, Any]]
    committed: dict[str, PointerManifest]

    def show(self) -> None:
        """Print the tasks, the log's end of each that failed, and where to look next."""
        console.print()
        # A pipe has no width of its own, and rows cut at 80 columns would lose names.
        Console(highlight=False, width=None if sys.stdout.isatty() else 120).print(self._table())
        for task_id, manifest in self.committed.items():
            if manifest.returned is not None:
                value = json.dumps(manifest.returned, ensure_ascii=False)
                console.print(f"`{task_id}` returned {plain(value[:LONGEST_VALUE])}")
        for task in self.tasks:
            if task["state"] == "failed":
                self._show_log_tail(task)
        self._show_places()

    def _table(self) -> Table:
        table = Table("task", "state", "seconds", "reads", "hands over")
        inputs = {task.task_id: task.inputs for task in self.bundle.tasks}
        for task in self.tasks:
            task_id = task["task_id"]
            reads = [self._handoff(producer, key) for producer, keys in inputs.get(task_id, {}).items() for key in keys]
            saved = self.committed[task_id].objects if task_id in self.committed else {}
            table.add_row(
                task_id,
                coloured(str(task["state"])),
                _seconds(task),
                "\n".join(filter(None, reads)) or "-",
                "\n".join(self._handoff(task_id, key) for key in saved) or "-",
            )
        return table

    def _handoff(self, producer: str, key: str) -> str:
        stored = self.committed[producer].objects.get(key) if producer in self.committed else None
        return f"{', '.join(stored.names)} ({_size(stored.size)})" if stored else ""

    def _show_log_tail(self, task: dict[str, Any]) -> None:
        pattern = f"logs/dag_id={task['dag_id']}/run_id=*/task_id={task['task_id']}/attempt={task['try_number']}.log"
        for path in self.home.glob(pattern):
            console.print(f"\n[bold]The end of {plain(short(path))}[/]")
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            said = [text for line in lines for text in _log_text(line).splitlines()]
            for text in said[-LOG_TAIL:]:
                console.print(f"   {plain(text)}")

    def _show_places(self) -> None:
        console.print("\n[bold]Where to look next[/]")
        places = {
            "the DAG file": self.folder / self.bundle.dag_file,
            "the task notebooks": self.folder / "tasks",
            "an executed notebook": self._executed_notebook(),
            "Airflow's task logs": self.home / "logs",
            "the handoffs": self.home / "nb2dag" / "store",
        }
        for name, place in places.items():
            if place is not None:
                console.print(f"   {name:<21} {plain(short(place))}")

    def _executed_notebook(self) -> Path | None:
        """Return the notebook of a failed task if there is one, else of the last task."""
        executed = self.home / "nb2dag" / "notebooks" / self.bundle.dag_id
        failed = [task for task in self.tasks if task["state"] == "failed"]
        for task in (*failed, *reversed(self.tasks)):
            if found := sorted(executed.glob(f"*/{task['task_id']}/*/try-*.ipynb")):
                return found[-1]
        return None


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _seconds(task: dict[str, Any]) -> str:
    if not task["start_date"] or not task["end_date"]:
        return "-"
    start, end = (datetime.fromisoformat(task[key].replace("Z", "+00:00")) for key in ("start_date", "end_date"))
    return f"{(end - start).total_seconds():.1f}"


def _log_text(line: str) -> str:
    """Return what a line of Airflow's JSON log says, with the exception it carries."""
    try:
        record = json.loads(line)
        errors = [f"{each['exc_type']}: {each['exc_value']}" for each in record.get("error_detail") or []]
        return "\n".join([str(record["event"]), *errors])
    except (ValueError, KeyError, TypeError):
        return line
