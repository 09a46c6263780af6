"""Load papermill without what it loads and a task does not use, and let it keep notebooks at any fsspec URL."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

_PAPERMILLS_OWN = frozenset({"abs", "adl", "github", "hdfs", "http", "https"})
"""Schemes whose URLs papermill reads in its own way."""

_UNUSED = (
    # Clients of cloud stores, a second or more where `papermill[all]` is installed.
    "papermill.s3",
    "papermill.adl",
    "papermill.abs",
    "gcsfs",
    "pyarrow.fs",
    "github",
    # A grammar that takes two seconds to build where JupyterLab is installed. jsonschema wants it for a format (`iri`)
    # that no notebook's schema has.
    "rfc3987_syntax",
)


def import_papermill(*places: str) -> None:
    """Import papermill so that it can read and write notebooks at these paths or URLs."""
    schemes = {place.partition("://")[0] for place in places if "://" in place}
    if "papermill.iorw" not in sys.modules and not schemes & _PAPERMILLS_OWN:
        with _left_out(_UNUSED):
            import papermill.iorw  # noqa: F401
    for scheme in schemes - _PAPERMILLS_OWN:
        _register(scheme)


def is_known(url: str) -> bool:
    """Tell whether notebooks can be kept at that kind of URL, its package being installed."""
    import fsspec

    scheme = url.partition("://")[0].partition("::")[0]
    # The registry has what a program has registered itself.
    return scheme in _PAPERMILLS_OWN or scheme in fsspec.available_protocols() or scheme in fsspec.registry


@contextlib.contextmanager
def _left_out(names: tuple[str, ...]) -> Iterator[None]:
    """Make modules that are not loaded look as if they were not installed."""
    absent = [name for name in names if name not in sys.modules]
    modules: dict[str, Any] = sys.modules
    modules.update(dict.fromkeys(absent))
    try:
        yield
    finally:
        for name in absent:
            if modules.get(name) is None:
                modules.pop(name, None)


def _register(scheme: str) -> None:
    from papermill.iorw import papermill_io

    if is_known(f"{scheme}://"):
        papermill_io.register(f"{scheme}://", FsspecPlace())


class FsspecPlace:
    """What papermill calls a handler: reads and writes notebooks behind fsspec URLs."""

    def read(self, path: str) -> str:
        """Return the text at a URL."""
        filesystem, place = _open(path)
        text: str = filesystem.cat_file(place).decode("utf-8")
        return text

    def write(self, buf: str, path: str) -> None:
        """Put a text at a URL, whole or not at all as far as the file system can."""
        filesystem, place = _open(path)
        filesystem.makedirs(place.rpartition("/")[0], exist_ok=True)
        filesystem.pipe_file(place, buf.encode("utf-8"))

    def listdir(self, path: str) -> list[str]:
        """Return what is in a folder."""
        filesystem, place = _open(path)
        return [str(name) for name in filesystem.ls(place, detail=False)]

    def pretty_path(self, path: str) -> str:
        """Return a URL as it is shown."""
        return path


def _open(url: str) -> tuple[Any, str]:
    import fsspec

    filesystem, place = fsspec.core.url_to_fs(url)
    return filesystem, place
