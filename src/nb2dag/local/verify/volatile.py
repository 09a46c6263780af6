r"""Normalise what cells write of which nobody expects it twice: addresses, timings, progress bars, temporary paths.

>>> normalised("<C at 0x7f31f0a2>\nloading  10%\rloading 100%\nWall time: 3 ms")
'<C at 0x>\nloading 100%\nWall time: ?'
"""

from __future__ import annotations

import re

_DURATION = r"[\d.,]+(?:e[+-]?\d+)?\s*(?:ns|us|µs|μs|ms|s|min|h)"

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b0x[0-9a-fA-F]{6,}\b"), "0x"),
    # The engine names a cell's code by its process and content, and a tag moves the lines of what stands below it.
    (re.compile(r"\S*ipykernel_\d+[/\\]\d+\.py(?::\d+)?"), "<cell>"),
    (re.compile(r"<ipython-input-\d+-[0-9a-f]+>(?::\d+)?"), "<cell>"),
    (re.compile(r"(?:/[\w.~+-]+)+/nb2dag-task-\w+/work"), "<folder>"),
    (re.compile(r"(?m)^(CPU times|Wall time|Compiler|Parser)\s*:.*$"), r"\1: ?"),
    (re.compile(rf"{_DURATION}.{{0,3}}(?:{_DURATION} )?per loop \(.*?\)"), "? per loop"),
    (re.compile(r"\[[\d:<?, ]+[\d.?]+\s*(?:\w+/s|s/\w+)[^\]]*\]"), "[?]"),
    # `%%writefile` tells whether an earlier run left the file in the notebook's folder.
    (re.compile(r"(?m)^Overwriting (?=\S+$)"), "Writing "),
    # matplotlib says so once in each process.
    (re.compile(r"(?m)^findfont: .*\n?"), ""),
    (re.compile(r"\bsk-(container|estimator)-id-\d+"), r"sk-\1-id"),
)

_TRACEBACK = "Traceback (most recent call last)"

_TRACEBACK_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # A task's notebook counts its own cells, and a definition in it stands without the tag above it.
    (re.compile(r"\b(?:Cell |Input )?In ?\[\d+\], (?:line \d+|in )"), "<cell>, "),
    (re.compile(r"(?m)^(-*>?)[ \t]*\d+ "), r"\1 "),
)
"""What is shown of the code around an error, as IPython prints it for one inside a `__repr__`."""

_HTML_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "uuid"),
    (re.compile(r"\bT_[0-9a-f]{5}(?=[\s_\"#{.])"), "T_"),
)


def normalised(text: str, *, html: bool = False) -> str:
    """Return `text` without its volatile parts; of a line overwritten by carriage returns the last state stays."""
    text = "\n".join(_last_state(line) for line in text.replace("\r\n", "\n").split("\n"))
    shown = _TRACEBACK_RULES if _TRACEBACK in text else ()
    for pattern, replacement in (*_RULES, *shown, *(_HTML_RULES if html else ())):
        text = pattern.sub(replacement, text)
    return text


def _last_state(line: str) -> str:
    states = [state for state in line.split("\r") if state.strip()]
    return states[-1] if states else ""
