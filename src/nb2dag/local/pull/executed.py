"""Find the executed notebook of an attempt, and read from it what the attempt was given."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from nb2dag.local.pull.production import Production, PullRefused
from nb2dag.local.pull.selection import Chosen
from nb2dag.runtime.attempt_record import RECORD_METADATA, AttemptRecord, RecordUnreadable
from nb2dag.runtime.formats import NOTEBOOKS_VARIABLE, path_component

_WAITING = ("scheduled", "queued", "")


@dataclass(frozen=True, slots=True)
class Executed:
    """An executed notebook, as JSON, where it was found, its characters, and what it says about its attempt."""

    place: str
    size: int
    notebook: dict[str, Any]
    record: AttemptRecord


def find_executed(production: Production, chosen: Chosen, root: str) -> Executed:
    """Return the attempt's executed notebook.

    It is looked for below `root`, a folder or URL, where one is named, then where Airflow says that it is, then below
    the `AIRFLOW_HOME`.

    Raises:
        PullRefused: It is at none of these places, or cannot be read, or is not the attempt's.
    """
    tried: list[str] = []
    for place in _places(production, chosen, root):
        try:
            text = _text_at(place)
        except FileNotFoundError:
            tried.append(place)
            continue
        except Exception as error:  # noqa: BLE001
            # Every file system has exceptions of its own.
            raise PullRefused(
                f"the executed notebook {place} cannot be read: {type(error).__name__}: {error}"
            ) from None
        return _read(place, text, chosen)
    raise PullRefused(_nowhere(chosen, tried))


def _places(production: Production, chosen: Chosen, root: str) -> Iterator[str]:
    ids = (chosen.dag.dag_id, chosen.instance.run_id, chosen.task_id, str(chosen.instance.map_index))
    usual = "/".join([*map(path_component, ids), f"try-{chosen.attempt}.ipynb"])
    if root:
        yield f"{root.rstrip('/')}/{usual}"
    link = production.notebook(chosen.dag.dag_id, chosen.task_id, chosen.instance, chosen.attempt)
    if link.endswith(".ipynb"):
        yield re.sub(r"(?<=/)try-\d+\.ipynb$", f"try-{chosen.attempt}.ipynb", _without_file_scheme(link))
    if production.home:
        yield f"{production.home}/nb2dag/notebooks/{usual}"


def _without_file_scheme(link: str) -> str:
    return unquote(urlsplit(link).path) if link.startswith("file://") else link


def _text_at(place: str) -> str:
    if "://" not in place:
        return Path(place).read_text("utf-8")
    import fsspec

    with fsspec.open(place, "r", encoding="utf-8") as file:
        text: str = file.read()
    return text


def _read(place: str, text: str, chosen: Chosen) -> Executed:
    try:
        notebook = json.loads(text)
        recorded = notebook["metadata"].get(RECORD_METADATA)
        notebook["cells"][:0] = []
    except (ValueError, KeyError, TypeError, AttributeError):
        raise PullRefused(f"{place} is no executed notebook") from None
    if recorded is None:
        raise PullRefused(
            f"{place} does not say what its attempt was given: it was run by another operator, or by an nb2dag that "
            "did not note it yet; upgrade nb2dag on the workers, and run the task again"
        )
    try:
        record = AttemptRecord.from_json(recorded)
    except RecordUnreadable as error:
        raise PullRefused(
            f"what {place} says of its attempt is {error}: use an nb2dag as new as the workers'"
        ) from None
    job = record.job
    found = (job.dag_id, job.run_id, job.task_id, job.map_index, job.attempt)
    instance = chosen.instance
    if found != (chosen.dag.dag_id, instance.run_id, chosen.task_id, instance.map_index, chosen.attempt):
        raise PullRefused(
            f"{place} holds attempt {job.attempt} of `{job.task_id}` in {job.run_id}, not attempt {chosen.attempt} of "
            f"`{chosen.task_id}` in {instance.run_id}: the task's `output_nb` keeps one for all"
        )
    return Executed(place, len(text), notebook, record)


def _nowhere(chosen: Chosen, tried: list[str]) -> str:
    what = f"attempt {chosen.attempt} of `{chosen.task_id}` in {chosen.instance.run_id}"
    if chosen.is_last and chosen.instance.state in _WAITING:
        before = f": --try {chosen.attempt - 1} is the one before" if chosen.attempt > 1 else ""
        return f"{what} has not begun ({chosen.instance.state or 'cleared'}){before}"
    where = f"not here: {', '.join(dict.fromkeys(tried))}" if tried else "nowhere that Airflow knows of"
    return (
        f"the executed notebook of {what} is {where}. If its worker keeps it on a disk of its own, name the "
        f"folder or URL, as it is reached from here, with --notebooks or {NOTEBOOKS_VARIABLE}; if none was begun, the "
        "task's log says why"
    )
