"""Lay rows out as aligned columns of text."""

from __future__ import annotations

from collections.abc import Sequence

from nb2dag.report.caret import columns
from nb2dag.report.style import Style, printable

Cell = str | tuple[str, str]
"""A cell's text, or its text and its colour."""


def table(heading: Sequence[str], rows: Sequence[Sequence[Cell]], style: Style) -> str:
    """Return `rows` under `heading` as aligned columns, whatever the width of their characters.

    >>> print(table(("task", "after"), [("extract", "-"), (("clean", "red"), "extract")], Style()))
    task     after
    extract  -
    clean    extract
    """
    lines = [[(cell, "") if isinstance(cell, str) else cell for cell in row] for row in (heading, *rows)]
    shown = [[(printable(text), colour) for text, colour in line] for line in lines]
    widths = [max(columns(line[number][0]) for line in shown) for number in range(len(heading))]
    painted = [
        "  ".join(
            _padded(text, colour, width, style) for (text, colour), width in zip(line, widths, strict=True)
        ).rstrip()
        for line in shown
    ]
    return "\n".join([style.paint(painted[0], "dim"), *painted[1:]])


def _padded(text: str, colour: str, width: int, style: Style) -> str:
    return (style.paint(text, colour) if colour else text) + " " * (width - columns(text))
