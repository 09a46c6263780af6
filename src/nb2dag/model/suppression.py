"""Hold a comment that asks for findings to be left out, as it is written."""

from __future__ import annotations

from dataclasses import dataclass

from nb2dag.model.notebook import Cell
from nb2dag.model.span import Region


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment `# nb2dag: ignore[word, word]`.

    `region` is the comment up to the end of its line. `words` are codes or names as written, none where the brackets
    are missing or empty. `lines` are the lines of the cell whose findings it silences; `alone` tells that nothing
    else stands on its line.
    """

    cell: Cell
    region: Region
    words: tuple[str, ...]
    lines: tuple[int, ...]
    alone: bool
