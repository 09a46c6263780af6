"""Read the modules beside the notebook, and those that cells write, so that the analysis sees what they keep."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path

from nb2dag.compiler.frontend.escapes import parse_code
from nb2dag.compiler.frontend.scripts import file_text, written_files
from nb2dag.model.code import LocalModule, ParsedCode, nodes_of
from nb2dag.model.program import Program

_MOST_MODULES = 50
_MOST_LINES = 1_500
"""Lines of a module from which on it is taken for a library: it would take longer to look through than a check may."""

_Read = Callable[[str], str | None]
"""Gives the text of a file of the notebook's folder, None where it cannot be read."""


def with_local_modules(program: Program, folder: Path) -> Program:
    """Return a program in which the code that imports a local module has that module's code.

    A module that cannot be read, or parsed, or is as long as a library, is left out.
    """
    there = _modules_in(folder)
    # Each file is read once, however many cells import it.
    read = cache(lambda file: file_text(folder / file))
    written: dict[str, str | None] = {}
    cells = []
    for cell in program.cells:
        found = _found(_imported(cell.code), read, there, written)
        cells.append(replace(cell, code=_with(cell.code, found)) if found else cell)
        written |= dict(written_files(cell))
    return replace(program, cells=tuple(cells))


@lru_cache(maxsize=4096)
def _with(code: ParsedCode, modules: tuple[LocalModule, ...]) -> ParsedCode:
    """Return code with its modules: the same object each time, so that what is known of an unchanged cell holds."""
    return replace(code, modules=modules)


def _modules_in(folder: Path) -> frozenset[str]:
    try:
        with os.scandir(folder) as entries:
            return frozenset(entry.name.removesuffix(".py") for entry in entries)
    except OSError:
        return frozenset()


@lru_cache(maxsize=20_000)
def _imported(code: ParsedCode) -> tuple[str, ...]:
    """Return the dotted modules that code imports; `from a import b` may mean the module `a.b`."""
    found: dict[str, None] = {}
    for node in nodes_of(code.tree):
        if isinstance(node, ast.Import):
            found |= dict.fromkeys(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found[node.module] = None
            found |= dict.fromkeys(f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(found)


def _found(
    names: tuple[str, ...], read: _Read, there: frozenset[str], written: dict[str, str | None]
) -> tuple[LocalModule, ...]:
    """Return the local modules among `names`, and all that they import."""
    waiting, seen = list(names), set(names)
    found: list[LocalModule] = []
    while waiting and len(found) < _MOST_MODULES:
        name = waiting.pop(0)
        text = _text(name, read, there, written)
        module = None if text is None or text.count("\n") > _MOST_LINES else _module(name, text)
        if module is not None:
            found.append(module)
            more = [other for other in _imported(module.code) if other not in seen]
            waiting += more
            seen.update(more)
    return tuple(found)


def _text(name: str, read: _Read, there: frozenset[str], written: dict[str, str | None]) -> str | None:
    path = name.replace(".", "/")
    for file in (f"{path}.py", f"{path}/__init__.py"):
        if file in written:
            return written[file]
        if path.partition("/")[0] in there and (text := read(file)) is not None:
            return text
    return None


@lru_cache(maxsize=256)
def _module(name: str, text: str) -> LocalModule | None:
    code = parse_code(text)
    return None if code.problem else LocalModule(name, code)
