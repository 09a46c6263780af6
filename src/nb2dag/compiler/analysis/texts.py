"""Hold what is known of a text at compile time: all of it, or all but stretches that only a run can tell.

A known text is a string in which `ANY` stands for a stretch of unknown text, and `parameter("p")` for the text that a
function is given as `p`, until a call says which.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

ANY = "\0"
"""Stands for any text, the empty one included."""

_MARKS = "\0\1\2"
_PARAMETER = re.compile("\1(.*?)\2")
_REPEATED = re.compile(f"{ANY}+")


def literal(text: str) -> str | None:
    """Return a string constant as a known text, None for one that holds our own marks."""
    return None if any(mark in text for mark in _MARKS) else text


def parameter(name: str) -> str:
    """Return the text that a function is given as parameter `name`."""
    return f"\1{name}\2"


def has_parameter(text: str) -> bool:
    """Tell whether a text, or the name of a state made of one, depends on how a function is called."""
    return "\1" in text


def filled(text: str, known: Callable[[str], str | None]) -> str:
    """Return `text` with what `known` says of its parameters; one that it knows nothing of is `ANY`.

    >>> filled("out/" + parameter("name") + ".csv", {"name": "a"}.get)
    'out/a.csv'
    """
    return _PARAMETER.sub(lambda match: known(match[1]) or ANY, text)


def concatenated(parts: Sequence[str | None]) -> str | None:
    r"""Return texts one after the other, None where nothing is known of any of them.

    >>> concatenated(["part", None, ".csv"])
    'part\x00.csv'
    """
    if all(part is None for part in parts):
        return None
    return _REPEATED.sub(ANY, "".join(ANY if part is None else part for part in parts))


def joined_path(parts: Sequence[str | None]) -> str | None:
    r"""Return texts joined as `os.path.join` and `pathlib` join them, None where nothing is known of any.

    >>> joined_path(["out", None, "a.csv"]), joined_path(["out", "/tmp"])
    ('out/\x00/a.csv', '/tmp')
    """
    if all(part is None for part in parts):
        return None
    path = ""
    for part in (ANY if part is None else part for part in parts):
        path = part if part.startswith("/") or not path else f"{path.rstrip('/')}/{part}"
    return path
