"""Hold which names a cell defines, needs and changes."""

from __future__ import annotations

from dataclasses import dataclass

from nb2dag.model.span import Region


@dataclass(frozen=True, slots=True)
class NameUse:
    """A name and the place in its cell where it first is defined, needed or changed."""

    name: str
    region: Region


@dataclass(frozen=True, slots=True)
class CellNames:
    """The names of the code cell with the 1-based index `cell`, each list in textual order and without repeats.

    `definitions` may be bound when the cell ends, `references` must or may come from outside, and `mutations` are
    names whose object, made above, the cell may change. `stars` are modules whose every name is imported.
    """

    cell: int
    definitions: tuple[NameUse, ...] = ()
    references: tuple[NameUse, ...] = ()
    mutations: tuple[NameUse, ...] = ()
    stars: tuple[str, ...] = ()
