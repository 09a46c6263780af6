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
_FROZEN_BY_PYTHON = 1000
"""More objects than an interpreter freezes when it starts: none, but 375 in CPython 3.12.1."""


class Memory:
    """What the passes remember; a compilation with an empty one gives the same result, only later.

    Everything in it is found by what it was made from, so that one memory serves any number of notebooks, and its size
    is bounded.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._was_used = False
        self.cells = ReadCells()
        self.facts = CellFactsMemo()
        self._traces: Memo[str, Traces] = Memo(_MOST_NOTEBOOKS)

    def traces(self, path: str) -> Traces:
        """Return what is remembered of the flow of the notebook at `path`."""
        return self._traces.get(path, Traces)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep the memory for one compilation, one thread at a time."""
        with self._lock:
            collects = gc.isenabled()
            if collects and self._was_used:
                # Others' garbage is found as early as it would be without the compilation.
                gc.collect(1)
            self._was_used = True
            with without_collecting():
                yield
                if collects:
                    _grow_old()


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


def _grow_old() -> None:
    """Make what a compilation remembers old at once, in the collector's terms, and not one generation after the other.

    A collection of all generations is due whenever enough objects grew old in that way. What a notebook's check leaves
    would make it due every hundred checks, and it costs as much as ten of them and finds nothing: there are no cycles
    in it. What is frozen and thawed is old without being counted (`gc_freeze_impl` in CPython's `gcmodule.c`).
    """
    # A program that froze what it has, as servers do before they fork, would find it thawed.
    if gc.get_freeze_count() < _FROZEN_BY_PYTHON:
        gc.freeze()
        gc.unfreeze()
