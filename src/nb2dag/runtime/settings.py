"""Carry what a notebook set for the whole process from task to task: environment, search path, module attributes."""

from __future__ import annotations

import importlib
import os
import sys
from collections import deque
from contextlib import suppress
from functools import reduce
from pathlib import Path
from typing import Any

_BEGAN_WITH = dict(os.environ)
_BEGAN_ON = list(sys.path)
"""As they were when this module was imported: a task's kernel does so before the first cell."""

_OWN = frozenset({"NB2DAG_JOB", "JPY_PARENT_PID", "JPY_SESSION_NAME", "PWD", "OLDPWD", "SHLVL", "_"})
"""Variables that belong to one process."""


def environment() -> dict[str, str | None]:
    """Return the environment variables that changed since the process began; None for one that was removed."""
    names = (_BEGAN_WITH.keys() | os.environ.keys()) - _OWN
    return {name: os.environ.get(name) for name in sorted(names) if os.environ.get(name) != _BEGAN_WITH.get(name)}


def set_environment(changes: dict[str, str | None]) -> None:
    """Make the changes that `environment` returned, and no others: what this process has changed is undone."""
    undone = {name: _BEGAN_WITH.get(name) for name in environment()}
    for name, value in (undone | changes).items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def search_path(root: Path) -> tuple[list[tuple[int, str]], list[str]]:
    """Return the entries of `sys.path` that are new, each with its place, and those that are gone.

    An entry in the working directory `root` is given relative to it, with `./` in front.
    """
    new = [(place, _relative(entry, root)) for place, entry in enumerate(sys.path) if entry not in _BEGAN_ON]
    return new, [entry for entry in _BEGAN_ON if entry not in sys.path]


def set_search_path(changes: tuple[list[tuple[int, str]], list[str]], root: Path) -> None:
    """Make the changes that `search_path` returned, and no others."""
    new, gone = changes
    sys.path[:] = [entry for entry in _BEGAN_ON if entry not in gone]
    for place, entry in new:
        entry = str(root / entry) if entry.startswith("./") else entry
        if entry not in sys.path:
            sys.path.insert(place, entry)


def _relative(entry: str, root: Path) -> str:
    if Path(entry).is_absolute() and Path(entry).is_relative_to(root):
        return f"./{Path(entry).relative_to(root).as_posix()}"
    return entry


def attribute(path: str) -> Any:
    """Return what a dotted path leads to: a module, then attributes."""
    return reduce(getattr, *_reached(path))


def set_attribute(path: str, value: Any) -> None:
    """Set what a dotted path leads to; a container stays the object it is, which others may have by another name."""
    owner, _, name = path.rpartition(".")
    target = attribute(owner)
    if not _fill(getattr(target, name, None), value):
        setattr(target, name, value)


_HEAP_TYPE = 1 << 9
"""Flag of classes that Python code made (`Py_TPFLAGS_HEAPTYPE`)."""


def _fill(container: Any, value: Any) -> bool:
    """Give a container the content of another one of its type; return whether that could be done."""
    if type(container) is not type(value):
        return False
    if isinstance(container, dict):
        content = dict(value)
        container.clear()
        container.update(content)
    elif isinstance(container, list | bytearray):
        container[:] = value
    elif isinstance(container, set):
        container.intersection_update(())
        container.update(value)
    elif isinstance(container, deque):
        container.clear()
        container.extend(value)
    elif _is_plain_instance(container):
        attributes = dict(vars(value))
        vars(container).clear()
        vars(container).update(attributes)
    else:
        return False
    return True


def _is_plain_instance(instance: Any) -> bool:
    """Tell whether all there is to an object are the attributes in its `__dict__`."""
    bases = type(instance).__mro__[:-1]
    if not hasattr(instance, "__dict__"):
        return False
    return all(base.__module__ != "builtins" and base.__flags__ & _HEAP_TYPE for base in bases) and not any(
        vars(base).get("__slots__") for base in bases
    )


def _reached(path: str) -> tuple[list[str], Any]:
    """Return the attributes of a dotted path, and the module that they begin at."""
    parts = path.split(".")
    module = importlib.import_module(parts[0])
    for length in range(2, len(parts)):
        try:
            module = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            return parts[length - 1 :], module
    last = parts[max(1, len(parts) - 1) :]
    if last and not hasattr(module, last[0]):
        # A part of a package, which is an attribute of it once it is imported.
        with suppress(ImportError):
            importlib.import_module(path)
    return last, module
