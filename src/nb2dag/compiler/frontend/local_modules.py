"""Read the modules beside the notebook, and those that cells write, so that the analysis sees what they keep."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path

from nb2dag.compiler.frontend.escapes import parse_code
from nb2dag.compiler.frontend.scripts import file_text
from nb2dag.compiler.frontend.written_files import WrittenFiles
from nb2dag.model.code import LocalModule, ParsedCode, UnreadModule, module_of_call, nodes_of
from nb2dag.model.program import Program, ProgramCell
from nb2dag.model.span import Region

_MOST_MODULES = 50
_MOST_LINES = 1_500
"""Lines of a module from which on it is taken for a library: it would take longer to look through than a check may."""

UNKNOWN = "\0"
"""Stands for a text that is not known."""

_Read = Callable[[str], str | None]
"""Gives the text of a file of the notebook's folder, None where it cannot be read."""


def with_local_modules(program: Program, folder: Path) -> Program:
    """Return a program in which the code that imports a local module has that module's code.

    A module that cannot be parsed, or is as long as a library, is left out, and noted.
    """
    there = _modules_in(folder)
    # Each file is read once, however many cells import it.
    read = cache(lambda file: file_text(folder / file))
    written = WrittenFiles()
    cells = []
    for cell in program.cells:
        imported = _imported(cell.code)
        found, left_out = _found(imported, read, there, written) if imported else ((), {})
        unread = tuple(_unread(cell, name, reason) for name, reason in left_out.items())
        cells.append(replace(cell, code=_with(cell.code, found, unread)) if found or unread else cell)
        written.add(cell)
    return replace(program, cells=tuple(cells))


@lru_cache(maxsize=4096)
def _with(code: ParsedCode, modules: tuple[LocalModule, ...], unread: tuple[UnreadModule, ...]) -> ParsedCode:
    """Return code with its modules: the same object each time, so that what is known of an unchanged cell holds."""
    return replace(code, modules=modules, unread=unread)


def _unread(cell: ProgramCell, name: str, reason: str) -> UnreadModule:
    """Return a module that is left out, with the cell's first import of it, or of what imports it in turn."""
    imports = [node for node in nodes_of(cell.code.tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    node = next((node for node in imports if name in _imports_of(node)), imports[0])
    line = cell.cell.source.split("\n")[node.lineno - 1]
    start = len(line.encode()[: node.col_offset].decode())
    return UnreadModule(name, reason, Region(node.lineno, start + 1, node.lineno, len(line.rstrip()) + 1))


def _modules_in(folder: Path) -> frozenset[str]:
    try:
        with os.scandir(folder) as entries:
            return frozenset(entry.name.removesuffix(".py") for entry in entries)
    except OSError:
        return frozenset()


@lru_cache(maxsize=20_000)
def _imported(code: ParsedCode) -> tuple[str, ...]:
    """Return the dotted modules that code imports; `from a import b` may mean the module `a.b`."""
    return tuple(dict.fromkeys(name for node in nodes_of(code.tree) for name in _imports_of(node)))


@lru_cache(maxsize=4096)
def _imported_from_near(code: ParsedCode, package: str) -> tuple[str, ...]:
    """Return the dotted modules that code in a package imports by their place beside it: `from .a import b`."""
    found: list[str] = []
    for node in nodes_of(code.tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            parts = package.split(".")
            base = ".".join([*parts[: len(parts) + 1 - node.level], *([node.module] if node.module else [])])
            found += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return tuple(dict.fromkeys(found))


def _imports_of(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    module = module_of_call(node)
    return [] if module is None else [module]


def _found(
    names: tuple[str, ...], read: _Read, there: frozenset[str], written: WrittenFiles
) -> tuple[tuple[LocalModule, ...], dict[str, str]]:
    """Return the local modules among `names`, and all that they import; and why others of them are left out."""
    waiting, seen = list(names), set(names)
    found: list[LocalModule] = []
    left_out: dict[str, str] = {}
    while waiting and len(found) < _MOST_MODULES:
        name = waiting.pop(0)
        text, is_package = _text(name, read, there, written)
        if text is None:
            continue
        if text is UNKNOWN:
            left_out[name] = "the notebook writes it, and its text is not written down there"
            continue
        if (lines := text.count("\n")) > _MOST_LINES:
            left_out[name] = f"it has {lines:,} lines, and nb2dag reads modules of up to {_MOST_LINES:,}"
            continue
        code = _parsed(text)
        if code.problem is not None:
            left_out[name] = f"it does not parse: {code.problem.message}"
            continue
        found.append(LocalModule(name, code))
        near = _imported_from_near(code, name if is_package else name.rpartition(".")[0])
        more = [other for other in (*_imported(code), *near) if other not in seen]
        waiting += more
        seen.update(more)
    return tuple(found), left_out


def _text(name: str, read: _Read, there: frozenset[str], written: WrittenFiles) -> tuple[str | None, bool]:
    """Return the text of a module, `UNKNOWN` of one that will be written, and whether it is that of a package."""
    path = name.replace(".", "/")
    files = (f"{path}.py", f"{path}/__init__.py")
    for number, file in enumerate(files):
        if file in written.texts:
            return _or_unknown(written.texts[file]), bool(number)
        if path.partition("/")[0] in there and (text := read(file)) is not None:
            return text, bool(number)
    # A folder of modules may be on the search path.
    for number, file in enumerate(files):
        if (place := written.ending_in(file)) is not None:
            return _or_unknown(written.texts[place]), bool(number)
    return None, False


def _or_unknown(text: str | None) -> str:
    return UNKNOWN if text is None else text


@lru_cache(maxsize=256)
def _parsed(text: str) -> ParsedCode:
    """Return a module's code: the same object for the same text, which is equal only to itself."""
    return parse_code(text)
