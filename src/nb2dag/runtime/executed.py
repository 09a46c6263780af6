"""Hand over a dict that code was executed in: `exec(text, names)` puts all that Python provides into it."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

_KEY = "__builtins__"


class _Provided:
    """Stands in a stream for what Python provides in the process that loads it."""

    def __reduce__(self) -> tuple[Any, tuple[()]]:
        return provided, ()


def provided() -> dict[str, Any]:
    """Return the dict of what Python provides."""
    return vars(builtins)


@contextmanager
def without_builtins(values: Iterable[object]) -> Iterator[None]:
    """Let dicts among `values` hold a stand-in in place of what Python provides, as long as the block runs."""
    held = [value for value in values if type(value) is dict and value.get(_KEY) is vars(builtins)]
    for namespace in held:
        namespace[_KEY] = _Provided()
    try:
        yield
    finally:
        for namespace in held:
            namespace[_KEY] = vars(builtins)
