"""Cut what a running cell puts out into lines for a log, and stop where a log is no longer the place for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from nb2dag.runtime.progress import Event, LineBuffer, OutputCut, OutputLine
from nb2dag.runtime.session import Session


class CellLog:
    """Takes the outputs of one cell after the other."""

    def __init__(self, session: Session, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self._redact = session.redact or str
        self._limit = session.log_limit
        self._number = 0
        self._lines: dict[str, LineBuffer] = {}
        self._taken = self._left_out = 0

    def begin(self, number: int) -> None:
        """Begin with code cell `number`."""
        self._number = number
        self._taken = self._left_out = 0

    def take(self, output: Any) -> None:
        """Take an output."""
        if output.output_type == "stream":
            if text := self._within_limit("".join(output.text)):
                buffer = self._lines.setdefault(output.name, LineBuffer())
                for line in buffer.feed(text, time.monotonic()):
                    self._say(output.name, line)
        elif output.output_type in ("display_data", "execute_result"):
            buffer = LineBuffer()
            text = self._within_limit("".join(output.data.get("text/plain", "")))
            for line in (*buffer.feed(text, time.monotonic()), *buffer.flush()):
                self._say("display", line)

    def end(self) -> None:
        """End the cell: say unfinished lines, and what was left out."""
        for stream, buffer in self._lines.items():
            for line in buffer.flush():
                self._say(stream, line)
        if self._left_out:
            self._emit(OutputCut(self._number, self._left_out))

    def _within_limit(self, text: str) -> str:
        allowed = text[: max(0, self._limit - self._taken)]
        self._taken += len(text)
        self._left_out += len(text) - len(allowed)
        return allowed

    def _say(self, stream: str, line: str) -> None:
        self._emit(OutputLine(self._number, stream, self._redact(line)))
