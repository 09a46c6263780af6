"""Read and set back what a handoff can carry: the value of a name, or a state that has no name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nb2dag.runtime.failures import HandoffError


def is_bound(namespace: dict[str, Any], name: str) -> bool:
    """Tell whether a name has a value; a state always has one."""
    return name in namespace or name.startswith("<")


def value(namespace: dict[str, Any], name: str) -> Any:
    """Return the value of a bound name, or of a state such as `<random>`."""
    return _state(name)[0]() if name.startswith("<") else namespace[name]


def bind(namespace: dict[str, Any], name: str, value: Any) -> None:
    """Bind a name, or set a state back to what `value` returned in another process."""
    if name.startswith("<"):
        _state(name)[1](value)
    else:
        namespace[name] = value


def _state(name: str) -> tuple[Callable[[], Any], Callable[[Any], None]]:
    if name == "<random>":
        import random

        return random.getstate, random.setstate
    if name == "<numpy.random>":
        import numpy as np

        return np.random.get_state, np.random.set_state
    raise HandoffError(f"this nb2dag knows no state `{name}`: the kernel needs the nb2dag that compiled the DAG")
