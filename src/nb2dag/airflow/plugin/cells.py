"""Turn an executed notebook into what the page shows of its cells: where each came from, its state, its outputs."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from nb2dag.airflow.plugin.highlighting import highlighted
from nb2dag.airflow.plugin.outputs import Rich, cut, output_views, rich_output, text_of
from nb2dag.runtime.formats import CellOrigin
from nb2dag.runtime.location import source_frames
from nb2dag.runtime.progress import describe
from nb2dag.runtime.session import cell_origins

MOST_CELLS = 2000
"""Cells that are shown."""

BUDGET = 2_000_000
"""Characters that one answer holds at most; the outputs of the cells after that are left out."""

_PAPERMILLS_MARK = "papermill-error-cell-tag"
_STATES = {"completed": "done", "running": "running", "failed": "failed", "pending": "waiting"}
_FOLDED = frozenset({"load", "save"})

Address = Callable[[int, int, Rich], str]
"""Gives where output n (from 0) of cell m (from 0) is served."""


class NotNotebook(Exception):
    """A file holds JSON, and no notebook of a format that is shown."""


def shown_cells(notebook: Any) -> list[dict[str, Any]]:
    """Return a notebook's cells without those that papermill puts in to mark an error.

    Raises:
        NotNotebook: It has none.
    """
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise NotNotebook("it has no cells")
    return [cell for cell in cells if isinstance(cell, dict) and _PAPERMILLS_MARK not in _tags(cell)]


def rich_part(cell: dict[str, Any], number: int | None) -> Rich | None:
    """Return output `number` (from 0) of a cell for serving it by itself, or the text of a Markdown cell (None)."""
    if number is None:
        return Rich("text/markdown", text_of(cell.get("source"))) if cell.get("cell_type") == "markdown" else None
    outputs = cell.get("outputs")
    if not isinstance(outputs, list) or not 0 <= number < len(outputs) or not isinstance(outputs[number], dict):
        return None
    return rich_output(outputs[number])


def cell_views(
    cells: Sequence[dict[str, Any]], language: str, ended: str | None, start: int, address: Address
) -> Iterator[dict[str, Any]]:
    """Yield what the page shows of the cells from number `start` (from 0) on.

    Args:
        cells: All cells of the notebook.
        language: What the code is written in, for its colours.
        ended: The state the attempt ended in, None while it goes on.
        start: How many cells to pass over.
        address: Where an output that is served by itself is.
    """
    origins = _origins(cells)
    counts = {
        cell["execution_count"]: origin
        for cell, origin in zip(cells, origins, strict=True)
        if isinstance(cell.get("execution_count"), int)
    }
    left = BUDGET
    for index in range(start, min(len(cells), MOST_CELLS)):
        view = _cell_view(cells[index], index, origins[index], language, address)
        if view["state"] in ("running", "waiting") and ended is not None:
            view["state"] = "stopped" if view["state"] == "running" else "not run"
        _place_errors(view["outputs"], counts)
        size = sum(len(output.get("text", "")) for output in view["outputs"])
        if size > left:
            view["outputs"] = [{"type": "note", "text": "its output is left out here: the notebook holds it"}]
        left -= min(size, left)
        yield view


def _cell_view(
    cell: dict[str, Any], index: int, origin: CellOrigin | None, language: str, address: Address
) -> dict[str, Any]:
    def address_of(number: int, rich: Rich) -> str:
        return address(index, number, rich)

    source = text_of(cell.get("source"))
    if cell.get("cell_type") != "code":
        return {
            "index": index,
            "kind": "text",
            "label": "",
            "state": "",
            "outputs": [_text_view(cell, source, lambda rich: address(index, -1, rich))],
        }
    timing = _papermill(cell)
    outputs = cell.get("outputs")
    return {
        "index": index,
        "kind": "code",
        "label": describe(origin),
        "purpose": origin.purpose if origin else "parameters",
        "number": origin.cell if origin else 0,
        "folded": bool(origin and origin.purpose in _FOLDED),
        "source": highlighted(cut(source), language),
        "state": _STATES.get(str(timing.get("status")), "") if source.strip() else "",
        "started": started if isinstance(started := timing.get("start_time"), str) else None,
        "seconds": _seconds(timing.get("duration")),
        "outputs": list(output_views(outputs if isinstance(outputs, list) else [], address_of)),
    }


def _place_errors(outputs: list[dict[str, Any]], counts: dict[int, CellOrigin | None]) -> None:
    """Add to each error the line of the source notebook that it names last: the user's own, not a library's."""
    for output in outputs:
        # ValueError: a number of thousands of digits, which no traceback of IPython's has.
        with contextlib.suppress(ValueError):
            if output["type"] == "error" and (frames := source_frames([output["text"]], counts)):
                output["where"] = f"notebook {frames[-1]}"


def _text_view(cell: dict[str, Any], source: str, address: Callable[[Rich], str]) -> dict[str, Any]:
    if cell.get("cell_type") != "markdown":
        return {"type": "text", "text": cut(source)}
    return {"type": "frame", "address": address(Rich("text/markdown", source)), "text": cut(source, 200)}


def _origins(cells: Sequence[dict[str, Any]]) -> list[CellOrigin | None]:
    try:
        return cell_origins(cells)
    except (KeyError, TypeError, ValueError, AttributeError):
        # Metadata that somebody has changed: the cells are shown without their origin.
        return [None] * len(cells)


def _papermill(cell: dict[str, Any]) -> dict[str, Any]:
    metadata = cell.get("metadata")
    found = metadata.get("papermill") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def _seconds(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _tags(cell: dict[str, Any]) -> Sequence[Any]:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return tags if isinstance(tags, list) else ()
