"""Check that a task's return value is a small JSON value, which goes to XCom and comes back as it was."""

from __future__ import annotations

import json
import math
import sys
from typing import Any

LIMIT = 64 * 1024
"""Bytes of JSON a return value may have."""


def json_value(value: Any, name: str) -> Any:
    """Return a value as JSON holds it, numpy scalars as Python's own numbers.

    Examples:
        >>> json_value({"auc": 0.91, "folds": [1, 2]}, "report")
        {'auc': 0.91, 'folds': [1, 2]}

    Raises:
        ValueError: Some part of it would not come back as it was; the message says which and what to do.
    """
    try:
        converted = _convert(value, name)
    except RecursionError:
        raise ValueError("it holds itself, or is nested too deeply") from None
    size = len(json.dumps(converted))
    if size > LIMIT:
        raise ValueError(
            f"it is {size:,} bytes of JSON, and a return value may have {LIMIT:,}: hand it over as a value instead"
        )
    return converted


def _convert(value: Any, path: str) -> Any:
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        if not math.isfinite(value):
            raise ValueError(f"`{path}` is {value}, which JSON does not know: return None instead")
        return value
    if type(value) is list:
        return [_convert(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if type(value) is dict:
        for key in value:
            if type(key) is not str:
                raise ValueError(f"`{path}` has the key {key!r}, and JSON has keys of text only: use `str(key)`")
        return {key: _convert(item, f"{path}[{key!r}]") for key, item in value.items()}
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic) and isinstance(value.item(), (bool, int, float, str)):
        return _convert(value.item(), path)
    raise ValueError(f"`{path}` is of type {type(value).__name__}, which is not JSON{_advice(value)}")


def _advice(value: Any) -> str:
    if isinstance(value, (tuple, set, frozenset)):
        return ": use `list(...)`"
    if hasattr(value, "isoformat"):
        return ": use `.isoformat()`"
    if hasattr(value, "tolist"):
        return ": use `.tolist()`"
    if hasattr(value, "to_dict"):
        return ": use `.to_dict()`"
    return ": return numbers, text, lists and dicts, or hand it over as a value instead"
