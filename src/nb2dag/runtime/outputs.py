"""Put what a notebook's process says into the cells, as Jupyter does, and pass it on as it comes.

Importing this module imports nbclient: import it where a notebook is run, not before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from nbclient import NotebookClient

# What nbclient would log is said in events and failures.
_QUIET = logging.getLogger("nb2dag.runtime.nbclient")
_QUIET.setLevel(logging.CRITICAL + 1)


class Outputs(NotebookClient):  # type: ignore[misc]
    """An nbclient that passes each output on as it comes; on its own it starts no kernel."""

    def __init__(self, nb: Any, on_output: Callable[[Any], None], **options: Any) -> None:
        super().__init__(nb, timeout=None, log=_QUIET, record_timing=False, **options)
        self._on_output = on_output

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Put a message into the notebook, and pass the output on that it made."""
        output = super().process_message(msg, cell, cell_index)
        if output is not None:
            self._on_output(output)
        return output


def merge_streams(notebook: Any) -> None:
    """Join the pieces in which a stream came, so that outputs do not depend on when they came."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and len(cell.outputs) > 1:
            cell.outputs = _merged(cell.outputs)


def _merged(outputs: list[Any]) -> list[Any]:
    merged: list[Any] = []
    pieces: list[str] = []
    for output in outputs:
        last = merged[-1] if merged else None
        if last is not None and output.output_type == last.output_type == "stream" and output.name == last.name:
            pieces.append(output.text)
            continue
        if pieces:
            merged[-1].text = "".join(pieces)
        pieces = [output.text] if output.output_type == "stream" else []
        merged.append(output)
    if pieces:
        merged[-1].text = "".join(pieces)
    return merged
