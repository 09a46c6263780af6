"""Random numbers that nothing seeds do not stand in the way of a proof, and hide nothing."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nb2dag.compiler.pipeline import Compilation, compile_notebook
from nb2dag.local.verify.pinning import HASH_SEED, by_chance, pin, pinned_hashes, settled, unseeded_generators
from nb2dag.local.verify.report import Report, Verdict
from nb2dag.local.verify.request import Item, Kind, Outcome
from nb2dag.local.verify.verification import VerifyOptions, verify_plan
from nb2dag.model.plan import DagPlan, SaveCell
from support.forked import ForkedExecutor
from support.oracle import notebook_text


def compiled(folder: Path, *cells: str) -> Compilation:
    (folder / "chance.ipynb").write_text(notebook_text(cells))
    return compile_notebook(folder / "chance.ipynb")


def verified(compilation: Compilation, folder: Path, plan: DagPlan | None = None) -> Report:
    folder.mkdir()
    chosen = plan or compilation.plan
    assert chosen is not None
    return verify_plan(compilation.program, chosen, folder, VerifyOptions(executor=ForkedExecutor()))


@pytest.mark.parametrize(
    "draw",
    [
        "import random\nrows = [random.random()]",
        "import numpy as np\nrows = list(np.random.rand(3))",
        "import numpy as np\nrows = list(np.random.default_rng().normal(size=3))",
        "import numpy as np\nrows = list(np.random.RandomState().rand(3))",
    ],
    ids=["random", "numpy", "new generator", "old generator"],
)
def test_unseeded_values_are_proven(tmp_path: Path, draw: str) -> None:
    cells = (f"#| task: make\n{draw}", "#| task: more\nrows.append(1)\nprint(rows)", "#| task: last\nprint(rows)")
    report = verified(compiled(tmp_path, *cells), tmp_path / "out")
    assert report.verdict is Verdict.SAME, report.items
    assert not report.of(Outcome.NOT_REPRODUCIBLE)
    assert "random numbers that nothing seeds" in report.notes[-1]


def test_a_value_that_changes_by_itself_stays_unproven(tmp_path: Path) -> None:
    cells = ("#| task: make\nimport time\nnow = [time.time_ns()]", "#| task: show\nprint(len(now))")
    report = verified(compiled(tmp_path, *cells), tmp_path / "out")
    assert report.verdict is Verdict.UNPROVEN
    assert {item.name for item in report.of(Outcome.NOT_REPRODUCIBLE)} == {"now[0]"}
    assert report.notes == ()


def test_a_stale_random_value_is_not_proven(tmp_path: Path) -> None:
    cells = (
        "#| task: make\nimport random\nrows = [random.random()]",
        "#| task: more\nrows.append(1)",
        "#| task: last\nprint(rows)",
    )
    compilation = compiled(tmp_path, *cells)
    plan = compilation.plan
    assert plan is not None
    make, more, last = plan.tasks
    stale = [
        replace(cell, loads=tuple(replace(load, task_id="make") for load in cell.loads))
        if hasattr(cell, "loads")
        else cell
        for cell in last.cells
    ]
    more = replace(more, cells=tuple(cell for cell in more.cells if not isinstance(cell, SaveCell)))
    damaged = replace(plan, tasks=(make, more, replace(last, cells=tuple(stale), upstream=("make",))))
    assert verified(compilation, tmp_path / "out", damaged).verdict is not Verdict.SAME


def test_lines_that_agree_by_chance_in_two_runs_are_proven_with_the_same_numbers(tmp_path: Path) -> None:
    cells = ("import random", "#| task: draw\nfor _ in range(20):\n    print(random.randint(0, 1))")
    report = verified(compiled(tmp_path, *cells), tmp_path / "out")
    assert report.verdict is Verdict.SAME
    assert (tmp_path / "out" / "whole-3").exists()


def test_a_notebook_without_chance_is_not_run_again(tmp_path: Path) -> None:
    cells = ("#| task: make\nrows = [1]", "#| task: last\nprint(rows)")
    assert verified(compiled(tmp_path, *cells), tmp_path / "out").verdict is Verdict.SAME
    assert not (tmp_path / "out" / "whole-3").exists()


def test_a_seeded_generator_is_left_alone(tmp_path: Path) -> None:
    cells = ("import random\nrandom.seed(1)", "#| task: make\nrows = [random.random()]", "#| task: last\nprint(rows)")
    assert unseeded_generators(compiled(tmp_path, *cells).program) == ("<numpy.random>", "<torch.random>")


def test_pinned_generators_repeat_themselves_cell_by_cell() -> None:
    state, old = random.getstate(), np.random.get_state()
    from numpy.random import bit_generator

    entropy = bit_generator.randbits
    try:
        drawn = []
        for cell in (3, 4, 3):
            pin(cell, "<random>", "<numpy.random>")
            drawn.append((random.random(), np.random.rand(), np.random.default_rng().random()))
        assert drawn[0] == drawn[2]
        assert all(one != other for one, other in zip(drawn[0], drawn[1], strict=True))
    finally:
        random.setstate(state)
        np.random.set_state(old)
        bit_generator.randbits = entropy


def test_the_order_of_sets_is_pinned_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HASH_SEED, "7")
    with pinned_hashes():
        assert os.environ[HASH_SEED] == "0"
    assert os.environ[HASH_SEED] == "7"
    monkeypatch.delenv(HASH_SEED)
    with pinned_hashes():
        pass
    assert HASH_SEED not in os.environ


def test_what_the_pinned_runs_do_not_prove_stays_as_it_is() -> None:
    def item(outcome: Outcome, cell: int, name: str = "x") -> Item:
        return Item(Kind.HANDOFF, outcome, "t", cell, name, "1", "2")

    chance = [item(Outcome.NOT_REPRODUCIBLE, cell) for cell in (1, 2, 3)]
    pinned = [item(Outcome.BY_STRUCTURE, 1), item(Outcome.BY_VALUE, 2), item(Outcome.DIFFERENT, 2, "y")]
    outcomes = [found.outcome for found in settled(chance, pinned)]
    assert outcomes == [Outcome.BY_STRUCTURE, Outcome.NOT_REPRODUCIBLE, Outcome.NOT_REPRODUCIBLE]


def test_outputs_that_agree_by_chance_hide_no_difference() -> None:
    def item(outcome: Outcome, cell: int, kind: Kind = Kind.OUTPUT) -> Item:
        return Item(kind, outcome, "t", cell, "x", "1", "2")

    found = [item(Outcome.NOT_REPRODUCIBLE, 1), item(Outcome.DIFFERENT, 1), item(Outcome.DIFFERENT, 2)]
    assert by_chance(found) == {found[1]}
    proven = [item(Outcome.BY_VALUE, cell) for cell in (1, 2)]
    assert [each.outcome for each in settled(found, proven)] == [
        Outcome.BY_VALUE,
        Outcome.BY_VALUE,
        Outcome.DIFFERENT,
    ]
    again = [item(Outcome.DIFFERENT, 1)]
    assert [each.outcome for each in settled(found, again)] == [each.outcome for each in found]
    assert not by_chance([item(Outcome.DIFFERENT, 1, Kind.HANDOFF), item(Outcome.NOT_REPRODUCIBLE, 1)])
