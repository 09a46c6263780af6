"""Read one cell by itself: its tag, its code, and what follows from these whatever stands around the cell."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property

from nb2dag.compiler.frontend.definitions import only_defines
from nb2dag.compiler.frontend.escapes import parse_code
from nb2dag.compiler.frontend.interpolated import NamesAround, names_around, pruned
from nb2dag.compiler.memo import Memo
from nb2dag.directives.grammar import parse_directive
from nb2dag.model.code import Escape, EscapeKind, ParsedCode
from nb2dag.model.directive import Directive, DirectiveKind, Tag
from nb2dag.model.notebook import Cell
from nb2dag.model.program import Role

_MOST_CELLS = 20_000

TASK_KINDS = frozenset({DirectiveKind.TASK, DirectiveKind.SQL, DirectiveKind.CHECK, DirectiveKind.SENSOR})
_ROLES = {
    **dict.fromkeys(TASK_KINDS, Role.TASK),
    DirectiveKind.SHARED: Role.WHOLE,
    DirectiveKind.SKIP: Role.SKIP,
    DirectiveKind.TEST: Role.TEST,
    DirectiveKind.PARAMETERS: Role.PARAMETERS,
}


@dataclass(eq=False)
class ReadCell:
    """A code cell's tag and its code as far as the cell's own text says.

    `code` is empty where the notebook is not Python's.
    """

    tag: Tag
    code: ParsedCode

    @cached_property
    def own_role(self) -> Role | None:
        """The role that the tag says, None where it is that of an untagged cell."""
        directive = self.tag.directive
        if directive is None:
            return Role.SKIP if self.tag.problems else None
        role = _ROLES.get(directive.kind)
        return Role.SKIP if role is Role.TASK and directive.name is None else role

    @cached_property
    def only_defines(self) -> bool:
        """Whether the code holds nothing but definitions."""
        return only_defines(self.code)

    @cached_property
    def is_configuration(self) -> bool:
        """Whether the code holds nothing but what means something in the notebook only."""
        code = self.code
        return (
            code.problem is None
            and len(code.tree.body) == len(code.escapes)
            and all(map(is_interactive_only, code.escapes))
        )

    @cached_property
    def names_around(self) -> NamesAround:
        """What the code means for texts that IPython interpolates, in this cell and in others."""
        return names_around(self.code)


class ReadCells:
    """Reads cells, each text once as long as it is among the last that were read."""

    def __init__(self) -> None:
        self._cells: Memo[tuple[str, tuple[str, ...], bool], ReadCell] = Memo(_MOST_CELLS)
        self._pruned: Memo[tuple[ParsedCode, tuple[bool, ...]], ParsedCode] = Memo(_MOST_CELLS)

    def read(self, cell: Cell, *, python: bool) -> ReadCell:
        """Return the cell's tag and code."""
        return self._cells.get((cell.source, cell.tags, python), lambda: _read(cell, python=python))

    def pruned(self, code: ParsedCode, left_out: tuple[bool, ...]) -> ParsedCode:
        """Return the code without what its escapes interpolate, for those that `left_out` says."""
        return self._pruned.get((code, left_out), lambda: pruned(code, left_out)) if any(left_out) else code


def is_interactive_only(escape: Escape) -> bool:
    """Tell whether an escape means something in the notebook only: `%load_ext nb2dag`, `%airflow_preview`."""
    if escape.kind is not EscapeKind.LINE_MAGIC:
        return False
    return escape.name == "airflow_preview" or (escape.name in {"load_ext", "reload_ext"} and escape.text == "nb2dag")


def lines_of(source: str) -> list[str]:
    """Return the lines of a cell's text, whatever ends them."""
    return source.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _read(cell: Cell, *, python: bool) -> ReadCell:
    tag = parse_directive(cell.source, cell.tags)
    return ReadCell(tag, _parse(cell, tag.directive) if python else ParsedCode(ast.Module([], [])))


def _parse(cell: Cell, directive: Directive | None) -> ParsedCode:
    if directive is None or not directive.tag_lines:
        return parse_code(cell.source)
    # A DAG line may stand below `%load_ext nb2dag`, so that blanking it is more than beginning at the body.
    lines = lines_of(cell.source)
    for number in directive.tag_lines:
        lines[number - 1] = ""
    return parse_code("\n".join(lines), directive.body_line)
