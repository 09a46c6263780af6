"""Say at the end of a run what came of it: failures with their source lines, times, and where everything is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from nb2dag.cli.run_display import COLOURS, duration, state_word
from nb2dag.cli.tables import Cell, table
from nb2dag.local.results import RunResult, TaskResult
from nb2dag.local.scheduling import TaskState
from nb2dag.model.notebook import Notebook
from nb2dag.model.span import Region
from nb2dag.report.caret import underlined
from nb2dag.report.style import Style, printable
from nb2dag.report.summary import counted


def result_text(result: RunResult, notebook: Notebook | None, style: Style) -> str:
    """Return what to print after a run, ending with a newline."""
    failures = [
        line for task in result.tasks if task.state is TaskState.FAILED for line in _failure(task, notebook, style)
    ]
    rows = [_row(task) for task in result.tasks]
    blocks = [*failures, table(("task", "state", "tries", "time"), rows, style), "\n".join(_closing(result, style))]
    return "\n\n".join(blocks) + "\n"


def _failure(task: TaskResult, notebook: Notebook | None, style: Style) -> Iterator[str]:
    failure = task.failure
    if failure is None:
        return
    where = ""
    if failure.cell and notebook is not None:
        where = f"{printable(notebook.path)}:cell {failure.cell}" + (f":{failure.line}" if failure.line else "") + ": "
    first, *rest = failure.message.splitlines() or [""]
    named = first if f"`{task.task_id}`" in first else f"task `{task.task_id}` failed: {first}"
    lines = [style.paint(where, "bold") + style.paint(printable(named), "bold", "red")]
    lines += _source_line(failure.cell, failure.line, notebook, style)
    lines += [f"  {printable(line)}" for line in rest]
    if task.notebook is not None:
        lines.append(f"  executed notebook: {_short(task.notebook)}")
    yield "\n".join(lines)


def _source_line(cell: int, line: int, notebook: Notebook | None, style: Style) -> list[str]:
    if notebook is None or not line or not 1 <= cell <= len(notebook.cells):
        return []
    drawn = underlined(notebook.cell(cell).source, Region(line, 1, line, 1))
    return [] if drawn is None else [f"  {style.paint(f'{line} |', 'dim')} {drawn[0]}"]


def _row(task: TaskResult) -> tuple[Cell, ...]:
    state = (state_word(task.state), COLOURS.get(task.state, "dim"))
    if not task.attempts:
        return task.task_id, state, "-", "-"
    return task.task_id, state, str(task.attempts), duration(task.seconds)


def _closing(result: RunResult, style: Style) -> Iterator[str]:
    states = [task.state for task in result.tasks]
    counts = ", ".join(f"{states.count(state)} {state_word(state)}" for state in TaskState if states.count(state))
    how = "interrupted" if result.interrupted else "succeeded" if result.ok else "failed"
    colour = "green" if result.ok else "red"
    sentence = f"{result.dag_id} {how} after {duration(result.seconds)}"
    yield f"{style.paint(sentence, 'bold', colour)} ({counted(len(states), 'task')}: {counts})"
    yield f"executed notebooks: {_short(result.notebooks)}"


def _short(path: Path) -> str:
    """Return `path` relative to the current folder where that is shorter to read."""
    relative = os.path.relpath(path)
    return printable(str(path) if relative.startswith("..") else relative)
