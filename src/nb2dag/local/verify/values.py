"""Compare two values that came from two processes: by value where their type knows what equal means, else by structure.

This runs in the notebook's own kernel, beside the notebook's definitions, so that both values can be loaded at all.
"""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import fractions
import functools
import math
import pathlib
import reprlib
import sys
import types
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from nb2dag.local.verify.caches import without_caches
from nb2dag.local.verify.contents import meaning
from nb2dag.local.verify.equality import ABSOLUTE, RELATIVE, DifferenceError, IncomparableError
from nb2dag.local.verify.libraries import LIBRARIES
from nb2dag.runtime.deep_stack import with_room
from nb2dag.runtime.formulas import formula_reducer
from nb2dag.runtime.packages import package_of
from nb2dag.runtime.task_folder import Content, FileTree

_ATOMS = (
    type(None), bool, int, str, bytes, bytearray, range, slice, type(...), type(NotImplemented), decimal.Decimal,
    fractions.Fraction, uuid.UUID, datetime.date, datetime.time, datetime.timedelta, datetime.tzinfo, pathlib.PurePath,
)  # fmt: skip

_IDENTICAL = (
    type,
    types.ModuleType,
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
)


def compare(one: Any, other: Any) -> str:
    """Return `value` where two values are equal, `structure` where some part could be compared by its parts only.

    Numbers are equal within a relative tolerance, NaN equals NaN, dicts and sets have no order, and frames and arrays
    are equal with their dtypes and labels. A function is compared by its code, any other object by its type and state.

    >>> compare({"a": 0.1 + 0.2, "b": {1, 2}}, {"b": {2, 1}, "a": 0.3})
    'value'

    Raises:
        DifferenceError: They differ.
        IncomparableError: The type of some part says nothing about its state.
    """

    def walked() -> _Walk:
        walk = _Walk()
        walk.compare(one, other, "")
        return walk

    try:
        walk = with_room(walked)
    except RecursionError as error:
        raise IncomparableError(f"a {type_name(one)} is nested too deeply to be compared") from error
    return "structure" if walk.by_structure else "value"


def shortened(value: Any) -> str:
    """Return a value as one short line."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"{type_name(value)} of {' x '.join(map(str, shape))}"
    try:
        text = reprlib.repr(value) if isinstance(value, (list, tuple, dict, set, frozenset)) else repr(value)
    except Exception:  # noqa: BLE001 - whatever a notebook's `__repr__` raises
        return f"a {type_name(value)}"
    line = " ".join(text.split())
    return line if len(line) <= 160 else f"{line[:157]}..."


def type_name(value: Any) -> str:
    """Return the name of a value's type as people know it."""
    kind = type(value)
    return (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )


def _is_notebooks(kind: type) -> bool:
    return kind.__module__ == "__main__"


def _are_of_twin_classes(one: Any, other: Any) -> bool:
    """Tell whether two objects are of classes of the notebook with one name; a class by value is made at each load."""
    kinds = type(one), type(other)
    return all(map(_is_notebooks, kinds)) and kinds[0].__qualname__ == kinds[1].__qualname__


_OF_A_CLASS = {"__dict__", "__weakref__", "__static_attributes__", "__firstlineno__", "__annotate_func__"}
"""What a class has that says nothing about it: where it stands, and descriptors that each class makes anew."""


class _Walk:
    """One comparison. Pairs seen before are taken as equal: objects may contain themselves."""

    def __init__(self) -> None:
        self.by_structure = False
        self._seen: set[tuple[int, int]] = set()
        # An id is one object's only while that object lives.
        self._alive: list[tuple[Any, Any]] = []

    def compare(self, one: Any, other: Any, path: str) -> None:
        if one is other:
            return
        if type(one) is not type(other) and not _are_of_twin_classes(one, other):
            raise DifferenceError(path, _with_type(one), _with_type(other))
        if (id(one), id(other)) in self._seen:
            return
        self._seen.add((id(one), id(other)))
        self._alive.append((one, other))
        if type(one) is not type(other):
            try:
                self.compare(type(one), type(other), f"{path}.__class__")
            except DifferenceError as error:
                # One of them was stored by name, which now leads to the class of another time.
                name = type_name(one)
                raise IncomparableError(f"the notebook defines the class `{name}` more than once") from error
        self._of_one_type(one, other, path)

    def _of_one_type(self, one: Any, other: Any, path: str) -> None:
        if isinstance(one, type) and _is_notebooks(one):
            self.notebook_class(one, other, path)
        elif isinstance(one, _IDENTICAL):
            raise DifferenceError(path, shortened(one), shortened(other))
        elif isinstance(one, float):
            _require(_close(one, other), one, other, path)
        elif isinstance(one, complex):
            _require(_close(one.real, other.real) and _close(one.imag, other.imag), one, other, path)
        elif isinstance(one, enum.Enum) or type(one) in _ATOMS or isinstance(one, (datetime.date, pathlib.PurePath)):
            _require(one == other, one, other, path)
        elif (in_library := LIBRARIES.get(package_of(type(one)))) is not None and in_library(
            one, other, path, self.compare
        ):
            return
        elif (compare := _BY_TYPE.get(type(one))) is not None:
            compare(self, one, other, path)
        else:
            self.reduced(one, other, path)

    def sequence(self, one: Any, other: Any, path: str) -> None:
        _require(len(one) == len(other), one, other, path)
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            self.compare(left, right, f"{path}[{index}]")

    def mapping(self, one: Any, other: Any, path: str) -> None:
        _require(len(one) == len(other), one, other, path)
        try:
            same_keys = all(key in other for key in one)
        except TypeError:
            same_keys = False
        if same_keys:
            for key in one:
                self.compare(one[key], other[key], f"{path}[{shortened(key)}]")
            return
        # Keys that are equal to themselves only are matched in the order in which they were put in.
        for left, right in zip(one, other, strict=True):
            self.compare(left, right, f"{path} key {shortened(left)}")
            self.compare(one[left], other[right], f"{path}[{shortened(left)}]")

    def set(self, one: Any, other: Any, path: str) -> None:
        if one != other:
            _require(len(one) == len(other), one, other, path)
            pairs = zip(sorted(one - other, key=repr), sorted(other - one, key=repr), strict=True)
            for left, right in pairs:
                self.compare(left, right, f"{path} member {shortened(left)}")

    def function(self, one: Any, other: Any, path: str) -> None:
        self.by_structure = True
        self.code(one.__code__, other.__code__, path)
        for name in ("__defaults__", "__kwdefaults__", "__dict__"):
            self.compare(getattr(one, name), getattr(other, name), f"{path}.{name}")
        cells = [_contents(function.__closure__) for function in (one, other)]
        self.compare(cells[0], cells[1], f"{path}.__closure__")

    def code(self, one: Any, other: Any, path: str) -> None:
        for name in ("co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_flags"):
            _require(getattr(one, name) == getattr(other, name), one, other, f"{path}.__code__")
        self.sequence(one.co_consts, other.co_consts, f"{path}.__code__.co_consts")

    def notebook_class(self, one: Any, other: Any, path: str) -> None:
        """Compare two loads of a class that travels by value, as one does that the notebook has redefined since."""
        self.by_structure = True
        _require(one.__qualname__ == other.__qualname__, one, other, path)
        self.compare(one.__bases__, other.__bases__, f"{path}.__bases__")
        members = [
            {name: value for name, value in vars(kind).items() if name not in _OF_A_CLASS} for kind in (one, other)
        ]
        self._attributes(members[0], members[1], path)

    def property(self, one: Any, other: Any, path: str) -> None:
        self.sequence((one.fget, one.fset, one.fdel), (other.fget, other.fset, other.fdel), path)

    def wrapped(self, one: Any, other: Any, path: str) -> None:
        self.compare(one.__func__, other.__func__, path)

    def method(self, one: Any, other: Any, path: str) -> None:
        self.compare(one.__func__, other.__func__, f"{path}.__func__")
        self.compare(one.__self__, other.__self__, f"{path}.__self__")

    def cached(self, one: Any, other: Any, path: str) -> None:
        self.compare(one.__wrapped__, other.__wrapped__, f"{path}.__wrapped__")

    def files(self, one: FileTree, other: FileTree, path: str) -> None:
        """Compare the files of two places; one that is as it was shipped is the same in both."""
        for name in sorted(one.files.keys() | other.files.keys()):
            sides = [tree.files.get(name, "shipped" if name in tree.shipped else "not there") for tree in (one, other)]
            if "shipped" not in sides:
                _require(_same_file(*sides), sides[0], sides[1], f"{path}[{name!r}]")

    def equal(self, one: object, other: object, path: str) -> None:
        _require(one == other, one, other, path)

    def reduced(self, one: Any, other: Any, path: str) -> None:
        """Compare what pickle would rebuild the objects from: their constructor's arguments and their state."""
        self.by_structure = True
        try:
            parts, others = _reduced(one), _reduced(other)
        except RecursionError:
            raise
        except Exception as error:
            raise IncomparableError(f"a {type_name(one)} does not tell its state: {error}") from error
        if isinstance(parts, str) or isinstance(others, str):
            _require(parts == others, one, other, path)
            return
        names = ("__new__", "arguments", "", "items", "entries")
        for name, left, right in zip(names, parts, others, strict=False):
            if name in ("items", "entries") and left is not None and right is not None:
                self.sequence(list(left), list(right), path)
            elif name == "" and (states := (_attributes_of(left), _attributes_of(right)))[0] and states[1]:
                self._attributes(*without_caches(type(one), *states), path)
            else:
                self.compare(left, right, f"{path} ({name or 'state'})" if name != "" else path)

    def _attributes(self, one: dict[str, Any], other: dict[str, Any], path: str) -> None:
        for name in one.keys() ^ other.keys():
            sides = [shortened(state[name]) if name in state else "no such attribute" for state in (one, other)]
            raise DifferenceError(f"{path}.{name}", sides[0], sides[1])
        for name, value in one.items():
            self.compare(value, other[name], f"{path}.{name}")


def _reduced(value: Any) -> Any:
    """Return what a handoff rebuilds an object from, where its own class forbids it too."""
    array = getattr(sys.modules.get("numpy"), "ndarray", None)
    if array is not None and isinstance(value, array):
        return type, (value.view(array),), vars(value)
    reducer = formula_reducer(type(value))
    return value.__reduce_ex__(4) if reducer is None else reducer(value)


def _same_file(one: Content | str, other: Content | str) -> bool:
    if isinstance(one, str) or isinstance(other, str) or one == other:
        return one == other
    return one.mode == other.mode and meaning(bytes(one.data)) == meaning(bytes(other.data))


def _close(one: float, other: float) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return math.isclose(one, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def _require(condition: bool, one: Any, other: Any, path: str) -> None:
    if not condition:
        raise DifferenceError(path, shortened(one), shortened(other))


def _with_type(value: Any) -> str:
    return f"{shortened(value)} ({type_name(value)})"


def _attributes_of(state: Any) -> dict[str, Any]:
    """Return an object's state as attributes; with slots it is a pair, see `object.__getstate__`."""
    parts = state if isinstance(state, tuple) and len(state) == 2 else (state,)
    if not all(part is None or isinstance(part, dict) for part in parts):
        return {}
    return {str(name): value for part in parts for name, value in (part or {}).items()}


def _contents(cells: Iterable[types.CellType] | None) -> list[Any]:
    found = []
    for cell in cells or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:
            found.append(NotImplemented)
    return found


_BY_TYPE: dict[type, Callable[[_Walk, Any, Any, str], None]] = {
    list: _Walk.sequence,
    tuple: _Walk.sequence,
    dict: _Walk.mapping,
    collections.Counter: _Walk.mapping,
    set: _Walk.set,
    frozenset: _Walk.set,
    types.FunctionType: _Walk.function,
    types.CodeType: _Walk.code,
    types.MethodType: _Walk.method,
    property: _Walk.property,
    staticmethod: _Walk.wrapped,
    classmethod: _Walk.wrapped,
    type(functools.lru_cache(maxsize=1)(len)): _Walk.cached,
    FileTree: _Walk.files,
    Content: _Walk.equal,
}
