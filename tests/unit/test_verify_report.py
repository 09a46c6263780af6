"""What a verification says where nothing differs and yet not all is proven, and how it says a difference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from nb2dag.cli.verify_summary import report_text
from nb2dag.compiler.pipeline import compile_notebook
from nb2dag.local.layout import new_verify_folder
from nb2dag.local.verify.execution import NotebookFailsError
from nb2dag.local.verify.folder import copy_folder
from nb2dag.local.verify.report import Report, Verdict
from nb2dag.local.verify.request import Item, Kind, Outcome
from nb2dag.local.verify.verification import Step, VerifyOptions, verify_plan
from nb2dag.report.style import Style
from support.forked import ForkedExecutor
from support.oracle import notebook_text

BROKEN = """\
import os


class Broken:
    def __reduce_ex__(self, protocol):
        if "BROKEN" in os.environ:
            raise TypeError("no state")
        return (Broken, ())
"""


def _verify(folder: Path, cells: Sequence[str], steps: list[Step] | None = None) -> Report:
    path = folder / "one.ipynb"
    path.write_text(notebook_text(cells))
    compilation = compile_notebook(path)
    assert compilation.plan is not None, compilation.diagnostics
    options = VerifyOptions(executor=ForkedExecutor(), on_step=(steps if steps is not None else []).append)
    return verify_plan(compilation.program, compilation.plan, new_verify_folder(folder), options)


def test_a_value_that_is_not_reproducible_is_unproven(tmp_path: Path) -> None:
    report = _verify(
        tmp_path, ("import uuid", "#| task: make\nrun = uuid.uuid4().hex", "#| task: show\nprint(len(run))")
    )
    assert report.verdict is Verdict.UNPROVEN
    document = report.to_json()
    assert document["compared"] == {"by_value": 1, "by_structure": 0, "not_comparable": 0, "not_reproducible": 2}
    first = document["not_reproducible"][0]
    assert (first["cell"], first["cell_id"], first["task"], first["name"]) == (2, "c2", "make", "run")
    assert first["first"] != first["second"]
    text = report_text(report, Style())
    assert "one.ipynb:cell 2: `run`, which task `make` hands over, is not reproducible\n  first run:  '" in text
    assert "one: not proven: nothing differs, but not everything could be compared" in text


def test_an_output_that_is_not_reproducible_is_told_and_compared_where_it_is_stable(tmp_path: Path) -> None:
    steps: list[Step] = []
    cells = ("import uuid", "#| task: make\nx = 1", "#| task: show\nprint(uuid.uuid4())\nprint(x)")
    report = _verify(tmp_path, cells, steps)
    assert report.verdict is Verdict.SAME
    assert report.to_json()["compared"]["not_reproducible"] == 1
    assert [step.run for step in steps] == ["the DAG"]


def test_a_value_that_cannot_be_compared_is_listed(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(BROKEN)
    make = "#| task: make\nfrom broken import Broken\nb = Broken()"
    show = "#| task: show\nimport os\nos.environ['BROKEN'] = '1'\nprint(type(b).__name__)"
    report = _verify(tmp_path, (make, show))
    assert report.verdict is Verdict.UNPROVEN
    assert "is not comparable: a broken.Broken does not tell its state: no state" in report_text(report, Style())


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        (Kind.HANDOFF, "x[1]", "`x[1]`, which task `make` hands over, differs"),
        (Kind.INPUT, "x", "`x`, as task `make` gets it, differs"),
        (Kind.ALIAS, "a, b", "`a, b`, as task `make` gets them, are not shared as in the notebook"),
        (Kind.OUTPUT, "stdout", "the output (stdout) of task `make` differs"),
        (Kind.FILE, "out.csv", "the file out.csv of task `make` differs"),
        (Kind.FAILURE, "", "task `make` does not do what the notebook does"),
    ],
)
def test_a_difference_is_told_by_cell_and_name(kind: Kind, name: str, said: str, tmp_path: Path) -> None:
    item = Item(kind, Outcome.DIFFERENT, "make", 4, name, "1", "2\n")
    report = Report("n.ipynb", "n", tmp_path, (item,), (("make",),), {4: "c4"})
    text = report_text(report, Style())
    assert text.startswith(f"n.ipynb:cell 4: {said}\n  notebook: 1\n  DAG:      2\\n\n\nn: the DAG does not compute")
    assert report.verdict is Verdict.DIFFERENT
    assert Item.from_json(item.to_json()) == item


def test_a_notebook_that_fails_is_named_by_its_cell(tmp_path: Path) -> None:
    with pytest.raises(
        NotebookFailsError, match=r"one.ipynb:cell 2: the notebook itself fails .* ZeroDivisionError"
    ) as caught:
        _verify(tmp_path, ("x = 1", "#| task: make\ny = x / 0"))
    assert caught.value.cell == 2


def test_the_folder_is_copied_unless_it_is_too_large(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name in (
        "a.txt",
        "sub/b.txt",
        ".git/c",
        ".nb2dag/d",
        "dags/x/nb2dag.json",
        "dags/x/e",
        "venv/pyvenv.cfg",
        "venv/f",
    ):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("12345")
    (source / "out").mkdir()
    assert copy_folder(source, tmp_path / "all", ["a.txt", "out/"])
    assert (tmp_path / "all" / "out").is_dir()
    assert _names(tmp_path / "all") == ["a.txt", "sub/b.txt"]
    assert not copy_folder(source, tmp_path / "shipped", ["a.txt", "out/"], most_bytes=9)
    assert (tmp_path / "shipped" / "out").is_dir()
    assert _names(tmp_path / "shipped") == ["a.txt"]


def _names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
