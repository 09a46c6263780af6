"""Read a notebook file into cells: plain JSON for nbformat 4, older formats upgraded in memory."""

from __future__ import annotations

import difflib
import json
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nb2dag.errors import NotebookUnreadable
from nb2dag.model.notebook import Cell, CellType, Notebook

_NEWEST_MAJOR = 4
_CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LFS_POINTER = "version https://git-lfs.github.com/spec/"
_CONFLICT = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)
_TYPES = {each.value: each for each in CellType}
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def read_notebook(path: Path) -> Notebook:
    """Read the notebook at `path`; outputs and execution counts are left behind, and the file is not touched.

    Raises:
        NotebookUnreadable: There is no such file, or it is no notebook. The message says what it is and what to do.
    """
    name = str(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise NotebookUnreadable(f"{name}: there is no such file{_like(path)}") from None
    except IsADirectoryError:
        raise NotebookUnreadable(f"{name}: this is a folder, not a notebook: name an .ipynb file in it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NotebookUnreadable(f"{name}: the file cannot be read: {reason}") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NotebookUnreadable(
            f"{name}: not UTF-8 (byte {content[error.start]:#04x} in line {line}): a notebook is JSON in UTF-8, "
            "save it again from Jupyter"
        ) from None
    return parse_notebook(text, name)


def parse_notebook(text: str, path: str) -> Notebook:
    r"""Return the notebook written in `text`; `path` is what the notebook is called in messages.

    Line ends become `\n`. A cell whose id is missing, malformed or taken gets the id `cell-<n>`.

    Raises:
        NotebookUnreadable: The text is no notebook.

    >>> source = '{"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": ["a = 1\\n", "a"]}]}'
    >>> parse_notebook(source, "n.ipynb").cells
    (Cell(index=1, id='cell-1', type=<CellType.CODE: 'code'>, source='a = 1\na', tags=()),)
    """
    document = _parse_document(text.removeprefix("\ufeff"), path)
    _check_version(document, path)
    if document["nbformat"] < _NEWEST_MAJOR:
        document = _upgrade(document, path)
    cells = document.get("cells")
    if not isinstance(cells, list):
        raise NotebookUnreadable(f"{path}: not a notebook: its JSON holds no list of cells")
    metadata = _mapping(document.get("metadata"))
    kernel = _mapping(metadata.get("kernelspec"))
    return Notebook(
        path=path,
        cells=_parse_cells(cells, path),
        kernel_name=_string(kernel.get("name")),
        kernel_display_name=_string(kernel.get("display_name")),
        language=_language(metadata, kernel),
    )


def _parse_document(text: str, path: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise NotebookUnreadable(f"{path}: {_not_json(text, error)}") from None
    except (RecursionError, ValueError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise NotebookUnreadable(f"{path}: not a notebook: its JSON cannot be read ({reason})") from None
    if not isinstance(document, dict):
        kind = {list: "a list", str: "a string", type(None): "null", bool: "a bool"}.get(type(document), "a number")
        raise NotebookUnreadable(f"{path}: not a notebook: its JSON is {kind}, and a notebook is an object with cells")
    return document


def _not_json(text: str, error: json.JSONDecodeError) -> str:
    start = text.lstrip()
    if not start:
        return "the file is empty: a new notebook from Jupyter holds at least an empty list of cells"
    if start.startswith(_LFS_POINTER):
        return "this is a Git LFS pointer, not the notebook itself: run `git lfs pull`"
    if start.startswith("<") and not start.startswith("<<<<<<<"):
        return "this is an HTML page, not a notebook: download the raw .ipynb file"
    if conflict := _CONFLICT.search(text):
        line = text.count("\n", 0, conflict.start()) + 1
        return f"not JSON: a Git conflict marker stands in line {line}: resolve the conflict first"
    if not start.startswith("{"):
        return "not a notebook: a Jupyter notebook (.ipynb) is a JSON file, and begins with `{`"
    return f"not JSON: {_lower_first(error.msg)} in line {error.lineno}, column {error.colno}"


def _check_version(document: dict[str, Any], path: str) -> None:
    major = document.get("nbformat")
    if type(major) is not int or major < 1:
        raise NotebookUnreadable(f"{path}: not a notebook: its JSON has no `nbformat` number")
    if major > _NEWEST_MAJOR:
        raise NotebookUnreadable(
            f"{path}: nbformat {major} is newer than this nb2dag reads ({_NEWEST_MAJOR}): "
            f"update nb2dag, or save the notebook in nbformat {_NEWEST_MAJOR}"
        )


def _upgrade(document: dict[str, Any], path: str) -> dict[str, Any]:
    # Lazily, for nbformat imports jsonschema, and such notebooks are ten years old.
    with _without_address_grammars():
        import nbformat

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            notebook = nbformat.reader.reads(json.dumps(document))
            upgraded: dict[str, Any] = nbformat.convert(notebook, _NEWEST_MAJOR)
    except Exception as error:  # noqa: BLE001 - nbformat raises whatever its converters ran into, even UnboundLocalError
        reason = " ".join(str(error).split()) or type(error).__name__
        raise NotebookUnreadable(
            f"{path}: this notebook of nbformat {document['nbformat']} cannot be upgraded ({reason}): "
            "open and save it in Jupyter"
        ) from None
    if isinstance(language := _mapping(document.get("metadata")).get("language"), str):
        upgraded["metadata"].setdefault("language_info", {"name": language})
    return upgraded


@contextmanager
def _without_address_grammars() -> Iterator[None]:
    """Import jsonschema, if it has to be, without its check of international addresses, which nobody here asks for.

    Where `rfc3987_syntax` is installed, as beside every Jupyter server, its import parses 38 grammars: one to three
    seconds.
    """
    name = "rfc3987_syntax"
    if name in sys.modules or "jsonschema" in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment] # what makes an import of it fail
    try:
        yield
    finally:
        del sys.modules[name]


def _parse_cells(cells: list[object], path: str) -> tuple[Cell, ...]:
    taken: set[str] = set()
    return tuple(_parse_cell(cell, index, path, taken) for index, cell in enumerate(cells, 1))


def _parse_cell(cell: object, index: int, path: str, taken: set[str]) -> Cell:
    """Return one cell, with an id that is not `taken`, and from then on is."""
    if not isinstance(cell, dict):
        raise NotebookUnreadable(f"{path}: not a notebook: cell {index} is not a JSON object")
    written = cell.get("cell_type")
    cell_type = _TYPES.get(written) if isinstance(written, str) else None
    if cell_type is None:
        known = ", ".join(f"`{each.value}`" for each in CellType)
        raise NotebookUnreadable(f"{path}: not a notebook: cell {index} has the type {written!r}, not one of {known}")
    source = _parse_source(cell.get("source"))
    if source is None:
        raise NotebookUnreadable(
            f"{path}: not a notebook: cell {index} has no `source` that is a string or a list of strings"
        )
    if cell_type is not CellType.CODE:
        # Half a character can be written nowhere; in code it is a syntax error, in text it is not worth one.
        source = _SURROGATE.sub("\ufffd", source)
    return Cell(index, _free_id(cell.get("id"), index, taken), cell_type, source, _parse_tags(cell.get("metadata")))


def _parse_source(source: object) -> str | None:
    if isinstance(source, list):
        try:
            source = "".join(source)
        except TypeError:
            return None
    if not isinstance(source, str):
        return None
    return source.replace("\r\n", "\n").replace("\r", "\n") if "\r" in source else source


def _parse_tags(metadata: object) -> tuple[str, ...]:
    tags = _mapping(metadata).get("tags")
    return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()


def _free_id(written: object, index: int, taken: set[str]) -> str:
    cell_id = written if isinstance(written, str) and _CELL_ID.fullmatch(written) else ""
    if not cell_id or cell_id in taken:
        cell_id = f"cell-{index}"
    while cell_id in taken:
        cell_id += "-again"
    taken.add(cell_id)
    return cell_id


def _language(metadata: dict[str, Any], kernel: dict[str, Any]) -> str:
    language_info = _mapping(metadata.get("language_info"))
    language = _string(kernel.get("language")) or _string(language_info.get("name")) or "python"
    return "python" if language.lower() == "ipython" else language.lower()


def _like(path: Path) -> str:
    try:
        names = [each.name for each in path.parent.iterdir() if each.suffix == ".ipynb"]
    except OSError:
        return f": there is no folder `{path.parent}`" if not path.parent.is_dir() else ""
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.75)
    return f": did you mean `{path.with_name(near[0])}`?" if near else ""


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
