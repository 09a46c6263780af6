"""Look at a notebook while it runs whole: the calls in the cells that `whole` puts between the notebook's own.

The values that the plan hands over are saved just as its tasks save them, the files that a cell wrote are noted, and
nothing that goes wrong here stops the notebook.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from nb2dag.local.verify.contents import meaning
from nb2dag.runtime.commit import save

_PASSED_OVER = {"__pycache__", ".ipynb_checkpoints", ".pytest_cache", ".matplotlib"}

REMOVED = "removed"
"""What is noted of a file that a cell removed, in the place of its digest."""

Stamp = tuple[int, int]


class _Watch:
    """What has been seen up to now: the folder the notebook began in, and its files."""

    def __init__(self, record: Path) -> None:
        self.record = record
        self.root = Path.cwd()
        self.stamps = dict(_stamps(self.root))
        self.failed: dict[str, str] = {}

    def changed(self) -> dict[str, str]:
        """Return the digests of the files written since the last look, by relative path; `REMOVED` of those gone."""
        stamps = dict(_stamps(self.root))
        names = [name for name, stamp in stamps.items() if self.stamps.get(name) != stamp]
        gone = dict.fromkeys(sorted(self.stamps.keys() - stamps.keys()), REMOVED)
        self.stamps = stamps
        return {name: file_digest(self.root / name) for name in sorted(names)} | gone

    def note(self, entry: dict[str, Any]) -> None:
        """Add a line to the record."""
        with self.record.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry) + "\n")


_watches: list[_Watch] = []


def start(record: str) -> None:
    """Begin: files are looked for below the folder that is current now, and what cells wrote is noted in `record`."""
    _watches[:] = [_Watch(Path(record))]


def look(namespace: dict[str, Any], cell: int, *groups: tuple[str, tuple[str, ...]]) -> None:
    """Note the files that source cell `cell` wrote or removed, and save each group: its key, and its names.

    Any of the names may be unbound.
    """
    watch = _watches[0]
    for key, names in groups:
        try:
            save(namespace, key, *names, optional=names)
        except Exception as error:  # noqa: BLE001 - that a value cannot be saved is a finding, not a failure
            watch.failed[key] = str(error)
            watch.note({"failed": {key: str(error)}})
    if files := watch.changed():
        watch.note({"cell": cell, "files": files})


def failures() -> dict[str, str]:
    """Return why groups could not be saved, by key."""
    return dict(_watches[0].failed) if _watches else {}


def file_digest(path: Path) -> str:
    """Return the sha256 of what a file means, see `contents.meaning`."""
    try:
        return hashlib.sha256(meaning(path.read_bytes())).hexdigest()
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _stamps(root: Path) -> dict[str, Stamp]:
    found: dict[str, Stamp] = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in _PASSED_OVER]
        for name in names:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                stat = path.stat()
                found[path.relative_to(root).as_posix()] = (stat.st_size, stat.st_mtime_ns)
    return found
