"""Planted miscompilations: a verification that cannot fail proves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from nb2dag.compiler.pipeline import Compilation, compile_notebook
from nb2dag.local.verify.report import Report, Verdict
from nb2dag.local.verify.request import Outcome
from nb2dag.local.verify.verification import VerifyOptions, verify_plan
from nb2dag.model.plan import DagPlan
from support.forked import ForkedExecutor
from support.oracle import notebook_text
from support.planted import CELLS, FILES, PLANTED


@pytest.fixture(scope="module")
def compilation(tmp_path_factory: pytest.TempPathFactory) -> Compilation:
    folder = tmp_path_factory.mktemp("planted")
    for name, content in FILES.items():
        (folder / name).write_text(content)
    (folder / "planted.ipynb").write_text(notebook_text(CELLS))
    return compile_notebook(folder / "planted.ipynb")


def _verify(compilation: Compilation, plan: DagPlan, folder: Path) -> Report:
    options = VerifyOptions({"n": 4}, executor=ForkedExecutor())
    return verify_plan(compilation.program, plan, folder, options)


def test_the_plan_itself_is_verified(compilation: Compilation, tmp_path: Path) -> None:
    assert compilation.plan is not None
    report = _verify(compilation, compilation.plan, tmp_path)
    assert report.verdict is Verdict.SAME, report.items
    assert len(report.orders) == 2
    assert len(report.of(Outcome.BY_VALUE)) > 15
    assert [item.name for item in report.of(Outcome.BY_STRUCTURE)] == ["box", "box"]
    assert not (tmp_path / "store").exists()


FIRST = {
    "stale version that nothing shows": (9, "rows", "[1, 2, 4, 14]", "[1, 2, 4]"),
    "lost alias": (6, "rows, view", "share a list", "share nothing"),
    "lost state": (10, "stdout", "0.15084917392450192", ""),
    "another type": (4, "price", "8 (int)", "8.0 (float)"),
    "lost task": (11, "", "the task's cells run", "there is no such task"),
}
"""The first difference of some: cell, name and both sides (an empty one may be anything)."""


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_miscompilation_is_found(compilation: Compilation, name: str, tmp_path: Path) -> None:
    assert compilation.plan is not None
    damaged = PLANTED[name](compilation.plan)
    assert damaged != compilation.plan
    report = _verify(compilation, damaged, tmp_path)
    assert report.verdict is Verdict.DIFFERENT
    first = report.of(Outcome.DIFFERENT)[0]
    assert first.cell
    assert first.task_id
    assert first.whole != first.dag
    if name in FIRST:
        cell, what, whole, dag = FIRST[name]
        assert (first.cell, first.name, first.whole, first.dag) == (cell, what, whole, dag or first.dag)
    assert (tmp_path / "report.json").exists()


def test_there_are_twenty_kinds_and_more() -> None:
    assert len(PLANTED) > 20
