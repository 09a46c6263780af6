"""A call of which only the name is known may draw random numbers, and fit the model it is given."""

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


def test_an_unknown_function_may_fit_the_model_it_is_given():
    cells = (
        "import lib\nfrom sklearn.linear_model import LogisticRegression",
        "#| task: make\nmodel = LogisticRegression()",
        "#| task: compare\nresult = lib.compare(model=model)",
        "#| task: show\nprint(model.n_iter_)",
    )
    plan = compile_cells(cells).plan
    assert plan is not None
    assert {task.task_id: task.upstream for task in plan.tasks}["show"] == ("compare",)
