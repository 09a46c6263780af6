"""Store memory that several arrays share once, so that views are views again after a load.

`v = a[:10]` and `a` share memory, and a task that changes `v` changes `a`. Pickle stores two copies. Here the buffers
of one stream are compared by address: buffers that overlap become slices of one region, and after a load slices of
one map.

pandas with copy-on-write shares memory between frames behind the scenes and keeps book of who does, and a stream does
not carry that book. So arrays inside of frames that stand in one book do not share with one another: a write to one
frame would show in another. What stands alone in its book, such as `pd.DataFrame(array, copy=False)`, is shared.
"""

from __future__ import annotations

import ctypes
import pickle
import sys
from collections import Counter
from typing import Any

from nb2dag.runtime.formats import aligned

_TINY = 1024
"""Bytes below which a buffer goes into the stream: a table entry would cost more than the copy."""

_SMALL = 64 * 1024
"""Bytes below which regions are copied together into one, to spare a system call for each."""


_Bounds = tuple[int, int]
"""The address of the first byte of some memory, and the address after its last one."""

_Span = tuple[int, int, int]
"""A stretch of memory: the address of its first byte, the address after its last one, and which stretch it is."""

_LEFT = -1
"""Stands in a span for "which": its bytes are in the stream."""


class Memory:
    """Collect the out-of-band buffers of one pickle stream.

    Args:
        exact: Keep every buffer out of the stream, and store strided arrays as windows on shared memory. Needed where
            `incomplete` says so after a first try; the first try is faster and mostly right.
        shared: The `shared` of the first try.
        views: The `views` of the first try.
    """

    def __init__(
        self, exact: bool = False, shared: frozenset[_Bounds] = frozenset(), views: dict[int, Any] | None = None
    ) -> None:
        self.exact = exact
        self._known_shared = shared
        self._known_views = views or {}
        self._bases = frozenset(id(array.base) for array in self._known_views.values())
        self._arrays: dict[int, Any] = {}
        self._raw: list[memoryview] = []
        self._taken: list[_Span] = []
        self._left: list[_Span] = []
        self._objects: list[_Span] = []
        self._private: dict[_Bounds, Counter[int]] = {}
        self._nowhere = 0

    def take(self, buffer: pickle.PickleBuffer) -> bool:
        """Take a buffer out of the stream, or return True to leave it there; this is pickle's `buffer_callback`."""
        raw = buffer.raw()
        start = _address(raw)
        if start is None:
            # An address that no memory has: it shares nothing.
            start = self._nowhere = self._nowhere - raw.nbytes
        if raw.nbytes < _TINY and not self.exact:
            self._left.append((start, start + raw.nbytes, _LEFT))
            return True
        self._taken.append((start, start + raw.nbytes, len(self._raw)))
        self._raw.append(raw)
        return False

    def note_strided(self, array: Any) -> None:
        """Note an array that is no contiguous stretch of memory; pickle copies it into the stream."""
        self._left.append((*_bounds(array), _LEFT))

    def note_objects(self, array: Any) -> None:
        """Note an array of Python objects; pickle stores the objects and not the memory that refers to them."""
        self._objects.append((*_bounds(array), _LEFT))

    def keep_private(self, array: Any, book: int) -> None:
        """Never let this array share memory after a load with another one of the same book, which `book` identifies."""
        self._private.setdefault(_bounds(array), Counter())[book] += 1

    def wants_window(self, array: Any) -> bool:
        """Tell whether a strided array is to be stored as a window: others may look at its memory after a load too."""
        bounds = _bounds(array)
        return self.exact and (bounds not in self._private or bounds in self._known_shared)

    def wants_base(self, array: Any) -> bool:
        """Tell whether an array of Python objects is to be stored as a view of its base, at which others look too."""
        return _bounds(array) in self._known_shared

    def note_array(self, array: Any) -> None:
        """Note an array, which is kept alive so that its identity stays its own."""
        self._arrays[id(array)] = array

    @property
    def views(self) -> dict[int, Any]:
        """The arrays, by their identity, that look into another one of the stream: `v.base is a`."""
        found = (array for array in self._arrays.values() if id(array.base) in self._arrays)
        return {id(array): array for array in found if self._may_be_view(array)}

    def base_of(self, array: Any) -> Any:
        """Return the array that an array is to be stored as a view of, None for one that is stored by itself."""
        return array.base if id(array) in self._known_views else None

    def is_base(self, array: Any) -> bool:
        """Tell whether others are to be stored as views of an array."""
        return id(array) in self._bases

    def _may_be_view(self, array: Any) -> bool:
        base = array.base
        private = _bounds(array) in self._private or _bounds(base) in self._private
        # Records may hold dates, which export no memory; what is not contiguous is no memory of its own.
        plain = not (base.dtype.hasobject or base.dtype.kind == "V" or array.dtype.hasobject)
        one_piece = base.flags.c_contiguous or base.flags.f_contiguous
        return plain and one_piece and not private and bool(base.flags.writeable or not array.flags.writeable)

    @property
    def incomplete(self) -> bool:
        """Whether some of what was left in the stream shares memory, so that it must be pickled anew with `exact`."""
        if not self._left:
            return False
        groups = _overlapping(self._shareable(self._taken + self._left))
        return any(len(group) > 1 and any(which == _LEFT for _, _, which in group) for group in groups)

    @property
    def shares_objects(self) -> bool:
        """Whether arrays of Python objects share memory, so that they must be pickled anew with `shared`."""
        return bool(self._shared_objects())

    @property
    def shared(self) -> frozenset[_Bounds]:
        """The memory of arrays that others look at, and that the stream alone cannot say that of.

        Those are private arrays that others, which are not private, look at, and arrays of Python objects.
        """
        spans = self._shareable(self._taken + self._left)
        return _bounds_shared(spans).intersection(self._private) | self._shared_objects()

    def _shared_objects(self) -> frozenset[_Bounds]:
        return _bounds_shared([span for span in self._objects if span[:2] not in self._private])

    def regions(self) -> tuple[tuple[memoryview, ...], tuple[tuple[int, int, int], ...]]:
        """Return the regions to store and, for each buffer in order, its (region, offset, size).

        Region 0 is the stream's, so numbers begin at 1, with the region that all small ones are packed into.
        """
        shareable = self._shareable(self._taken)
        alone = {which for _, _, which in self._taken}.difference(which for _, _, which in shareable)
        groups = _overlapping(shareable)
        groups.extend([self._taken[which]] for which in sorted(alone))
        packed = bytearray()
        regions: list[memoryview] = []
        places = [(0, 0, 0)] * len(self._taken)
        for group in groups:
            base, memory = group[0][0], self._union(group)
            if memory.nbytes < _SMALL:
                packed.extend(bytes(aligned(len(packed)) - len(packed)))
                number, offset = 1, len(packed)
                packed.extend(memory)
            else:
                regions.append(memory)
                number, offset = len(regions) + 1, 0
            for start, end, which in group:
                places[which] = (number, offset + start - base, end - start)
        return (memoryview(packed), *regions), tuple(places)

    def _union(self, group: list[_Span]) -> memoryview:
        """Return the memory that a group of taken spans covers."""
        base, end = group[0][0], max(end for _, end, _ in group)
        if group[0][1] == end:
            return self._raw[group[0][2]]
        union = bytearray(end - base)
        for start, stop, which in group:
            union[start - base : stop - base] = self._raw[which]
        return memoryview(union)

    def _shareable(self, spans: list[_Span]) -> list[_Span]:
        found: list[_Span] = []
        for group in _overlapping([span for span in spans if span[0] < span[1]]):
            books: Counter[int] = Counter()
            for bounds in {span[:2] for span in group}:
                books.update(self._private.get(bounds, {}))
            apart = max(books.values(), default=0) > 1
            found += [span for span in group if span[:2] not in self._private] if apart else group
        return found


def window(array: Any) -> tuple[pickle.PickleBuffer, int]:
    """Return the memory from an array's first to its last byte, and where in it the array's first element is.

    The buffer is valid as long as the array.
    """
    start, end = _bounds(array)
    memory = (ctypes.c_ubyte * (end - start)).from_address(start)
    return pickle.PickleBuffer(memory), array.__array_interface__["data"][0] - start


def _bounds_shared(spans: list[_Span]) -> frozenset[_Bounds]:
    """Return the memory of the spans that overlap with others."""
    groups = _overlapping([span for span in spans if span[0] < span[1]])
    return frozenset((start, end) for group in groups if len(group) > 1 for start, end, _ in group)


def _overlapping(spans: list[_Span]) -> list[list[_Span]]:
    """Return the spans in groups that are connected by overlaps; a group begins with the longest of its first ones."""
    groups: list[list[_Span]] = []
    end = -sys.maxsize
    for span in sorted(spans, key=lambda span: (span[0], -span[1])):
        if span[0] < end:
            groups[-1].append(span)
            end = max(end, span[1])
        else:
            groups.append([span])
            end = span[1]
    return groups


def _address(raw: memoryview) -> int | None:
    """Return where memory begins, None where nobody can tell (without numpy)."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not raw.nbytes:
        return None
    owner: Any = raw.obj if type(raw.obj) is numpy.ndarray else numpy.frombuffer(raw, numpy.uint8)
    address: int = owner.__array_interface__["data"][0]
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
