"""`nb2dag suggest` and `nb2dag migrate`, from a notebook file to what they print and write."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

import nb2dag.report
from nb2dag.cli.app import app
from nb2dag.compiler.pipeline import compile_notebook
from support.oracle import notebook_text

ANALYSIS = [
    ("markdown", "# Sales of a shop\n\nWhat sells, and when."),
    ("code", "%pip install pandas"),
    ("code", "import json\nimport math"),
    ("code", "REGION = 'north'"),
    ("markdown", "## 1. Load the sales"),
    ("code", "rows = [{'region': 'north', 'price': 3.5}, {'region': 'south', 'price': 2}]"),
    ("code", "rows[:1]"),
    ("markdown", "## 2. Clean"),
    ("code", "rows = [row for row in rows if row['region'] == REGION]\nrows.append({'region': REGION, 'price': 1})"),
    ("markdown", "## 3. Report"),
    ("code", "def total(items):\n    return math.fsum(item['price'] for item in items)"),
    ("code", "print(json.dumps({'total': total(rows)}))"),
]


def write(path: Path, cells: list[tuple[str, str]]) -> bytes:
    document = json.loads(notebook_text([source for _, source in cells]))
    for cell, (kind, _) in zip(document["cells"], cells, strict=True):
        cell["cell_type"] = kind
        if kind != "code":
            del cell["outputs"], cell["execution_count"]
    path.write_text(json.dumps(document, indent=1) + "\n")
    return path.read_bytes()


@pytest.fixture
def notebook(tmp_path):
    path = tmp_path / "shop.ipynb"
    write(path, ANALYSIS)
    return path


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_suggestion_is_shown_and_nothing_is_written(notebook):
    before = notebook.read_bytes()
    done = run("suggest", notebook)
    assert done.exit_code == 0, done.output
    assert notebook.read_bytes() == before
    assert "3 tasks" in done.stdout
    assert "  load_sales  cells 6, 7    hands over rows\n" in done.stdout
    assert "  clean       cell 9        hands over rows\n" in done.stdout
    assert "  report      cells 11, 12\n" in done.stdout
    assert "  parameters: cell 4\n" in done.stdout
    assert "  shared, as each task needs it: cell 3\n" in done.stdout
    assert "since they install packages: cell 2" in done.stdout
    assert "@@ new first cell\n+%load_ext nb2dag\n+%airflow_dag shop\n" in done.stdout
    assert "@@ cell 6 (c6)\n+%%airflow_task load_sales\n rows = [" in done.stdout


def test_it_is_written_on_request_and_compiles(notebook):
    untouched = json.loads(notebook.read_text())["cells"]
    done = run("suggest", notebook, "--write")
    assert done.exit_code == 0, done.output
    cells = json.loads(notebook.read_text())["cells"]
    assert len(cells) == len(untouched) + 1
    assert [cell["id"] for cell in cells[1:]] == [cell["id"] for cell in untouched]
    plan = compile_notebook(notebook).plan
    assert plan is not None
    assert [task.task_id for task in plan.tasks] == ["load_sales", "clean", "report"]
    assert [param.name for param in plan.params] == ["REGION"]
    assert "verify" in done.stderr
    # Counted as they are in the notebook that is there now.
    assert "  load_sales  cells 7, 8    hands over rows\n" in done.stdout
    assert "  parameters: cell 5\n" in done.stdout


def test_another_file_is_not_overwritten_unasked(notebook, tmp_path):
    target = tmp_path / "tagged.ipynb"
    before = notebook.read_bytes()
    assert run("suggest", notebook, "-o", target).exit_code == 0
    assert notebook.read_bytes() == before
    first = target.read_bytes()
    target.write_text("mine")
    refused = run("suggest", notebook, "-o", target)
    assert refused.exit_code == 2
    assert "is there already: give --force" in refused.stderr
    assert not refused.stdout
    assert target.read_text() == "mine"
    assert run("suggest", notebook, "-o", target, "--force").exit_code == 0
    assert target.read_bytes() == first


def test_the_patch_applies(notebook, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("suggest", "shop.ipynb", "--format", "patch")
    assert done.exit_code == 0, done.output
    subprocess.run(["git", "apply", "-"], check=True, input=done.stdout_bytes, cwd=tmp_path)
    applied = notebook.read_bytes()
    write(notebook, ANALYSIS)
    assert run("suggest", notebook, "--write").exit_code == 0
    assert notebook.read_bytes() == applied


def conforms(document, name):
    """Check a document against its published schema."""
    path = Path(nb2dag.report.__file__).parent / "schema" / f"{name}.schema.json"
    schema = json.loads(path.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    assert set(document) == set(schema["properties"])


def test_as_json(notebook):
    document = json.loads(run("suggest", notebook, "--format", "json", "--style", "options").stdout)
    conforms(document, "suggest")
    assert document["dag_id"] == "shop"
    assert document["tasks"] == [
        {"task": "load_sales", "cells": [6, 7], "hands_over": ["rows"]},
        {"task": "clean", "cells": [9], "hands_over": ["rows"]},
        {"task": "report", "cells": [11, 12], "hands_over": []},
    ]
    assert (document["parameters"], document["shared"], document["skipped"]) == (4, [3, 4], [2])
    sources = {cell["cell"]: cell["source"] for cell in document["cells"]}
    assert set(sources) == {2, 4, 6, 7, 9, 11, 12}
    assert sources[4] == "#| parameters\nREGION = 'north'"
    assert sources[12].startswith("#| task: report\n")


@pytest.mark.parametrize(
    ("cells", "tasks"),
    [
        (["f = open('x', 'w')", "f.write('1')", "f.close()", "y = 1", "print(y)"], [(1, 2, 3), (4,), (5,)]),
        (["numbers = (n for n in range(3))", "next(numbers)", "list(numbers)", "z = 1"], [(1, 2, 3), (4,)]),
        (["import os\nimport sys", "x = 1", "os.chdir('/')", "y = x", "z = y", "print(z)"], None),
        (["k = [1]", "class B:\n    n = k", "print(B.n)", "c = 1", "print(c)"], [(1, 2, 3), (4,), (5,)]),
    ],
    ids=["open file", "generator", "working directory", "definition of a value"],
)
def test_what_belongs_together_stays_in_one_task(tmp_path, cells, tasks):
    path = tmp_path / "one.ipynb"
    path.write_text(notebook_text(cells))
    done = run("suggest", path, "--format", "json")
    found = json.loads(done.stdout)
    if tasks is None and done.exit_code:
        assert [item["name"] for item in found["diagnostics"]] == ["opaque-effect"]
        return
    assert done.exit_code == 0, done.output
    made = [tuple(task["cells"]) for task in found["tasks"]]
    assert tasks is None or made == tasks


@pytest.mark.parametrize(
    ("cells", "code", "words"),
    [
        (["%%airflow_task a\nx = 1"], 2, "has tasks already (a)"),
        (["x = ("], 1, "nothing can be suggested until this is mended"),
        (["print(nowhere)"], 1, "no cell above defines `nowhere`"),
        (["", "# only a comment"], 1, "there is no code to make tasks of"),
    ],
    ids=["tagged", "no python", "undefined", "empty"],
)
def test_what_cannot_be_suggested(tmp_path, cells, code, words):
    path = tmp_path / "one.ipynb"
    path.write_text(notebook_text(cells))
    done = run("suggest", path, "--write")
    assert done.exit_code == code
    assert words in done.stderr
    assert path.read_text() == notebook_text(cells)


@pytest.mark.parametrize(
    "options",
    [["--write", "-o", "x.ipynb"], ["--force"], ["--format", "patch", "--write"]],
    ids=["two targets", "force alone", "patch and write"],
)
@pytest.mark.parametrize("name", ["suggest", "migrate"])
def test_options_that_contradict(notebook, name, options):
    before = notebook.read_bytes()
    assert run(name, notebook, *options).exit_code == 2
    assert notebook.read_bytes() == before


def test_a_cell_with_a_magic_of_its_own_and_an_old_format(tmp_path):
    path = tmp_path / "old.ipynb"
    sources = ["%%time\nx = 1", "y = x", "print(y)"]
    cells = [
        {"cell_type": "code", "collapsed": False, "input": source, "language": "python", "metadata": {}, "outputs": []}
        for source in sources
    ]
    path.write_text(json.dumps({"metadata": {}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells}]}))
    done = run("suggest", path, "--write")
    assert done.exit_code == 0, done.output
    compilation = compile_notebook(path)
    assert not compilation.has_errors
    assert len(compilation.program.task_ids) == 3


KALE = [
    ("imports", "import math"),
    ("step:load", "rows = [1, 2]"),
    ("step:report prev:load hide", "print(math.fsum(rows))"),
]


@pytest.fixture
def kale(tmp_path):
    path = tmp_path / "kale.ipynb"
    document = json.loads(notebook_text([source for _, source in KALE]))
    for cell, (tags, _) in zip(document["cells"], KALE, strict=True):
        cell["metadata"]["tags"] = tags.split()
    path.write_text(json.dumps(document, indent=1))
    return path


def test_a_migration_is_shown_and_written_on_request(kale):
    before = kale.read_bytes()
    done = run("migrate", kale)
    assert done.exit_code == 0, done.output
    assert kale.read_bytes() == before
    assert "  report  cell 3  after load" in done.stdout
    assert "-(cell tags: step:report, prev:load, hide)\n+(cell tags: hide)\n" in done.stdout
    assert "+%%airflow_task report --after load\n" in done.stdout
    assert "kale.ipynb:cell 3: warning: the cell tag `hide` is unknown" in done.stderr
    taken = run("migrate", kale, "-o", kale.parent)
    assert (taken.exit_code, taken.stdout) == (2, "")
    assert "is a folder" in taken.stderr
    written = run("migrate", kale, "--write")
    assert written.exit_code == 0
    assert "  report  cell 4  after load" in written.stdout
    compilation = compile_notebook(kale)
    assert not compilation.has_errors
    assert compilation.program.task_ids == ("load", "report")
    again = run("migrate", kale)
    assert again.exit_code == 2
    assert "has tasks already" in again.stderr


def test_a_migration_with_findings_says_so_and_can_be_written(kale):
    kale.write_text(kale.read_text().replace("import math", "from math import nothing_like_this\\nprint(oops)"))
    done = run("migrate", kale, "--write")
    assert done.exit_code == 1
    assert "does not compile yet" in done.stderr
    assert "no cell above defines `oops`" in done.stderr
    assert "%%airflow_task load" in kale.read_text()


def test_a_migration_as_json(kale):
    document = json.loads(run("migrate", kale, "--format", "json").stdout)
    assert document["tasks"][1] == {"task": "report", "cells": [3], "after": ["load"]}
    assert [warning["cell"] for warning in document["warnings"]] == [3]
    assert document["diagnostics"] == []
    conforms(document, "migrate")


def test_a_notebook_without_kale_tags_is_not_migrated(notebook):
    done = run("migrate", notebook)
    assert done.exit_code == 2
    assert "`nb2dag suggest` tags a notebook" in done.stderr
