"""Add a cell to the text of an .ipynb file, and set a cell's tags: all else stays as it is, to the byte."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from nb2dag.report.ipynb_scan import CellText, scan_cells

_ID_KEY = re.compile(r'"id"\s*:')


def insert_first_cell(text: str, source: str, cell_id: str) -> str:
    r"""Return the text of an .ipynb file (nbformat 4) with a code cell before all others.

    The cell is written in the style of the one that was first, and has an id where that has one. There is at least one
    cell, and none has the id `cell_id`.

    >>> insert_first_cell('{"cells": [{"cell_type": "raw", "metadata": {}, "source": []}]}', "a = 1", "x")[:75]
    '{"cells": [{"cell_type": "code", "execution_count": null, "metadata": {}, "'
    """
    first = scan_cells(text)[0]
    own = text[first.start : first.end]
    cell: dict[str, object] = {"cell_type": "code", "execution_count": None}
    if _ID_KEY.search(own):
        cell["id"] = cell_id
    cell |= {"metadata": {}, "outputs": [], "source": source.splitlines(keepends=True)}
    lead = text[text.rindex("[", 0, first.start) + 1 : first.start]
    return f"{text[: first.start]}{_written(cell, own, lead)},{lead or _blank_after_comma(own)}{text[first.start :]}"


def _written(cell: Mapping[str, object], like: str, lead: str) -> str:
    """Return JSON laid out as a cell is that begins with `like` and stands after the blanks `lead`."""
    indent = re.match(r"\{(\s*)", like)
    inner = indent[1] if indent is not None else ""
    if "\n" not in inner:
        return json.dumps(cell, separators=(", ", ": ") if '": ' in like else (",", ":"))
    newline = "\r\n" if "\r\n" in inner else "\n"
    outer = lead.rpartition("\n")[2]
    step = inner.rpartition("\n")[2].removeprefix(outer) or " "
    lines = json.dumps(cell, indent=step).split("\n")
    return newline.join([lines[0], *(outer + line for line in lines[1:])])


def _blank_after_comma(like: str) -> str:
    return " " if '": ' in like else ""


def set_tags(text: str, tags: Mapping[int, Sequence[str]]) -> str:
    r"""Return the text of an .ipynb file (nbformat 4) in which cells, by their 1-based index, have other tags.

    >>> set_tags('{"cells": [{"metadata": {"tags": ["a", "b"]}}]}', {1: ["b"]})
    '{"cells": [{"metadata": {"tags": ["b"]}}]}'
    """
    cells = scan_cells(text)
    for index in sorted(tags, reverse=True):
        text = _with_tags(text, cells[index - 1], tags[index])
    return text


def _with_tags(text: str, cell: CellText, tags: Sequence[str]) -> str:
    as_is = not text.isascii()
    items = [json.dumps(tag, ensure_ascii=not as_is) for tag in tags]
    if cell.tags is None:
        if not items or cell.metadata is None:
            return text
        start = cell.metadata[0] + 1
        rest = text[start:]
        inner = re.match(r"\s*", rest)
        lead = inner[0] if inner is not None else ""
        comma = "" if rest.lstrip().startswith("}") else ","
        return f'{text[:start]}{lead if comma else ""}"tags": [{", ".join(items)}]{comma}{rest}'
    strings = cell.tags.strings
    start, end = cell.tags.start, cell.tags.end
    if not items or not strings:
        return f"{text[:start]}[{', '.join(items)}]{text[end:]}"
    lead, tail = text[start + 1 : strings[0][0]], text[strings[-1][1] : end - 1]
    between = text[strings[0][1] : strings[1][0]] if len(strings) > 1 else f",{lead or ' '}"
    return f"{text[:start]}[{lead}{between.join(items)}{tail}]{text[end:]}"
