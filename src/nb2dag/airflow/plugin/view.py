"""Put together what the page of one attempt shows, as JSON."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

from nb2dag.airflow.plugin.attempts import Attempt, TaskInstanceFacts
from nb2dag.airflow.plugin.cells import MOST_CELLS, NotNotebook, cell_views, shown_cells
from nb2dag.airflow.plugin.finding import Found, Nothing
from nb2dag.airflow.plugin.outputs import Rich
from nb2dag.airflow.plugin.reading import Reader


def version_of(facts: TaskInstanceFacts, attempt: Attempt, found: Found | Nothing, start: int) -> str:
    """Return what changes whenever the view does: the ETag, made without reading the notebook."""
    seen = (facts.attempts, attempt.number, found.stamp if isinstance(found, Found) else found, start)
    return f'"{blake2b(repr(seen).encode("utf-8", "replace"), digest_size=12).hexdigest()}"'


def view_of(
    facts: TaskInstanceFacts, attempt: Attempt, found: Found | Nothing, reader: Reader, start: int
) -> dict[str, Any]:
    """Return the view of an attempt, its cells from number `start` (from 0) on."""
    view: dict[str, Any] = {
        "dag_id": facts.dag_id,
        "run_id": facts.run_id,
        "task_id": facts.task_id,
        "map_index": facts.map_index,
        "attempts": [_attempt_view(each) for each in facts.attempts],
        "attempt": attempt.number,
        "live": attempt.is_live,
        "message": None,
        "place": None,
        "cells": [],
        "start": start,
        "total": 0,
    }
    if isinstance(found, Nothing):
        return view | {"message": {"title": found.title, "text": found.text}, "live": attempt.is_live or found.waits}
    try:
        notebook = reader.read(found)
        cells = shown_cells(notebook)
    except NotNotebook as error:
        return view | _unreadable(found, f"{found.place}: {error}.")
    except Exception as error:  # noqa: BLE001 (whatever the handler of that kind of URL raises)
        return view | _unreadable(found, f"{found.place}: {type(error).__name__}: {error}")
    ended = None if attempt.is_live else attempt.state

    def address(cell: int, output: int, rich: Rich) -> str:
        ids = (facts.dag_id, facts.run_id, facts.task_id, facts.map_index, attempt.number, cell, output)
        return f"part/{'/'.join(quote(str(each), safe='') for each in ids)}?version={rich.version}"

    return view | {
        "place": found.place,
        "bytes": found.stamp[0],
        "total": len(cells),
        "most": MOST_CELLS,
        "cells": list(cell_views(cells, _language(notebook), ended, start, address)),
    }


def _unreadable(found: Found, text: str) -> dict[str, Any]:
    return {"message": {"title": "The notebook cannot be read just now", "text": text}, "place": found.place}


def _attempt_view(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "state": attempt.state,
        "started": _iso(attempt.started),
        "ended": _iso(attempt.ended),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _language(notebook: dict[str, Any]) -> str:
    metadata = notebook.get("metadata")
    if not isinstance(metadata, dict):
        return "python"
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        found = metadata.get(key)
        if isinstance(found, dict) and isinstance(found.get(name), str):
            return str(found[name])
    return "python"
