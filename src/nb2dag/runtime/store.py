"""Keep immutable files in a folder or behind any fsspec URL: written whole or not at all, never changed."""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from nb2dag.runtime.failures import StoreError
from nb2dag.runtime.formats import STORE_VARIABLE

_PAUSES = (0.5, 2.0, 5.0)
"""Seconds before each further try to reach a remote store; one that is away for longer is the task's to retry."""


class Store(Protocol):
    """Where handed-over values lie. Paths are relative to the store's root and use `/`."""

    root: str

    def check(self) -> None:
        """Raise a `StoreError` if the store cannot be written."""

    def create(self, folder: str) -> contextlib.AbstractContextManager[Draft]:
        """Open a new file that will stand in `folder`; it appears there only once it is published."""

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, none where there is no such folder.

        Raises:
            StoreError: It cannot be read.
        """

    def read(self, path: str) -> memoryview:
        """Return a file's bytes, writable without changing the file.

        Raises:
            FileNotFoundError: There is no such file.
            StoreError: It cannot be read.
        """


class Draft(Protocol):
    """A file of a store that is still being written."""

    file: BinaryIO

    def publish(self, name: str) -> str:
        """Give the file its name, which stands for its content, and return its path in the store."""


def open_store(url: str) -> Store:
    """Return the store at a folder or an fsspec URL (`s3://bucket/prefix`, `gs://`, `file://` ...).

    Raises:
        StoreError: The URL's protocol is unknown, or its package is not installed.
    """
    if url.startswith("file://"):
        url = url.removeprefix("file://")
    if "://" in url:
        return RemoteStore(url)
    return LocalStore(url)


def default_store(environ: Mapping[str, str] = os.environ) -> str:
    """Return the store to use where none is named: `NB2DAG_STORE`, else `$AIRFLOW_HOME/nb2dag/store`."""
    airflow_home = environ.get("AIRFLOW_HOME", "~/airflow")
    return environ.get(STORE_VARIABLE) or str(Path(airflow_home).expanduser() / "nb2dag" / "store")


def absolute(url: str) -> str:
    """Return the same store for a process with another working directory."""
    if "://" in url and not url.startswith("file://"):
        return url
    return LocalStore(url.removeprefix("file://")).root


class LocalStore:
    """A store in a folder of this machine, or one that several machines mount."""

    def __init__(self, folder: str) -> None:
        self.root = str(Path(folder).expanduser().absolute())

    def check(self) -> None:
        """Raise a `StoreError` if the store cannot be written."""
        with self.create("") as draft:
            draft.file.write(b"")

    @contextmanager
    def create(self, folder: str) -> Iterator[Draft]:
        """Open a new file in `folder`, under a name that no reader looks for; it goes away unless it is published."""
        target = Path(self.root, folder)
        partial = target / f".partial-{os.getpid()}-{os.urandom(6).hex()}"
        try:
            target.mkdir(parents=True, exist_ok=True)
            # Not `tempfile`, which allows only the owner to read: workers may run as different users of one group.
            with partial.open("xb", buffering=0) as file:
                yield _LocalDraft(self, folder, partial, file)
        except OSError as error:
            raise self._refused(error) from error
        finally:
            with contextlib.suppress(OSError):
                partial.unlink()

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder."""
        try:
            return [path.name for path in Path(self.root, folder).iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"cannot read {Path(self.root, folder)}: {error.strerror or error}") from error

    def read(self, path: str) -> memoryview:
        """Return a file mapped copy-on-write: pages are read when they are touched, and a write stays private."""
        try:
            with Path(self.root, path).open("rb") as file:
                if os.fstat(file.fileno()).st_size == 0:
                    return memoryview(b"")
                return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StoreError(f"cannot read {Path(self.root, path)}: {error.strerror or error}") from error

    def _refused(self, error: OSError) -> StoreError:
        why = error.strerror or str(error)
        if error.errno == errno.ENOSPC:
            return StoreError(
                f"the handoff store {self.root} is full: free space there, or name another in {STORE_VARIABLE}"
            )
        return StoreError(
            f"cannot write to the handoff store {self.root}: {why}; make it writable for the worker's user, or name "
            f"another "
            f"folder or URL in {STORE_VARIABLE}"
        )


class _LocalDraft:
    def __init__(self, store: LocalStore, folder: str, partial: Path, file: BinaryIO) -> None:
        self.file = file
        self._store, self._folder, self._partial = store, folder, partial

    def publish(self, name: str) -> str:
        # No fsync: a disk takes 5 to 20 times as long as the page cache, and what a power cut loses shows in the size
        # and the checksums when it is read, with what to clear.
        final = self._partial.with_name(name)
        try:
            os.link(self._partial, final)
        except FileExistsError:
            self._keep(final)
        except OSError:
            # A file system without hard links.
            if final.exists():
                self._keep(final)
            else:
                self._partial.rename(final)
        return f"{self._folder}/{name}" if self._folder else name

    def _keep(self, final: Path) -> None:
        """Leave a file of that name alone: the name stands for the content, so it is the same save done twice."""
        if final.stat().st_size != os.fstat(self.file.fileno()).st_size:
            raise StoreError(f"another file stands at {final}, and stored values are never overwritten: remove it")


class RemoteStore:
    """A store behind an fsspec URL. Files pass through a local temporary file, which is uploaded and mapped."""

    def __init__(self, url: str) -> None:
        import fsspec

        protocol = url.partition("://")[0].partition("::")[0]
        try:
            filesystem, root = fsspec.core.url_to_fs(url)
        except ImportError as error:
            extra = ' (pip install "nb2dag[s3]")' if protocol in ("s3", "s3a") else ""
            raise StoreError(
                f"the handoff store {url} needs a package that is not installed{extra}: {error}"
            ) from error
        except ValueError as error:
            raise StoreError(f"the handoff store {url} is no folder and no URL that fsspec knows: {error}") from error
        self.root = url.rstrip("/")
        self._filesystem: Any = filesystem
        self._prefix: str = root.rstrip("/")

    def check(self) -> None:
        """Do nothing: asking a remote store costs as much as the write, which says as clearly what is wrong."""

    @contextmanager
    def create(self, folder: str) -> Iterator[Draft]:
        """Open a local temporary file that is uploaded when it is published."""
        with tempfile.NamedTemporaryFile(prefix="nb2dag-upload-") as file:
            yield _RemoteDraft(self, folder, file)  # type: ignore[arg-type]

    def upload(self, local: str, path: str) -> None:
        """Copy a local file to `path`, unless a file of that name (and so of that content) is there."""
        target = f"{self._prefix}/{path}"

        def put() -> None:
            if not self._filesystem.exists(target):
                self._filesystem.makedirs(target.rpartition("/")[0], exist_ok=True)
                self._filesystem.put_file(local, target)

        try:
            _patiently(put)
        except Exception as error:
            # Every backend has exceptions of its own.
            raise StoreError(f"cannot write {self.root}/{path}: {type(error).__name__}: {error}") from error

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, as the store has them now."""
        found: list[str] = []

        def look() -> None:
            # Some filesystems remember what they listed, and another worker writes.
            self._filesystem.invalidate_cache()
            found[:] = self._filesystem.ls(f"{self._prefix}/{folder}", detail=False)

        try:
            _patiently(look)
        except FileNotFoundError:
            return []
        except Exception as error:
            raise StoreError(f"cannot read {self.root}/{folder}: {type(error).__name__}: {error}") from error
        return [str(name).rstrip("/").rpartition("/")[2] for name in found]

    def read(self, path: str) -> memoryview:
        """Download a file to a temporary one that has no name any more, and map it."""
        with tempfile.TemporaryDirectory(prefix="nb2dag-download-") as folder:
            local = Path(folder, "object")
            try:
                _patiently(lambda: self._filesystem.get_file(f"{self._prefix}/{path}", str(local)))
            except FileNotFoundError:
                raise
            except Exception as error:
                raise StoreError(f"cannot read {self.root}/{path}: {type(error).__name__}: {error}") from error
            return LocalStore(folder).read("object")


def _patiently(request: Callable[[], object]) -> None:
    """Make a request of a remote store, and make it again where it fails in a way that may pass.

    Many stores' own clients try again, too, but not all, and not all for a server that is not there.
    """
    for pause in _PAUSES:
        try:
            request()
        except (FileNotFoundError, PermissionError, NotImplementedError, TypeError, ValueError):
            raise
        except Exception:  # noqa: BLE001 (every backend has exceptions of its own)
            time.sleep(pause)
        else:
            return
    request()


class _RemoteDraft:
    def __init__(self, store: RemoteStore, folder: str, file: BinaryIO) -> None:
        self.file = file
        self._store, self._folder = store, folder

    def publish(self, name: str) -> str:
        path = f"{self._folder}/{name}" if self._folder else name
        self.file.flush()
        self._store.upload(self.file.name, path)
        return path
