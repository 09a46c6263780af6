"""Look at an untagged notebook: what stands above the work, which cells install, which hold parameters."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.replay import configures, replayable_positions
from nb2dag.compiler.analysis.statements import Statement
from nb2dag.compiler.frontend.cells import is_interactive_only
from nb2dag.model.code import Escape, EscapeKind
from nb2dag.model.program import ProgramCell, Role

_INSTALLERS = frozenset({"pip", "conda", "mamba", "uv"})
_SHELL_INSTALL = ("pip ", "pip3 ", "conda ", "mamba ", "uv ", "apt ", "apt-get ", "python -m pip ")


_DEFINITIONS = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.If,
    ast.Try,
    ast.Pass,
)
"""Statements that only prepare, where they may be replayed at all."""

_TOOLS = frozenset({"Decimal", "Path", "PurePath", "PurePosixPath", "compile", "getLogger", "join", "timedelta"})
"""Calls, by their last name, that make a constant or a tool of constants: a path, a pattern, a logger."""

_GIVEN = (ast.Constant, ast.Name, ast.Attribute)
"""What such a call may be given."""

_PLAIN = (int, float, str, bool)
"""Types of literals that cannot change and that JSON has too."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What the code cells of an untagged notebook are, by the cells' indexes.

    `body` are the cells that do the work: they will be tasks. `shared` are those above it that only prepare it:
    imports, definitions, settings, constants. `parameters` is the one of these whose constants are worth setting from
    outside, if there is one.
    """

    body: tuple[int, ...]
    shared: tuple[int, ...] = ()
    parameters: int | None = None


def survey(flow: Flow, most_shared: int) -> Survey:
    """Return what the cells are that have no tag; of those from the index `most_shared` on none is shared."""
    replayable = replayable_positions(flow)
    cells: dict[int, list[Statement]] = {}
    tagged = False
    for statement in flow.statements:
        if statement.cell.directive is None:
            cells.setdefault(statement.cell.cell.index, []).append(statement)
        tagged = tagged or statement.cell.role is Role.PARAMETERS
    indexes = list(cells)
    count = 0
    above = [index for index in indexes[:-1] if index < most_shared]
    while count < len(above) and _only_prepares(cells[above[count]], replayable):
        count += 1
    shared, body = tuple(indexes[:count]), tuple(indexes[count:])
    parameters = None if tagged else next((index for index in shared if _are_parameters(cells[index], flow)), None)
    return Survey(body, shared, parameters)


def only_installs(cell: ProgramCell) -> bool:
    """Tell whether a cell does nothing but install packages, or load nb2dag: what a worker's image is for.

    >>> from nb2dag.compiler.frontend.tagging import tag_program
    >>> from nb2dag.model.notebook import Cell, CellType, Notebook
    >>> cells = (Cell(1, "a", CellType.CODE, "%pip install shapely"), Cell(2, "b", CellType.CODE, "!ls"))
    >>> [only_installs(cell) for cell in tag_program(Notebook("n.ipynb", cells)).cells]
    [True, False]
    """
    escapes = cell.code.escapes
    return bool(escapes) and len(cell.code.tree.body) == len(escapes) and all(map(_installs, escapes))


def _installs(escape: Escape) -> bool:
    if is_interactive_only(escape):
        return True
    if escape.kind is EscapeKind.LINE_MAGIC:
        return escape.name in _INSTALLERS and "install" in escape.text.split()
    text = escape.text.strip()
    return escape.kind is EscapeKind.SHELL and text.startswith(_SHELL_INSTALL) and "install" in text.split()


def _only_prepares(statements: list[Statement], replayable: dict[int, bool]) -> bool:
    """Tell whether a cell may stay shared: nothing in it shows anything, computes, or depends on when it runs."""
    return all(replayable[statement.position] and _prepares(statement) for statement in statements)


def _prepares(statement: Statement) -> bool:
    node = statement.node
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        return _is_constant(node) or configures(statement)
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) or configures(statement)
    return isinstance(node, _DEFINITIONS) or type(node).__name__ == "TypeAlias"


def _is_constant(node: ast.Assign | ast.AnnAssign) -> bool:
    """Tell whether a statement names a lambda, a tool, or a literal that is no data: plain, or one in capitals."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    if len(names) < len(targets):
        return False
    if node.value is None or isinstance(node.value, ast.Lambda) or _is_tool(node.value):
        return True
    plain, value = _literal(node.value)
    return plain and (value is None or isinstance(value, _PLAIN) or all(name.isupper() for name in names))


def _is_tool(node: ast.expr) -> bool:
    """Tell whether an expression makes something small of constants, such as `Path("data") / NAME`."""
    if isinstance(node, ast.BinOp):
        sides = (node.left, node.right)
        return any(map(_is_tool, sides)) and all(_is_tool(side) or isinstance(side, _GIVEN) for side in sides)
    if not isinstance(node, ast.Call):
        return False
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    return called in _TOOLS and all(_is_tool(each) or isinstance(each, _GIVEN) for each in given)


def _literal(node: ast.expr) -> tuple[bool, object]:
    """Return whether an expression is a literal, and its value."""
    try:
        return True, ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False, None


def _are_parameters(statements: list[Statement], flow: Flow) -> bool:
    """Tell whether a cell binds only numbers, strings and flags that code below reads and nothing rebinds."""
    return all(_is_parameter(statement, flow) for statement in statements)


def _is_parameter(statement: Statement, flow: Flow) -> bool:
    node = statement.node
    if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name):
        return False
    name = node.targets[0].id
    plain, value = _literal(node.value)
    if not plain or not isinstance(value, _PLAIN) or name.startswith("_"):
        return False
    return name in flow.read_names and len(flow.timeline.names[name]) == 1
