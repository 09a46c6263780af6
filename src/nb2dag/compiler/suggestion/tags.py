"""Turn tags into edits of cells, and into the cell that loads nb2dag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nb2dag.compiler.lowering import dag_id
from nb2dag.compiler.suggestion.proposal import directive
from nb2dag.directives.formatter import format_directive
from nb2dag.model.diagnostic import Edit
from nb2dag.model.directive import Directive, DirectiveKind, Spelling
from nb2dag.model.program import Program
from nb2dag.model.span import START

SETTINGS_ID = "nb2dag-settings"


@dataclass(frozen=True, slots=True)
class Tagging:
    """How to write tags into a notebook: edits of its cells, and the source of a cell to put before all others.

    `head` is empty where no cell is needed. `tags` are the cell tags that other cells get in place of theirs.
    """

    edits: tuple[Edit, ...]
    head: str = ""
    head_id: str = SETTINGS_ID
    tags: Mapping[int, tuple[str, ...]] | None = None


def write_tags(
    program: Program, directives: Mapping[int, Directive], spelling: Spelling, settings: Directive | None = None
) -> Tagging:
    """Return the edits that put each directive at the top of its cell.

    Args:
        program: The notebook as it is.
        directives: The tag of each cell that gets one, by the cell's index.
        spelling: MAGIC or OPTION_LINES.
        settings: The DAG's tag; its name is the file's by default.
    """
    edits = []
    for index, tag in sorted(directives.items()):
        cell = program.notebook.cell(index)
        edits.append(Edit(index, cell.id, START, f"{format_directive(tag, spelling)}\n"))
    head = "" if _loads_nb2dag(program) else _head(program, spelling, settings)
    return Tagging(tuple(edits), head, _free_id(program))


def _loads_nb2dag(program: Program) -> bool:
    loads = ("load_ext", "reload_ext")
    return program.settings is not None or any(
        escape.name in loads and escape.text.split()[:1] == ["nb2dag"]
        for cell in program.cells
        for escape in cell.code.escapes
    )


def _head(program: Program, spelling: Spelling, settings: Directive | None) -> str:
    """Return the first cell: magics are known once it has run; option lines need that above a cell magic only."""
    if spelling is Spelling.MAGIC or any(cell.cell.source.startswith("%%") for cell in program.cells):
        tag = settings or directive(DirectiveKind.DAG, dag_id(program))
        return f"%load_ext nb2dag\n{format_directive(tag, Spelling.MAGIC)}"
    return format_directive(settings, spelling) if settings is not None else ""


def _free_id(program: Program) -> str:
    ids = {cell.id for cell in program.notebook.cells}
    candidates = [SETTINGS_ID, *(f"{SETTINGS_ID}-{number}" for number in range(2, len(ids) + 3))]
    return next(candidate for candidate in candidates if candidate not in ids)
