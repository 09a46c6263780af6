"""Say hints in the spelling of tags that a notebook uses: option lines where it has no magics."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from nb2dag.directives.vocabulary import DIRECTIVES
from nb2dag.model.diagnostic import Diagnostic
from nb2dag.model.directive import Spelling
from nb2dag.model.program import Program

_MAGIC = re.compile(r"`%{1,2}(airflow_\w+)(?: ([\w.-]+))?`")
_AFTER = re.compile(r"`--after ([\w.-]+)`")
_KEYWORDS = {spec.kind.value: spec.keyword for spec in DIRECTIVES}


def in_own_spelling(program: Program, diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield diagnostics whose hints tell what to write in the notebook's own spelling."""
    spellings = {cell.directive.spelling for cell in program.cells if cell.directive is not None}
    lines = Spelling.OPTION_LINES in spellings and Spelling.MAGIC not in spellings
    for diagnostic in diagnostics:
        yield replace(diagnostic, hint=as_option_lines(diagnostic.hint)) if lines else diagnostic


def as_option_lines(hint: str) -> str:
    """Return a hint with the tags in it as option lines.

    >>> as_option_lines("tag it `%%airflow_skip`, or `%%airflow_task NAME`, with `--after load`")
    'tag it `#| skip`, or `#| task: NAME`, with `#| after: [load]`'
    """
    hint = _MAGIC.sub(_as_line, hint)
    return _AFTER.sub(r"`#| after: [\1]`", hint)


def _as_line(match: re.Match[str]) -> str:
    keyword = _KEYWORDS.get(match[1])
    if keyword is None:
        return match[0]
    return f"`#| {keyword}: {match[2]}`" if match[2] else f"`#| {keyword}`"
