"""Let paths of files in the working directory be those of each task's own, wherever in a value they stand.

The cells of a notebook have one working directory, and the tasks of a DAG one each: `Path.cwd() / "raw.csv"` in a list
is another file for the next task. So a stream says where the directory of its task stood, and the next has its own put
there. The texts of a stream are looked through only if the path of the directory is among its bytes at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

MARK = "\0the working directory\0"
"""Stands for the working directory in a stream: no path can have these characters."""

_TEXTS = {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"}
_FRAME = "FRAME"
_LONG_TEXT = b"X"
_LONGER_TEXT = b"\x8d"
_MOST = 0xFFFFFFFF


def without_folder(stream: memoryview, folder: Path) -> memoryview:
    """Return a pickle stream of protocol 5 in whose texts a mark stands for a folder and for what lies in it.

    >>> import pickle
    >>> stream = without_folder(memoryview(pickle.dumps(["/here/a.csv", "/here", "/heres"], 5)), Path("/here"))
    >>> pickle.loads(with_folder(stream, Path("/other")))
    ['/other/a.csv', '/other', '/heres']
    """
    root = str(folder)
    if root == folder.anchor or not _holds(stream, root):
        return stream
    inside = re.compile(rf"{re.escape(root)}(?![\w.-])")
    return _rewritten(stream, lambda text: inside.sub(MARK, text))


def with_folder(stream: memoryview, folder: Path) -> memoryview:
    """Return a stream of `without_folder` as if it had been made in `folder`."""
    return _rewritten(stream, lambda text: text.replace(MARK, str(folder))) if _holds(stream, MARK) else stream


def _holds(stream: memoryview, text: str) -> bool:
    return re.search(re.escape(text.encode("utf-8", "surrogatepass")), stream) is not None


def _rewritten(stream: memoryview, change: Callable[[str], str]) -> memoryview:
    # Most tasks hand over no such path, and do without it.
    import pickletools

    data = bytes(stream)
    parts: list[bytes] = []
    replacement: bytes | None = b""
    begin = 0
    for opcode, argument, position in pickletools.genops(data):
        assert position is not None, "the stream is bytes, in which everything has a position"
        parts.append(data[begin:position] if replacement is None else replacement)
        begin, replacement = position, None
        if opcode.name == _FRAME:
            # It says how many bytes follow, and a stream needs none.
            replacement = b""
        elif opcode.name in _TEXTS and (text := change(str(argument))) != argument:
            replacement = _written(text)
    return memoryview(b"".join([*parts, data[begin:]]))


def _written(text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > _MOST:
        return _LONGER_TEXT + len(data).to_bytes(8, "little") + data
    return _LONG_TEXT + len(data).to_bytes(4, "little") + data
