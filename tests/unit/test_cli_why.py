"""`nb2dag show --why`: every statement, value and edge of a task's notebook with its reason."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from nb2dag.cli.app import app
from support.oracle import compile_cells, notebook_text

SHOP = [
    "%load_ext nb2dag\n%airflow_dag shop",
    "#| parameters\nrate = 1.25",
    "import math\nimport time\nimport warnings\nwarnings.filterwarnings('ignore')\nimport rich.traceback",
    "def euros(dollars):\n    return math.floor(dollars / rate)",
    "class Box:\n    def __init__(self, size):\n        self.size = size",
    "now = time.time()\nlabels = [f'{now}']",
    "%%airflow_task load\nprices = [10, 20]\nboxes = [Box(price) for price in prices]",
    "%%airflow_task convert\nprices.append(40)\nconverted = [euros(price) for price in prices]",
    "%%airflow_task report --after load\nprint(converted, [box.size for box in boxes], labels)",
]


@pytest.fixture
def notebook(tmp_path):
    path = tmp_path / "shop.ipynb"
    path.write_text(notebook_text(SHOP), "utf-8")
    return str(path)


def show(*arguments):
    return CliRunner().invoke(app, ["show", *arguments], catch_exceptions=False)


def reasons(tmp_path, cells):
    path = tmp_path / "n.ipynb"
    path.write_text(notebook_text(cells), "utf-8")
    document = json.loads(show("--why", "--format", "json", str(path)).stdout)
    return {task["task_id"]: task for task in document["tasks"]}


def statement(task, cell, line):
    return next(one for one in task["statements"] if (one["cell"], one["line"]) == (cell, line))


def test_the_whole_view_of_one_task(notebook):
    result = show("--why", "--task", "convert", notebook)
    assert result.exit_code == 0
    assert (
        result.stdout
        == """\
task convert
  waits for
    load
      because it takes `boxes`, `prices`
  runs first, from the rest of the notebook
    cell 2, line 2: rate = 1.25
      because cell 8, line 3 uses `euros`, which reads `rate`
    cell 3, line 1: import math
      because cell 8, line 3 uses `euros`, which reads `math`
    cell 3, line 3: import warnings
      because cell 3, line 4 reads `warnings`
    cell 3, line 4: warnings.filterwarnings('ignore')
      because cell 8, line 2 may depend on the settings of libraries
    cell 3, line 5: import rich.traceback
      because no code names what it imports: it is there for its effect, so every task runs it
    cell 4, line 1: def euros(dollars): ...
      because cell 8, line 3 reads `euros`
    cell 5, line 1: class Box: ...
      because a value that cell 8, line 2 uses may need `Box`, which travels as source
  takes
    `boxes` from load
      because the task may change it together with what it takes beside it, and hands it on; made last in cell 7, line 3
      because it comes together with `prices`: they may share objects
    `prices` from load
      because cell 8, line 2 reads `prices`; made last in cell 7, line 2
      because it comes together with `boxes`: they may share objects
  runs
    cell 8
      because it is the task's own cell
  hands over
    `boxes`, as it is after cell 8
      because `report` takes it (cell 9, line 2)
    `converted`, as it is after cell 8
      because `report` takes it (cell 9, line 2)
"""
    )


def test_a_task_has_the_statements_of_its_notebook_and_no_others(tmp_path):
    plan = compile_cells(SHOP).plan
    given = reasons(tmp_path, SHOP)
    for task in plan.tasks:
        lines = {(cell.cell, line) for cell in task.cells if hasattr(cell, "lines") for line in cell.lines}
        own = set() if task.implicit else set(task.source_cells)
        found = {
            (one["cell"], line)
            for one in given[task.task_id]["statements"]
            for line in range(one["line"], one["end_line"] + 1)
        }
        assert {
            (cell, line) for cell, line in lines if cell not in own and SHOP[cell - 1].split("\n")[line - 1]
        } == found
        names = {name for load in task.loads for name in load.names}
        assert {load["name"] for load in given[task.task_id]["loads"]} == names
        saved = [(save.names, cell.cell) for cell in task.cells if hasattr(cell, "saves") for save in cell.saves]
        assert {(save["name"], save["after_cell"]) for save in given[task.task_id]["saves"]} == {
            (name, cell) for names, cell in saved for name in names
        }
        assert [edge["task_id"] for edge in given[task.task_id]["upstream"]] == list(task.upstream)
        assert all(edge["because"] for edge in given[task.task_id]["upstream"])


def test_what_is_computed_once_says_why(tmp_path):
    given = reasons(tmp_path, SHOP)
    why = statement(given["shared"], 6, 2)
    assert (why["cause"], why["name"]) == ("given", "labels")
    assert why["because"] == (
        "`labels` is computed once, here: it comes from `now`, "
        "and `time.time()` (cell 6, line 1) gives another value each time"
    )
    load = next(load for load in given["report"]["loads"] if load["name"] == "labels")
    assert (load["from"], load["obstacle"]) == ("shared", "clock")
    assert load["handed_over_because"].startswith("it comes from `now`, and `time.time()` (cell 6, line 1)")


def test_an_edge_by_declaration_says_where_it_is_declared(tmp_path):
    given = reasons(tmp_path, SHOP)
    edges = {edge["task_id"]: edge for edge in given["report"]["upstream"]}
    assert edges["load"]["because"] == "`after` in cell 9, line 1 says so"
    assert edges["load"]["declared"] == [{"cell": 9, "line": 1}]
    assert edges["convert"]["names"] == ["boxes", "converted"]


@pytest.mark.parametrize(
    ("shared", "obstacle", "words"),
    [
        ("import time\nx = time.time()", "clock", "`time.time()` (cell 1, line 2) gives another value each time"),
        ("import random\nx = random.random()", "random", "`random.random()` (cell 1, line 2) draws other numbers"),
        ("x = open('/data/x').read()", "files", "`open('/data/x')` (cell 1, line 1) reads files"),
        ("import requests\nx = requests.get('http://h').text", "network", "asks another machine"),
        ("import mylib\nx = mylib.load()", "call", "`mylib.load()` (cell 1, line 2) may give another value"),
    ],
)
def test_every_obstacle_has_its_words(tmp_path, shared, obstacle, words):
    given = reasons(tmp_path, [shared, "%%airflow_task a\nprint(x)"])
    (load,) = given["a"]["loads"]
    assert load["obstacle"] == obstacle
    assert words in load["handed_over_because"]


def test_a_cell_tagged_shared_and_a_call_nobody_knows(tmp_path):
    given = reasons(tmp_path, ["import foo\nfoo.bar()", "%%airflow_shared\nlimit = 3", "%%airflow_task a\nx = 1"])
    assert statement(given["a"], 1, 2)["cause"] == "unknown-call"
    assert statement(given["a"], 2, 2)["because"] == "its cell is tagged as shared, so every task runs it whole"


def test_files_and_settings_are_named_in_words(tmp_path):
    cells = [
        "import os",
        "%%airflow_task a\nopen('out.txt', 'w').write('1')\nos.environ['MODE'] = 'x'",
        "%%airflow_task b\nprint(open('out.txt').read(), os.environ['MODE'])",
        "%%airflow_task c\nopen('/data/x', 'w').write('1')",
        "%%airflow_task d\nprint(open('/data/x').read())",
    ]
    path = tmp_path / "n.ipynb"
    path.write_text(notebook_text(cells), "utf-8")
    text = show("--why", str(path)).stdout
    assert "it takes the file `out.txt`" in text
    assert "cell 3, line 2 uses the file `out.txt`" in text
    assert "cell 3, line 2 may depend on the environment (`os.environ`)" in text
    assert "both use a file outside of the notebook's folder, in this order" in text
    assert "<" not in text


def test_the_state_of_a_generator_is_named_in_words(tmp_path):
    cells = [
        "import random",
        "%%airflow_task a\nrandom.seed(1)\nx = random.random()",
        "%%airflow_task b\nprint(random.random(), x)",
    ]
    path = tmp_path / "n.ipynb"
    path.write_text(notebook_text(cells), "utf-8")
    text = show("--why", "--task", "b", str(path)).stdout
    assert "the state of `random` from a" in text
    assert "<random>" not in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--why", "--cells"], "two views"),
        (["--task", "load"], "give --why too"),
        (["--why", "--format", "mermaid"], "has the forms text and json"),
        (["--why", "--task", "lod"], "did you mean `load`?"),
        (["--why", "--task", "zzz"], "its tasks are `shared`, `load`, `convert`, `report`"),
    ],
)
def test_what_makes_no_sense_is_refused(notebook, arguments, words):
    result = CliRunner().invoke(app, ["show", *arguments, notebook])
    assert result.exit_code == 2
    assert words in result.output


def test_a_notebook_with_errors_has_no_reasons(tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_text(notebook_text(["%%airflow_task a\nprint(nothing)"]), "utf-8")
    result = show("--why", str(path))
    assert result.exit_code == 1
    assert result.stdout == ""
