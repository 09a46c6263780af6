"""Keep the files that a task wrote into its working directory, which is removed when the task ends."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

SUFFIX = ".files"
"""What stands in place of `.ipynb` in the name of the folder beside an executed notebook."""

PASSED_OVER = frozenset({"__pycache__", ".ipynb_checkpoints", ".pytest_cache", ".matplotlib"})
"""Folders that programs make for themselves."""

Stamp = tuple[int, int]
"""A file's size and the time of its last change, in nanoseconds."""


def kept_folder(output: Path | str) -> str:
    """Return where the files of a task are kept whose executed notebook is at `output`, a path or a URL.

    >>> kept_folder("runs/report.ipynb"), kept_folder("s3://bucket/report.ipynb")
    ('runs/report.files', 's3://bucket/report.files')
    """
    return str(output).removesuffix(".ipynb") + SUFFIX


def keep_files(
    directory: Path, shipped: Path | None, target: str, laid_down: Mapping[str, Stamp] | None = None
) -> tuple[str, ...]:
    """Copy every file in `directory` that the task wrote to `target`; return their relative paths, sorted.

    Args:
        directory: The task's working directory.
        shipped: The folder it was copied from, None for an empty one.
        target: A folder, or any fsspec URL; it is made only where there is something to keep.
        laid_down: Files that were handed over to the task, with their stamps of then.

    Raises:
        OSError: `target` cannot be written.
    """
    names = tuple(sorted(_written(directory, shipped, laid_down or {})))
    for name in names:
        if "://" in target:
            _upload(directory / name, f"{target}/{name}")
        else:
            place = Path(target, name)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(directory / name, place)
    return names


def _written(directory: Path, shipped: Path | None, laid_down: Mapping[str, Stamp]) -> Iterator[str]:
    for folder, folders, names in os.walk(directory):
        folders[:] = [name for name in folders if name not in PASSED_OVER]
        for name in names:
            path = Path(folder, name)
            relative = path.relative_to(directory)
            if not path.is_file() or path.is_symlink() or is_as_shipped(path, shipped, relative):
                continue
            if laid_down.get(relative.as_posix()) != stamp_of(path):
                yield relative.as_posix()


def is_as_shipped(path: Path, shipped: Path | None, relative: Path) -> bool:
    """Tell whether a file is as it was copied: the copy keeps the time of the last change."""
    if shipped is None:
        return False
    try:
        return stamp_of(shipped / relative) == stamp_of(path)
    except OSError:
        return False


def stamp_of(path: Path) -> Stamp:
    """Return the stamp of a file.

    Raises:
        OSError: There is none.
    """
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def read_record(path: Path) -> dict[str, Stamp]:
    """Return what a task noted of the files that were laid down for it; nothing where there is no note."""
    if not path.exists():
        return {}
    noted = json.loads(path.read_text("utf-8"))
    return {name: (size, changed) for name, (size, changed) in noted.items()}


def _upload(path: Path, url: str) -> None:
    import fsspec

    filesystem, place = fsspec.core.url_to_fs(url)
    filesystem.makedirs(place.rpartition("/")[0], exist_ok=True)
    filesystem.put_file(str(path), place)
