"""Take secrets out of a text, in the forms in which a notebook shows them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote, quote_plus

MASK = "***"
"""What stands in a secret's place; Airflow's own mask."""

SHORTEST = 4
"""Characters of the shortest secret that is taken out: a shorter one stands in too many words that are none."""

_SHORTEST_LINE = 8
"""Characters of the shortest line of a secret that is taken out by itself: a log has a private key line by line."""


def redactor(secrets: Iterable[str]) -> Callable[[str], str] | None:
    r"""Return what takes `secrets` out of a text, None where there are none.

    A secret is found as it is, as part of JSON, of a Python literal, of a URL and of HTML, and each of its lines.

    Examples:
        >>> redact = redactor(["p@ss/word", 'a"b\nc', "abc"])
        >>> redact("p@ss/word p%40ss%2Fword abc"), redact(r'{"key": "a\"b\nc"}'), redactor([])
        ('*** *** abc', '{"key": "***"}', None)
    """
    forms = {form for secret in secrets for form in _forms(secret) if len(form) >= SHORTEST}
    if not forms:
        return None
    # The longest first: a secret may be a part of another one.
    pattern = re.compile("|".join(re.escape(form) for form in sorted(forms, key=lambda form: (-len(form), form))))
    return lambda text: pattern.sub(MASK, text)


def _forms(secret: str) -> Iterator[str]:
    lines = secret.splitlines()
    for text in (secret, *(line for line in lines if len(lines) > 1 and len(line) >= _SHORTEST_LINE)):
        yield text
        yield json.dumps(text)[1:-1]
        yield json.dumps(text, ensure_ascii=False)[1:-1]
        yield repr(text)[1:-1]
        yield quote(text, safe="")
        yield quote_plus(text)
        yield html.escape(text)
