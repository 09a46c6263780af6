"""Let what a call or a lambda made be one object in each process, where the notebook has a name for it.

A class statement and a `def` are found again by their own names. `Row = namedtuple("row", "a b")` and `f = lambda x: x`
have another one, or none: they go by the name that the notebook gave them, with all that it takes to make them anew
where the consumer has not done so.
"""

from __future__ import annotations

import hashlib
import marshal
import pickle
import re
from collections import namedtuple
from collections.abc import Mapping
from types import CodeType, FunctionType
from typing import Any

from nb2dag.runtime.definitions import is_called_into_being

_tuples: dict[tuple[Any, ...], type] = {}
_lambdas: dict[tuple[Any, ...], FunctionType] = {}
"""What was loaded by a name of a namespace: one of several streams is one object."""

_OF_EACH = {"__dict__", "__weakref__", "__slotnames__", "__hash__", "__doc__", "__annotate__", "__annotate_func__"}
"""Attributes of a class that say nothing of what it is."""

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")

_WITHOUT_REFERENCES = 2
"""A version of marshal's format that says the same for the same code: later ones say what else refers to a part."""

_names: dict[type, str] = {}
"""The names under which classes were loaded that this process may not have by any name."""


def name_of(namespace: Mapping[str, Any], value: Any) -> str | None:
    """Return the name that a notebook has for an object itself, or that it went by when it was loaded."""
    own = (name for name, found in namespace.items() if found is value and not name.startswith("_"))
    return next(own, _names.get(value) if isinstance(value, type) else None)


def is_plain_tuple_class(cls: type) -> bool:
    """Tell whether a class is as a call of `namedtuple` makes it."""
    if not is_called_into_being(cls):
        return False
    plain = vars(_made(cls.__name__, cls._fields, {})).keys()  # type: ignore[attr-defined]
    # Pickle itself notes the names of slots in a class.
    return vars(cls).keys() - {"__slotnames__"} == plain


def is_plain_lambda(function: FunctionType) -> bool:
    """Tell whether a function is a lambda that keeps nothing: all there is to it is its code."""
    kept = function.__closure__ or function.__defaults__ or function.__kwdefaults__ or function.__dict__
    return function.__name__ == "<lambda>" and not kept


def tuple_class(_name: str, _typename: str, _fields: tuple[str, ...], _defaults: dict[str, Any]) -> type:
    """Stand in a stream for `tuple_class_of` on the consumer's namespace, which the unpickler knows."""
    raise pickle.UnpicklingError("a notebook's class can be loaded by nb2dag's own unpickler only")


def tuple_class_of(
    namespace: Mapping[str, Any], name: str, typename: str, fields: tuple[str, ...], defaults: dict[str, Any]
) -> type:
    """Return the class of named tuples that a name stands for: the consumer's own, where it made it again."""
    found = namespace.get(name)
    if isinstance(found, type) and found.__name__ == typename and getattr(found, "_fields", None) == fields:
        return found
    key = id(namespace), name, typename, fields
    if key not in _tuples:
        made = _tuples[key] = _made(typename, fields, defaults)
        _names[made] = name
    return _tuples[key]


class Whole:
    """Stands for a class that travels by value."""

    __slots__ = ("cls",)

    def __init__(self, cls: type) -> None:
        self.cls = cls


def made_class(_name: str, _description: str, _made: type) -> type:
    """Stand in a stream for `made_class_of` on the consumer's namespace, which the unpickler knows."""
    raise pickle.UnpicklingError("a notebook's class can be loaded by nb2dag's own unpickler only")


def made_class_of(namespace: Mapping[str, Any], name: str, description: str, made: type) -> type:
    """Return the class that a name stands for, `Dyn = type("Dynamic", (), {})`: the consumer's own, if it is alike.

    One that keeps something else than the consumer's is another one: `made`, which may not be complete yet.
    """
    found = namespace.get(name)
    return found if isinstance(found, type) and describe(found) == description else made


def describe(cls: type) -> str:
    """Return what a class is, in two processes the same where it was made in the same way."""
    own = {key: _shown(value) for key, value in vars(cls).items() if key not in _OF_EACH}
    text = repr((cls.__name__, [base.__name__ for base in cls.__bases__], sorted(own.items())))
    return hashlib.sha256(text.encode()).hexdigest()


def _shown(value: Any) -> str:
    function = getattr(value, "__func__", value)
    if isinstance(function, FunctionType):
        return hashlib.sha256(marshal.dumps(_without_place(function.__code__), _WITHOUT_REFERENCES)).hexdigest()
    return _ADDRESS.sub("", repr(value))


def lambda_function(_name: str, _code: bytes) -> FunctionType:
    """Stand in a stream for `lambda_of` on the consumer's namespace, which the unpickler knows."""
    raise pickle.UnpicklingError("a notebook's function can be loaded by nb2dag's own unpickler only")


def lambda_of(namespace: dict[str, Any], name: str, code: bytes) -> FunctionType:
    """Return the lambda that a name stands for: the consumer's own, where it has the same code."""
    own: CodeType = marshal.loads(code)
    found = namespace.get(name)
    if isinstance(found, FunctionType) and _without_place(found.__code__) == _without_place(own):
        return found
    return _lambdas.setdefault((id(namespace), name, code), FunctionType(own, namespace))


def _made(typename: str, fields: tuple[str, ...], defaults: dict[str, Any]) -> Any:
    return namedtuple(typename, fields, defaults=[*defaults.values()], module="__main__")


def _without_place(code: CodeType) -> CodeType:
    """Return code as if it stood at the beginning of no file: a task's cell is another one than the notebook's."""
    inner = tuple(_without_place(part) if isinstance(part, CodeType) else part for part in code.co_consts)
    return code.replace(co_filename="", co_firstlineno=1, co_linetable=b"", co_consts=inner)
