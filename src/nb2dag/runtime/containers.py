"""Reduce instances of classes derived from list, dict, str and their like without calling a method of the class.

Pickle fills such an object by its `append`, `__setitem__` or constructor. Where the class has its own, they would note,
count or convert once more what is already in the object, or want arguments that nobody gives them.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any

from nb2dag.runtime.definitions import PICKLING_HOOKS, instance_state, restore_instance
from nb2dag.runtime.remade import Reduced

_HEAP_TYPE = 1 << 9
"""The flag of a class that a class statement made (`Py_TPFLAGS_HEAPTYPE`)."""

_PLAIN: dict[type, Callable[[Any], Any]] = {
    frozenset: lambda value: [*frozenset.__iter__(value)],
    tuple: lambda value: tuple(tuple.__iter__(value)),
    str: str.__str__,
    bytes: lambda value: bytes.__getitem__(value, slice(None)),
    int: int.__int__,
    float: float.__float__,
}
"""How to take what an instance of a class that cannot change is made of."""

_KNOWN = (OrderedDict, defaultdict, Counter, dict, list, set, deque, *_PLAIN, object)


def _set_items(value: Any, items: Iterable[tuple[Any, Any]]) -> None:
    for key, item in items:
        OrderedDict.__setitem__(value, key, item)


_FACTORY: Any = vars(defaultdict)["default_factory"]
_LONGEST: Any = vars(deque)["maxlen"]

_Filling = tuple[Callable[[Any], Iterable[Any]], Callable[[Any, Any], object]]

_FILLINGS: dict[type, _Filling] = {
    OrderedDict: (lambda value: [*OrderedDict.items(value)], _set_items),
    dict: (lambda value: dict(dict.items(value)), dict.update),
    list: (lambda value: [*list.__iter__(value)], list.extend),
    set: (lambda value: [*set.__iter__(value)], set.update),
    deque: (lambda value: [*deque.__iter__(value)], deque.extend),
}
"""How to take what is in an instance of a class or of one derived from it, and how to put it there."""


def derived_from(kind: type) -> type | None:
    """Return the container class that a class is derived from, None where it is none or says how it is pickled.

    >>> derived_from(type("Stack", (list,), {})), derived_from(list), derived_from(type("Point", (), {}))
    (<class 'list'>, None, None)
    """
    own = [part for part in kind.__mro__ if part not in _KNOWN]
    if not own or any(not part.__flags__ & _HEAP_TYPE or PICKLING_HOOKS & vars(part).keys() for part in own):
        return None
    return next((base for base in (*_FILLINGS, *_PLAIN) if issubclass(kind, base)), None)


def reduce_derived(base: type, value: Any) -> Reduced:
    """Reduce an instance of a class derived from `base`: an empty one, then what is in it, then its attributes."""
    kind = type(value)
    given: tuple[Any, ...] = ((), _LONGEST.__get__(value)) if base is deque else ()
    if base in _PLAIN:
        given = (_PLAIN[base](value),)
    factory = _FACTORY.__get__(value) if issubclass(kind, defaultdict) else None
    content = _FILLINGS[base][0](value) if base in _FILLINGS else None
    attributes, slots = instance_state(value)
    # Who writes `self.__dict__ = self` wants the items to be the attributes from then on.
    state = content, factory, None if attributes is value else (attributes, slots)
    return make_empty, (base, kind, given), state, None, None, fill


def make_empty(base: Any, kind: type, given: tuple[Any, ...]) -> Any:
    """Return an instance of a class derived from `base` without calling anything of its own."""
    if base in _PLAIN:
        return base.__new__(kind, *given)
    value = base.__new__(kind)
    if given:
        base.__init__(value, *given)
    return value


def fill(value: Any, state: tuple[Any, Any, Any]) -> None:
    """Give an instance what `reduce_derived` took."""
    content, factory, attributes = state
    if content:
        base = next(base for base in _FILLINGS if isinstance(value, base))
        _FILLINGS[base][1](value, content)
    if factory is not None:
        _FACTORY.__set__(value, factory)
    if attributes is None:
        object.__setattr__(value, "__dict__", value)
    else:
        restore_instance(value, attributes)
