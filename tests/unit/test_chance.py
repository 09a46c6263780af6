"""A call whose name says that it draws is taken to draw, where a generator is seeded."""

from __future__ import annotations

import pytest

from support.oracle import compile_cells

SEEDED = """\
import numpy as np
import lib
from scipy import stats
import statsmodels.api as sm
np.random.seed(0)
k = lib.K
"""


def upstream(draw: str, head: str = SEEDED) -> tuple[str, ...]:
    plan = compile_cells([head, f"#| task: a\n{draw}", "#| task: b\nprint(np.random.rand())"]).plan
    assert plan is not None
    return next(task.upstream for task in plan.tasks if task.task_id == "b")


@pytest.mark.parametrize(
    "draw",
    [
        "x = lib.simulate(3)",
        "x = lib.part.make_random(3)",
        "x = stats.norm(0, 1).rvs(5)",
        "x = stats.gamma.rvs(2)",
        "x = sm.tsa.arma_generate_sample([1], [1], 9)",
        "m = lib.Model(1)\nm.fit(2)",
    ],
)
def test_what_draws_comes_before_what_draws_below(draw):
    assert upstream(draw) == ("a",)
    assert upstream(draw, SEEDED.replace("np.random.seed(0)", "pass")) == ()


@pytest.mark.parametrize(
    "call", ["x = lib.total(3)", "x = stats.norm(0, 1).pdf(5)", "x = stats.norm.rvs(random_state=1)"]
)
def test_what_does_not_draw_stays_side_by_side(call):
    assert upstream(call) == ()
