"""Give an attempt a working directory of its own: a private copy of the bundle's files, removed at the end."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from nb2dag.runtime.failures import NotRunnableError
from nb2dag.runtime.formats import FOLDER_KEEPER


@contextmanager
def private_copy(files: Path | None) -> Iterator[Path]:
    """Yield a new folder that holds a copy of `files` (nothing for None), and remove it afterwards.

    Raises:
        NotRunnableError: `files` is not there, or cannot be copied.
    """
    folder = Path(tempfile.mkdtemp(prefix="nb2dag-task-"))
    try:
        # Real, as on macOS the temporary folder is a link, and a notebook sees its folder by `os.getcwd()`.
        target = folder.resolve() / "work"
        if files is None:
            target.mkdir()
        else:
            copy_files(files, target)
        yield target
    finally:
        shutil.rmtree(folder, onerror=partial(_make_removable, folder))


def copy_files(files: Path, target: Path) -> None:
    """Copy a bundle's files to `target`, a new folder; what ships read-only is writable there.

    A folder that ships empty is empty there, too.

    Raises:
        NotRunnableError: `files` is not there, or cannot be copied.
    """
    try:
        shutil.copytree(files, target, ignore=shutil.ignore_patterns(FOLDER_KEEPER), ignore_dangling_symlinks=True)
    except FileNotFoundError as error:
        raise NotRunnableError(f"the bundle's files are not at {files}: deploy the whole bundle") from error
    except (OSError, shutil.Error) as error:
        raise NotRunnableError(f"cannot copy the bundle's files {files} to {target}: {error}") from error
    # What ships read-only (a checkout, a read-only mount) is still the task's own to change.
    for folder, _, names in os.walk(target):
        for path in (Path(folder), *(Path(folder, name) for name in names)):
            path.chmod(path.stat().st_mode | stat.S_IRUSR | stat.S_IWUSR)


def _make_removable(top: Path, remove: Callable[[str], Any], path: str, _error: object) -> None:
    """Remove what a task made read-only; what cannot be removed even so stays behind and harms nobody."""
    if Path(path) == top:
        # The task has removed or replaced it. What it lies in is everybody's: leave that as it is.
        return
    try:
        Path(path).parent.chmod(stat.S_IRWXU)
        remove(path)
    except OSError:
        return
