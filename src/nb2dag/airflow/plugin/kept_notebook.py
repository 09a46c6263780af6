"""Read executed notebooks from the output store, and nothing else of the machine."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from nb2dag.airflow.places import is_url, notebooks_root

Stamp = tuple[int, str]
"""A notebook's size in bytes and what changes when it is written anew."""

_LOCAL = "file://"
_CHANGED = ("ETag", "etag", "mtime", "LastModified", "updated", "created")
"""What the file systems behind fsspec call the version or the time of a file."""


class OutsideStore(Exception):
    """A place is not in the output store, or leads out of it."""


@dataclass(frozen=True, slots=True)
class KeptNotebook:
    """A place in the output store; `parts` are the names from its root down, none of them `..`."""

    root: str
    parts: tuple[str, ...]

    @property
    def is_local(self) -> bool:
        """Whether it lies on a disk of this machine, not behind a URL."""
        return not is_url(self.root)

    def stamp(self) -> Stamp | None:
        """Return the stamp of the notebook, None where there is none.

        Raises:
            OutsideStore: A link leads elsewhere.
            OSError: The store does not answer.
        """
        if not self.is_local:
            return _remote_stamp(self._url())
        try:
            with self._open() as descriptor:
                found = os.fstat(descriptor)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_size, f"{found.st_mtime_ns}-{found.st_ino}"

    def read(self) -> bytes:
        """Return the file's bytes.

        Raises:
            OutsideStore: A link leads elsewhere.
            OSError: It cannot be read, or is not there.
        """
        if not self.is_local:
            filesystem, path = _filesystem(self._url())
            return bytes(filesystem.cat_file(path))
        with self._open() as descriptor, os.fdopen(os.dup(descriptor), "rb") as file:
            return file.read()

    def _url(self) -> str:
        return "/".join([self.root, *self.parts])

    @contextmanager
    def _open(self) -> Iterator[int]:
        """Open the file step by step from the root, following no link: one that is put there meanwhile neither."""
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
        opened = [os.open(self.root, flags | os.O_DIRECTORY)]
        try:
            for part in self.parts:
                try:
                    opened.append(os.open(part, flags | os.O_NOFOLLOW, dir_fd=opened[-1]))
                except OSError:
                    if _is_link(part, opened[-1]):
                        raise OutsideStore(f"{'/'.join(self.parts)} leads through a link") from None
                    raise
            if not stat.S_ISREG(os.fstat(opened[-1]).st_mode):
                raise OutsideStore(f"{'/'.join(self.parts)} is no file")
            yield opened[-1]
        finally:
            for descriptor in opened:
                os.close(descriptor)


def _is_link(name: str, folder: int) -> bool:
    try:
        return stat.S_ISLNK(os.lstat(name, dir_fd=folder).st_mode)
    except OSError:
        return False


def kept_notebook(place: str, root: str | None = None) -> KeptNotebook:
    """Return the notebook at a path or URL in the store `root`, by default the one that Airflow is configured with.

    Raises:
        OutsideStore: It is somewhere else.

    Examples:
        >>> kept_notebook("s3://bucket/kept/a/b.ipynb", "s3://bucket/kept").parts
        ('a', 'b.ipynb')
        >>> kept_notebook("/srv/kept/../secret", "/srv/kept")
        Traceback (most recent call last):
        nb2dag.airflow.plugin.kept_notebook.OutsideStore: /srv/kept/../secret is outside /srv/kept
    """
    root = (notebooks_root() if root is None else root).removeprefix(_LOCAL)
    place = place.removeprefix(_LOCAL)
    if is_url(root) or is_url(place):
        names = place.removeprefix(f"{root}/").split("/") if is_url(root) and place.startswith(f"{root}/") else []
        # `::` chains file systems in an fsspec URL; a query or fragment is no part of a name.
        odd = any(sign in name for name in names for sign in ("::", "?", "#"))
    else:
        root = str(Path(root).absolute())
        names, odd = _below(place, root) or _below(place, os.path.realpath(root)), False
    if not names or odd or any(name in ("", ".", "..") for name in names):
        raise OutsideStore(f"{place} is outside {root}")
    return KeptNotebook(root, tuple(names))


def _below(place: str, root: str) -> list[str]:
    path = PurePosixPath(place)
    return list(path.relative_to(root).parts) if path.is_relative_to(root) else []


def _filesystem(url: str) -> tuple[Any, str]:
    import fsspec

    filesystem, path = fsspec.core.url_to_fs(url)
    # Listings of a minute ago do not show what has been written since.
    filesystem.invalidate_cache()
    return filesystem, path


def _remote_stamp(url: str) -> Stamp | None:
    filesystem, path = _filesystem(url)
    try:
        found = filesystem.info(path)
    except FileNotFoundError:
        return None
    changed = [str(found[key]) for key in _CHANGED if key in found]
    return int(found.get("size") or 0), "-".join(changed)
