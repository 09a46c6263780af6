"""Hold what a warm process remembers of the notebooks it compiled, so that the next time only what changed costs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

from nb2dag.compiler.analysis.cell_facts import CellFactsMemo
from nb2dag.compiler.analysis.traces import Traces
from nb2dag.compiler.frontend.cells import ReadCells
from nb2dag.compiler.memo import Memo

_MOST_NOTEBOOKS = 8


class Memory:
    """What the passes remember; a compilation with an empty one gives the same result, only later.

    Everything in it is found by what it was made from, so that one memory serves any number of notebooks, and its size
    is bounded.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self.cells = ReadCells()
        self.facts = CellFactsMemo()
        self._traces: Memo[str, Traces] = Memo(_MOST_NOTEBOOKS)

    def traces(self, path: str) -> Traces:
        """Return what is remembered of the flow of the notebook at `path`."""
        return self._traces.get(path, Traces)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep the memory for one compilation, one thread at a time."""
        with self._lock, without_collecting():
            yield


@contextmanager
def without_collecting() -> Iterator[None]:
    """Let the garbage collector wait: to look through all trees takes longer than a check, and none is garbage."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
