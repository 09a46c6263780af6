"""Put what a notebook's process says into frames on a pipe, and take the frames apart again.

A frame is written by one system call of at most `PIPE_BUF` bytes, which a pipe never tears apart. So frames of several
threads, and of forked children, may be mixed, an interrupt cannot break one, and what was printed before a crash is in
the pipe.
"""

from __future__ import annotations

import itertools
import json
import os
import struct
from collections.abc import Iterator
from typing import Any

STDOUT, STDERR, PART, LAST = b"o", b"e", b"p", b"m"
"""Kinds of frames: text of a stream; a piece of a message; the last piece of one."""

_HEADER = struct.Struct("<HcIQ")
_ROOM = 4096 - _HEADER.size
_CHARACTERS = _ROOM // 4
"""As many characters surely fit into a frame, so that none is cut in two."""


class Writer:
    """Writes frames to a pipe; any thread may."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._numbers = itertools.count()

    def text(self, kind: bytes, text: str) -> None:
        """Write text of a stream."""
        for start in range(0, len(text), _CHARACTERS):
            self._write(kind, 0, text[start : start + _CHARACTERS].encode("utf-8", "backslashreplace"))

    def message(self, message: dict[str, Any], dumps: Any = json.dumps) -> None:
        """Write a message; `dumps` turns it into JSON."""
        encoded = dumps(message)
        data: bytes = encoded.encode() if isinstance(encoded, str) else encoded
        number = next(self._numbers)
        pieces = range(0, len(data), _ROOM)
        for start in pieces:
            self._write(LAST if start == pieces[-1] else PART, number, data[start : start + _ROOM])

    def _write(self, kind: bytes, number: int, payload: bytes) -> None:
        os.write(self._pipe, _HEADER.pack(len(payload), kind, os.getpid(), number) + payload)


Item = tuple[str, str] | dict[str, Any]
"""A stream's name with text of it, or a message."""


class Reader:
    """Takes the bytes of a pipe and returns what they say."""

    def __init__(self) -> None:
        self._pending = b""
        self._pieces: dict[tuple[int, int], list[bytes]] = {}

    def feed(self, data: bytes) -> Iterator[Item]:
        """Yield the texts and messages that `data` completes; text of one stream in a row comes as one."""
        name, texts = "", list[bytes]()
        for kind, sender, payload in self._frames(data):
            if kind in (STDOUT, STDERR):
                stream = "stdout" if kind == STDOUT else "stderr"
                if texts and stream != name:
                    yield name, b"".join(texts).decode()
                    texts = []
                name = stream
                texts.append(payload)
                continue
            pieces = self._pieces.setdefault(sender, [])
            pieces.append(payload)
            if kind == LAST:
                if texts:
                    yield name, b"".join(texts).decode()
                    texts = []
                yield json.loads(b"".join(self._pieces.pop(sender)))
        if texts:
            yield name, b"".join(texts).decode()

    def _frames(self, data: bytes) -> Iterator[tuple[bytes, tuple[int, int], bytes]]:
        data = self._pending + data
        start = 0
        while start + _HEADER.size <= len(data):
            length, kind, process, number = _HEADER.unpack_from(data, start)
            end = start + _HEADER.size + length
            if end > len(data):
                break
            yield kind, (process, number), data[start + _HEADER.size : end]
            start = end
        self._pending = data[start:]
