"""A compilation that remembers gives what one without memory gives, whatever was edited in between."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.compiler.memory import Memory
from nb2dag.compiler.pipeline import Compilation, compile_program
from support.edits import edit
from support.oracle import MOST_BYTES, notebook_text
from support.programs import program

NOWHERE = Path("/nonexistent")
PROGRAMS = 20
EDITS = 25


def check(cells: list[str], memory: Memory) -> Compilation:
    return compile_program(parse_notebook(notebook_text(cells), "edited.ipynb"), NOWHERE, MOST_BYTES, memory)


def differences(warm: Compilation, cold: Compilation) -> list[str]:
    return [
        name
        for name in ("program", "diagnostics", "dataflow", "graph", "plan")
        if _shown(getattr(warm, name)) != _shown(getattr(cold, name))
    ]


def _shown(value: object) -> object:
    # Trees are equal to themselves only, so that a program is compared by all the rest.
    cells = getattr(value, "cells", None)
    return value if cells is None else [(c.cell, c.role, c.directive, c.task_id, c.problems, c.doc) for c in cells]


@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_a_warm_check_finds_what_a_cold_one_finds(seed: int) -> None:
    generator = random.Random(seed)
    memory = Memory()
    cells = list(program(generator.choice).cells)
    check(cells, memory)
    for _ in range(EDITS):
        before, cells = cells, edit(cells, generator)
        found = differences(check(cells, memory), check(cells, Memory()))
        assert not found, "\n---\n".join([str(found), *before, "=== edited to ===", *cells])
