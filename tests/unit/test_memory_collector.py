"""A warm check leaves the garbage collector of the process as it would be without the check."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.compiler.memory import Memory
from nb2dag.compiler.pipeline import compile_program
from support.oracle import MOST_BYTES, notebook_text

CELLS = ["import math", *(f"#| task: t{n}\nx{n} = math.sqrt({n})\nprint(x{n})" for n in range(40))]


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    """Let the collector work at its own pace, on objects none of which are frozen."""
    was_enabled, thresholds = gc.isenabled(), gc.get_threshold()
    gc.unfreeze()
    gc.enable()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*thresholds)
    if not was_enabled:
        gc.disable()


def check(cells: list[str], memory: Memory) -> None:
    with memory.in_use():
        compile_program(parse_notebook(notebook_text(cells), "edited.ipynb"), Path("/nonexistent"), MOST_BYTES, memory)


class Node:
    """Something that can stand in a cycle."""

    other: Node


def cycle() -> weakref.ref[Node]:
    first, second = Node(), Node()
    first.other, second.other = second, first
    return weakref.ref(first)


COUNTING = """
import gc, sys, tempfile
from pathlib import Path
import nb2dag.compiler.memory
from nb2dag import check_notebook

path = Path(sys.argv[1])
if sys.argv[2] == "without":
    nb2dag.compiler.memory._grow_old = lambda: None
source, found = path.read_text(), 0

def note(phase, info):
    global found
    found += phase == "start" and info["generation"] == 2

check_notebook(path)
gc.collect()
gc.callbacks.append(note)
for number in range(150):
    path.write_text(source.replace("NUMBER", str(number)))
    check_notebook(path)
print(found)
"""
"""A process of its own: how soon the collector looks through everything depends on all there is."""


def full_collections(folder: Path, how: str) -> int:
    path = folder / "edited.ipynb"
    edited = "\n".join(f"y{n} = [NUMBER, {n}]\nprint(y{n}[NUMBER % 2])" for n in range(20))
    path.write_text(notebook_text([*CELLS, f"#| task: edited\n{edited}"]))
    done = subprocess.run([sys.executable, "-c", COUNTING, path, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_what_checks_remember_makes_no_collection_of_everything_due(tmp_path: Path) -> None:
    assert full_collections(tmp_path, "without") > 0
    assert full_collections(tmp_path, "with") == 0


def test_garbage_of_others_is_collected_by_a_check() -> None:
    memory = Memory()
    check(CELLS, memory)
    kept = cycle()
    check(CELLS, memory)
    assert kept() is None


def test_a_process_that_collects_nothing_goes_on_so() -> None:
    gc.disable()
    check(CELLS, Memory())
    assert not gc.isenabled()


def test_what_a_program_froze_stays_frozen() -> None:
    gc.freeze()
    frozen = gc.get_freeze_count()
    memory = Memory()
    for _ in range(3):
        check(CELLS, memory)
    # Some of what was frozen may have been freed by its count.
    assert gc.get_freeze_count() > frozen * 0.9
    gc.unfreeze()
