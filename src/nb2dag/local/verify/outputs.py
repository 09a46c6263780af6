"""Compare what cells show: streams as text, displays by MIME type, pictures by their pixels."""

from __future__ import annotations

import base64
import binascii
import io
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nb2dag.local.verify.equality import ABSOLUTE, RELATIVE
from nb2dag.local.verify.volatile import normalised
from nb2dag.runtime.formats import CELL_METADATA, CellOrigin

Shown = tuple[tuple[str, str], ...]
"""The parts of what one cell shows: `stdout`, `stderr`, or a display's number and MIME type, each with its content."""

_NUMBER = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d+)?")
_PADDED = re.compile(r"[ ]+#")
_WIDGETS = "application/vnd.jupyter.widget"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The first part in which two outputs differ, with both sides; `part` is empty where they agree."""

    part: str = ""
    one: str = ""
    other: str = ""


def shown_by_cell(path: Path) -> dict[int, Shown]:
    """Return what each source cell shows in an executed notebook, by the cell's number."""
    found: dict[int, Shown] = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        metadata = cell["metadata"].get(CELL_METADATA)
        if cell["cell_type"] == "code" and metadata is not None:
            origin = CellOrigin.from_json(metadata)
            if origin.purpose == "body":
                found[origin.cell] = found.get(origin.cell, ()) + shown(cell["outputs"])
    return found


def shown(outputs: Iterable[dict[str, Any]]) -> Shown:
    """Return the parts of a cell's outputs: each stream joined, then every display; errors count as displays."""
    streams: dict[str, str] = {}
    displays: list[tuple[str, str]] = []
    for number, output in enumerate(outputs, 1):
        kind = output["output_type"]
        if kind == "stream":
            streams[output["name"]] = streams.get(output["name"], "") + _text(output["text"])
        elif kind == "error":
            displays.append(("error", f"{output['ename']}: {output['evalue']}"))
        else:
            displays += _display(len(displays) + number, output["data"])
    parts = [(name, normalised(text)) for name, text in sorted(streams.items())]
    return tuple((part, text) for part, text in (*parts, *_renumbered(displays)) if text)


def _display(number: int, data: dict[str, Any]) -> list[tuple[str, str]]:
    # A widget is a number that lives with its kernel.
    if any(mime.startswith(_WIDGETS) for mime in data):
        return []
    return [(f"{number} {mime}", _content(mime, value)) for mime, value in sorted(data.items())]


def _renumbered(displays: list[tuple[str, str]]) -> list[tuple[str, str]]:
    numbers: dict[str, int] = {}
    renamed = []
    for part, text in displays:
        number, _, mime = part.partition(" ")
        place = numbers.setdefault(number, len(numbers) + 1)
        renamed.append((f"display {place}, {mime}" if mime else "error", text))
    return renamed


def _content(mime: str, value: Any) -> str:
    if mime.startswith("image/") and mime != "image/svg+xml":
        return _text(value).strip()
    if not isinstance(value, (str, list)):
        return normalised(json.dumps(value, sort_keys=True))
    return normalised(_text(value), html="html" in mime or "xml" in mime)


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)


def mismatch(one: Shown, other: Shown) -> Mismatch:
    """Return the first part in which `one` and `other` differ, or an empty mismatch."""
    left, right = dict(one), dict(other)
    for part in dict.fromkeys((*left, *right)):
        if part not in left or part not in right:
            return Mismatch(part, _short(left.get(part, "")), _short(right.get(part, "")))
        if not _same(part, left[part], right[part]):
            return Mismatch(part, *_first_line(left[part], right[part]))
    return Mismatch()


def without_changing(one: Shown, other: Shown, third: Shown) -> tuple[Shown, Shown]:
    """Return `one` and `third` without what differs between `one` and `other`: parts, and lines of text.

    So an output that is not reproducible as a whole is still compared where it is.
    """
    left, right, last = dict(one), dict(other), dict(third)
    kept, kept_third = [], []
    for part, text in left.items():
        texts = text.split("\n"), right.get(part, "").split("\n"), last.get(part, "").split("\n")
        if "image/" in part or len({len(lines) for lines in texts}) > 1:
            if _same(part, text, right.get(part, "")):
                kept.append((part, text))
                kept_third += [(part, last[part])] if part in last else []
            continue
        stable = [number for number, line in enumerate(texts[0]) if _same(part, line, texts[1][number])]
        kept.append((part, "\n".join(texts[0][number] for number in stable)))
        if part in last:
            kept_third.append((part, "\n".join(texts[2][number] for number in stable)))
    # A part that came up in one of the whole runs only may come up in the DAG's, or not.
    kept_third += [(part, text) for part, text in last.items() if part not in left and part not in right]
    return tuple(kept), tuple(kept_third)


def _same(part: str, one: str, other: str) -> bool:
    if one == other:
        return True
    if "image/" in part and "svg" not in part:
        return _same_pixels(one, other)
    return _same_text(one, other)


def _same_text(one: str, other: str) -> bool:
    """Tell whether texts differ in nothing but numbers, and in those by no more than rounding.

    >>> _same_text("[-1.e-16  1.e+00]", "[ 1.e-16  1.e+00]"), _same_text("[1.0]", "[1.1]")
    (True, False)
    """
    # A sign may take the place of the blank before a number.
    if _PADDED.sub("#", _NUMBER.sub("#", one)) != _PADDED.sub("#", _NUMBER.sub("#", other)):
        return False
    pairs = zip(_NUMBER.findall(one), _NUMBER.findall(other), strict=True)
    return all(math.isclose(float(left), float(right), rel_tol=RELATIVE, abs_tol=ABSOLUTE) for left, right in pairs)


def _same_pixels(one: str, other: str) -> bool:
    try:
        from PIL import Image

        pictures = [Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA") for data in (one, other)]
    except (ImportError, OSError, binascii.Error):
        return False
    return pictures[0].size == pictures[1].size and pictures[0].tobytes() == pictures[1].tobytes()


def _first_line(one: str, other: str) -> tuple[str, str]:
    """Return the first lines that differ."""
    left, right = one.split("\n"), other.split("\n")
    for number in range(max(len(left), len(right))):
        pair = [lines[number] if number < len(lines) else "" for lines in (left, right)]
        if not _same_text(pair[0], pair[1]):
            return _short(pair[0]), _short(pair[1])
    return _short(one), _short(other)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return (line if len(line) <= 160 else f"{line[:157]}...") or "nothing"
