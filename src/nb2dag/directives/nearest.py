"""Find what somebody meant who misspelt a word."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word most like `word`, whatever its case and hyphens; an empty string where none is near.

    A word of which it is the singular or the plural comes before all others.

    >>> nearest("retrys", ["retries", "retry_delay"]), nearest("Task", ["task"]), nearest("zzz", ["task"])
    ('retries', 'task', '')
    >>> nearest("retry", ["return", "retries"]), nearest("pools", ["pool", "pool_slots"])
    ('retries', 'pool')
    """
    import difflib

    simple = {name.lower().replace("-", "_"): name for name in known}
    meant = word.lower().replace("-", "_")
    numbers = (f"{meant}s", f"{meant.removesuffix('y')}ies", meant.removesuffix("s"))
    matches = [other for other in (meant, *numbers) if other in simple]
    matches += difflib.get_close_matches(meant, simple, n=1, cutoff=0.6)
    return simple[matches[0]] if matches else ""
