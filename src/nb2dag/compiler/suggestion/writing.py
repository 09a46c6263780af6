"""Write tags into the text of a notebook file, and make sure that it then says what was meant."""

from __future__ import annotations

from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.compiler.suggestion.tags import Tagging
from nb2dag.errors import Nb2dagError
from nb2dag.model.notebook import Notebook
from nb2dag.report.ipynb_cells import insert_first_cell, set_tags
from nb2dag.report.ipynb_edit import apply_edits, edit_source
from nb2dag.report.ipynb_scan import scan_cells


def takes_cells(text: str) -> bool:
    """Tell whether a cell can be put before the others: in nbformat 4, not in the worksheets of older files."""
    return bool(scan_cells(text))


def tagged_text(text: str, path: str, tagging: Tagging) -> str:
    """Return the text of a notebook file with tags; what they do not touch keeps its bytes.

    Raises:
        Nb2dagError: The file is written in a form in which that cannot be done; the message names the cell.
    """
    after = apply_edits(text, tagging.edits)
    if tagging.tags:
        after = set_tags(after, tagging.tags)
    if tagging.head:
        after = insert_first_cell(after, tagging.head, tagging.head_id)
    _require_meant(parse_notebook(text, path), parse_notebook(after, path), tagging)
    return after


def _require_meant(old: Notebook, new: Notebook, tagging: Tagging) -> None:
    cells = list(new.cells)
    if tagging.head and (not cells or cells.pop(0).source != tagging.head):
        raise _not_written(1)
    if len(cells) != len(old.cells):
        raise _not_written(1)
    for before, after in zip(old.cells, cells, strict=True):
        edits = [edit for edit in tagging.edits if edit.cell == before.index]
        tags = (tagging.tags or {}).get(before.index, before.tags)
        if after.source != edit_source(before.source, edits) or after.tags != tags:
            raise _not_written(before.index)


def _not_written(cell: int) -> Nb2dagError:
    return Nb2dagError(
        f"cell {cell} cannot be tagged in the form in which this file is written: save the notebook from Jupyter "
        "first, then try again"
    )
