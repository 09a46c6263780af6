"""Write JSON with the same bytes every time."""

from __future__ import annotations

import json
from typing import Any

_WIDTH = 100


def notebook_json(notebook: dict[str, Any]) -> str:
    """Return a notebook's JSON, the bytes that Jupyter itself would save."""
    return _dumps(notebook, indent=1, sort_keys=True) + "\n"


def manifest_json(value: object) -> str:
    """Return JSON in the order of its keys; whatever fits on a line stands on one."""
    return _wrapped(value, 0) + "\n"


def _wrapped(value: object, depth: int) -> str:
    line = _dumps(value)
    if len(line) + depth <= _WIDTH or not value or not isinstance(value, (dict, list, tuple)):
        return line
    inner = " " * (depth + 1)
    if isinstance(value, dict):
        items = [f"{inner}{_dumps(key)}: {_wrapped(item, depth + 1)}" for key, item in value.items()]
        return "\n".join(["{", ",\n".join(items), " " * depth + "}"])
    items = [f"{inner}{_wrapped(item, depth + 1)}" for item in value]
    return "\n".join(["[", ",\n".join(items), " " * depth + "]"])


def _dumps(value: object, **options: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, **options)
    try:
        text.encode()
    except UnicodeEncodeError:
        # A lone surrogate has no UTF-8; JSON can still spell it.
        return json.dumps(value, **options)
    return text
