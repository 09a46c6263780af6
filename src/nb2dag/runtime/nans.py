"""Let a NaN be the same object again after a load, where it was one object in several places.

`np.nan in values`, `Counter(df["city"])` and `set(column)` find a NaN by its identity, for it equals nothing. Pickle
writes a float as its bits, so each would become an object of its own: a set would hold as many NaNs as a column has.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

_WELL_KNOWN = ("numpy", "math")
"""Modules whose `nan` is one object for a whole process; a NaN's number is the place here, or a higher one."""

_WRITTEN = (b"G\x7f\xf8\0\0\0\0\0\0", b"G\xff\xf8\0\0\0\0\0\0")
"""What pickle writes for a NaN."""


def may_hold_nan(stream: bytearray) -> bool:
    """Tell whether a pickle stream may hold a NaN that is a Python float: asking costs next to nothing."""
    return any(written in stream for written in _WRITTEN)


class NanNumbers:
    """Number the NaNs of one stream by their identity."""

    def __init__(self) -> None:
        known = [getattr(sys.modules.get(module), "nan", None) for module in _WELL_KNOWN]
        self._numbers = {id(nan): (number, nan) for number, nan in reversed([*enumerate(known)]) if nan is not None}
        self._next = len(_WELL_KNOWN)

    def number_of(self, nan: float) -> int:
        """Return the number of a NaN, which is kept alive so that its identity stays its own."""
        known = self._numbers.get(id(nan))
        if known is None:
            known = self._numbers[id(nan)] = self._next, nan
            self._next += 1
        return known[0]


class NumberedNans:
    """The NaNs of one stream by their numbers."""

    def __init__(self) -> None:
        self._nans: dict[int, float] = {}

    def of(self, number: int) -> float:
        """Return the NaN of a number."""
        if number not in self._nans:
            self._nans[number] = _well_known(_WELL_KNOWN[number]) if number < len(_WELL_KNOWN) else float("nan")
        return self._nans[number]


def _well_known(module: str) -> float:
    found: Any = importlib.import_module(module)
    nan: float = found.nan
    return nan
