"""Take the line of a magic apart into words."""

from __future__ import annotations

import shlex


def words_of(text: str) -> list[str]:
    """Return the words of a line, quotes included; none of one with a quote that is not closed."""
    try:
        return shlex.split(text, posix=False)
    except ValueError:
        return []
