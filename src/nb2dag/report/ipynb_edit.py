"""Edit cells in the text of an .ipynb file: everything but the edited source lines stays as it is, to the byte."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from nb2dag.model.diagnostic import Edit
from nb2dag.report.ipynb_scan import SourceText, scan_sources


def edit_source(source: str, edits: Iterable[Edit]) -> str:
    r"""Return a cell's text with edits applied; they do not overlap.

    >>> from nb2dag.model.span import Region
    >>> edit_source("a = 1\nb = 2", [Edit(1, "c1", Region(2, 1, 2, 2), "c")])
    'a = 1\nc = 2'
    """
    starts = [0]
    for line in source.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    for edit in sorted(edits, key=lambda edit: edit.region, reverse=True):
        region = edit.region
        start = starts[region.line - 1] + region.column - 1
        end = starts[region.end_line - 1] + region.end_column - 1
        source = source[:start] + edit.replacement + source[end:]
    return source


def overlaps(edit: Edit, others: Iterable[Edit]) -> bool:
    """Tell whether an edit touches what another one of the same cell replaces."""
    first = edit.region
    return any(
        other.cell == edit.cell
        and (first.line, first.column) <= (other.region.end_line, other.region.end_column)
        and (other.region.line, other.region.column) <= (first.end_line, first.end_column)
        for other in others
    )


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    r"""Return the text of an .ipynb file with its cells edited, in the form in which each source is written.

    >>> from nb2dag.model.span import Region
    >>> apply_edits('{"cells": [{"source": ["a\\n", "b"]}]}', [Edit(1, "c1", Region(1, 1, 1, 2), "x")])
    '{"cells": [{"source": ["x\\n", "b"]}]}'
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    sources = scan_sources(text)
    for cell in sorted({edit.cell for edit in edits}, reverse=True):
        place = sources[cell - 1]
        written = _rewritten(text, place, [edit for edit in edits if edit.cell == cell])
        text = text[: place.start] + written + text[place.end :]
    return mark + text


def _rewritten(text: str, place: SourceText, edits: Sequence[Edit]) -> str:
    """Return the JSON of a cell's source after edits; a line that stays keeps the very characters it had."""
    strings = [text[start:end] for start, end in place.strings]
    before = "".join(json.loads(string, strict=False) for string in strings)
    newline = "\r\n" if "\r\n" in before else "\n"
    after = edit_source(before.replace("\r\n", "\n").replace("\r", "\n"), edits).replace("\n", newline)
    as_is = not text.isascii()
    if text[place.start] != "[":
        return json.dumps(after, ensure_ascii=not as_is)
    if not strings:
        return json.dumps([after] if after else [], ensure_ascii=not as_is)
    known = {json.loads(string, strict=False): string for string in strings}
    # As nbformat cuts a source when it writes a file: at form feeds too.
    lines = after.splitlines(keepends=True)
    items = [known.get(line) or json.dumps(line, ensure_ascii=not as_is) for line in lines]
    return _listed(text, place, items)


def _listed(text: str, place: SourceText, items: Sequence[str]) -> str:
    """Return a list of items with the blanks that the old list had before, between and after its items."""
    first, last = place.strings[0], place.strings[-1]
    lead, tail = text[place.start + 1 : first[0]], text[last[1] : place.end - 1]
    between = text[first[1] : place.strings[1][0]] if len(place.strings) > 1 else f",{lead or ' '}"
    return f"[{lead}{between.join(items)}{tail}]" if items else "[]"
