"""Store memory that several arrays share once, so that views are views again after a load.

`v = a[:10]` and `a` share memory, and a task that changes `v` changes `a`. Pickle stores two copies. Here the buffers
of one stream are compared by address: buffers that overlap become slices of one region, and after a load slices of
one map.

pandas with copy-on-write shares memory between frames behind the scenes and keeps book of who does, and a stream does
not carry that book. So the arrays inside a frame never share: a write to one frame would show in another.
"""

from __future__ import annotations

import ctypes
import pickle
import sys
from dataclasses import dataclass
from typing import Any

from nb2dag.runtime.formats import aligned

_TINY = 1024
"""Bytes below which a buffer goes into the stream: a table entry would cost more than the copy."""

_SMALL = 64 * 1024
"""Bytes below which regions are copied together into one, to spare a system call for each."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Memory from address `start` up to `end`; `raw` is None where its bytes are in the stream."""

    start: int
    end: int
    raw: memoryview | None

    @property
    def size(self) -> int:
        return self.end - self.start


class Memory:
    """Collect the out-of-band buffers of one pickle stream.

    Args:
        exact: Keep every buffer out of the stream, and store strided arrays as windows on shared memory. Needed where
            `incomplete` says so after a first try; the first try is faster and mostly right.
    """

    def __init__(self, exact: bool = False) -> None:
        self.exact = exact
        self._taken: list[_Stretch] = []
        self._aside: list[_Stretch] = []
        self._objects: list[_Stretch] = []
        self._private: set[tuple[int, int]] = set()

    def take(self, buffer: pickle.PickleBuffer) -> bool:
        """Take a buffer out of the stream, or return True to leave it there; this is pickle's `buffer_callback`."""
        raw = buffer.raw()
        start = _address(raw)
        if raw.nbytes < _TINY and not self.exact:
            self._aside.append(_Stretch(start, start + raw.nbytes, None))
            return True
        self._taken.append(_Stretch(start, start + raw.nbytes, raw))
        return False

    def note_strided(self, array: Any) -> None:
        """Note an array that is no contiguous stretch of memory; pickle copies it into the stream."""
        self._aside.append(_Stretch(*_bounds(array), None))

    def note_objects(self, array: Any) -> None:
        """Note an array of Python objects; pickle stores the objects and not the memory that refers to them."""
        self._objects.append(_Stretch(*_bounds(array), None))

    def keep_private(self, array: Any) -> None:
        """Never let this array share memory with another after a load."""
        self._private.add(_bounds(array))

    def is_private(self, array: Any) -> bool:
        """Tell whether `keep_private` was called for this array's memory."""
        return _bounds(array) in self._private

    @property
    def incomplete(self) -> bool:
        """Whether some of what was left in the stream shares memory, so that it must be pickled anew with `exact`."""
        left = {id(stretch) for stretch in self._aside}
        return any(
            len(group) > 1 and any(id(stretch) in left for stretch in group)
            for group in _overlapping(self._shareable(self._taken + self._aside))
        )

    @property
    def shares_objects(self) -> bool:
        """Whether two arrays of Python objects share memory, which no stream can express."""
        return any(len(group) > 1 for group in _overlapping(self._shareable(self._objects)))

    def regions(self) -> tuple[tuple[memoryview, ...], tuple[tuple[int, int, int], ...]]:
        """Return the regions to store and, for each buffer in order, its (region, offset, size).

        Region 0 is the stream's, so numbers begin at 1.
        """
        shareable = self._shareable(self._taken)
        shared = {id(stretch) for stretch in shareable}
        groups = _overlapping(shareable) + [[stretch] for stretch in self._taken if id(stretch) not in shared]
        packed = bytearray()
        regions: list[memoryview] = []
        places: dict[int, tuple[int, int, int]] = {}
        # Region 1 is the packed one.
        for group in groups:
            start, memory = group[0].start, _union(group)
            if memory.nbytes < _SMALL:
                packed.extend(bytes(aligned(len(packed)) - len(packed)))
                number, base = 1, len(packed)
                packed.extend(memory)
            else:
                regions.append(memory)
                number, base = len(regions) + 1, 0
            for stretch in group:
                places[id(stretch)] = (number, base + stretch.start - start, stretch.size)
        return (memoryview(packed), *regions), tuple(places[id(stretch)] for stretch in self._taken)

    def _shareable(self, stretches: list[_Stretch]) -> list[_Stretch]:
        return [stretch for stretch in stretches if stretch.size and (stretch.start, stretch.end) not in self._private]


def window(array: Any) -> tuple[pickle.PickleBuffer, int]:
    """Return the memory from an array's first to its last byte, and where in it the array's first element is.

    The buffer is valid as long as the array.
    """
    start, end = _bounds(array)
    memory = (ctypes.c_ubyte * (end - start)).from_address(start)
    return pickle.PickleBuffer(memory), array.__array_interface__["data"][0] - start


def view(memory: Any, dtype: Any, shape: tuple[int, ...], layout: tuple[int, tuple[int, ...], bool]) -> Any:
    """Return an array on a window of memory; `layout` is its offset, its strides and whether it may be written."""
    import numpy as np

    offset, strides, writable = layout
    array = np.ndarray(shape, dtype, memory, offset, strides)
    array.flags.writeable = writable
    return array


def _overlapping(stretches: list[_Stretch]) -> list[list[_Stretch]]:
    """Return the stretches in groups that are connected by overlaps, each by ascending start."""
    groups: list[list[_Stretch]] = []
    end = -1
    for stretch in sorted(stretches, key=lambda stretch: (stretch.start, -stretch.end)):
        if stretch.start < end:
            groups[-1].append(stretch)
        else:
            groups.append([stretch])
        end = max(end, stretch.end)
    return groups


def _union(group: list[_Stretch]) -> memoryview:
    start, end = group[0].start, max(stretch.end for stretch in group)
    for stretch in group:
        if (stretch.start, stretch.end) == (start, end) and stretch.raw is not None:
            return stretch.raw
    union = bytearray(end - start)
    for stretch in group:
        if stretch.raw is not None:
            union[stretch.start - start : stretch.end - start] = stretch.raw
    return memoryview(union)


def _address(raw: memoryview) -> int:
    """Return where memory begins, 0 where nobody can tell and nothing can be shared."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not raw.nbytes:
        return 0
    address: int = numpy.frombuffer(raw, numpy.uint8).__array_interface__["data"][0]
    return address


def _bounds(array: Any) -> tuple[int, int]:
    """Return the addresses of an array's first byte and of the byte after its last one."""
    first: int = array.__array_interface__["data"][0]
    low = high = first
    if array.size:
        for length, stride in zip(array.shape, array.strides, strict=True):
            low += min(0, stride * (length - 1))
            high += max(0, stride * (length - 1))
        high += array.itemsize
    return low, high
