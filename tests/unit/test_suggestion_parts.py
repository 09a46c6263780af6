"""What a suggestion is made of: headings, kinds of cells, cuts and names."""

from __future__ import annotations

import pytest

from nb2dag.compiler.analysis.flow import trace_flow
from nb2dag.compiler.frontend.tagging import tag_program
from nb2dag.compiler.suggestion.crossings import weigh
from nb2dag.compiler.suggestion.cuts import MOST_TASKS, Boundary, choose_cuts
from nb2dag.compiler.suggestion.naming import heading_name, task_names, work
from nb2dag.compiler.suggestion.outline import PLAIN, headings, read_outline
from nb2dag.compiler.suggestion.survey import only_installs, survey
from nb2dag.directives.names import why_not_id
from nb2dag.model.notebook import Cell, CellType, Notebook


def notebook(*sources):
    """Return a notebook; a source that begins with `md:` is Markdown."""
    return Notebook(
        "n.ipynb",
        tuple(
            Cell(number, f"c{number}", CellType.MARKDOWN, source[3:])
            if source.startswith("md:")
            else Cell(number, f"c{number}", CellType.CODE, source)
            for number, source in enumerate(sources, 1)
        ),
    )


def flow_of(*sources):
    return trace_flow(tag_program(notebook(*sources)))


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("# One #", [(1, "One")]),
        ("text\n\n## Two", [(2, "Two")]),
        ("####### seven", []),
        ("#no blank", [(1, "no blank")]),
        ("Title\n=====\nSub\n---", [(1, "Title"), (2, "Sub")]),
        ("---\nrule", []),
        ("# A\n---", [(1, "A")]),
        ("<h2 id='x'>With <b>bold</b></h2>", [(2, "With bold")]),
        ("```python\n# comment\n```\n# Real", [(1, "Real")]),
        ("~~~\n# comment\n~~~", []),
    ],
)
def test_headings(markdown, expected):
    assert list(headings(markdown)) == expected


def test_outline_has_the_highest_heading_above_each_cell():
    found = read_outline(notebook("md:### a\n# b", "", "x = 1", "md:text", "y = 1", "z = 1"))
    assert {index: above.level for index, above in found.items()} == {3: 1, 5: PLAIN, 6: None}
    assert found[3].titles == ((3, "a"), (1, "b"))


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Load the data", "load_data"),
        ("1. Load", "load"),
        ("2.3.1 Fit a model", "fit_model"),
        ("Step 3: Évaluer", "evaluer"),
        ("IV. Results", "results"),
        ("`df` and [link](http://x) $y^2$", "df_link"),
        ("2019", ""),
        ("The", "the"),
        ("数据", ""),
        ("don't stop", "dont_stop"),
        ("x" * 300, "x" * 40),
        ("One two three four five six", "one_two_three_four"),
    ],
)
def test_names_from_headings(title, expected):
    assert heading_name(title) == expected
    assert not expected or not why_not_id(expected)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("df = pd.read_csv('a')", "load"),
        ("model.fit(X, y)", "fit"),
        ("ax.plot(x)\nax.scatter(x, y)\nmodel.fit(x)", "plot"),
        ("df.groupby('a').mean()", "aggregate"),
        ("x = 1", ""),
    ],
)
def test_kinds_of_work(code, expected):
    assert work(tag_program(notebook(code)).cells) == expected


def test_names_are_all_different_and_fall_back_to_what_the_code_makes():
    program = tag_program(notebook("md:## Data", "a = 1", "md:## Data", "b = 1", "rows = f()", "print(1)"))
    cells = {cell.cell.index: cell for cell in program.cells}
    names = task_names([[cells[2]], [cells[4]], [cells[5]], [cells[6]]], read_outline(program.notebook))
    assert names == ["data", "data_2", "make_rows", "step_4"]


@pytest.mark.parametrize(
    ("sources", "shared", "parameters"),
    [
        (["import os", "x = os.getcwd()"], (1,), None),
        (["import os\nN = 3", "N = 4"], (1,), None),
        (["rate = 2", "y = rate", "z = rate"], (1,), 1),
        (["rate = 2", "rate = rate + 1"], (1,), None),
        (["rate = [1]", "y = rate"], (), None),
        (["RATES = [1]", "y = RATES"], (1,), None),
        (["unused = 2", "y = 1"], (1,), None),
        (["import random\nrandom.seed(1)", "y = random.random()"], (1,), None),
        (["import time\nt = time.time()", "y = t"], (), None),
        (["def f():\n    return 1", "f()"], (1,), None),
        (["def f():\n    return 1\nf()", "f()"], (), None),
        (["from pathlib import Path\ndata = Path('d') / 'x.csv'", "print(data)"], (1,), None),
        (["import logging, re\nlog = logging.getLogger('x')\nwords = re.compile(r'\\w+')", "log.info(1)"], (1,), None),
        (["import os\nN = 3\nfile = os.path.join('d', str(N))", "print(file)"], (), None),
        (["print(1)", "print(2)"], (), None),
        (["raise ValueError", "print(2)"], (), None),
        (["try:\n    import ujson\nexcept ImportError:\n    ujson = None", "print(2)"], (1,), None),
        (["%matplotlib inline\nimport numpy as np", "np.arange(3)"], (1,), None),
        (["import os"], (), None),
    ],
)
def test_what_only_prepares_is_shared(sources, shared, parameters):
    found = survey(flow_of(*sources), 100)
    assert (found.shared, found.parameters) == (shared, parameters)
    assert set(found.body) == set(range(1, len(sources) + 1)) - set(shared)


def test_cells_that_have_a_tag_keep_it():
    found = survey(
        flow_of("rate = 2", "#| parameters\nlimit = 3", "#| shared\nk = [1]", "x = rate + limit", "y = x"), 100
    )
    assert (found.shared, found.parameters, found.body) == ((1,), None, (4, 5))


def test_shared_cells_can_be_limited():
    assert survey(flow_of("import os", "import re", "x = 1", "y = x"), 2).shared == (1,)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("%pip install x", True),
        ("!pip install -q x\n!conda install y", True),
        ("%pip list", False),
        ("!pip install x\nimport x", False),
        ("!ls", False),
        ("x = 1", False),
        ("", False),
    ],
)
def test_cells_that_only_install(code, expected):
    assert only_installs(tag_program(notebook(code)).cells[0]) is expected


def test_what_crosses_each_boundary():
    flow = flow_of("a = []\nb = 1", "a.append(b)", "def f():\n    return a", "f()")
    crossings = weigh(flow, (1, 2, 3, 4))
    assert [sorted(crossing.names) for crossing in crossings] == [["a", "b"], ["a"], ["a"]]
    assert [sorted(crossing.changing) for crossing in crossings] == [["a"], [], []]


def test_what_stays_in_its_process_is_never_cut_off():
    flow = flow_of("file = open('x')", "y = 1", "file.read()", "z = y")
    assert [bool(crossing.stuck) for crossing in weigh(flow, (1, 2, 3, 4))] == [True, True, False]


@pytest.mark.parametrize(
    ("call", "stuck"),
    [
        ("lib.set_mode(1)", [True, False]),
        ("lib.draw(1)", [False, False]),
        ("lib.use('x')", [True, False]),
        ("x = lib.set_mode(1)", [False, False]),
        ("np.random.seed(1)", [False, False]),
    ],
)
def test_what_seems_to_set_up_an_unknown_library_stays_with_its_users(call, stuck):
    flow = flow_of("import lib\nimport numpy as np", call, "y = lib.compute()", "print(y)")
    assert [bool(crossing.stuck) for crossing in weigh(flow, (2, 3, 4))] == stuck


def test_cuts_are_made_at_cheap_headings():
    boundaries = [Boundary(2, 0.3), Boundary(None, 0.3), Boundary(2, 9.0), Boundary(2, 0.3)]
    assert choose_cuts(boundaries, [5] * 5) == [0, 3]


def test_forbidden_boundaries_stay_whole_and_there_are_not_too_many_tasks():
    assert choose_cuts([Boundary(1, 0.0, forbidden=True)] * 5, [5] * 6) == []
    assert len(choose_cuts([Boundary(1, 0.0)] * 40, [5] * 41)) == MOST_TASKS - 1
    assert choose_cuts([], [5]) == []
