"""Say which JSON-Schema types a Python value has."""

from __future__ import annotations

import math

_ANY = ("null", "string", "number", "boolean", "array", "object")


def json_types(value: object) -> tuple[str, ...] | None:
    """Return the JSON-Schema types of a param with this default, None where JSON has no such value.

    >>> json_types(-1), json_types(True), json_types([1, {"a": None}]), json_types((1,))
    (('integer',), ('boolean',), ('array',), None)
    """
    if value is None:
        return _ANY
    if isinstance(value, bool):
        return ("boolean",)
    if isinstance(value, int):
        return ("integer",)
    if isinstance(value, float):
        return ("number",) if math.isfinite(value) else None
    if isinstance(value, str):
        return ("string",)
    if isinstance(value, list):
        return ("array",) if all(json_types(item) for item in value) else None
    if isinstance(value, dict):
        fits = all(isinstance(key, str) and json_types(item) for key, item in value.items())
        return ("object",) if fits else None
    return None
