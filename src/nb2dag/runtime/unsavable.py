"""Say in the user's terms which member of a value cannot be handed over, or why a value cannot be loaded."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Iterable, Iterator
from types import FunctionType, MethodType
from typing import Any

from nb2dag.runtime.deep_stack import is_too_deep
from nb2dag.runtime.packages import package_of

_ADVICE = (
    (("generator", "async_generator", "coroutine", "map", "filter", "zip"), "hand over `list(...)` of it"),
    (("TextIOWrapper", "Buffered", "FileIO"), "hand over its path, and open it in the task that uses it"),
    (("memoryview",), "hand over `bytes(...)` of it"),
    (("onnection", "ursor", "ngine", "ession", "lient", "socket"), "make it anew in each task that uses it"),
)
_ADVICE_OTHERWISE = "make it in the task that uses it, or take it out before the task ends"


def explain(values: dict[str, Any], namespace: dict[str, Any], error: Exception) -> str:
    """Return one line on what in `values` cannot be handed over, where it is and what to do.

    Args:
        values: The values of an alias group by name.
        namespace: The notebook's namespace.
        error: What pickling them raised.
    """
    for name, value in values.items():
        found = _failure(value, namespace)
        if found is None:
            continue
        if is_too_deep(found):
            return _sentence(name, value, found)
        try:
            return _sentence(*_locate(value, name, namespace, found, {id(value)}))
        except Exception:  # noqa: BLE001, the user's classes take part in it
            return _sentence(name, value, found)
    names = ", ".join(f"`{name}`" for name in values)
    return f"{names} cannot be handed over to another task: {_reason(error)}"


def why_not_loaded(error: Exception) -> str:
    """Return one line on why a stored value that is whole cannot be loaded here."""
    from nb2dag.runtime.pickler import DefinitionMissingError

    if isinstance(error, DefinitionMissingError):
        return f"it needs {error}; move its definition or import above the first task, so that every task has it"
    return f"{type(error).__name__}: {error}"


def _sentence(path: str, culprit: Any, error: Exception) -> str:
    kind = type(culprit)
    named = (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )
    return (
        f"`{path}` is of type {named}, which cannot be handed over to another task ({_reason(error)}): {_advice(kind)}"
    )


def _advice(kind: type) -> str:
    for parts, advice in _ADVICE:
        if any(part in kind.__qualname__ for part in parts):
            return advice
    return _ADVICE_OTHERWISE


def _reason(error: Exception) -> str:
    if is_too_deep(error):
        return "it is nested too deeply"
    return str(error) or type(error).__name__


def _failure(value: Any, namespace: dict[str, Any]) -> Exception | None:
    from nb2dag.runtime.pickler import ValuePickler
    from nb2dag.runtime.sharing import Memory

    try:
        ValuePickler(_Nowhere(), namespace, Memory()).dump(value)
    except Exception as error:  # noqa: BLE001, the user's classes take part in it
        return error
    return None


def _locate(
    value: Any, path: str, namespace: dict[str, Any], error: Exception, seen: set[int]
) -> tuple[str, Any, Exception]:
    """Follow the members that fail as `value` does, down to one whose own members do not."""
    for step, member in _members(value):
        if id(member) in seen:
            continue
        seen.add(id(member))
        found = _failure(member, namespace)
        if found is not None:
            return _locate(member, path + step, namespace, found, seen)
    return path, value, error


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what pickling a value would pickle, with the way to it from the value."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield f"[{key!r}]", member
            yield f" key {key!r}", key
    if isinstance(value, (list, tuple, deque, set, frozenset)):
        yield from _items(value)
    elif isinstance(value, FunctionType):
        yield from _function_members(value)
    elif isinstance(value, MethodType):
        yield ".__self__", value.__self__
    elif isinstance(value, functools.partial):
        yield ".func", value.func
        yield from ((f".args{step}", member) for step, member in _items(value.args))
        yield from ((f".keywords[{key!r}]", member) for key, member in value.keywords.items())
    elif isinstance(value, type):
        yield from ((f".{name}", member) for name, member in vars(value).items())
    elif _is_pandas(value, "DataFrame"):
        yield from ((f"[{key!r}]", value.iloc[:, index]) for index, key in enumerate(value.columns))
    elif _is_pandas(value, "Series"):
        yield from ((f"[{key!r}]", member) for key, member in value.items())
    elif hasattr(value, "__array_interface__") and value.dtype.hasobject:
        yield from _items(value.flat)
    else:
        yield from _state_members(value)


def _is_pandas(value: Any, name: str) -> bool:
    return any(base.__name__ == name and package_of(base) == "pandas" for base in type(value).__mro__)


def _items(items: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    yield from ((f"[{index}]", member) for index, member in enumerate(items))


def _function_members(function: FunctionType) -> Iterator[tuple[str, Any]]:
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield f".<variable {name}>", cell.cell_contents
        except ValueError:
            continue
    yield from ((f".<default {index}>", member) for index, member in enumerate(function.__defaults__ or ()))
    yield from ((f".<default {name}>", member) for name, member in (function.__kwdefaults__ or {}).items())
    yield from ((f".{name}", member) for name, member in vars(function).items())


def _state_members(value: Any) -> Iterator[tuple[str, Any]]:
    try:
        reduced = value.__reduce_ex__(5)
    except Exception:  # noqa: BLE001, the user's classes take part in it
        return
    if not isinstance(reduced, tuple):
        return
    arguments, state, items, pairs = (*reduced[1:5], None, None, None)[:4]
    for part in state if isinstance(state, tuple) else (state,):
        if isinstance(part, dict):
            yield from ((f".{name}", member) for name, member in part.items())
        elif part is not None:
            yield ".<state>", part
    yield from _items(items or ())
    for key, member in pairs or ():
        yield f"[{key!r}]", member
    yield from ((f".<part {index}>", member) for index, member in enumerate(arguments))


class _Nowhere:
    """A file that forgets what is written to it."""

    def write(self, data: bytes) -> int:
        return len(data)
