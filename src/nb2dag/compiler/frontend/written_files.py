"""Find the files of code that cells write, with their text as far as it stands in the notebook."""

from __future__ import annotations

import ast
import posixpath
import textwrap
from collections.abc import Iterator, Mapping
from functools import lru_cache

from nb2dag.compiler.frontend.words import words_of
from nb2dag.model.code import EscapeKind, ParsedCode, nodes_of
from nb2dag.model.program import ProgramCell

Known = dict[str, ast.expr]
"""What names were last bound to: texts and paths."""

_JOINS = {"Path", "PurePath", "join"}
_STRIPS = {"strip", "lstrip", "rstrip"}


class WrittenFiles:
    """The files that the cells so far wrote, by path relative to the notebook's folder; see `texts`.

    Attributes:
        texts: The text of each file, None where it is not known before the notebook runs.
    """

    def __init__(self) -> None:
        self.texts: dict[str, str | None] = {}
        self._known: Known = {}

    def add(self, cell: ProgramCell) -> None:
        """Let one more cell have run."""
        if cell.code.escapes:
            self.texts |= dict(_by_magic(cell))
        bound, writes = _in_code(cell.code)
        self._known |= bound
        for path, text in writes:
            place = _path(path, self._known)
            if place is not None and place.endswith(".py"):
                self.texts[posixpath.normpath(place)] = None if text is None else _text(text, self._known)

    def ending_in(self, path: str) -> str | None:
        """Return the one file that was written whose path ends in this one: in a folder that code is found in."""
        found = [each for each in self.texts if each.endswith(f"/{path}")]
        return found[0] if len(found) == 1 else None


def _by_magic(cell: ProgramCell) -> Iterator[tuple[str, str | None]]:
    for escape in cell.code.escapes:
        if escape.kind is EscapeKind.CELL_MAGIC and escape.name in ("writefile", "file"):
            words = words_of(escape.text)
            names = [word.strip("'\"") for word in words if not word.startswith("-")]
            if len(names) == 1:
                yield names[0].removeprefix("./"), escape.body if len(words) == 1 else None


@lru_cache(maxsize=4096)
def _in_code(code: ParsedCode) -> tuple[Known, tuple[tuple[ast.expr, ast.expr | None], ...]]:
    """Return what the names of a cell are bound to, and the paths of files that it writes, each with its text."""
    bound: Known = {}
    files: dict[str, ast.expr] = {}
    writes: dict[str, tuple[ast.expr, ast.expr | None]] = {}
    for node in _in_order(code.tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            bound[node.targets[0].id] = node.value
            path = _opened(node.value)
            files |= {} if path is None else {node.targets[0].id: path}
        elif isinstance(node, ast.With):
            for item in node.items:
                path = _opened(item.context_expr)
                files |= {} if path is None else {ast.unparse(item.optional_vars or item.context_expr): path}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            path = _written(node.func, files)
            if path is not None:
                key = ast.unparse(path)
                writes[key] = (path, None if key in writes else node.args[0])
    return bound, tuple(writes.values())


def _in_order(tree: ast.Module) -> list[ast.Assign | ast.With | ast.Call]:
    """Return the assignments, calls and contexts of a cell as they stand in it."""
    found = [node for node in nodes_of(tree) if isinstance(node, ast.Assign | ast.With | ast.Call)]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def _written(method: ast.Attribute, files: Mapping[str, ast.expr]) -> ast.expr | None:
    """Return the path of the file that a method writes."""
    if method.attr == "write_text":
        return method.value
    if method.attr != "write":
        return None
    return files.get(method.value.id) if isinstance(method.value, ast.Name) else _opened(method.value)


def _opened(node: ast.expr) -> ast.expr | None:
    """Return the path that a call opens for writing a new file."""
    if not isinstance(node, ast.Call):
        return None
    given: list[ast.expr] = [*node.args, *(item.value for item in node.keywords if item.arg == "mode")]
    if isinstance(node.func, ast.Attribute) and node.func.attr == "open":
        given = [node.func.value, *given]
    elif not (isinstance(node.func, ast.Name) and node.func.id == "open"):
        return None
    mode = given[1] if len(given) > 1 else None
    writes = isinstance(mode, ast.Constant) and isinstance(mode.value, str) and mode.value[:1] in ("w", "x")
    return given[0] if writes else None


def _path(node: ast.expr, known: Mapping[str, ast.expr], depth: int = 0) -> str | None:
    """Return the path that an expression certainly is."""
    if isinstance(node, ast.Name) and node.id in known and depth < len(known):
        return _path(known[node.id], known, depth + 1)
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    parts: list[ast.expr] = []
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        parts = [node.left, node.right]
    elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in _JOINS:
        parts = node.args
    found = [_path(part, known, depth) for part in parts]
    whole = [part for part in found if part is not None]
    return posixpath.join(*whole) if whole and len(whole) == len(found) else None


def _text(node: ast.expr, known: Mapping[str, ast.expr], depth: int = 0) -> str | None:
    """Return the text that an expression certainly is."""
    if isinstance(node, ast.Name) and node.id in known and depth < len(known):
        return _text(known[node.id], known, depth + 1)
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.Call):
        return None
    if ast.unparse(node.func).rpartition(".")[2] == "dedent" and len(node.args) == 1:
        text = _text(node.args[0], known, depth)
        return None if text is None else textwrap.dedent(text)
    if isinstance(node.func, ast.Attribute) and node.func.attr in _STRIPS and not node.args:
        text = _text(node.func.value, known, depth)
        return None if text is None else str(getattr(text, node.func.attr)())
    return None
