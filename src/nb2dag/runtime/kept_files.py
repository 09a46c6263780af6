"""Keep the files that a task wrote into its working directory, which is removed when the task ends."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

SUFFIX = ".files"
"""What stands in place of `.ipynb` in the name of the folder beside an executed notebook."""

_PASSED_OVER = {"__pycache__", ".ipynb_checkpoints", ".pytest_cache", ".matplotlib"}


def kept_folder(output: Path | str) -> str:
    """Return where the files of a task are kept whose executed notebook is at `output`, a path or a URL.

    >>> kept_folder("runs/report.ipynb"), kept_folder("s3://bucket/report.ipynb")
    ('runs/report.files', 's3://bucket/report.files')
    """
    return str(output).removesuffix(".ipynb") + SUFFIX


def keep_files(directory: Path, shipped: Path | None, target: str) -> tuple[str, ...]:
    """Copy every file in `directory` that is not as it was shipped to `target`; return their relative paths, sorted.

    Args:
        directory: The task's working directory.
        shipped: The folder it was copied from, None for an empty one.
        target: A folder, or any fsspec URL; it is made only where there is something to keep.

    Raises:
        OSError: `target` cannot be written.
    """
    names = tuple(sorted(_written(directory, shipped)))
    for name in names:
        if "://" in target:
            _upload(directory / name, f"{target}/{name}")
        else:
            place = Path(target, name)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(directory / name, place)
    return names


def _written(directory: Path, shipped: Path | None) -> Iterator[str]:
    for folder, folders, names in os.walk(directory):
        folders[:] = [name for name in folders if name not in _PASSED_OVER]
        for name in names:
            path = Path(folder, name)
            relative = path.relative_to(directory)
            if path.is_file() and not path.is_symlink() and not _is_unchanged(path, shipped, relative):
                yield relative.as_posix()


def _is_unchanged(path: Path, shipped: Path | None, relative: Path) -> bool:
    """Tell whether a file is as it was copied: the copy keeps the time of the last change."""
    if shipped is None:
        return False
    try:
        before = (shipped / relative).stat()
    except OSError:
        return False
    now = path.stat()
    return (now.st_size, now.st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def _upload(path: Path, url: str) -> None:
    import fsspec

    filesystem, place = fsspec.core.url_to_fs(url)
    filesystem.makedirs(place.rpartition("/")[0], exist_ok=True)
    filesystem.put_file(str(path), place)
