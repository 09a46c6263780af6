"""Reduce numpy's arrays and pandas' frames so that `nb2dag.runtime.sharing` sees whose memory is whose.

pickle copies what is strided, forgets which arrays are read-only, and keeps of an array of another class only what
numpy's plain one has; pandas keeps of a frame neither its attributes nor which frames copy on write.
"""

from __future__ import annotations

import ctypes
import sys
import weakref
from collections.abc import Callable
from typing import Any

from nb2dag.runtime.object_arrays import reduce_objects
from nb2dag.runtime.packages import package_of
from nb2dag.runtime.remade import Reduced
from nb2dag.runtime.sharing import Memory, window

_PROTOCOL = 5
_BLOCKS = "pandas.core.internals.blocks"
_COLUMN = ("pandas.core.internals.managers", "SingleBlockManager")
_NAMES = ("_internal_names", "_metadata")
"""Where a frame lists the attributes that are its own."""

_OTHERS: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
"""What stands in pandas' book for frames that are not here, as long as the block that shares its memory with them."""


class ArrayReducers:
    """Tell `Memory` about arrays whose memory pickle would copy or part.

    With `content` only what is in a frame counts, and not which others look at its memory at the moment.
    """

    def __init__(self, memory: Memory, *, content: bool = False) -> None:
        self._memory = memory
        self._content = content

    def reducer_of(self, kind: type) -> Callable[[Any], Reduced] | None:
        """Return the reducer for arrays, frames and what is in them, None for other types."""
        numpy = sys.modules.get("numpy")
        if numpy is not None and issubclass(kind, numpy.ndarray):
            return self._reduce_array if kind is numpy.ndarray else _reducer_of_viewing(kind)
        if numpy is not None and issubclass(kind, numpy.void):
            return _reduce_record
        if kind.__module__ == _BLOCKS:
            return self._reduce_block
        if (kind.__module__, kind.__name__) == _COLUMN:
            return _reduce_column
        if _is_frame(kind):
            return _reduce_frame
        if _is_index(kind):
            return self._reduce_index
        backed = package_of(kind) == "pandas" and hasattr(kind, "_from_backing_data")
        return _reduce_without_cache if self._content and backed else None

    def _reduce_array(self, array: Any) -> Reduced:
        writable = array.flags.writeable
        self._memory.note_array(array)
        if (base := self._memory.base_of(array)) is not None:
            return view_of, (base, array.dtype, array.shape, _layout_in(base, array))
        if self._memory.is_base(array):
            return _reduce_window(array)
        if array.dtype.hasobject:
            self._memory.note_objects(array)
            return reduce_objects(array, shared=self._memory.wants_base(array))
        if array.flags.c_contiguous or array.flags.f_contiguous:
            plain = (writable and not _holds_dates(array.dtype)) or not array.size
            return NotImplemented if plain else _reduce_window(array)
        if self._memory.wants_window(array):
            return _reduce_window(array)
        self._memory.note_strided(array)
        return NotImplemented if writable else (read_only, (array.copy(order="K"),))

    def _reduce_block(self, block: Any) -> Reduced:
        self._keep_private(block.values, block.refs)
        if not copies_on_write():
            return NotImplemented
        make, (values, *others) = block.__reduce__()
        parts = make, (_apart(values), *others)
        looked_at = not self._content and block.refs.has_reference()
        return (*parts, True, None, None, copy_on_write) if looked_at else parts

    def _reduce_index(self, index: Any) -> Reduced:
        self._keep_private(getattr(index, "_data", None), getattr(index, "_references", None))
        return NotImplemented

    def _keep_private(self, values: Any, book: object) -> None:
        """Keep apart what a frame, a column or an index has: an array, or what pandas wraps around one or two.

        `book` is where pandas notes who shares the memory, as long as the frames live; None is nobody.
        """
        own = getattr(values, "__dict__", {})
        arrays: tuple[Any, ...] = (values, getattr(values, "_ndarray", None), own.get("_data"), own.get("_mask"))
        for array in arrays:
            if copies_on_write() and hasattr(array, "__array_interface__"):
                self._memory.keep_private(array, id(values if book is None else book))


def _reduce_without_cache(array: Any) -> Reduced:
    """Reduce what pandas wraps around an array without what it has worked out of it: its unit, its order."""
    make, arguments, *rest = array.__reduce_ex__(_PROTOCOL)
    state = rest[0] if rest else None
    own = state[-1] if isinstance(state, tuple) and state and isinstance(state[-1], dict) else state
    if not isinstance(own, dict):
        return (make, arguments, *rest)
    kept = {name: value for name, value in own.items() if name != "_cache"}
    if isinstance(state, tuple):
        return (make, arguments, (*state[:-1], kept) if kept else state[:-1], *rest[1:])
    return (make, arguments, kept, *rest[1:])


def view(memory: Any, dtype: Any, shape: tuple[int, ...], layout: tuple[int, tuple[int, ...], bool]) -> Any:
    """Return an array on a window of memory; `layout` is its offset, its strides and whether it may be written."""
    import numpy as np

    offset, strides, writable = layout
    array = np.ndarray(shape, dtype, memory, offset, strides)
    array.flags.writeable = writable
    return array


def view_of(base: Any, dtype: Any, shape: tuple[int, ...], layout: tuple[int, tuple[int, ...], bool]) -> Any:
    """Return a view of an array: its `base` is that very array."""
    memory = base if base.flags.c_contiguous else base.T
    # Dates export no memory.
    return view(memory.view("i8") if base.dtype.kind in "mM" else memory, dtype, shape, layout)


def _layout_in(base: Any, array: Any) -> tuple[int, tuple[int, ...], bool]:
    first, start = (one.__array_interface__["data"][0] for one in (array, base))
    return first - start, array.strides, array.flags.writeable


def view_as(array: Any, kind: type) -> Any:
    """Return an array as one of another class that looks at the same memory."""
    return array.view(kind)


def restore_array(array: Any, attributes: dict[str, Any]) -> None:
    """Give an array of `view_as` what else its class keeps: a mask, a value to fill with."""
    array.__dict__.update(attributes)


def read_only(array: Any) -> Any:
    """Return an array that nothing can be written to."""
    array.flags.writeable = False
    return array


def record(place: Any) -> Any:
    """Return the record that looks into an array of one."""
    return place[0]


def copy_on_write(block: Any, _: bool) -> None:
    """Let a block of a frame be copied before it is written to, as if another frame looked at its memory.

    One did in the process that saved it, and may not be handed over: `x = df["x"]`. Without it a write to `df` would
    reach the arrays that look into it.
    """
    _OTHERS[block] = block.copy(deep=False)


def copies_on_write() -> bool:
    """Tell whether frames share memory until one of them is written to."""
    pandas = sys.modules["pandas"]
    return int(pandas.__version__.partition(".")[0]) >= 3 or pandas.options.mode.copy_on_write is True


def _holds_dates(dtype: Any) -> bool:
    """Tell whether there are dates or spans of time in it, which no buffer describes: pickle would copy them."""
    fields = [field[0] for field in (dtype.fields or {}).values()]
    return dtype.kind in "mM" or any(map(_holds_dates, [*fields, dtype.subdtype[0]] if dtype.subdtype else fields))


def _reduce_window(array: Any) -> Reduced:
    buffer, offset = window(array)
    return view, (buffer, array.dtype, array.shape, (offset, array.strides, array.flags.writeable))


def _reducer_of_viewing(kind: type) -> Callable[[Any], Reduced] | None:
    """Return the reducer for arrays of another class, unless that says itself how it is pickled."""
    numpy = sys.modules["numpy"]
    own = any(getattr(kind, name) is not getattr(numpy.ndarray, name) for name in ("__reduce__", "__reduce_ex__"))
    known = package_of(kind) in ("numpy", "patsy")
    if issubclass(kind, numpy.memmap):
        return _reduce_mapped
    return None if own and not known else _reduce_viewing


def _reduce_viewing(array: Any) -> Reduced:
    """Reduce an array of another class than numpy's plain one as a view of a plain one, whose memory is looked at."""
    kind = type(array)
    plain = array.view(sys.modules["numpy"].ndarray)
    return view_as, (plain, kind), dict(getattr(array, "__dict__", {})), None, None, restore_array


def _reduce_mapped(array: Any) -> Reduced:
    """Reduce an array that lies on a file without the file, which belongs to one process."""
    return view_as, (array.view(sys.modules["numpy"].ndarray), type(array))


def _reduce_record(found: Any) -> Reduced:
    """Reduce what looks into an array of records, `people[0]`, as what looks there; pickle would copy it."""
    numpy = sys.modules["numpy"]
    if not isinstance(found.base, numpy.ndarray) or found.dtype.hasobject or not found.dtype.itemsize:
        return NotImplemented
    memory = (ctypes.c_ubyte * found.dtype.itemsize).from_address(found.__array_interface__["data"][0])
    return record, (numpy.frombuffer(memory, found.dtype),)


def _reduce_column(manager: Any) -> Reduced:
    """Reduce what a series keeps to its block, as a frame's is; pandas takes the array out of it."""
    return type(manager), (manager.blocks[0], manager.axes[0])


def _is_frame(kind: type) -> bool:
    """Tell whether it is the class of frames or series, or one of theirs that is pickled as they are."""
    return "_mgr" in getattr(kind, "_internal_names", ()) and all(
        getattr(kind, name) is getattr(sys.modules["pandas"].DataFrame, name)
        for name in ("__getstate__", "__setstate__", "__reduce__", "__reduce_ex__")
    )


def _is_index(kind: type) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and issubclass(kind, pandas.Index)


def _reduce_frame(frame: Any) -> Reduced:
    """Reduce a frame with the attributes that were set on it, and its own `attrs` instead of a copy."""
    made, arguments, state, *others = frame.__reduce_ex__(_PROTOCOL)
    known = {*state, *(item for names in _NAMES for item in getattr(frame, names))}
    own = {name: value for name, value in vars(frame).items() if name not in known and not _is_of_pandas(value)}
    state = {**state, **own}
    if "attrs" in state:
        state["_attrs"] = state.pop("attrs")
    return made, arguments, state, *others


def _is_of_pandas(value: object) -> bool:
    """Tell whether it is pandas' own: an accessor that the frame made once, and makes again."""
    return package_of(type(value)) == "pandas" and not _is_frame(type(value))


def _apart(values: Any) -> Any:
    """Return another array on the same memory.

    Two frames may hold one array object until one is written to; pickle would make them share it for good.
    """
    # Not `view`, which gives another array of texts on the very same objects.
    return values[:]
