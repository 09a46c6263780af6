"""Colour text with ANSI sequences, or leave it plain; and make foreign text safe to print."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
}

_UNPRINTABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters (all but tab), line separators, bidirectional overrides and half surrogate pairs: a notebook's
text must neither move the cursor nor mislead the reader (CVE-2021-42574), nor stop the output."""


@dataclass(frozen=True, slots=True)
class Style:
    """Paints text where `colour` is on, and returns it as it is where it is off."""

    colour: bool = False

    def paint(self, text: str, *names: str) -> str:
        r"""Return `text` in the named colours and weights.

        >>> Style(False).paint("x", "red"), Style(True).paint("x", "bold", "red")
        ('x', '\x1b[1;31mx\x1b[0m')
        """
        if not self.colour or not text:
            return text
        return f"\x1b[{';'.join(_CODES[name] for name in names)}m{text}\x1b[0m"


def printable(text: str) -> str:
    r"""Return `text` as one line with everything that would move the cursor written as an escape.

    >>> printable("a\nb\x1b[31m")
    'a\\nb\\x1b[31m'
    """
    return _UNPRINTABLE.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), text)
