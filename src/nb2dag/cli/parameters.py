"""Read `-p name=value` into values of the types that the DAG's params have."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from nb2dag.errors import Nb2dagError
from nb2dag.model.plan import ParamPlan
from nb2dag.report.style import printable

_EXAMPLES = {
    "integer": "a whole number such as 3",
    "number": "a number such as 0.5",
    "boolean": "true or false",
    "array": "a list such as [1, 2]",
    "object": 'a mapping such as {"a": 1}',
    "null": "null",
    "string": "text",
}


def read_parameters(assignments: Sequence[str], params: Sequence[ParamPlan]) -> dict[str, Any]:
    """Return the values that `assignments` give, by name; where a name is given twice, the last one counts.

    A name that is no param is taken as text: whoever runs the DAG knows its params and refuses it with a suggestion.

    Raises:
        Nb2dagError: One is not `name=value`, or its value is not of the param's type.
    """
    types = {param.name: param.schema_type for param in params}
    values = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name.strip():
            raise Nb2dagError(f"`-p {printable(assignment)}` gives no value: write `-p name=value`")
        values[name.strip()] = read_value(name.strip(), text, types.get(name.strip(), ("string",)))
    return values


def read_value(name: str, text: str, types: Sequence[str]) -> Any:
    """Return what `text` means for a param of these JSON-Schema types; what may be text is text unless it is `null`.

    >>> read_value("n", "3", ("integer",)), read_value("n", "3", ("number",)), read_value("n", "3", ("string",))
    (3, 3.0, '3')

    Raises:
        Nb2dagError: It is of none of them.
    """
    # A default of None says nothing about the type: anything that JSON has may be meant, and else the text itself.
    readers = [_READERS[kind] for kind in _READERS if kind in types]
    if set(types) == {"null"}:
        readers = [_json, str]
    for reader in readers:
        with contextlib.suppress(ValueError):
            return reader(text)
    expected = " or ".join(_EXAMPLES.get(kind, kind) for kind in types)
    raise Nb2dagError(f"`-p {printable(name)}={printable(text)}`: `{printable(name)}` takes {expected}")


def _null(text: str) -> None:
    if text not in {"null", "None"}:
        raise ValueError


def _boolean(text: str) -> bool:
    words = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
    if text.strip().lower() not in words:
        raise ValueError
    return words[text.strip().lower()]


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError
    return value


def _json(text: str) -> Any:
    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def _array(text: str) -> list[Any]:
    value = _json_or_yaml(text)
    if not isinstance(value, list):
        raise ValueError
    return value


def _object(text: str) -> dict[str, Any]:
    value = _json_or_yaml(text)
    if not isinstance(value, dict):
        raise ValueError
    return value


def _json_or_yaml(text: str) -> Any:
    with contextlib.suppress(ValueError):
        return _json(text)
    import yaml

    try:
        value = yaml.safe_load(text)
        # YAML has dates and the like, which a param cannot be.
        return _json(json.dumps(value))
    except (yaml.YAMLError, TypeError) as error:
        raise ValueError from error


_READERS: dict[str, Callable[[str], Any]] = {
    "null": _null,
    "boolean": _boolean,
    "integer": int,
    "number": _number,
    "array": _array,
    "object": _object,
    "string": str,
}
"""From the most particular to the one that takes anything."""
