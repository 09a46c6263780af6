"""Reduce numpy's arrays of Python objects: pickle stores the objects, and not the memory that refers to them."""

from __future__ import annotations

from typing import Any

from nb2dag.runtime.refusal import UnsavableError
from nb2dag.runtime.remade import Reduced

_PROTOCOL = 5
_Place = tuple[int, tuple[int, ...], tuple[int, ...], bool]
"""Where in the base a view lies: its first element, its shape, its strides in bytes, and whether it may be written."""


def reduce_objects(array: Any, *, shared: bool) -> Reduced:
    """Reduce an array of Python objects; one that is `shared` and looks into another one, as a view of that.

    Raises:
        UnsavableError: It shares its memory with what it is a field of.
    """
    if shared:
        base = _base_of(array)
        if base.base is not None:
            raise UnsavableError(
                "two numpy arrays of Python objects share memory, and one is a field of the other: hand over `.copy()` "
                "of it"
            )
        if base is not array:
            return view_of_objects, (base, _place_in(base, array))
    if array.flags.writeable:
        return NotImplemented
    # pickle forgets that nobody may write to it.
    return (*array.__reduce_ex__(_PROTOCOL), None, None, restore_read_only)


def view_of_objects(base: Any, place: _Place) -> Any:
    """Return a view of an array of Python objects."""
    import numpy as np

    first, shape, strides, writable = place
    return np.lib.stride_tricks.as_strided(base.ravel("K")[first:], shape, strides, writeable=writable)


def restore_read_only(array: Any, state: Any) -> None:
    """Give an array its contents, after which nobody may write to it."""
    array.__setstate__(state)
    array.flags.writeable = False


def _base_of(array: Any) -> Any:
    """Return the array that an array looks into, the array itself if it is none's view."""
    base = array
    while type(below := _looked_into(base)) is type(base) and below.dtype == array.dtype:
        base = below
    return base


def _looked_into(array: Any) -> Any:
    """Return what an array is a view of; `as_strided` puts an object of its own between the two."""
    between = type(array.base).__name__ == "DummyArray"
    return array.base.base if between else array.base


def _place_in(base: Any, array: Any) -> _Place:
    first, start = (one.__array_interface__["data"][0] for one in (array, base))
    return (first - start) // array.itemsize, array.shape, array.strides, array.flags.writeable
