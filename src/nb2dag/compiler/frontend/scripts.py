"""Read the files that `%run` runs, so that the analysis sees their code as if it stood in the cell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from nb2dag.compiler.frontend.escapes import parse_code
from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.compiler.frontend.words import words_of
from nb2dag.compiler.frontend.written_files import WrittenFiles
from nb2dag.errors import NotebookUnreadable
from nb2dag.model.code import Escape, EscapeKind, ParsedCode, Script, index_of_escape
from nb2dag.model.notebook import CellType
from nb2dag.model.program import Program

_LONGEST = 1_000_000
_OWN_TAG = re.compile(r"^\s*(?:%{1,2}airflow_|%(?:re)?load_ext\s+nb2dag|#\|\s*task:)", re.MULTILINE)


def with_scripts(program: Program, folder: Path) -> Program:
    """Return a program in which each `%run` of a file beside the notebook, or of one that a cell wrote, has its code.

    One that cannot be read, or is run with options that nb2dag does not follow, is left as it is.
    """
    if not any(escape.name == "run" for cell in program.cells for escape in cell.code.escapes):
        return program
    written = WrittenFiles()
    cells = []
    for cell in program.cells:
        cells.append(replace(cell, code=_with_scripts(cell.code, folder, written.texts)))
        written.add(cell)
    return replace(program, cells=tuple(cells))


def _with_scripts(code: ParsedCode, folder: Path, written: dict[str, str | None]) -> ParsedCode:
    places = {index: node for node in ast.walk(code.tree) if (index := index_of_escape(node)) is not None}
    escapes = tuple(
        _with_script(escape, places.get(index), folder, written) for index, escape in enumerate(code.escapes)
    )
    return code.with_escapes(escapes)


def _with_script(escape: Escape, place: ast.AST | None, folder: Path, written: dict[str, str | None]) -> Escape:
    if escape.kind is not EscapeKind.LINE_MAGIC or escape.name != "run" or place is None:
        return escape
    words = words_of(escape.text)
    shares = words[:1] == ["-i"]
    path = next(iter(words[int(shares) :]), "").strip("'\"")
    if not path or path.startswith(("-", "/", "~")) or any(mark in path for mark in "{}$*"):
        return escape
    if not path.endswith((".py", ".ipy", ".ipynb")):
        path += ".py"
    text = written[path] if path in written else file_text(folder / path)
    parts = None if text is None else _parts(text, path)
    if parts is None:
        return escape
    for part in parts:
        _relocate(part.tree, place)
    shares = shares or not path.endswith(".py")
    return replace(escape, script=Script(path, tuple(parts), own_namespace=not shares))


def file_text(path: Path) -> str | None:
    """Return the text of a file, None where it is not there, no text or very long."""
    try:
        return path.read_text("utf-8") if path.stat().st_size < _LONGEST else None
    except (OSError, ValueError):
        return None


def _parts(text: str, path: str) -> list[ParsedCode] | None:
    """Return the parsed code of a script or of a notebook's cells, None where some of it cannot be followed."""
    sources: Iterable[str] = [text]
    if path.endswith(".ipynb"):
        try:
            notebook = parse_notebook(text, path)
        except NotebookUnreadable:
            return None
        sources = [cell.source for cell in notebook.cells if cell.type is CellType.CODE]
    parts = [parse_code(source) for source in sources]
    if any(part.problem for part in parts) or any(map(_OWN_TAG.search, sources)):
        return None
    return parts


def _relocate(tree: ast.Module, place: ast.AST) -> None:
    """Let all of a script's code stand where the magic stands: that is what a finding can point at."""
    for node in ast.walk(tree):
        if hasattr(node, "lineno"):
            ast.copy_location(node, place)
