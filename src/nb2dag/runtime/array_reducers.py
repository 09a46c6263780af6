"""Reduce numpy's arrays and what pandas keeps them in, so that memory that is shared can be shared again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from nb2dag.runtime import sharing
from nb2dag.runtime.refusal import UnsavableError
from nb2dag.runtime.remade import Reduced

_PANDAS_BLOCKS = "pandas.core.internals.blocks"
_PANDAS_MANAGERS = "pandas.core.internals.managers"
_VIEWING = ("recarray", "matrix", "chararray", "MaskedArray")
"""Classes of numpy's that look at the memory of an array in another way."""


class ArrayReducers:
    """Tell `Memory` about arrays whose memory pickle would copy or part (see `nb2dag.runtime.sharing`)."""

    def __init__(self, memory: sharing.Memory) -> None:
        self._memory = memory

    def reducer_of(self, kind: type) -> Callable[[Any], Reduced] | None:
        """Return what reduces the objects of a type of numpy's or pandas', None where pickle does it right."""
        if kind.__module__ == "numpy" and kind.__name__ == "ndarray":
            return self._reduce_array
        if kind.__name__ in _VIEWING and kind.__module__.partition(".")[0] == "numpy":
            return _reduce_viewing
        if kind.__module__ == _PANDAS_BLOCKS:
            return self._reduce_block
        if kind.__module__ == _PANDAS_MANAGERS and kind.__name__ == "SingleBlockManager":
            return _reduce_series_manager
        # A type of Cython's own may have a descriptor there.
        return self._reduce_pandas if str(kind.__module__).partition(".")[0] == "pandas" else None

    def _reduce_array(self, array: Any) -> Reduced:
        contiguous = array.flags.c_contiguous or array.flags.f_contiguous
        if array.dtype.hasobject:
            self._memory.note_objects(array)
            if self._memory.wants_base(array):
                return _reduce_objects(array)
        elif not contiguous and self._memory.wants_window(array):
            buffer, offset = sharing.window(array)
            return sharing.view, (buffer, array.dtype, array.shape, (offset, array.strides, array.flags.writeable))
        elif not contiguous:
            self._memory.note_strided(array)
        return NotImplemented if array.flags.writeable else _reduce_read_only(array)

    def _reduce_block(self, block: Any) -> Reduced:
        self._keep_private(block.values)
        if block.values.__class__.__module__ != "numpy" or not _copies_on_write():
            return NotImplemented
        # Two frames may hold one array object until one is written to; pickle would make them share it for good.
        make, (values, *others) = block.__reduce__()
        return make, (values.view(), *others)

    def _reduce_pandas(self, array_or_index: Any) -> Reduced:
        own = getattr(array_or_index, "__dict__", {})
        return self._keep_private(getattr(array_or_index, "_ndarray", None), own.get("_data"), own.get("_mask"))

    def _keep_private(self, *arrays: Any) -> Reduced:
        for array in arrays:
            if hasattr(array, "__array_interface__") and (array.dtype.hasobject or _copies_on_write()):
                self._memory.keep_private(array)
        return NotImplemented


def _reduce_viewing(array: Any) -> Reduced:
    """Reduce an array of another class than numpy's plain one as a view of a plain one, whose memory is looked at."""
    kind = type(array)
    plain = array.view(sys.modules["numpy"].ndarray)
    return sharing.view_as, (plain, kind), dict(vars(array)), None, None, sharing.restore_array


def _reduce_series_manager(manager: Any) -> Reduced:
    """Reduce what a series keeps to its block, as a frame's is; pandas takes the array out of it."""
    return type(manager), (manager.blocks[0], manager.axes[0])


def _reduce_objects(array: Any) -> Reduced:
    """Reduce an array of Python objects that shares its memory: what looks into another one, as a view of that."""
    base = sharing.base_of_objects(array)
    if base.base is not None:
        raise UnsavableError(
            "two numpy arrays of Python objects share memory, and one is a field of the other: hand over `.copy()` of "
            "it"
        )
    if base is array:
        return NotImplemented
    return sharing.view_of_objects, (base, sharing.place_in(base, array))


def _reduce_read_only(array: Any) -> Reduced:
    """Reduce an array that must not be written to; pickle forgets that unless it takes the memory as a buffer."""
    reduced = array.__reduce_ex__(5)
    return (*reduced, None, None, sharing.restore_read_only) if len(reduced) == 3 else reduced


def _copies_on_write() -> bool:
    pandas = sys.modules["pandas"]
    return int(pandas.__version__.partition(".")[0]) >= 3 or pandas.options.mode.copy_on_write is True
