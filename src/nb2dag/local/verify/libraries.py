"""Compare values of numpy, pandas, pyarrow, polars and matplotlib as these libraries compare them.

A library is there when one of its values is, so each is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from nb2dag.local.verify.equality import ABSOLUTE, RELATIVE, DifferenceError

Walk = Callable[[Any, Any, str], None]
"""Compares two parts of values."""

Compare = Callable[[Any, Any, str, Walk], bool]
"""Compares two values of one type; False where the library has no more to say than their structure does."""


def _numpy(one: Any, other: Any, path: str, walk: Walk) -> bool:
    np = import_module("numpy")
    if isinstance(one, np.ma.MaskedArray) or not isinstance(one, (np.ndarray, np.generic, np.dtype)):
        return False
    if isinstance(one, np.dtype):
        _require(one == other, str(one), str(other), path)
        return True
    _require(one.dtype == other.dtype, f"dtype {one.dtype}", f"dtype {other.dtype}", path)
    _require(one.shape == other.shape, f"shape {one.shape}", f"shape {other.shape}", path)
    if one.dtype.hasobject:
        for index in np.ndindex(one.shape):
            walk(one[index], other[index], f"{path}{list(index)}")
        return True
    same = _same_elements(np, one, other)
    if not np.all(same):
        index = tuple(int(number) for number in np.argwhere(~np.atleast_1d(same))[0])
        left, right = np.atleast_1d(one)[index], np.atleast_1d(other)[index]
        _require(False, repr(left), repr(right), f"{path}{list(index)}" if one.shape else path)
    return True


def _same_elements(np: Any, one: Any, other: Any) -> Any:
    if one.dtype.kind in "fc":
        return np.isclose(one, other, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)
    if one.dtype.kind in "mM":
        return (one == other) | (np.isnat(one) & np.isnat(other))
    if one.dtype.kind == "V":
        return np.asarray(one.tobytes() == other.tobytes())
    return one == other


def _pandas(one: Any, other: Any, path: str, walk: Walk) -> bool:
    pd, testing = import_module("pandas"), import_module("pandas.testing")
    tolerance = {"rtol": RELATIVE, "atol": ABSOLUTE}
    try:
        if isinstance(one, pd.DataFrame):
            testing.assert_frame_equal(one, other, check_freq=False, **tolerance)
        elif isinstance(one, pd.Series):
            testing.assert_series_equal(one, other, check_freq=False, **tolerance)
        elif isinstance(one, pd.Index):
            testing.assert_index_equal(one, other, exact=True, **tolerance)
        elif isinstance(one, pd.api.extensions.ExtensionArray):
            testing.assert_extension_array_equal(one, other, **tolerance)
        elif isinstance(one, (pd.Timestamp, pd.Timedelta, pd.Period, pd.Interval, pd.api.extensions.ExtensionDtype)):
            _require(bool(one == other), repr(one), repr(other), path)
        else:
            return one is pd.NaT or one is pd.NA
    except AssertionError as error:
        _require(False, *_sides(str(error)), path)
    except (TypeError, ValueError):
        # Cells that hold objects which pandas cannot compare.
        return _by_cell(one, other, path, walk)
    walk(dict(getattr(one, "attrs", {})), dict(getattr(other, "attrs", {})), f"{path}.attrs")
    return True


def _by_cell(one: Any, other: Any, path: str, walk: Walk) -> bool:
    if not hasattr(one, "index"):
        return False
    walk(one.index, other.index, f"{path}.index")
    if hasattr(one, "columns"):
        walk(one.columns, other.columns, f"{path}.columns")
        walk(list(one.dtypes), list(other.dtypes), f"{path}.dtypes")
    walk(one.to_numpy(dtype=object), other.to_numpy(dtype=object), path)
    return True


def _sides(message: str) -> tuple[str, str]:
    """Return what pandas says about the left and the right side, after what the difference is about."""
    lines = [" ".join(line.split()) for line in message.splitlines() if line.strip()]
    about = lines[0] if lines else "they differ"
    found = {}
    for name in ("[left]:", "[right]:"):
        index = next((number for number, line in enumerate(lines) if line.startswith(name)), None)
        if index is not None:
            found[name] = " ".join(lines[index : index + 1]).removeprefix(name).strip()[:120]
    return f"{about}: {found.get('[left]:', '')}".rstrip(": "), f"{about}: {found.get('[right]:', '')}".rstrip(": ")


def _arrow(one: Any, other: Any, path: str, _walk: Walk) -> bool:
    if not hasattr(one, "equals"):
        return False
    _require(one.equals(other), *_tables(one, other), path)
    return True


def _polars(one: Any, other: Any, path: str, _walk: Walk) -> bool:
    testing = import_module("polars.testing")
    for kind, same in (("DataFrame", testing.assert_frame_equal), ("Series", testing.assert_series_equal)):
        if type(one).__name__ == kind:
            try:
                same(one, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
            except AssertionError:
                _require(False, *_tables(one, other), path)
            return True
    return False


def _tables(one: Any, other: Any) -> tuple[str, str]:
    left, right = (" ".join(str(value).split())[:160] for value in (one, other))
    return (left, right) if left != right else (f"{left} (its values)", f"{right} (other values)")


def _matplotlib(one: Any, other: Any, path: str, _walk: Walk) -> bool:
    # Any part of a figure stands for all of it: what it looks like is what it is for.
    figures = [value if hasattr(value, "canvas") else getattr(value, "figure", None) for value in (one, other)]
    if not all(isinstance(figure, import_module("matplotlib.figure").Figure) for figure in figures):
        return False
    pictures = []
    for figure in figures:
        canvas = import_module("matplotlib.backends.backend_agg").FigureCanvasAgg(figure)
        canvas.draw()
        pictures.append((canvas.get_width_height(), bytes(canvas.buffer_rgba())))
    _require(pictures[0] == pictures[1], "a figure", "a figure with other pixels", path)
    return True


def _require(condition: bool, one: str, other: str, path: str) -> None:
    if not condition:
        raise DifferenceError(path, one, other)


LIBRARIES: dict[str, Compare] = {
    "numpy": _numpy,
    "pandas": _pandas,
    "pyarrow": _arrow,
    "polars": _polars,
    "matplotlib": _matplotlib,
}
"""By the package that a type is from."""
