"""Read spec files: Markdown with a section per case, its code blocks being the cells of one notebook.

A comment `# error: [rule-name]` (or warning, note) at the end of a line says that exactly this finding is reported
there. A case without an error is compiled, run whole and task by task, and both must print the same. A heading that
ends in `(Python 3.11)` is of a case for that version and later ones.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

_SINCE = re.compile(r"\(Python 3\.(\d+)\)$")
_EXPECTED = re.compile(r"#\s*(error|warning|note): \[([a-z-]+)\]")


@dataclass(frozen=True)
class SpecCase:
    """One section: its heading, its cells, and the findings it expects as (severity, rule, cell, line)."""

    file: str
    title: str
    cells: tuple[str, ...]
    expected: frozenset[tuple[str, str, int, int]]


def read_cases(folder: Path) -> list[SpecCase]:
    """Return every case of every spec file in a folder, in order."""
    return [case for path in sorted(folder.glob("*.md")) for case in _cases(path)]


def _cases(path: Path) -> list[SpecCase]:
    found = []
    for section in re.split(r"^## ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        if (newest := _SINCE.search(title)) and sys.version_info < (3, int(newest[1])):
            continue
        cells = tuple(
            block.strip("\n") for block in re.findall(r"^```python\n(.*?)^```$", body, re.MULTILINE | re.DOTALL)
        )
        expected = frozenset(
            (match[1], match[2], number, line_number)
            for number, cell in enumerate(cells, 1)
            for line_number, line in enumerate(cell.split("\n"), 1)
            for match in _EXPECTED.finditer(line)
        )
        found.append(SpecCase(path.stem, title.strip(), cells, expected))
    return found
