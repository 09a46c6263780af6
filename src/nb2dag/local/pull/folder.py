"""Write a pulled notebook's folder, whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from nb2dag.local.pull.production import PullRefused
from nb2dag.runtime.formats import Job, path_component
from nb2dag.runtime.pulled import HOME, JOB_FILE


def pulled_folder(root: Path, dag_id: str, task_id: str, map_index: int) -> Path:
    """Return where a task is pulled to: `<root>/<dag_id>/<task_id>`, with the map index where it has one.

    >>> str(pulled_folder(Path("pulled"), "sales", "clean", 3))
    'pulled/sales/clean-3'
    """
    name = path_component(task_id) + (f"-{map_index}" if map_index >= 0 else "")
    return root / path_component(dag_id) / name


def require_free(folder: Path, *, force: bool) -> None:
    """Make sure that a folder may be written.

    Raises:
        PullRefused: Something stands there, and `force` is not given, or it is no folder that was pulled.
    """
    if not folder.exists() and not folder.is_symlink():
        return
    try:
        job = Job.from_json(json.loads((folder / HOME / JOB_FILE).read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise PullRefused(f"{folder} is there, and is nothing that was pulled: choose another folder with -o") from None
    if not force:
        raise PullRefused(
            f"{folder} holds what was pulled of {job.run_id}, attempt {job.attempt}, and maybe your work on it: "
            "replace it with --force, or choose another folder with -o"
        )


def write_folder(folder: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a new folder, then put it in place of `folder`, which `require_free` has looked at.

    Raises:
        OSError: A folder cannot be made, moved or removed.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        fresh = made / "new"
        fresh.mkdir()
        write(fresh)
        _put_in_place(fresh, folder, made / "old")
    finally:
        shutil.rmtree(made)


def _put_in_place(fresh: Path, folder: Path, aside: Path) -> None:
    if not folder.exists():
        fresh.rename(folder)
        return
    folder.rename(aside)
    try:
        fresh.rename(folder)
    except BaseException:
        aside.rename(folder)
        raise
