"""Turn a cell's outputs into what the page shows: texts, and addresses of what must stay in a frame of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

LONGEST_TEXT = 100_000
"""Characters of one text that are shown; of a longer one the beginning and the end."""

LARGEST_FRAME = 5_000_000
"""Characters of HTML or of an image (base64) that are shown."""

MOST_OUTPUTS = 100
"""Outputs of one cell that are shown."""

IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")
FRAMES = ("text/html", "text/markdown")

_ORDER = ("text/html", *IMAGES, "text/markdown", "text/latex", "application/json", "text/plain")
"""What is shown of an output that comes in several forms: the first that is there."""


@dataclass(frozen=True, slots=True)
class Rich:
    """The content of an output that is served by itself: `content` is text, base64 for an image that is no SVG."""

    mime: str
    content: str

    @property
    def version(self) -> str:
        """Return what changes with the content, for its address."""
        return blake2b(self.content.encode("utf-8", "replace"), digest_size=6).hexdigest()


def text_of(value: Any) -> str:
    """Return a notebook's text, which is a string or a list of lines."""
    if isinstance(value, str):
        return value
    return "".join(str(line) for line in value) if isinstance(value, list) else ""


def cut(text: str, limit: int = LONGEST_TEXT) -> str:
    r"""Return `text`, its middle replaced by words where it is longer than `limit`.

    >>> cut("a" * 30, 20)
    'aaaaaaaaaaaaaaa\n… 10 characters left out: the notebook holds them …\naaaaa'
    """
    if len(text) <= limit:
        return text
    head, tail = limit * 3 // 4, limit // 4
    missing = len(text) - head - tail
    return f"{text[:head]}\n… {missing:,} characters left out: the notebook holds them …\n{text[-tail:]}"


def rich_output(output: Mapping[str, Any]) -> Rich | None:
    """Return what of an output is served by itself; None where it is text."""
    data = output.get("data")
    if output.get("output_type") not in ("display_data", "execute_result") or not isinstance(data, dict):
        return None
    mime = _best(data)
    if mime not in IMAGES and mime not in FRAMES:
        return None
    return Rich(mime, text_of(data[mime]))


def output_views(outputs: Sequence[Any], address: Callable[[int, Rich], str]) -> Iterator[dict[str, Any]]:
    """Yield what the page shows of a cell's outputs; `address` gives where output number n (from 0) is served."""
    for shown, (name, texts, number, output) in enumerate(_joined(outputs)):
        if shown == MOST_OUTPUTS:
            yield _note(f"… and {len(outputs) - number} more outputs, which only the notebook holds")
            return
        yield (
            {"type": "stream", "name": name, "text": cut("".join(texts))}
            if output is None
            else _view(output, number, address)
        )


def _joined(outputs: Sequence[Any]) -> Iterator[tuple[str, list[str], int, Mapping[str, Any] | None]]:
    """Yield outputs with their numbers; pieces of one stream that follow each other come as one, with no output."""
    name, first = "", 0
    texts: list[str] = []
    for number, output in enumerate(outputs):
        is_stream = isinstance(output, dict) and output.get("output_type") == "stream"
        if texts and not (is_stream and output.get("name") == name):
            yield name, texts, first, None
            texts = []
        if is_stream:
            if not texts:
                name, first = str(output.get("name", "stdout")), number
            texts.append(text_of(output.get("text")))
        elif isinstance(output, dict):
            yield "", [], number, output
    if texts:
        yield name, texts, first, None


def _view(output: Mapping[str, Any], number: int, address: Callable[[int, Rich], str]) -> dict[str, Any]:
    if output.get("output_type") == "error":
        traceback = "\n".join(text_of(line) for line in output.get("traceback") or ())
        named = f"{output.get('ename', '')}: {output.get('evalue', '')}"
        return {"type": "error", "name": cut(named, 1000), "text": cut(traceback or named)}
    rich = rich_output(output)
    if rich is not None:
        if len(rich.content) > LARGEST_FRAME:
            size = f"{len(rich.content) / 1e6:,.0f} MB"
            return _note(f"an output of {size} ({rich.mime}) is left out: the notebook holds it")
        kind = "image" if rich.mime in IMAGES else "frame"
        return {"type": kind, "address": address(number, rich), "text": _plain(output)}
    data = output.get("data")
    if not isinstance(data, dict) or not data:
        return _note("an output without content")
    mime = _best(data)
    if mime is None:
        return _note(f"an output that only JupyterLab can show ({', '.join(sorted(map(str, data)))})")
    value = data[mime]
    text = text_of(value) if mime != "application/json" else json.dumps(value, indent=2, ensure_ascii=False)
    return {"type": "text", "text": cut(text)}


def _best(data: Mapping[str, Any]) -> str | None:
    if "application/vnd.jupyter.widget-view+json" in data and "text/plain" in data:
        # A widget's HTML says that it needs a live notebook.
        return "text/plain"
    return next((mime for mime in _ORDER if mime in data), None)


def _plain(output: Mapping[str, Any]) -> str:
    return cut(text_of(output["data"].get("text/plain")), 200)


def _note(text: str) -> dict[str, Any]:
    return {"type": "note", "text": text}
