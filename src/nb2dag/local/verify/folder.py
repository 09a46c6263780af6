"""Copy the notebook's folder for the whole runs: they see what the notebook sees, and the source stays untouched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from nb2dag.runtime.formats import BUNDLE_MANIFEST

MOST_BYTES = 200_000_000
"""A folder with more than that is not copied."""

_PASSED_OVER = {"__pycache__", "node_modules"}


def copy_folder(source: Path, target: Path, shipped: Iterable[str], most_bytes: int = MOST_BYTES) -> bool:
    """Copy what lies beside a notebook to `target`, without hidden folders, virtual environments and bundles.

    Where that is more than `most_bytes`, only the `shipped` files are copied. Files keep their times.

    Returns:
        Whether everything was copied.
    """
    names = list(_within(source, most_bytes))
    complete = names[-1:] != [""]
    target.mkdir(parents=True)
    # What ships may lie behind a link to a folder, which the search does not follow.
    for name in dict.fromkeys((*(names if complete else ()), *shipped)):
        place = target / name
        folder = place if name.endswith("/") else place.parent
        folder.mkdir(parents=True, exist_ok=True)
        if folder != place:
            shutil.copy2(source / name, place)
    return complete


def _within(source: Path, most_bytes: int) -> Iterator[str]:
    """Yield the files and folders (ending with `/`) to copy; an empty name at the end says that it is too much."""
    total = 0
    for here, folders, names in os.walk(source):
        folders[:] = sorted(name for name in folders if _is_copied(Path(here, name)))
        yield from (f"{Path(here, name).relative_to(source).as_posix()}/" for name in folders)
        for name in sorted(names):
            path = Path(here, name)
            if path.is_file() and os.access(path, os.R_OK):
                total += path.stat().st_size
                if total > most_bytes:
                    yield ""
                    return
                yield path.relative_to(source).as_posix()


def _is_copied(folder: Path) -> bool:
    if folder.name.startswith(".") or folder.name in _PASSED_OVER:
        return False
    return not (folder / "pyvenv.cfg").exists() and not (folder / BUNDLE_MANIFEST).exists()
