"""Give a call room where what it looks at is nested deeply: a chain of a thousand objects, lists in lists."""

from __future__ import annotations

import contextvars
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

_Result = TypeVar("_Result")

_STACK = 512 * 1024 * 1024
"""Bytes of address space; the system gives memory to what is used of it."""
_CALLS = 150_000
"""How many calls may be within one another on such a stack: each takes up to 3 KB of it."""


def with_room(call: Callable[[], _Result]) -> _Result:
    """Return what a call returns; where it ran out of stack, it is made once more on a larger one.

    Raises:
        BaseException: What the call raises, `RecursionError` included where even the larger stack is too small.

    >>> def depth(nested): return 1 + depth(nested[0]) if nested else 0
    >>> nested = []
    >>> for _ in range(20_000): nested = [nested]
    >>> with_room(lambda: depth(nested))
    20000
    """
    try:
        return call()
    except Exception as error:  # pickle says it in errors of its own
        if not is_too_deep(error):
            raise
    return _on_large_stack(call)


def is_too_deep(error: BaseException) -> bool:
    """Tell whether an error says that something is nested more deeply than the stack has room for."""
    return isinstance(error, RecursionError) or "recursion" in str(error)


def _on_large_stack(call: Callable[[], _Result]) -> _Result:
    results: list[_Result] = []
    errors: list[BaseException] = []
    # What belongs to the context, such as that of `decimal`, is the same there.
    context = contextvars.copy_context()

    def run() -> None:
        try:
            results.append(context.run(call))
        except BaseException as error:  # noqa: BLE001 - it is raised again below
            errors.append(error)

    limit, size = sys.getrecursionlimit(), threading.stack_size(_STACK)
    sys.setrecursionlimit(max(limit, _CALLS))
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(limit)
    if errors:
        raise errors[0]
    return results[0]
