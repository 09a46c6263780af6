"""Turn the arguments of a command, files and folders, into the notebooks it works on."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from nb2dag.config import Config, load_config
from nb2dag.errors import Nb2dagError
from nb2dag.report.summary import counted
from nb2dag.runtime.formats import BUNDLE_MANIFEST

_TAG = re.compile(rb"%airflow_|#\|\s*(?:dag|task|sql|check|sensor|test|shared|skip|parameters)\b")
"""Any trace of a tag, misspelt ones included; the bytes of an .ipynb hold source lines as they are."""

_NOT_OURS = ("node_modules", "__pycache__")


@dataclass(frozen=True, slots=True)
class Sources:
    """The notebooks to work on, as the user named them, and the untagged ones that folders held besides."""

    paths: tuple[str, ...]
    untagged: tuple[str, ...] = ()


def find_notebooks(arguments: Sequence[str]) -> Sources:
    """Return the notebooks that `arguments` name, each once, in the order given, those of a folder sorted.

    A file is taken as it is. A folder is searched with what is below it, leaving out hidden folders (and so
    `.ipynb_checkpoints`), virtual environments, `node_modules`, bundles that nb2dag wrote, what `exclude` in
    `[tool.nb2dag]` matches, and notebooks that carry no tag.

    Raises:
        Nb2dagError: A folder holds no tagged notebook.
    """
    paths: dict[Path, str] = {}
    untagged: dict[Path, str] = {}
    for argument in arguments:
        if not Path(argument).is_dir():
            paths.setdefault(Path(argument).resolve(), argument)
            continue
        found = list(_search(Path(argument), load_config(argument)))
        tagged = [path for path in found if _is_tagged(path)]
        if not tagged:
            raise Nb2dagError(_nothing_found(argument, len(found)))
        for path in found:
            (paths if path in tagged else untagged).setdefault(path.resolve(), str(path))
    left_out = tuple(name for key, name in untagged.items() if key not in paths)
    return Sources(tuple(paths.values()), left_out)


def _search(folder: Path, config: Config) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        here = Path(root)
        folders[:] = sorted(name for name in folders if _is_searched(here / name, config))
        for name in sorted(files):
            path = here / name
            if name.endswith(".ipynb") and not name.startswith(".") and not _is_excluded(path, config):
                yield path


def _is_searched(folder: Path, config: Config) -> bool:
    if folder.name.startswith(".") or folder.name in _NOT_OURS or _is_excluded(folder, config):
        return False
    return not (folder / BUNDLE_MANIFEST).exists() and not (folder / "pyvenv.cfg").exists()


def _is_excluded(path: Path, config: Config) -> bool:
    if not config.exclude:
        return False
    try:
        relative = path.resolve().relative_to(config.folder.resolve()).as_posix()
    except ValueError:
        return False
    patterns = [pattern.rstrip("/") for pattern in config.exclude]
    return any(fnmatch(relative, pattern) or fnmatch(path.name, pattern) for pattern in patterns)


def _is_tagged(path: Path) -> bool:
    try:
        return _TAG.search(path.read_bytes()) is not None
    except OSError:
        return True


def _nothing_found(folder: str, untagged: int) -> str:
    if untagged:
        return (
            f"{folder}: this folder holds {counted(untagged, 'notebook')}, but none with a tag: "
            "give a cell one, such as `%%airflow_task NAME`, or name the notebook itself"
        )
    return f"{folder}: there is no notebook in this folder"
