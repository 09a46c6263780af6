"""Look beside the notebook for the files that exported code names: local modules and data."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nb2dag.model.dataflow import LocalFile
from nb2dag.model.plan import FilePlan

DEFAULT_MOST_BYTES = 50 * 1024 * 1024
"""The largest file that ships unless the settings say otherwise."""

_NEVER = {"__pycache__", ".ipynb_checkpoints", ".git", ".venv", "node_modules"}


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The files that ship, empty folders among them, and the files that are too large to."""

    files: tuple[FilePlan, ...]
    too_large: tuple[FilePlan, ...]


def find_neighbours(folder: Path, wanted: Iterable[LocalFile], most_bytes: int = DEFAULT_MOST_BYTES) -> Neighbours:
    """Return the files beside the notebook in `folder` that its code names.

    A name that is a folder brings all in it, a pattern (`data/*.csv`) every match, a local module every local module
    that it imports. A folder that code only writes into ships empty.
    """
    found: dict[str, Path] = {}
    there = _names_in(folder)
    for item in wanted:
        if not _may_be_there(item, there):
            continue
        matches = _modules(folder, item.path, set()) if item.is_module else _data(folder, item)
        for path in matches:
            found[path.relative_to(folder).as_posix()] = path
    plans = [FilePlan(f"{name}/" if path.is_dir() else name, _size(path)) for name, path in sorted(found.items())]
    filled = {"/".join(parts[:end]) for name in found for parts in [name.split("/")] for end in range(1, len(parts))}
    plans = [plan for plan in plans if plan.path.removesuffix("/") not in filled]
    return Neighbours(
        tuple(plan for plan in plans if plan.size <= most_bytes),
        tuple(plan for plan in plans if plan.size > most_bytes),
    )


def _names_in(folder: Path) -> frozenset[str]:
    try:
        with os.scandir(folder) as entries:
            return frozenset(entry.name.casefold() for entry in entries)
    except OSError:
        return frozenset()


def _may_be_there(item: LocalFile, there: frozenset[str]) -> bool:
    """Tell whether a file or module may lie in a folder that holds these names; most strings in code name none."""
    if item.is_module:
        first = item.path.partition(".")[0].casefold()
        return first in there or f"{first}.py" in there
    first = item.path.partition("/")[0].casefold()
    return first in there or any(letter in first for letter in "*?[")


def _size(path: Path) -> int:
    return 0 if path.is_dir() else path.stat().st_size


def _data(folder: Path, item: LocalFile) -> Iterator[Path]:
    """Yield the files and folders that a name or pattern stands for, nothing for one that no file can have."""
    pattern = any(letter in item.path for letter in "*?[")
    try:
        for path in sorted(folder.glob(item.path)) if pattern else [folder / item.path]:
            if path.is_dir():
                inside = [] if item.only_folder else sorted(path.rglob("*"))
                yield from (each for each in [path, *inside] if _ships(each, folder) or _is_folder_of(each, folder))
            elif not item.only_folder and _ships(path, folder, named=not pattern):
                yield path
    except (OSError, ValueError, NotImplementedError):
        return


def _is_folder_of(path: Path, folder: Path) -> bool:
    """Tell whether a path is a folder below the notebook's own, by no link."""
    if not path.is_dir() or _NEVER & set(path.relative_to(folder).parts):
        return False
    return folder.resolve() in path.resolve().parents


def _ships(path: Path, folder: Path, *, named: bool = False) -> bool:
    """Tell whether a path is a regular file of the folder itself; a link out of it is not followed.

    A notebook ships only if it is `named` by its own name: `%run` may run it.
    """
    if not path.is_file() or _NEVER & set(path.relative_to(folder).parts):
        return False
    if path.suffix == ".ipynb" and not named:
        return False
    return path.resolve().is_relative_to(folder.resolve())


def _modules(folder: Path, module: str, seen: set[str]) -> Iterator[Path]:
    """Yield the files of a local module, of the packages around it, and of the local modules it imports."""
    if module in seen:
        return
    seen.add(module)
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        place = folder.joinpath(*parts[:end])
        if (place / "__init__.py").is_file():
            yield from (child for child in sorted(place.rglob("*")) if _ships(child, folder))
            for child in sorted(place.rglob("*.py")):
                yield from _imports(folder, child, seen)
            return
        file = place.with_suffix(".py")
        if file.is_file() and _ships(file, folder):
            yield file
            yield from _imports(folder, file, seen)


def _imports(folder: Path, file: Path, seen: set[str]) -> Iterator[Path]:
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            yield from _modules(folder, name, seen)
