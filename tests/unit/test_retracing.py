"""An edit is worked out in proportion to what it changes, and what it changes without a name is not forgotten."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from nb2dag.compiler.analysis import flow, settled
from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.compiler.memory import Memory
from nb2dag.compiler.pipeline import Compilation, compile_program
from support.oracle import MOST_BYTES, notebook_text

NOWHERE = Path("/nonexistent")
COUNT = 40
CHAIN = [
    "import math\n\ndef grow(x):\n    return math.sqrt(x) + 1",
    "#| task: t0\nx = 1",
    *(f"#| task: t{n}\nx = grow(x)\ny{n} = x * {n}" for n in range(1, COUNT)),
]


class Work:
    """Counts the statements that are evaluated and the tasks that are worked out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.statements = 0
        self.tasks: Counter[str] = Counter()
        self.memory = Memory()
        evaluate, get = flow.Evaluator.statement, settled.Settled.get

        def counted(evaluator, node):
            self.statements += evaluator.position >= 0
            return evaluate(evaluator, node)

        def counted_get(kept, what, task_id, given, find):
            def found():
                self.tasks[task_id] += 1
                return find()

            return get(kept, what, task_id, given, found)

        monkeypatch.setattr(flow.Evaluator, "statement", counted)
        monkeypatch.setattr(settled.Settled, "get", counted_get)

    def check(self, cells: list[str]) -> Compilation:
        self.statements, self.tasks = 0, Counter()
        return compile_program(parse_notebook(notebook_text(cells), "n.ipynb"), NOWHERE, MOST_BYTES, self.memory)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    return Work(monkeypatch)


def edited(cells: list[str], number: int, source: str) -> list[str]:
    return [*cells[:number], source, *cells[number + 1 :]]


def agree(warm: Compilation, state: list[str]) -> None:
    cold = compile_program(parse_notebook(notebook_text(state), "n.ipynb"), NOWHERE, MOST_BYTES, Memory())
    assert (warm.diagnostics, warm.dataflow, warm.graph) == (cold.diagnostics, cold.dataflow, cold.graph)


@pytest.mark.parametrize("number", [0, 1, 20, COUNT])
@pytest.mark.parametrize(("more", "statements"), [("# a remark", 0), ("new_name = 1", 1)])
def test_what_nobody_reads_concerns_nobody(work: Work, number: int, more: str, statements: int) -> None:
    work.check(CHAIN)
    work.check(edited(CHAIN, number, f"{CHAIN[number]}\n{more}"))
    assert work.statements == statements
    assert len(work.tasks) <= 1


def test_a_change_ends_where_the_name_is_bound_again(work: Work) -> None:
    work.check(CHAIN)
    work.check(edited(CHAIN, 20, f"{CHAIN[20]}\nx = [x]"))
    assert work.statements <= 4
    assert set(work.tasks) <= {"t19", "t20", "t21"}


def test_another_number_in_a_function_evaluates_no_caller(work: Work) -> None:
    work.check(CHAIN)
    work.check(edited(CHAIN, 0, CHAIN[0].replace("+ 1", "+ 2")))
    assert work.statements <= 2


def test_an_edit_taken_back_evaluates_nothing(work: Work) -> None:
    work.check(CHAIN)
    work.check(edited(CHAIN, 20, "#| task: t19\nx = open(x)"))
    work.check(CHAIN)
    assert work.statements == 0


@pytest.mark.parametrize(
    "more",
    [
        "from math import *",
        "import os\nos.environ['A'] = 'b'",
        "open('rows.csv', 'w').write('a')",
        "import pandas as pd\npd.options.display.max_rows = 3",
        "%cd ..",
        "%run other.py",
    ],
)
def test_state_without_a_name_reaches_cells_that_never_name_it(work: Work, more: str) -> None:
    cells = [*CHAIN[:5], "#| task: reads\nimport pandas as pd\nprint(pd.read_csv('rows.csv'), floor(x))"]
    for number in (0, 2):
        for state in (edited(cells, number, f"{cells[number]}\n{more}"), cells):
            agree(work.check(state), state)


def test_cells_put_in_taken_out_and_moved(work: Work) -> None:
    states = [
        CHAIN,
        [*CHAIN[:7], "#| task: put_in\nx = x + 1", *CHAIN[7:]],
        [*CHAIN[:7], *CHAIN[9:]],
        [*CHAIN[:7], CHAIN[9], CHAIN[8], CHAIN[7], *CHAIN[10:]],
        CHAIN,
    ]
    for state in states:
        agree(work.check(state), state)


def test_names_that_a_task_had_while_it_was_typed_are_forgotten(work: Work) -> None:
    for name in ("r", "re", "rep", "report"):
        work.check([*CHAIN, f"#| task: {name}\nprint(x)"])
    known = {task_id for _, task_id in work.memory.traces("n.ipynb").settled._kept}
    assert "report" in known
    assert known.isdisjoint({"r", "re", "rep"})


WITH_ELEMENTS = [
    "import pandas as pd\n\nclass Row:\n    def __str__(self):\n        self.n = 1\n        return 'row'",
    "#| task: make\nrow = Row()\nframe = pd.DataFrame({'rows': [[1]]})",
    "#| task: change\nframe.loc[0, 'rows'].append(2)",
    "#| task: look\nprint(row.n, frame)",
]


def test_what_is_known_of_the_whole_notebook_is_known_where_a_cell_is_edited(work: Work) -> None:
    make = f"{WITH_ELEMENTS[1]}\nkept = pd.Series({{'k': row}})"
    states = [
        WITH_ELEMENTS,
        edited(WITH_ELEMENTS, 1, make),
        edited(edited(WITH_ELEMENTS, 1, make), 2, "#| task: change\nframe.loc[0, 'rows'].append(2)\nprint(kept['k'])"),
        edited(WITH_ELEMENTS, 1, f"{WITH_ELEMENTS[1]}\nkept = [row]"),
    ]
    for state in states:
        agree(work.check(state), state)
