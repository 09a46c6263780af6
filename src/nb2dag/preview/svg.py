"""Draw a graph as SVG that shows alike in light and dark pages; names of the notebook are text in it, never markup."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

from nb2dag.preview.layout import BOX_HEIGHT, Box, Layout, lay_out

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MOST_LETTERS = 28
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1f2328}"
    ".note{font-size:10px;fill:#656d76}"
    ".box{fill:#fff;stroke:#0969da}"
    ".once{stroke-dasharray:4 3}"
    ".edge{fill:none;stroke:#848d97;stroke-width:1.3}"
    ".declared{stroke-dasharray:4 3}"
)
_ARROW = (
    '<defs><marker id="to" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">'
    '<path d="M0,0.8 L7,4 L0,7.2 z" fill="#848d97"/></marker></defs>'
)


def graph_svg(graph: Mapping[str, Any], title: str) -> str:
    """Return the picture of a panel document's graph; `title` is what a screen reader calls it."""
    layout = lay_out(graph["tasks"], graph["edges"])
    size = f'width="{layout.width:.0f}" height="{layout.height:.0f}"'
    box = f'viewBox="0 0 {layout.width:.0f} {layout.height:.0f}"'
    return "".join((
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box} role="img">',
        f"<title>{_text(title)}</title><style>{_STYLE}</style>",
        _ARROW,
        *(_edge(layout, edge) for edge in graph["edges"]),
        *_boxes(layout, graph),
        "</svg>",
    ))  # fmt: skip


def _edge(layout: Layout, edge: Mapping[str, Any]) -> str:
    start, end = layout.boxes[edge["from"]], layout.boxes[edge["to"]]
    x1, y1, x2, y2 = start.x + start.width / 2, start.y + BOX_HEIGHT, end.x + end.width / 2, end.y
    bend = (y2 - y1) / 2
    kind = "edge" if edge["names"] else "edge declared"
    path = f"M{x1:.1f},{y1:.1f}C{x1:.1f},{y1 + bend:.1f} {x2:.1f},{y2 - bend:.1f} {x2:.1f},{y2:.1f}"
    names = _text(", ".join(edge["names"]) or "after")
    return f'<path class="{kind}" d="{path}" marker-end="url(#to)"><title>{names}</title></path>'


def _boxes(layout: Layout, graph: Mapping[str, Any]) -> Iterator[str]:
    for task in graph["tasks"]:
        box: Box = layout.boxes[task["task_id"]]
        once = task["kind"] == "implicit"
        numbers = ", ".join(map(str, task["cells"]))
        note = _short("computed once" if once else f"{'cell' if len(task['cells']) == 1 else 'cells'} {numbers}")
        middle = box.x + box.width / 2
        yield (
            f'<rect class="{"box once" if once else "box"}" x="{box.x:.1f}" y="{box.y:.1f}" rx="6" '
            f'width="{box.width:.1f}" height="{BOX_HEIGHT:.0f}"/>'
            f'<text x="{middle:.1f}" y="{box.y + 16.5:.1f}" text-anchor="middle">{_text(_short(box.task_id))}'
            f"<title>{_text(box.task_id)}</title></text>"
            f'<text class="note" x="{middle:.1f}" y="{box.y + 29.5:.1f}" text-anchor="middle">{_text(note)}</text>'
        )


def _short(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1]}…"


def _text(text: str) -> str:
    """Return text for between tags: escaped, and without what XML cannot hold."""
    return escape(_NOT_XML.sub("�", text))
