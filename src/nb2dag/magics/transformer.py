"""Make a tagged cell run just as an untagged one does, by taking its tag away before IPython looks at the cell."""

from __future__ import annotations

import re

from nb2dag.directives.grammar import parse_directive
from nb2dag.magics.tag_error import TagError

_MAYBE_TAGGED = re.compile(r"%airflow_|#[ \t]*\|")
_INDENT = re.compile(r"[ \t]*")


class TagTransformer:
    """An input transformer that runs before IPython's own.

    A magic that ran its body with `run_cell` would break top-level await, the display of the last value and line
    numbers. So the tag's lines become comments, which keeps every line where it was, unless another cell magic comes
    next: that one must be the first line, and the tag's lines go.
    """

    has_side_effects = True
    """Tells IPython not to try the transformer on unfinished input, where an error would be shown too early."""

    def __call__(self, lines: list[str]) -> list[str]:
        """Return the cell's lines without its tag.

        Raises:
            TagError: Something is wrong with the tag, or it is not compiled yet.
        """
        source = "".join(lines)
        if not _MAYBE_TAGGED.search(source):
            return lines
        tag = parse_directive(source)
        if tag.problems:
            raise TagError(source, tag.problems)
        if tag.directive is None:
            return lines
        return untagged(source, tag.directive.tag_lines).splitlines(keepends=True)


def untagged(source: str, tag_lines: tuple[int, ...]) -> str:
    r"""Return a cell's text with its tag taken away.

    >>> untagged("%%airflow_task clean\nx = 1", (1,))
    '# %%airflow_task clean\nx = 1'
    >>> untagged("#| task: clean\n%%time\nx = 1", (1,))
    '%%time\nx = 1'
    """
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    taken = set(tag_lines)
    rest = [line for number, line in enumerate(lines, 1) if number not in taken]
    first = next((line for line in rest if line.strip()), "")
    if first.lstrip().startswith("%%"):
        return "\n".join(rest)
    return "\n".join(_commented(line) if number in taken else line for number, line in enumerate(lines, 1))


def _commented(line: str) -> str:
    indent = _INDENT.match(line)
    width = indent.end() if indent else 0
    return line if line[width:].startswith("#") else f"{line[:width]}# {line[width:]}"
