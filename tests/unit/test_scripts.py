"""`%run`: a script counts as if it stood in the cell, and what its functions keep for themselves is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.compiler.frontend.scripts import with_scripts
from nb2dag.compiler.frontend.tagging import tag_program
from nb2dag.compiler.pipeline import Compilation
from support.oracle import compile_cells, notebook_text

HELPERS = "import math\nK = 2\n\n\ndef area(r):\n    return K * r\n"


def compiled(folder: Path, *cells: str, **files: str) -> Compilation:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return compile_cells(cells, folder)


def test_a_script_of_definitions_is_run_in_each_task_that_needs_it(tmp_path: Path) -> None:
    found = compiled(
        tmp_path, "#| task: a\n%run helpers.py\nx = area(1)", "#| task: b\nprint(area(2), K)", helpers__py=HELPERS
    )
    assert found.plan is not None
    assert [file.path for file in found.plan.files] == ["helpers.py"]
    assert found.plan.tasks[1].upstream in ((), ("a",))
    assert "%run helpers.py" in str(found.plan.tasks[1].cells) or found.plan.tasks[1].loads


def test_a_notebook_runs_in_the_notebooks_own_namespace(tmp_path: Path) -> None:
    setup = notebook_text(["Q = 3\ndef f(v):\n    return v * Q"])
    found = compiled(tmp_path, "%run setup.ipynb", "#| task: a\nQ = 5", "#| task: b\nprint(f(3))", setup__ipynb=setup)
    assert found.plan is not None
    assert found.plan.tasks[1].upstream == ("a",)
    assert [file.path for file in found.plan.files] == ["setup.ipynb"]


@pytest.mark.parametrize(
    "script",
    ["n = 0\ndef bump():\n    global n\n    n += 1\n    return n\n", "R = []\ndef bump():\n    R.append(1)\n"],
    ids=["rebinds", "changes"],
)
def test_a_script_that_keeps_state_of_its_own_is_refused(script: str, tmp_path: Path) -> None:
    found = compiled(tmp_path, "%run c.py", "#| task: a\nbump()", "#| task: b\nbump()", c__py=script)
    assert {item.name for item in found.diagnostics} >= {"opaque-effect"}
    assert found.plan is None


@pytest.mark.parametrize("line", ["%run nothere.py", "%run -n helpers.py", "%run {name}.py", "%run /tmp/x.py"])
def test_what_cannot_be_read_is_refused(line: str, tmp_path: Path) -> None:
    found = compiled(tmp_path, "name = 'helpers'", f"#| task: a\n{line}", helpers__py=HELPERS)
    assert "opaque-effect" in {item.name for item in found.diagnostics}


def test_a_script_that_a_cell_writes_is_known_by_its_text(tmp_path: Path) -> None:
    (tmp_path / "s.py").write_text("stale = 1\n")
    cells = ["%%writefile s.py\nfresh = 2", "%run s.py"]
    program = with_scripts(tag_program(parse_notebook(notebook_text(cells), "n.ipynb")), tmp_path)
    (escape,) = program.cells[1].code.escapes
    assert escape.script is not None
    assert [json.dumps(part.tree.body[0].targets[0].id) for part in escape.script.parts] == ['"fresh"']  # type: ignore[attr-defined]
