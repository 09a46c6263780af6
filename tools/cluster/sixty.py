"""Write the notebook of the generated DAG: sixty tasks with fan-out, chains and fan-in, and handoffs of all sizes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

DAG_ID = "sixty_tasks"
BRANCHES = 16
KIB, MIB = 1 << 10, 1 << 20
SIZES = (
    *(KIB, 2 * KIB, 4 * KIB, 8 * KIB, 16 * KIB, 32 * KIB, 64 * KIB, 128 * KIB),
    *(256 * KIB, 512 * KIB, 1 * MIB, 2 * MIB, 5 * MIB, 10 * MIB, 50 * MIB, 200 * MIB),
)
"""Bytes that the first task of each branch hands to two others."""

_SHARED = """\
import zlib

import numpy as np


def stamp(array):
    return f"{array.nbytes} bytes, {zlib.crc32(array):08x}"
"""


def write_sixty(path: Path, largest: int = SIZES[-1]) -> Path:
    """Write the notebook and return its path; no handoff is larger than `largest` bytes."""
    cells = [f"%load_ext nb2dag\n%airflow_dag {DAG_ID} --retries 2 --retry-delay 1s", _SHARED, *_tasks(largest)]
    notebook = new_notebook(cells=[new_code_cell(text, id=f"cell-{number}") for number, text in enumerate(cells)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def _tasks(largest: int) -> Iterator[str]:
    yield _task("start", "seeds = np.random.SeedSequence(2026).generate_state(16)\nprint(stamp(seeds))")
    for branch, size in enumerate(SIZES):
        count = min(size, largest) // 8
        made = f"made_{branch} = np.random.default_rng(int(seeds[{branch}])).integers(0, 1 << 62, {count})"
        yield _task(f"make_{branch}", f"{made}\nprint(stamp(made_{branch}))")
    for branch in range(BRANCHES):
        # Small numbers from large ones, so that the chains are about tasks and not about bytes.
        yield _task(f"step_{branch}", f"step_{branch} = made_{branch}[:4096] * 3 + 1\nprint(stamp(step_{branch}))")
    for branch in range(BRANCHES):
        code = f"more_{branch} = np.sort(step_{branch}) ^ {branch}\nprint(stamp(more_{branch}))"
        yield _task(f"more_{branch}", code)
    for pair in range(8):
        # The large ones have a second reader, far down.
        left, right = pair, pair + 8
        code = (
            f"pair_{pair} = int(more_{left}.sum() % 9973) + int(made_{right}.sum() % 9973) * int(more_{right}[-1] % 97)"
        )
        yield _task(f"pair_{pair}", f"{code}\nprint(pair_{pair})")
    for half in range(2):
        names = ", ".join(f"pair_{pair}" for pair in range(half * 4, half * 4 + 4))
        yield _task(f"half_{half}", f"half_{half} = sorted([{names}])\nprint(half_{half})")
    yield _task("total --return total", "total = sum(half_0) - sum(half_1)\nprint(total)")


def _task(name: str, code: str) -> str:
    return f"%%airflow_task {name}\n{code}"
