"""Find what somebody meant who misspelt a word."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word most like `word`, whatever its case and hyphens; an empty string where none is near.

    >>> nearest("retrys", ["retries", "retry_delay"]), nearest("Task", ["task"]), nearest("zzz", ["task"])
    ('retries', 'task', '')
    """
    import difflib

    simple = {name.lower().replace("-", "_"): name for name in known}
    matches = difflib.get_close_matches(word.lower().replace("-", "_"), simple, n=1, cutoff=0.6)
    return simple[matches[0]] if matches else ""
