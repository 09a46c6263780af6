"""Stand for `sys.stdout` and `sys.stderr` in a notebook: what is written goes into the pipe at once."""

from __future__ import annotations

import io

from nb2dag.runtime.shell.wire import Writer


class FrameStream(io.TextIOBase):
    """A text stream that writes frames.

    Nothing is buffered here, so nothing is lost when the process dies, and the order of streams and displays is kept.
    """

    encoding = "UTF-8"

    def __init__(self, writer: Writer, kind: bytes, descriptor: int, name: str) -> None:
        self._writer, self._kind, self._descriptor, self.name = writer, kind, descriptor, name

    def write(self, text: str) -> int:
        """Write text."""
        if self.closed:
            raise ValueError("I/O operation on closed file")
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if text:
            self._writer.text(self._kind, text)
        return len(text)

    def flush(self) -> None:
        """Do nothing; IPython flushes streams that a notebook has closed, too."""

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """Return False: a progress bar must not take this for a terminal."""
        return False

    def fileno(self) -> int:
        """Return the descriptor that native code and child processes write to; it is a pipe of its own."""
        return self._descriptor
