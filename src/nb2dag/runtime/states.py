"""Read and set back what a handoff can carry: the value of a name, or a state that has no name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nb2dag.runtime import library_options, settings
from nb2dag.runtime.failures import HandoffError
from nb2dag.runtime.task_folder import TaskFolder

_FILE = "<file:"


def file_state(place: str) -> str:
    """Return the name of the state of files: a path, a folder, or a pattern in the working directory.

    >>> file_state("out/a.csv")
    '<file:out/a.csv>'
    """
    return f"{_FILE}{place}>"


def is_bound(namespace: dict[str, Any], name: str) -> bool:
    """Tell whether a name has a value; a state always has one."""
    return name in namespace or name.startswith("<")


def value(namespace: dict[str, Any], name: str, folder: TaskFolder) -> Any:
    """Return the value of a bound name, or of a state such as `<random>`."""
    if name.startswith("<"):
        return _state(name, folder)[0]()
    return namespace[name]


def bind(namespace: dict[str, Any], name: str, value: Any, folder: TaskFolder) -> None:
    """Bind a name, or set a state back to what `value` returned in another process."""
    if name.startswith("<"):
        _state(name, folder)[1](value)
    else:
        namespace[name] = value


def _state(name: str, folder: TaskFolder) -> tuple[Callable[[], Any], Callable[[Any], None]]:
    if name.startswith(_FILE):
        place = name[len(_FILE) : -1]
        return lambda: folder.read(place), lambda tree: folder.write(place, tree)
    if name == "<cwd>":
        return folder.folder, folder.enter
    if name == "<environ>":
        return settings.environment, settings.set_environment
    if name == "<sys.path>":
        return (
            lambda: settings.search_path(folder.root),
            lambda changes: settings.set_search_path(changes, folder.root),
        )
    if name == "<config>":
        return library_options.options, library_options.set_options
    if name == "<random>":
        import random

        return random.getstate, random.setstate
    if name == "<numpy.random>":
        import numpy as np

        return np.random.get_state, np.random.set_state
    path = name[1:-1]
    if "." in path and all(part.isidentifier() for part in path.split(".")):
        return lambda: settings.attribute(path), lambda value: settings.set_attribute(path, value)
    raise HandoffError(f"this nb2dag knows no state `{name}`: the kernel needs the nb2dag that compiled the DAG")
