"""Code of real notebooks that once crashed the analysis, reduced."""

from __future__ import annotations

import pytest

from nb2dag.compiler.analysis import summaries
from support.oracle import compile_cells

FALLBACK = """\
#| task: load
try:
    from library import equalize
    spread = lambda d: equalize(d)
except ImportError:
    spread = lambda d: d"""

INTERACTIVE = """\
import library
from ipywidgets import interact
import matplotlib.pyplot as plt
def show(model, X, boundaries=True, ax=None):
    ax = ax or plt.gca()
    model.fit(X)
    def lines(i, limit):
        if i:
            ax.plot(model.tree_.left[i], limit)
            lines(model.tree_.left[i], limit)
    if boundaries:
        lines(0, 1)
def explore(X):
    def tree(depth=5):
        show(library.Tree(depth), X)
    return interact(tree, depth=(1, 5))
def explore_more(X):
    n = X.shape[0]
    def fit(state=0):
        show(library.Tree(n), X)
    interact(fit, state=(0, 100))"""

CIRCLE = """\
class C{number}:
    def __init__(self, *parts):
        self.parts = [library.wrap(part) for part in parts]
    def fit(self, other):
        return library.run(self, other, C{next}(other))
    def __call__(self, x):
        return library.call(self, x)
    def show(self):
        return C{third}(self).fit(self)
"""

CASES = {
    "a lambda in a fallback": ([FALLBACK, "#| task: show\nprint(spread(1))"], False),
    "functions that draw by one another": (
        [INTERACTIVE, "#| task: a\nX = library.data()\nexplore(X)", "#| task: b\nexplore_more(X)\nprint(X)"],
        True,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_read_to_its_end(case: str) -> None:
    cells, compiles = CASES[case]
    compilation = compile_cells(cells)
    assert (compilation.plan is not None) == compiles, compilation.diagnostics


def test_functions_that_lead_to_one_another_are_each_looked_at_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 8
    looked_at: list[object] = []
    evaluate = summaries.evaluate_function

    def counted(resolver, node, owner):
        looked_at.append(node)
        return evaluate(resolver, node, owner)

    monkeypatch.setattr(summaries, "evaluate_function", counted)
    classes = [CIRCLE.format(number=n, next=(n + 1) % count, third=(n + 3) % count) for n in range(count)]
    cells = [
        "import library\n" + "".join(classes),
        "#| task: a\nx = C0(1)\ny = x.fit(3)",
        "#| task: b\nprint(x.show(), y)",
    ]
    assert compile_cells(cells).plan is not None
    assert len(looked_at) < 8 * 4 * count
