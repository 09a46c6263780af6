"""Let the notebook and its DAG draw the same random numbers where nothing seeds them, so that they can be compared.

What differs between two runs of a notebook proves nothing. Where only chance makes it differ, the notebook and the DAG
are run once more, with every generator set to the same state before each cell of the user's: any state is as good as
another for a generator that the notebook does not seed. One that it seeds is left alone.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from nb2dag.compiler.analysis.effects import Seed
from nb2dag.compiler.analysis.flow import trace_flow
from nb2dag.compiler.analysis.outside import GENERATORS
from nb2dag.local.verify.request import Item, Kind, Outcome
from nb2dag.local.verify.whole import call
from nb2dag.model.program import Program
from nb2dag.runtime.formats import CELL_METADATA, CellOrigin

HASH_SEED = "PYTHONHASHSEED"
"""The variable that decides in which order a set of strings is shown."""

_PROVEN = (Outcome.BY_VALUE, Outcome.BY_STRUCTURE)


def unseeded_generators(program: Program) -> tuple[str, ...]:
    """Return the global generators that nothing in a notebook seeds, in angle brackets."""
    flow = trace_flow(program)
    seeded = {
        event.state for statement in flow.statements for event in statement.effects.events if isinstance(event, Seed)
    }
    return tuple(sorted(GENERATORS - seeded))


def pinned_notebook(notebook: dict[str, Any], generators: Sequence[str]) -> dict[str, Any]:
    """Return a notebook to run, as JSON, with a call of `pin` before each cell that is the user's."""
    cells: list[dict[str, Any]] = []
    for cell in notebook["cells"]:
        metadata = cell["metadata"].get(CELL_METADATA)
        if cell["cell_type"] == "code" and metadata is not None:
            origin = CellOrigin.from_json(metadata)
            if origin.purpose == "body":
                cells.append(_pinning(origin.cell, generators, len(cells)))
        cells.append(cell)
    return {**notebook, "cells": cells}


def _pinning(cell: int, generators: Sequence[str], number: int) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": f"pin-{number}",
        "metadata": {CELL_METADATA: CellOrigin("save", cell).to_json()},
        "outputs": [],
        "source": call("pinning", "pin", str(cell), *map(repr, generators)),
    }


def pinned_bundle(bundle: Path, target: Path, generators: Sequence[str]) -> None:
    """Copy a bundle to `target`, its task notebooks pinned."""
    shutil.copytree(bundle, target)
    for path in sorted(target.glob("tasks/*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(pinned_notebook(notebook, generators), indent=1) + "\n", encoding="utf-8")


@contextmanager
def pinned_hashes() -> Iterator[None]:
    """Let the kernels that are started meanwhile order sets of strings alike."""
    before = os.environ.get(HASH_SEED)
    os.environ[HASH_SEED] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[HASH_SEED]
        else:
            os.environ[HASH_SEED] = before


def pin(cell: int, *generators: str) -> None:
    """Set the generators, and what new ones of numpy's are seeded with, to a state that `cell` alone decides."""
    if "<random>" in generators:
        random.seed(cell)
    if find_spec("numpy") is not None:
        import numpy as np
        from numpy.random import bit_generator

        if "<numpy.random>" in generators:
            np.random.seed(cell)
        # `default_rng()` asks the system for its seed by this name.
        bit_generator.randbits = random.Random(cell).getrandbits  # type: ignore[attr-defined]
    if "<torch.random>" in generators and "torch" in sys.modules:
        sys.modules["torch"].manual_seed(cell)


def settled(items: Iterable[Item], pinned: Iterable[Item]) -> list[Item]:
    """Return items with those that are not reproducible replaced where the pinned runs prove them.

    At a place (a kind, a task and a cell) either all are replaced or none is.
    """
    at: dict[tuple[object, ...], list[Item]] = {}
    for item in pinned:
        at.setdefault(_place(item), []).append(item)
    items = list(items)
    chance = by_chance(items)
    found: list[Item] = []
    for item in items:
        proofs = at.get(_place(item), [])
        proven = bool(proofs) and all(proof.outcome in _PROVEN for proof in proofs)
        if (item.outcome is Outcome.NOT_REPRODUCIBLE or item in chance) and proven:
            found.append(replace(item, outcome=proofs[0].outcome, whole="", dag=""))
        else:
            found.append(item)
    return found


def by_chance(items: Iterable[Item]) -> set[Item]:
    """Return the outputs that differ in a cell which does not show the same twice: two runs may agree by chance."""
    outputs = [item for item in items if item.kind is Kind.OUTPUT]
    changing = {_place(item) for item in outputs if item.outcome is Outcome.NOT_REPRODUCIBLE}
    return {item for item in outputs if item.outcome is Outcome.DIFFERENT and _place(item) in changing}


def _place(item: Item) -> tuple[object, ...]:
    return item.kind, item.task_id, item.cell
