"""Say where in a notebook something stands: a region of one cell, and a span that adds which cell."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Region:
    """A stretch of one cell's text.

    Lines are 1-based; columns are 1-based and count code points; the end is exclusive. Positions always point
    into the text the user typed, tag lines included, never into a transformed one.
    """

    line: int
    column: int
    end_line: int
    end_column: int

    def shifted(self, lines: int) -> Region:
        """Return the same region `lines` further down."""
        return Region(self.line + lines, self.column, self.end_line + lines, self.end_column)


START = Region(1, 1, 1, 1)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A region of one cell of one notebook.

    `cell` is the 1-based index over all cells, Markdown included, as a person counts them; `cell_id` is the
    notebook's own id of that cell, or `cell-<n>` where it has none. A finding about the file as a whole has
    cell 0 and an empty id.
    """

    path: str
    cell: int
    cell_id: str
    region: Region = START

    @property
    def line(self) -> int:
        """The 1-based line within the cell where the span begins."""
        return self.region.line

    @property
    def column(self) -> int:
        """The 1-based column, in code points, where the span begins."""
        return self.region.column
