"""Hold a notebook as the compiler sees it: cells in order, and which kernel they were written for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from nb2dag.model.span import START, Region, Span


class CellType(Enum):
    """The three cell types of nbformat 4."""

    CODE = "code"
    MARKDOWN = "markdown"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: `index` is 1-based over all cells, `id` the notebook's own or `cell-<index>`.

    The lines of `source` end with line feeds, whatever ends them in the file: a position counts no other line end.
    """

    index: int
    id: str
    type: CellType
    source: str
    tags: tuple[str, ...] = ()

    def span(self, path: str, region: Region = START) -> Span:
        """Return `region` of this cell as a span of the notebook at `path`."""
        return Span(path, self.index, self.id, region)


@dataclass(frozen=True)
class Notebook:
    """A notebook read from `path` (as the user named it); outputs and execution counts are left behind.

    `kernel_name` is empty where the file names none; `language` is the kernel's language in lower case, `python`
    where nothing is said.
    """

    path: str
    cells: tuple[Cell, ...]
    kernel_name: str = ""
    kernel_display_name: str = ""
    language: str = "python"

    @cached_property
    def code_cells(self) -> tuple[Cell, ...]:
        """The code cells, in order."""
        return tuple(cell for cell in self.cells if cell.type is CellType.CODE)

    def cell(self, index: int) -> Cell:
        """Return the cell with that 1-based index."""
        return self.cells[index - 1]
