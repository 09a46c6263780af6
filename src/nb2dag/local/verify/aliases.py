"""Find out which names share an object that could be changed through one and seen through the other."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

from nb2dag.runtime.packages import package_of

Sharing = dict[tuple[str, str], str]
"""Pairs of names in order, each with the type of the object that they share."""

_LIBRARY_OBJECTS = {("numpy", "ndarray"), ("pandas", "DataFrame"), ("pandas", "Series")}


def sharing(values: Mapping[str, Any]) -> Sharing:
    """Return the pairs of names that lead to one and the same mutable object.

    Followed are lists, tuples, dicts, sets, deques and instances of the notebook's own classes; what a library keeps
    inside its objects is its own affair.

    >>> row = [1]
    >>> sharing({"a": row, "b": {"x": row}, "c": [1]})
    {('a', 'b'): 'list'}
    """
    reached: dict[int, tuple[Any, set[str]]] = {}
    for name, value in values.items():
        for item in _reachable(value):
            reached.setdefault(id(item), (item, set()))[1].add(name)
    found: Sharing = {}
    for item, names in reached.values():
        for pair in combinations(sorted(names), 2):
            found.setdefault(pair, type(item).__qualname__)
    return dict(sorted(found.items()))


def _reachable(value: Any) -> list[Any]:
    """Return every mutable object that `value` leads to, itself included, each once."""
    seen: dict[int, Any] = {}
    found: list[Any] = []
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen[id(item)] = item
        parts = _parts(item)
        if parts is not None or _is_leaf(item):
            if not isinstance(item, (tuple, frozenset)):
                found.append(item)
            waiting.extend(parts or ())
    return found


def _parts(item: Any) -> Iterable[Any] | None:
    if isinstance(item, dict):
        return [*item.keys(), *item.values(), *_own(item)]
    if isinstance(item, (list, tuple, set, frozenset, collections.deque)):
        return [*item, *_own(item)]
    if type(item).__module__ == "__main__" and not isinstance(item, type):
        return _own(item)
    return None


def _own(item: Any) -> list[Any]:
    if type(item).__module__ != "__main__":
        return []
    slots = [name for kind in type(item).__mro__ for name in getattr(kind, "__slots__", ()) if isinstance(name, str)]
    return [*getattr(item, "__dict__", {}).values(), *(getattr(item, name) for name in slots if hasattr(item, name))]


def _is_leaf(item: Any) -> bool:
    if isinstance(item, bytearray):
        return True
    kind = type(item)
    return (package_of(kind), kind.__name__) in _LIBRARY_OBJECTS
