"""Comments that silence findings: which they meet, and that none does so unseen."""

from __future__ import annotations

import pytest

from nb2dag.model.diagnostic import Applicability
from nb2dag.report.ipynb_edit import edit_source
from support.oracle import compile_cells

TASK = "%%airflow_task a\nx = 1"
CALL = "import foo\nfoo.bar(1)"
HUSH = "# nb2dag: ignore[bare-call]"


def names(*cells):
    return [item.name for item in compile_cells(cells).diagnostics]


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param([f"import foo\nfoo.bar(1)  {HUSH}", TASK], id="name"),
        pytest.param(["import foo\nfoo.bar(1)  # nb2dag: ignore[NBD214]", TASK], id="code"),
        pytest.param(["import foo\nfoo.bar(1)  #nb2dag:ignore[ nbd214 ] it is known", TASK], id="loosely written"),
        pytest.param([f"import foo\nfoo.bar(1)  # noqa  {HUSH}", TASK], id="behind another comment"),
        pytest.param([f"import foo\nfoo.bar(\n    1\n)  {HUSH}", TASK], id="last line of a statement"),
        pytest.param([f"import foo\nfoo.bar(  {HUSH}\n    1\n)", TASK], id="first line of a statement"),
        pytest.param([f"import foo\n{HUSH}\n\n# why\nfoo.bar(1)", TASK], id="a line to itself"),
        pytest.param([TASK, "#| task: b  # nb2dag: ignore[empty-task]"], id="tag"),
        pytest.param([TASK, "%%airflow_task b\n# nb2dag: ignore[empty-task]"], id="below a tag that takes no comment"),
        pytest.param(
            ["import foo\nfoo.bar(password='hunter2')  # nb2dag: ignore[bare-call, NBD501]", TASK], id="two at once"
        ),
        pytest.param([TASK, "%%airflow_skip\npassword = 'hunter2'  # nb2dag: ignore[NBD501]"], id="skipped cell"),
        pytest.param([f"{TASK}\n!pip install b  # nb2dag: ignore[installs-packages]"], id="shell"),
    ],
)
def test_silenced(cells):
    assert names(*cells) == []


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        pytest.param([f"import foo  {HUSH}\nfoo.bar(1)", TASK], ["unused-suppression", "bare-call"], id="other line"),
        pytest.param([CALL, f"{TASK}  {HUSH}"], ["bare-call", "unused-suppression"], id="other cell"),
        pytest.param([f"{TASK}\ny = '{HUSH}'"], [], id="in a string"),
        pytest.param([f'{TASK}\ny = """\n{HUSH}\n"""'], [], id="in a long string"),
        pytest.param([f"{TASK}  # nb2dag: ignore"], ["invalid-suppression"], id="no brackets"),
        pytest.param([f"{TASK}  # nb2dag: ignore[]"], ["invalid-suppression"], id="empty brackets"),
        pytest.param([f"{TASK}  # nb2dag: ignore[bare-cal]"], ["invalid-suppression"], id="no such rule"),
        pytest.param([f"{TASK}  # nb2dag: ignored"], [], id="another word"),
        pytest.param(
            ["%%airflow_task a\nx = nothing  # nb2dag: ignore[undefined-name]"],
            ["undefined-name", "suppressed-error"],
            id="an error stays",
        ),
        pytest.param(
            ["x = 1  # nb2dag: ignore[bare-call]", "%%airflow_task a\ny = 1 +"],
            ["syntax-error"],
            id="not judged while checks are missing",
        ),
    ],
)
def test_not_silenced(cells, expected):
    assert names(*cells) == expected


@pytest.mark.parametrize(
    ("source", "mended"),
    [
        ("x = 1  # nb2dag: ignore[bare-call]", "x = 1"),
        ("x = 1  # why  # nb2dag: ignore[bare-call] for now", "x = 1  # why"),
        ("# nb2dag: ignore[bare-call]\nx = 1", "x = 1"),
        ("x = 1\n# nb2dag: ignore[bare-call]", "x = 1\n"),
        ("x = {'password': 'hunter2'}  # nb2dag: ignore[bare-call, NBD501]", None),
    ],
)
def test_the_fix_removes_what_silences_nothing(source, mended):
    cell = f"%%airflow_task a\n{source}"
    (diagnostic,) = compile_cells([cell]).diagnostics
    assert diagnostic.name == "unused-suppression"
    assert diagnostic.fix.applicability is Applicability.SAFE
    after = edit_source(cell, diagnostic.fix.edits)
    assert after.removeprefix("%%airflow_task a\n") == (mended or source.replace("bare-call, ", ""))
    assert names(after) == []
