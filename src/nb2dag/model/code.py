"""Hold a code cell as a syntax tree whose IPython syntax has become marked calls."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeVar

from nb2dag.model.span import Region

ESCAPE_NAME = "__escape__"
"""Name of the call that stands for an escape in a tree: `__escape__(i)` is `escapes[i]`."""

_Node = TypeVar("_Node", bound=ast.AST)

_SHARED = (ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop)
"""What the parser puts into every tree as one and the same object: `Load()`, `Add()` and their like.

Such an object may carry what strangers wrote on it: `executing`, by which IPython shows tracebacks, gives every node
its parent. Who followed all attributes of a `Load()` would walk through their source, in circles, without end.
"""


class EscapeKind(Enum):
    """The kinds of IPython syntax that Python does not know."""

    LINE_MAGIC = "line magic"
    CELL_MAGIC = "cell magic"
    SHELL = "shell"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Script:
    """What `%run` runs: the code of a script, or of each cell of a notebook, every node placed at the magic.

    A script has a namespace of its own, whose names the notebook gets when it has ended (`own_namespace`); a notebook,
    and a script with `-i`, runs in the notebook's.
    """

    path: str
    parts: tuple[ParsedCode, ...]
    own_namespace: bool


@dataclass(frozen=True, slots=True)
class LocalModule:
    """A module that lies beside the notebook, or that a cell wrote: its dotted name and its code."""

    name: str
    code: ParsedCode


@dataclass(frozen=True, slots=True)
class UnreadModule:
    """A module that lies beside the notebook and is taken for a library's, why, and where the cell imports it."""

    name: str
    reason: str
    region: Region


@dataclass(frozen=True, slots=True)
class Escape:
    """One piece of IPython syntax.

    `name` is the magic's name (`matplotlib`, `capture`), `!` or `!!` for the shell, `?` or `??` for help. `text` is
    the rest of its line, `body` the text below a cell magic whose body is not Python (None where the body is Python:
    its statements then stand in the tree right after the escape). `reads` are expressions interpolated into it
    (`{x}`, `$x`, and the code of `%timeit`), `binds` the names it binds by itself (`%%capture out`, `%%bash --out
    x`). An assignment `f = !ls` is an ordinary assignment of an escape. `script` is what `%run` runs, where that is
    known.
    """

    kind: EscapeKind
    name: str
    text: str
    region: Region
    body: str | None = None
    reads: tuple[ast.expr, ...] = ()
    binds: tuple[str, ...] = ()
    script: Script | None = None


@dataclass(frozen=True, slots=True)
class SyntaxProblem:
    """Why a cell has no tree: the parser's words and place."""

    message: str
    region: Region
    needs_version: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ParsedCode:
    """A code cell's text without its tag, parsed; equal only to itself, as its tree is.

    Every position in `tree` points into the whole cell's text as the user typed it: `lineno` is 1-based and counts tag
    lines, `col_offset` counts UTF-8 bytes as `ast` does. A call that stands for an escape knows it (`escape_of`). Where
    `problem` is set the tree is empty. `ends_silent` tells that the last statement's value is not displayed (a closing
    `;`). `modules` are the local modules that it imports, and those that these import;
    `unread` those that were not looked into.
    """

    tree: ast.Module
    escapes: tuple[Escape, ...] = ()
    problem: SyntaxProblem | None = None
    ends_silent: bool = False
    modules: tuple[LocalModule, ...] = ()
    unread: tuple[UnreadModule, ...] = ()

    def __post_init__(self) -> None:
        """Let every call that stands for an escape know it: a function's body is looked at apart from its cell."""
        for node in nodes_of(self.tree) if self.escapes else ():
            index = index_of_escape(node)
            if index is not None:
                node.escape = self.escapes[index]  # type: ignore[attr-defined]

    def with_escapes(self, escapes: tuple[Escape, ...]) -> ParsedCode:
        """Return the same code with other escapes, in a tree of its own."""
        return self if escapes == self.escapes else replace(self, tree=copied(self.tree), escapes=escapes)


def escape_of(node: ast.AST) -> Escape | None:
    """Return the escape that a call in the tree of a `ParsedCode` stands for, None for any other node."""
    return getattr(node, "escape", None)


def index_of_escape(node: ast.AST) -> int | None:
    """Return `i` where `node` is the call `__escape__(i)` that stands for an escape, else None.

    >>> index_of_escape(ast.parse("__escape__(3)", mode="eval").body)
    3
    """
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == ESCAPE_NAME:
        argument = node.args[0]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, int):
            return argument.value
    return None


def module_of_call(node: ast.AST) -> str | None:
    """Return the module that a call imports by its name, `importlib.import_module("rows")`; None for anything else.

    >>> module_of_call(ast.parse("import_module('a.b')", mode="eval").body)
    'a.b'
    """
    if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
        return None
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    module = node.args[0].value
    if name not in ("import_module", "__import__") or not isinstance(module, str) or not module[:1].isidentifier():
        return None
    return module


def copied(tree: _Node) -> _Node:
    """Return a copy of a tree, however deep it is: a sum of a thousand terms is a thousand levels.

    The nodes that all trees of a process share are left alone (see `_SHARED`).
    """
    copy = _alike(tree)
    waiting: list[tuple[ast.AST, ast.AST]] = [(tree, copy)]
    while waiting:
        node, made = waiting.pop()
        if made is node:
            continue
        for name, value in vars(node).items():
            if isinstance(value, ast.AST):
                part = _alike(value)
                waiting.append((value, part))
                setattr(made, name, part)
            elif isinstance(value, list):
                parts = [_alike(item) if isinstance(item, ast.AST) else item for item in value]
                waiting += ((item, part) for item, part in zip(value, parts, strict=True) if isinstance(item, ast.AST))
                setattr(made, name, parts)
            else:
                setattr(made, name, value)
    return copy


def _alike(node: _Node) -> _Node:
    # Not `type(node)()`: Python 3.13 warns of a node without its fields.
    return node if isinstance(node, _SHARED) else type(node).__new__(type(node))


def nodes_of(tree: ast.AST) -> list[ast.AST]:
    """Return a tree's nodes in the order of `ast.walk`, parents before children, in a third of its time.

    >>> [type(node).__name__ for node in nodes_of(ast.parse("-x").body[0])]
    ['Expr', 'UnaryOp', 'USub', 'Name', 'Load']
    """
    found = [tree]
    for node in found:
        for name in node._fields:
            child = getattr(node, name, None)
            if isinstance(child, ast.AST):
                found.append(child)
            elif isinstance(child, list):
                found += [item for item in child if isinstance(item, ast.AST)]
    return found
