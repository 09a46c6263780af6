"""Find the lines of the source notebook in a kernel's traceback."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from nb2dag.runtime.failures import Frame
from nb2dag.runtime.formats import CellOrigin
from nb2dag.runtime.progress import without_colours

# `Cell In[3], line 2` since IPython 8.7, `Input In [3], in <cell line: 2>()` before, `<ipython-input-3-9c> in f` in 7.
_CELL = re.compile(
    r"^\s*(?:File )?(?:(?:Cell|Input) In ?\[(?P<count>\d+)\]|<ipython-input-(?P<old>\d+)-\w+>)"
    r"(?:, line (?P<line>\d+)|.*<cell line: (?P<start>\d+)>)?"
)
_ARROW = re.compile(r"^-+> ?(\d+)")
_TIMED = re.compile(r"^\s*File <timed exec>(?::|, line )(\d+)")

CellsByCount = Mapping[int, CellOrigin | None]
"""Where the cell with a given execution count came from."""


def source_frames(traceback: Sequence[str], cells: CellsByCount) -> tuple[Frame, ...]:
    """Return the source lines in a traceback, outermost call first.

    Examples:
        >>> cells = {4: CellOrigin("body", 7, "ab12", (2, 3, 4))}
        >>> [str(frame) for frame in source_frames(["Cell In[4], line 2", "ZeroDivisionError: x"], cells)]
        ['cell 7, line 3']
    """
    return tuple(_frame(count, line, cells) for count, line in _positions(traceback) if count in cells)


def _positions(traceback: Sequence[str]) -> list[tuple[int, int]]:
    """Return (execution count, line) of each frame that is in a cell; the line is 0 where none is given."""
    positions: list[tuple[int, int]] = []
    awaiting_arrow = False
    for line in without_colours("\n".join(traceback)).splitlines():
        if found := _CELL.match(line):
            number = found["line"] or found["start"]
            positions.append((int(found["count"] or found["old"]), int(number or 0)))
            awaiting_arrow = number is None
        elif awaiting_arrow and (arrow := _ARROW.match(line)):
            positions[-1] = (positions[-1][0], int(arrow[1]))
            awaiting_arrow = False
        elif positions and (timed := _TIMED.match(line)):
            # The body of `%%time` is compiled by itself and begins on the line below the magic.
            positions[-1] = (positions[-1][0], positions[-1][1] + int(timed[1]))
    return positions


def _frame(count: int, line: int, cells: CellsByCount) -> Frame:
    origin = cells[count]
    if origin is None:
        return Frame(0, "", line)
    known = 0 < line <= len(origin.lines)
    return Frame(origin.cell, origin.cell_id, origin.lines[line - 1] if known else 0)
