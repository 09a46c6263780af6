"""Know what the terminal can show: colour or not, and which characters."""

from __future__ import annotations

import io
import os
import sys
from typing import IO

from nb2dag.report.style import Style


def style_for(stream: IO[str]) -> Style:
    """Return the style to write to `stream` with: colour on a terminal only, unless the environment says otherwise.

    `NO_COLOR` and `FORCE_COLOR` (any value but an empty one) are honoured, the first above the second.
    """
    if os.environ.get("NO_COLOR"):
        return Style(False)
    if os.environ.get("FORCE_COLOR"):
        return Style(True)
    return Style(stream.isatty() and os.environ.get("TERM") != "dumb")


def tolerate_any_text() -> None:
    """Let stdout and stderr write what their encoding has no character for as an escape, not as a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
