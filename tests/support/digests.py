"""Print a digest of everything that compiling random programs puts out: `python -m support.digests FIRST COUNT`."""

from __future__ import annotations

import sys
from pathlib import Path

from corpus_checks import digest

from nb2dag.compiler.bundle.build import build_bundle
from support.oracle import compile_cells
from support.programs import program_of

FOLDER = Path("/nonexistent")


def main(first: int, count: int) -> None:
    """Print a line per seed."""
    for seed in range(first, first + count):
        compilation = compile_cells(program_of(seed).cells)
        files = build_bundle(compilation.plan, FOLDER).files if compilation.plan is not None else None
        print(seed, digest([compilation.diagnostics, compilation.dataflow, compilation.graph, files]))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
