"""Tell which lines of a cell begin inside a string or a bracket, so that text in a string is not taken for a tag."""

from __future__ import annotations

import re
import tokenize
from collections.abc import Sequence
from itertools import chain

_ESCAPED = re.compile(r"[ \t]*[%!?]")
_ENDS_LINE = frozenset({tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT})


def inner_lines(lines: Sequence[str]) -> frozenset[int]:
    """Return the 1-based numbers of the lines that begin inside a string, a bracket or a line continued by a backslash.

    Lines of IPython syntax count as empty. Where Python's tokenizer gives up, what follows counts as outside.

    >>> sorted(inner_lines(["x = '''", "%airflow_dag a", "'''", "%airflow_dag b"]))
    [2, 3]
    """
    source = chain(("\n" if _ESCAPED.match(line) else line + "\n" for line in lines), [""])
    inner: set[int] = set()
    depth, end, open_line = 0, 1, False
    try:
        for token in tokenize.generate_tokens(source.__next__):
            if depth or open_line:
                inner.update(range(end + 1, token.start[0] + 1))
            inner.update(range(token.start[0] + 1, token.end[0] + 1))
            if token.type == tokenize.OP:
                depth = max(0, depth + (token.string in "([{") - (token.string in ")]}"))
            end, open_line = token.end[0], token.type not in _ENDS_LINE
    except (tokenize.TokenError, SyntaxError, StopIteration):
        # The cell is no Python: the compiler says so, and a tag in it still counts.
        pass
    return frozenset(inner)
