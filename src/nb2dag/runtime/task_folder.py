"""Read and lay down files of a task's working directory: what a handoff carries where the state is a file."""

from __future__ import annotations

import importlib
import json
import mmap
import os
import pickle
import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from nb2dag.runtime.failures import HandoffError
from nb2dag.runtime.kept_files import PASSED_OVER, Stamp, is_as_shipped, read_record, stamp_of

_SHORT = 40
_SQLITE = b"SQLite format 3\0"
_WRITE_AHEAD = "-wal"
_JOURNAL = "-journal"


class Content:
    """The bytes of one file, beside the pickle stream; after a load they are mapped.

    `mode` are its permissions, `changed` the time of its last change in nanoseconds.
    """

    __slots__ = ("changed", "data", "mode")

    def __init__(self, data: Any, mode: int = 0o644, changed: int = 0) -> None:
        self.data = data
        self.mode = mode
        self.changed = changed

    def __reduce__(self) -> tuple[type[Content], tuple[Any, int, int]]:
        return Content, (pickle.PickleBuffer(self.data), self.mode, self.changed)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Content):
            return NotImplemented
        return self.mode == other.mode and bytes(self.data) == bytes(other.data)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        size = memoryview(self.data).nbytes
        return repr(bytes(self.data)) if size <= _SHORT else f"{size} bytes, {sha256(self.data).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class FileTree:
    """All files of a place, by path relative to the working directory, and the folders among them.

    `shipped` are those that are still as the bundle has them: every task has them already.
    """

    files: dict[str, Content]
    folders: tuple[str, ...] = ()
    shipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskFolder:
    """A task's working directory: its root, the folder it was copied from, and where is noted what was laid down."""

    root: Path
    shipped: Path | None
    record: Path

    def read(self, place: str) -> FileTree:
        """Return the files of a place: a path, a folder with all in it (`out/` for the folder alone, `*/` for
        all that there are), or a pattern.

        Raises:
            HandoffError: A database among them has a transaction that is not committed.
        """
        if place.endswith("/") and "*" in place:
            found = sorted(name for name in self._names(place[:-1]) if (self.root / name).is_dir())
            return FileTree({}, tuple(found))
        if place.endswith("/"):
            return FileTree({}, (place[:-1],) if (self.root / place).is_dir() else ())
        files: dict[str, Content] = {}
        folders = self._around(place)
        shipped: list[str] = []
        for name in sorted(self._names(place)):
            path = self.root / name
            if path.is_dir():
                folders.append(name)
            elif is_as_shipped(path, self.shipped, Path(name)):
                shipped.append(name)
            else:
                files[name] = _content(path)
        return FileTree(files, tuple(folders), tuple(shipped))

    def write(self, place: str, tree: FileTree) -> None:
        """Make a place what it was where `tree` was read; files that were not there are removed."""
        for name in tree.folders:
            (self.root / name).mkdir(parents=True, exist_ok=True)
        if place.endswith("/"):
            return
        kept = {*tree.files, *tree.shipped, *tree.folders}
        for name in sorted(set(self._names(place)) - kept, reverse=True):
            _remove(self.root / name)
        for name, content in tree.files.items():
            _lay_down(self.root / name, content)
        for name in tree.shipped:
            if self.shipped is not None and not is_as_shipped(self.root / name, self.shipped, Path(name)):
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(self.shipped / name, self.root / name)
        self._note(tree.files)
        # The search for modules remembers folders, also that one was not there.
        importlib.invalidate_caches()

    def laid_down(self) -> dict[str, Stamp]:
        """Return the files that were laid down, with their stamps of then."""
        return read_record(self.record)

    def folder(self) -> str:
        """Return the current folder, relative to the working directory where it is inside."""
        here = Path.cwd()
        return here.relative_to(self.root).as_posix() if here.is_relative_to(self.root) else str(here)

    def enter(self, folder: str) -> None:
        """Make a folder, as `folder` returned it in another task, the current one."""
        target = self.root / folder
        target.mkdir(parents=True, exist_ok=True)
        os.chdir(target)

    def _around(self, place: str) -> list[str]:
        """Return the folders above a place that are there, be there nothing any more in them."""
        above = Path(place.partition("*")[0] + "*").parent if "*" in place else Path(place).parent
        inside = [folder.as_posix() for folder in (above, *above.parents) if folder.parts]
        return [
            folder for folder in reversed(inside) if not place.startswith(("/", "..")) and (self.root / folder).is_dir()
        ]

    def _names(self, place: str) -> Iterator[str]:
        # What is unknown in front of a slash may be the working directory: `root / "a.csv"`.
        unknown, known = ("(?:.*/)?", place[2:]) if place.startswith("*/") else ("", place)
        parts = (".*" if part == "*" else re.escape(part) for part in re.split(r"(\*)", known))
        pattern = re.compile(f"{unknown}{''.join(parts)}(?:/.*)?", re.DOTALL)
        exact = "*" not in place
        if exact:
            yield from self._beside(place)
        start = self.root / (place if exact else place.partition("*")[0].rpartition("/")[0])
        if exact and start.is_file():
            yield place
            return
        if exact and start.is_dir():
            yield place
        for here, folders, names in os.walk(start):
            folders[:] = [name for name in folders if name not in PASSED_OVER]
            for name in (*folders, *names):
                relative = Path(here, name).relative_to(self.root).as_posix()
                if pattern.fullmatch(relative) and Path(here, name).exists():
                    yield relative

    def _beside(self, place: str) -> Iterator[str]:
        """Yield what a database keeps in a file of its own beside the one that is named."""
        path = self.root / place
        if path.is_file() and _is_database(path):
            if path.with_name(path.name + _JOURNAL).exists():
                raise HandoffError(
                    f"the database `{place}` has a transaction that is not committed, which no other task would see: "
                    "commit it before the cell ends"
                )
            if path.with_name(path.name + _WRITE_AHEAD).is_file():
                yield place + _WRITE_AHEAD

    def _note(self, names: Mapping[str, Content]) -> None:
        noted = self.laid_down() | {name: stamp_of(self.root / name) for name in names}
        self.record.write_text(json.dumps(noted), "utf-8")


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def _content(path: Path) -> Content:
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        data: Any = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if status.st_size else b""
    return Content(data, stat.S_IMODE(status.st_mode), status.st_mtime_ns)


def _lay_down(path: Path, content: Content) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A new file: one that is open, or has another name as well, keeps what it has.
    path.unlink(missing_ok=True)
    path.write_bytes(content.data)
    os.utime(path, ns=(content.changed, content.changed))
    path.chmod(content.mode)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        if not any(path.iterdir()):
            path.rmdir()
    else:
        path.unlink(missing_ok=True)
