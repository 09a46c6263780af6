"""Make the notebook to work in from an executed one: its outputs stay, and its first cells connect it to its folder."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nb2dag.runtime.attempt_record import RECORD_METADATA, AttemptRecord
from nb2dag.runtime.outcome import task_error
from nb2dag.runtime.pulled import ATTEMPTS, FILES
from nb2dag.runtime.redaction import MASK
from nb2dag.runtime.session import Failure, cell_origins

_PAPERMILL = "papermill"
_MARKER = "papermill-error-cell-tag"
_INJECTED = "injected-parameters"
_EXPECTED = "raises-exception"
_FAILED = "failed-here"
_PULLED = "nb2dag-pulled"

Cell = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PulledNotebook:
    """A notebook as JSON; `failure` says in one line how the attempt failed, empty where no cell did."""

    notebook: dict[str, Any]
    failure: str
    masked: bool


def pulled_notebook(
    executed: dict[str, Any], record: AttemptRecord, folder: Path, *, state: str, with_files: bool
) -> PulledNotebook:
    """Return the notebook to work in.

    Args:
        executed: The executed notebook, which is left as it is.
        record: What the attempt was given.
        folder: Where the notebook will stand.
        state: The state that the attempt ended in, as Airflow names it; empty where it is not known.
        with_files: Whether the files that ship with the bundle came along.
    """
    notebook = copy.deepcopy(executed)
    cells: list[Cell] = [cell for cell in notebook["cells"] if _MARKER not in _tags(cell)]
    index, failure = _failure(cells, record.job.task_id)
    masked = any(MASK in "".join(cell["source"]) for cell in cells if _INJECTED in _tags(cell))
    if index is not None:
        cells[index].setdefault("metadata", {})["tags"] = [*_tags(cells[index]), _FAILED]
        cells.insert(index, _markdown(_FAILED, f"**Here it went wrong:** {_flat(failure)}"))
    text = _how_to(record, failure, state=state, masked=masked, with_files=with_files)
    notebook["cells"] = [_markdown(_PULLED, text), _connection(folder), *map(_clean, cells)]
    notebook["metadata"].pop(RECORD_METADATA, None)
    notebook["metadata"].pop(_PAPERMILL, None)
    _fit_identifiers(notebook)
    return PulledNotebook(notebook, failure, masked)


def _failure(cells: Sequence[Cell], task_id: str) -> tuple[int | None, str]:
    """Return which cell failed and how, in words; no cell and no words where none did."""
    origins = cell_origins(cells)
    counts = {cell["execution_count"]: origin for cell, origin in zip(cells, origins, strict=True) if _has_run(cell)}
    for index in reversed(range(len(cells))):
        errors = [output for output in cells[index].get("outputs", ()) if output["output_type"] == "error"]
        if errors and _EXPECTED not in _tags(cells[index]):
            error = errors[-1]
            kind = {"DeadKernelError": "died", "SystemExit": "exit"}.get(error["ename"], "error")
            failure = Failure(kind, origins[index], error["ename"], error["evalue"], tuple(error["traceback"]), counts)
            return index, str(task_error(task_id, failure))
    return None, ""


def _has_run(cell: Cell) -> bool:
    return cell.get("execution_count") is not None


def _how_to(record: AttemptRecord, failure: str, *, state: str, masked: bool, with_files: bool) -> str:
    job = record.job
    index = f", map index {job.map_index}" if job.map_index >= 0 else ""
    parts = [
        f"# `{job.task_id}` of `{job.dag_id}`, pulled from Airflow",
        f"Attempt {job.attempt} in run `{job.run_id}`{index}: {_outcome(failure, state)}",
        _to_do(record, with_files=with_files),
        "Nothing here reaches production: what the cells hand over stays in this folder, in `.nb2dag/store`.",
    ]
    if record.environment:
        names = ", ".join(f"`{name}`" for name in record.environment)
        parts.append(
            f"Connections and Variables are not pulled: set {names} before you run the cells, in the environment that "
            'Jupyter is started in, or with `os.environ["..."] = "..."` below the next cell.'
        )
    if masked:
        parts.append(f"A parameter was secret and is not here: write its value in place of `{MASK}`.")
    if record.source:
        parts.append(
            f"What you mend belongs in `{record.source}`: cell numbers are that notebook's, and `nb2dag compile` makes "
            "the DAG anew."
        )
    return "\n\n".join(parts)


def _outcome(failure: str, state: str) -> str:
    if failure:
        return f"**{_flat(failure)}**"
    if state in ("failed", "up_for_retry"):
        return "it failed, and no cell says why: look at the task's log in Airflow."
    return f"its state is {state}." if state else "no cell failed."


def _to_do(record: AttemptRecord, *, with_files: bool) -> str:
    files = ""
    if record.files and with_files:
        files = f" `{FILES}/` holds the files that ship with the DAG: mend a module there and restart the kernel."
    elif record.files:
        names = ", ".join(f"`{name}`" for name in record.files)
        files = f" The files that ship with the DAG were left out: {names}."
    inputs = [f"{', '.join(names)} from `{task_id}`" for task_id, names in _given(record).items()]
    given = f" and what it was handed ({'; '.join(inputs)})" if inputs else ""
    return (
        "The outputs below are those of that attempt. Run the cells from the top, with any kernel that has nb2dag: "
        f"they have the parameters of that run{given}, and each time a new working directory in `{ATTEMPTS}/`.{files}"
    )


def _given(record: AttemptRecord) -> dict[str, list[str]]:
    """Return what each task handed over, in words."""
    return {
        task_id: [_in_words(name) for pointer in manifest.objects.values() for name in pointer.names]
        for task_id, manifest in sorted(record.job.inputs.items())
        if manifest.objects
    }


def _in_words(name: str) -> str:
    """Return what a handoff holds under a name, which may be a state.

    >>> _in_words("rows"), _in_words("<file:out/a.csv>"), _in_words("<random>")
    ('`rows`', 'the file `out/a.csv`', 'the state `random`')
    """
    if name.startswith("<file:"):
        return f"the file `{name[6:-1]}`"
    return f"the state `{name[1:-1]}`" if name.startswith("<") else f"`{name}`"


def _connection(folder: Path) -> Cell:
    source = f"import nb2dag.runtime as _nb2dag\n\n_nb2dag.connect({str(folder)!r})"
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": "nb2dag-connect",
        "metadata": {"tags": [_PULLED]},
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }


def _markdown(tag: str, text: str) -> Cell:
    return {
        "cell_type": "markdown",
        "id": tag,
        "metadata": {"tags": [tag]},
        "source": text.splitlines(keepends=True),
    }


def _clean(cell: Cell) -> Cell:
    cell.get("metadata", {}).pop(_PAPERMILL, None)
    return cell


def _tags(cell: Cell) -> list[str]:
    return list(cell.get("metadata", {}).get("tags", ()))


def _flat(text: str) -> str:
    return " ".join(text.split())


def _fit_identifiers(notebook: dict[str, Any]) -> None:
    """Give each cell an id of its own in a format that has ids, and none in one that has not."""
    used: set[str] = set()
    for number, cell in enumerate(notebook["cells"]):
        if notebook.get("nbformat_minor", 0) < 5:
            cell.pop("id", None)
            continue
        if cell.get("id") in used or "id" not in cell:
            cell["id"] = f"cell-{number}-pulled"
        used.add(cell["id"])
