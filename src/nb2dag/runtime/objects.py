"""Lay a value's bytes out as one stored object, and read one back after checking every byte of it."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import BinaryIO

from nb2dag.runtime.formats import CHECKSUM_CHUNK, ObjectHeader, StoredObject, aligned
from nb2dag.runtime.store import Store

_PARALLEL_FROM = 4 * CHECKSUM_CHUNK
"""Bytes from which starting threads costs less than it saves."""


@dataclass(frozen=True, slots=True)
class Payload:
    """The bytes of one alias group.

    `regions` are stretches of memory, the codec's stream first; `buffers` are the codec's out-of-band buffers as
    (region, offset, size), and two of them may overlap.
    """

    regions: tuple[memoryview, ...]
    buffers: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Label:
    """What an object's header says about the value beside its bytes."""

    key: str
    task_id: str
    bundle: str
    codec: str
    python: str
    packages: dict[str, str]


class DamagedObjectError(Exception):
    """A stored object is not what was written; the message says how that shows."""


def write_object(store: Store, folder: str, label: Label, payload: Payload, names: Sequence[str]) -> StoredObject:
    """Store a payload under `folder` and return the pointer to it.

    Checksums are computed in other threads while the bytes are written.

    Raises:
        StoreError: The store cannot be written.
    """
    offsets = _lay_out([region.nbytes for region in payload.regions])
    header = ObjectHeader(
        label.key,
        label.task_id,
        label.bundle,
        label.codec,
        label.python,
        label.packages,
        tuple((offset, region.nbytes) for offset, region in zip(offsets, payload.regions, strict=True)),
        tuple((offsets[region] + start, size) for region, start, size in payload.buffers),
        (0,) * len(_chunks(payload.regions)),
    )
    # Checksums have a fixed width, so that the header's length is known before they are.
    start = aligned(len(header.to_bytes()))
    with store.create(folder) as draft, _Checksums(payload.regions) as checksums:
        for offset, region in zip(offsets, payload.regions, strict=True):
            draft.file.seek(start + offset)
            _write_all(draft.file, region)
        written = replace(header, checksums=tuple(checksums.result())).to_bytes()
        draft.file.seek(0)
        _write_all(draft.file, memoryview(written))
        digest = _digest(written)
        path = draft.publish(digest)
    # An empty region at the end leaves no trace in the file.
    end = max(offset + size for offset, size in header.regions if size)
    return StoredObject(label.key, path, digest, start + end, tuple(names), label.codec)


def read_object(store: Store, pointer: StoredObject) -> tuple[ObjectHeader, memoryview, list[memoryview]]:
    """Return an object's header, its codec's stream and its buffers, which are writable and private.

    Raises:
        DamagedObjectError: The object is not there, or not as it was written.
        StoreError: The store cannot be read.
    """
    header, data = _read_whole(store, pointer)
    payload = data[aligned(ObjectHeader.length(data)) :]
    offset, size = header.regions[0]
    stream = payload[offset : offset + size]
    return header, stream, [payload[offset : offset + size] for offset, size in header.buffers]


def copy_object(source: Store, pointer: StoredObject, target: Store) -> ObjectHeader:
    """Copy an object, checked, to the same path in another store; return its header.

    Raises:
        DamagedObjectError: The object is not there, not as it was written, or its path leads out of a store.
        StoreError: A store cannot be read or written.
    """
    folder, _, name = pointer.path.rpartition("/")
    if pointer.path.startswith("/") or not {"", ".", ".."}.isdisjoint(pointer.path.split("/")):
        raise DamagedObjectError("its path is none in a store")
    header, data = _read_whole(source, pointer)
    with target.create(folder) as draft:
        _write_all(draft.file, data)
        draft.publish(name)
    return header


def _read_whole(store: Store, pointer: StoredObject) -> tuple[ObjectHeader, memoryview]:
    try:
        data = store.read(pointer.path)
    except FileNotFoundError:
        raise DamagedObjectError("there is no such file") from None
    if data.nbytes != pointer.size:
        raise DamagedObjectError(f"it has {data.nbytes} bytes, and {pointer.size} were written")
    try:
        length = ObjectHeader.length(data)
        if _digest(data[:length]) != pointer.digest:
            raise DamagedObjectError("its header is not the one that was written")
        header = ObjectHeader.from_bytes(data)
    except ValueError as error:
        raise DamagedObjectError(str(error)) from None
    payload = data[aligned(length) :]
    regions = [payload[offset : offset + size] for offset, size in header.regions]
    with _Checksums(regions) as checksums:
        if tuple(checksums.result()) != header.checksums:
            raise DamagedObjectError("its bytes are not the ones that were written (a checksum differs)")
    return header, data


class _Checksums:
    """Compute the checksums of regions, in threads where that pays (zlib works without the interpreter's lock)."""

    def __init__(self, regions: Sequence[memoryview]) -> None:
        chunks = _chunks(regions)
        self._pool: ThreadPoolExecutor | None = None
        self._sums: Iterable[int] = map(zlib.crc32, chunks)
        if sum(chunk.nbytes for chunk in chunks) >= _PARALLEL_FROM:
            self._pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1), "nb2dag-checksum")
            self._sums = self._pool.map(zlib.crc32, chunks)

    def __enter__(self) -> _Checksums:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def result(self) -> list[int]:
        return list(self._sums)


def _chunks(regions: Sequence[memoryview]) -> list[memoryview]:
    return [
        region[start : start + CHECKSUM_CHUNK]
        for region in regions
        for start in range(0, region.nbytes, CHECKSUM_CHUNK)
    ]


def _lay_out(sizes: Iterable[int]) -> list[int]:
    """Return the offset of each region: one after the other, each aligned."""
    offsets, end = [], 0
    for size in sizes:
        offsets.append(aligned(end))
        end = offsets[-1] + size
    return offsets


def _write_all(file: BinaryIO, data: memoryview) -> None:
    """Write all of `data`; one call of an unbuffered file writes 2 GiB at most."""
    while data:
        data = data[file.write(data) :]


def _digest(header: bytes | memoryview) -> str:
    return blake2b(header, digest_size=16).hexdigest()
