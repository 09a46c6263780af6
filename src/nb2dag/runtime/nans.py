"""Let a NaN be the same object again after a load, where it was one object in several places.

`np.nan in values`, `Counter(df["city"])` and `set(column)` find a NaN by its identity, for it equals nothing. Pickle
writes a float as its bits, so each would become an object of its own: a set would hold as many NaNs as a column has.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from math import isnan
from typing import Any

_WELL_KNOWN = ("numpy", "math")
"""Modules whose `nan` is one object for a whole process; a NaN's number is the place here, or a higher one."""

_WRITTEN = (b"G\x7f\xf8\0\0\0\0\0\0", b"G\xff\xf8\0\0\0\0\0\0")
"""What pickle writes for a NaN."""

_named: dict[tuple[int, str], float] = {}
"""The NaNs that were loaded for a name of a namespace: one of several streams is one object."""


def may_hold_nan(stream: bytearray) -> bool:
    """Tell whether a pickle stream may hold a NaN that is a Python float: asking costs next to nothing."""
    return any(written in stream for written in _WRITTEN)


class NanNumbers:
    """Number the NaNs of one stream by their identity; one that a namespace has a name for goes by that name."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._numbers: dict[int, tuple[int | str, float]] = {
            id(value): (name, value) for name, value in reversed([*namespace.items()]) if _is_nan(value)
        }
        known = [getattr(sys.modules.get(module), "nan", None) for module in _WELL_KNOWN]
        self._numbers |= {id(nan): (number, nan) for number, nan in reversed([*enumerate(known)]) if nan is not None}
        self._next = len(_WELL_KNOWN)

    def number_of(self, nan: float) -> int | str:
        """Return the number or name of a NaN, which is kept alive so that its identity stays its own."""
        known = self._numbers.get(id(nan))
        if known is None:
            known = self._numbers[id(nan)] = self._next, nan
            self._next += 1
        return known[0]


class NumberedNans:
    """The NaNs of one stream by their numbers and names."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._nans: dict[int, float] = {}
        self._namespace = namespace

    def of(self, number: int | str) -> float:
        """Return the NaN of a number or name."""
        if isinstance(number, str):
            return self._of_name(number)
        if number not in self._nans:
            self._nans[number] = _well_known(_WELL_KNOWN[number]) if number < len(_WELL_KNOWN) else float("nan")
        return self._nans[number]

    def _of_name(self, name: str) -> float:
        """Return the NaN that the shared code gave this name, or else the one that was loaded for it before."""
        own = self._namespace.get(name)
        key = id(self._namespace), name
        if isinstance(own, float) and _is_nan(own):
            _named[key] = own
        return _named.setdefault(key, float("nan"))


def _is_nan(value: object) -> bool:
    return type(value) is float and isnan(value)


def _well_known(module: str) -> float:
    found: Any = importlib.import_module(module)
    nan: float = found.nan
    return nan
