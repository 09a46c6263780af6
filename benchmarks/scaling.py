"""Measure how the time of `nb2dag compile` grows from 1,000 to 10,000 cells.

    python benchmarks/scaling.py

Three shapes of notebook, each size in a fresh process that has compiled a small notebook first, so that start-up does
not flatter the ratio. The time is CPU time of everything `nb2dag compile` does, writing included.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from generated import one_task_per_cell, shared_definitions, tasks_of_ten_cells
from measure import HERE, Row, print_rows, run_cold

SHAPES: tuple[tuple[str, Callable[[Path, int], None]], ...] = (
    ("tasks of ten cells", tasks_of_ten_cells),
    ("one task per cell", one_task_per_cell),
    ("shared functions and tasks", shared_definitions),
)
SMALL, LARGE = 1_000, 10_000
ROUNDS = 3
LIMIT = 12.0


def rows() -> list[Row]:
    """Compile each shape in both sizes and return the ratios."""
    return [_row(name, write) for name, write in SHAPES]


def _row(name: str, write: Callable[[Path, int], None]) -> Row:
    with tempfile.TemporaryDirectory(prefix="nb2dag-bench-") as scratch:
        pairs = [[_seconds(Path(scratch), write, cells) for cells in (SMALL, LARGE)] for _ in range(ROUNDS)]
    # The least of a few is the cost with the least disturbance; a disturbed small one would flatter the ratio.
    small, large = (min(seconds) for seconds in zip(*pairs, strict=True))
    ratio = large / small
    return Row(
        f"compile {LARGE:,} cells, {name}: CPU",
        f"{large:.2f} s",
        f"{small:.2f} s ({SMALL:,} cells)",
        f"{ratio:.1f}",
        f"≤ {LIMIT:g}",
        ratio <= LIMIT,
    )


def _seconds(scratch: Path, write: Callable[[Path, int], None], cells: int) -> float:
    notebook, result = scratch / "large.ipynb", scratch / "seconds"
    write(notebook, cells)
    tasks_of_ten_cells(scratch / "warm.ipynb", 20)
    run_cold([sys.executable, str(HERE / "scaling.py"), "--inside", str(notebook), str(result)], scratch)
    return float(result.read_text())


def _inside(notebook: Path, result: Path) -> None:
    """Compile a small notebook, then this one with the clock running; leave the seconds in `result`."""
    import time

    from nb2dag.cli import main

    def compile_one(path: Path) -> float:
        started = time.process_time()
        sys.argv = ["nb2dag", "compile", str(path), "-o", str(path.with_suffix("")), "--force"]
        try:
            main()
        except SystemExit as end:
            if end.code:
                raise
        return time.process_time() - started

    compile_one(notebook.with_name("warm.ipynb"))
    result.write_text(str(compile_one(notebook)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        _inside(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        sys.exit(not print_rows(f"Scaling: {SMALL:,} to {LARGE:,} cells", rows()))
