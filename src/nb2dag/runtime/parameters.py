"""Check that papermill can pass a run's parameters as they are."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from typing import Any

from nb2dag.runtime.failures import NotRunnableError


def check_parameters(parameters: Mapping[str, Any]) -> None:
    """Refuse what papermill would pass as something else: it writes a value of any other type as text.

    Raises:
        NotRunnableError: A name is no identifier, or a value is not made of None, bool, int, float, str, list and dict.
    """
    for name, value in parameters.items():
        if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
            raise NotRunnableError(f"{name!r} cannot be a parameter: a parameter's name is a Python identifier")
        _check(value, name)


def _check(value: Any, path: str) -> None:
    if value is None or type(value) in (bool, int, float, str):
        return
    if type(value) is list:
        for index, item in enumerate(value):
            _check(item, f"{path}[{index}]")
    elif type(value) is dict:
        for key, item in value.items():
            if type(key) is not str:
                raise NotRunnableError(
                    f"parameter `{path}` has the key {key!r}, which would become text: use `str(key)`"
                )
            _check(item, f"{path}[{key!r}]")
    else:
        raise NotRunnableError(
            f"parameter `{path}` is of type {type(value).__name__}, which would become text in the notebook: "
            f"{_advice(value)}"
        )


def _advice(value: Any) -> str:
    if isinstance(value, (tuple, set, frozenset)):
        return "pass `list(...)`"
    if hasattr(value, "isoformat"):
        return "pass `.isoformat()` and parse it in the notebook"
    if hasattr(value, "tolist"):
        return "pass `.tolist()`"
    if isinstance(value, (bytes, bytearray)):
        return "pass text, `.decode()` or `.hex()`"
    return "pass `str(...)` or a number and convert it in the notebook"
