"""Every fix: what it is called, how safe it is, what it makes of the cells, and that the notebook is better for it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from nb2dag.model.diagnostic import Applicability, Severity
from nb2dag.report.ipynb_edit import edit_source
from support.oracle import compile_cells, judge

SAFE, UNSAFE, SHOWN = Applicability.SAFE, Applicability.UNSAFE, Applicability.DISPLAY_ONLY


@dataclass(frozen=True)
class Case:
    """A notebook, the rule whose first finding is mended, and what comes of it: cell number to text."""

    rule: str
    title: str
    applicability: Applicability
    cells: tuple[str, ...]
    changed: dict[int, str]


def case(rule, title, applicability, *cells, **changed):
    return Case(rule, title, applicability, cells, {int(name[4:]): text for name, text in changed.items()})


MAKE = "%%airflow_task make\nrows = [1]"
CASES = [
    case(
        "scratch-value", "Tag cell 2 as shared code", SAFE,
        MAKE, "limit = 3\nlimits = [limit, limit]", "%%airflow_task use\nprint(rows, limits)",
        cell2="%%airflow_shared\nlimit = 3\nlimits = [limit, limit]",
    ),
    case(
        "scratch-value", "Tag cell 2 as shared code", SAFE,
        "#| task: make\nrows = [1]", "limit = 3", "#| task: use\nprint(rows, limit)",
        cell2="#| shared\nlimit = 3",
    ),
    case(
        "scratch-value", "Continue task `make` in cell 2", SAFE,
        MAKE, "rows.append(2)", "%%airflow_task use\nprint(rows)",
        cell2="%%airflow_task make\nrows.append(2)",
    ),
    case(
        "scratch-value", "Continue task `make` in cell 2", SAFE,
        "#| task: make\nrows = [1]", "rows.append(2)", "#| task: use\nprint(rows)",
        cell2="#| task: make\nrows.append(2)",
    ),
    case(
        "scratch-value", "Continue task `make` in cell 2", UNSAFE,
        MAKE, "import mylib\nrows.append(mylib.more())", "%%airflow_task use\nprint(rows)",
        cell2="%%airflow_task make\nimport mylib\nrows.append(mylib.more())",
    ),
    case(
        "reopened-task", "Make cell 3 a task of its own, `make_2`", SAFE,
        MAKE, "%%airflow_task more\nrows.append(2)", "%%airflow_task make\nprint(rows)",
        cell3="%%airflow_task make_2\nprint(rows)",
    ),
    case(
        "reopened-task", "Make cells 3, 4 a task of its own, `make_2`", UNSAFE,
        "#| task: make\n#| retries: 2\nrows = [1]", "#| task: more\nrows.append(2)",
        "#| task: make\nprint(rows)", "#| task: make\nprint(len(rows))",
        cell3="#| task: make_2\nprint(rows)", cell4="#| task: make_2\nprint(len(rows))",
    ),
    case(
        "two-versions", "Make cell 4 a task of its own, `use_2`", SAFE,
        MAKE, "%%airflow_task use\nprint(rows)", "%%airflow_task more\nrows = [2]", "%%airflow_task use\nprint(rows)",
        cell4="%%airflow_task use_2\nprint(rows)",
    ),
    case(
        "unordered-access", "Let `report` wait for `load`", SAFE,
        "import pandas as pd", "%%airflow_task load\npd.DataFrame({'n': [1]}).to_csv('s3://b/x')",
        "%%airflow_task report --retries 2  \nprint(pd.read_csv('s3://b/x'))",
        cell3="%%airflow_task report --retries 2 --after load  \nprint(pd.read_csv('s3://b/x'))",
    ),
    case(
        "unordered-access", "Let `report` wait for `load`", SAFE,
        "import pandas as pd", "#| task: load\npd.DataFrame({'n': [1]}).to_csv('s3://b/x')", "#| task: other\nprint(1)",
        "#| task: report\n#| after: [other]\nprint(pd.read_csv('s3://b/x'))",
        cell4="#| task: report\n#| after: [other, load]\nprint(pd.read_csv('s3://b/x'))",
    ),
    case(
        "unordered-access", "Let `report` wait for `load`", SAFE,
        "import pandas as pd", "#| task: load\npd.DataFrame({'n': [1]}).to_csv('s3://b/x')",
        "#| task: report\n#| retries: 1\nprint(pd.read_csv('s3://b/x'))",
        cell3="#| task: report\n#| retries: 1\n#| after: [load]\nprint(pd.read_csv('s3://b/x'))",
    ),
    case(
        "serial-mutation", "Say that `two` is meant to come after `one`", SHOWN,
        "%%airflow_task make\nfound = {}", "%%airflow_task one\nfound['a'] = 1", "%%airflow_task two\nfound['b'] = 1",
        "%%airflow_task show\nprint(found)",
        cell3="%%airflow_task two --after one\nfound['b'] = 1",
    ),
    case(
        "after-itself", "Remove `make` from `after`", SAFE,
        "%%airflow_task make --after make --retries 2\nprint(1)",
        cell1="%%airflow_task make --retries 2\nprint(1)",
    ),
    case(
        "after-itself", "Remove `make` from `after`", SAFE,
        "#| task: one\nprint(1)", "#| task: make\n#| after: [one, make]\nprint(1)",
        cell2="#| task: make\n#| after: [one]\nprint(1)",
    ),
    case(
        "after-itself", "Remove `make` from `after`", SAFE,
        "#| task: make\n#| after: make\nprint(1)",
        cell1="#| task: make\nprint(1)",
    ),
    case(
        "undefined-name", "Replace with `rows`", UNSAFE,
        MAKE, "%%airflow_task use\nprint(rowz)",
        cell2="%%airflow_task use\nprint(rows)",
    ),
    case(
        "unused-task", "Take the tag of `define` away", UNSAFE,
        MAKE, "%%airflow_task define\ndef double(x):\n    return 2 * x", "%%airflow_task use\nprint(double(rows))",
        cell2="def double(x):\n    return 2 * x",
    ),
    case(
        "absolute-local-path", "Name the file beside the notebook: `rows.csv`", UNSAFE,
        "%%airflow_task load\nprint(open(r'/home/ann/sales/rows.csv').read())",
        cell1='%%airflow_task load\nprint(open("rows.csv").read())',
    ),
    case(
        "secret-in-source", "Read it from the environment variable `DB_PASSWORD`", UNSAFE,
        "import os", "%%airflow_task load\ndb_password = 'hunter2'\nprint(len(db_password), os)",
        cell2="%%airflow_task load\ndb_password = os.environ[\"DB_PASSWORD\"]\nprint(len(db_password), os)",
    ),
    case(
        "secret-in-source", "Read it from the environment variable `API_KEY`", UNSAFE,
        "%%airflow_task load\n%%time\n# the key\nsettings = {'api_key': 'a1b2c3d4e5'}\nprint(settings)",
        cell1="%%airflow_task load\n%%time\n# the key\nimport os\n\n"
        "settings = {'api_key': os.environ[\"API_KEY\"]}\nprint(settings)",
    ),
    case(
        "secret-in-source", "Read it from the environment variable `DATABASE_URL`", UNSAFE,
        "%%airflow_task load\nimport os\nprint('postgresql://etl:s3cr3t@db/sales')",
        cell1='%%airflow_task load\nimport os\nprint(os.environ["DATABASE_URL"])',
    ),
    case(
        "unused-suppression", "Remove what silences nothing", SAFE,
        "%%airflow_task load\nprint(1)  # nb2dag: ignore[bare-call]",
        cell1="%%airflow_task load\nprint(1)",
    ),
    case(
        "invalid-suppression", "Replace with `bare-call`", UNSAFE,
        "import foo\nfoo.go()  # nb2dag: ignore[bare-cal]", "%%airflow_task load\nprint(1)",
        cell1="import foo\nfoo.go()  # nb2dag: ignore[bare-call]",
    ),
    case(
        "suppressed-error", "Remove what cannot be silenced", SAFE,
        "%%airflow_task load\nprint(1)  # nb2dag: ignore[undefined-name]",
        cell1="%%airflow_task load\nprint(1)",
    ),
    case(
        "unknown-option", "Replace with `retries`", UNSAFE,
        "%%airflow_task load --retris 2\nprint(1)",
        cell1="%%airflow_task load --retries 2\nprint(1)",
    ),
    case(
        "unknown-directive", "Replace with `airflow_task`", UNSAFE,
        MAKE, "%%airflow_taks load\nprint(1)",
        cell2="%%airflow_task load\nprint(1)",
    ),
    case(
        "unknown-upstream", "Replace with `make`", UNSAFE,
        MAKE, "%%airflow_task use --after mak\nprint(1)",
        cell2="%%airflow_task use --after make\nprint(1)",
    ),
    case(
        "invalid-name", "Replace with `load_it`", UNSAFE,
        "#| task: load it\nprint(1)",
        cell1="#| task: load_it\nprint(1)",
    ),
    case(
        "invalid-value", "Replace with `all_done`", UNSAFE,
        "%%airflow_task load --trigger-rule all_don\nprint(1)",
        cell1="%%airflow_task load --trigger-rule all_done\nprint(1)",
    ),
    case(
        "misplaced-tag", "Move the tag to the top of the cell", SAFE,
        "rows = [1]\n%%airflow_task load\nprint(rows)",
        cell1="%%airflow_task load\nrows = [1]\nprint(rows)",
    ),
    case(
        "misplaced-tag", "Move the tag to the top of the cell", SAFE,
        "rows = [1]\nprint(rows)\n#| task: load\n#| retries: 2",
        cell1="#| task: load\n#| retries: 2\nrows = [1]\nprint(rows)",
    ),
    case(
        "line-magic-for-a-cell", "Write two percent signs", SAFE,
        "%airflow_task load\nprint(1)",
        cell1="%%airflow_task load\nprint(1)",
    ),
    case(
        "repeated-dag", "Remove the second one", SAFE,
        "%airflow_dag shop --retries 2", MAKE, "%airflow_dag shop\nx = 1",
        cell3="x = 1",
    ),
    case(
        "syntax-error", "Write the percent sign", SAFE,
        "%%airflow_task load\nls -l data",
        cell1="%%airflow_task load\n%ls -l data",
    ),
]  # fmt: skip

RUN = {"scratch-value", "reopened-task", "two-versions", "serial-mutation", "after-itself", "unused-task"}
"""Rules whose mended notebooks are run, whole and as their DAG: they need nothing from outside."""


def mended(item: Case) -> tuple[str, ...]:
    finding = next(found for found in compile_cells(item.cells).diagnostics if found.name == item.rule and found.fix)
    assert (finding.fix.title, finding.fix.applicability) == (item.title, item.applicability)
    return tuple(
        edit_source(cell, [edit for edit in finding.fix.edits if edit.cell == number])
        for number, cell in enumerate(item.cells, 1)
    )


def errors(cells) -> list[str]:
    return [item.name for item in compile_cells(cells).diagnostics if item.severity is Severity.ERROR]


@pytest.mark.parametrize("item", CASES, ids=lambda item: f"{item.rule}: {item.title}")
def test_fix(item: Case):
    after = mended(item)
    assert after == tuple(item.changed.get(number, cell) for number, cell in enumerate(item.cells, 1))
    before = compile_cells(item.cells).diagnostics
    then = compile_cells(after).diagnostics
    count = sum(found.name == item.rule for found in before)
    assert sum(found.name == item.rule for found in then) < count
    assert len(errors(after)) <= len(errors(item.cells))


@pytest.mark.parametrize(
    "item",
    [item for item in CASES if item.rule in RUN and "mylib" not in "".join(item.cells)],
    ids=lambda item: f"{item.rule}: {item.title}",
)
def test_a_mended_notebook_computes_the_same_as_its_dag(item: Case):
    plain = tuple(
        "#" + cell[2:].replace("airflow_task ", "| task: ", 1).replace("airflow_shared", "| shared", 1)
        if cell.startswith("%%")
        else cell
        for cell in mended(item)
    )
    plain = tuple(
        cell.replace(" --after ", "\n#| after: ", 1).replace(" --retries ", "\n#| retries: ", 1) for cell in plain
    )
    verdict = judge(plain)
    assert verdict.kind == "same", verdict.detail


@pytest.mark.parametrize(
    ("rule", "cells"),
    [
        ("secret-in-source", ["#| parameters\npassword = 'hunter2'", "%%airflow_task load\nprint(password)"]),
        ("secret-in-source", ["%%airflow_task load\nx = 1\nprint(f'postgresql://etl:s3cr3t@db/{x}')"]),
        ("absolute-local-path", ["%%airflow_task load\nprint('/home/ann/data/')"]),
        ("undefined-name", ["%%airflow_task load\nprint(entirely_different)"]),
        ("unused-task", [MAKE, "%%airflow_task lost\nn = len(rows)", "%%airflow_task use\nprint(rows)"]),
        ("unknown-upstream", [MAKE, "%%airflow_task use --after zzzz\nprint(1)"]),
        ("repeated-dag", ["%airflow_dag shop", MAKE, "%airflow_dag market\nx = 1"]),
        ("two-versions", [MAKE, "%%airflow_task more\nother = rows\nrows = [2]", "%%airflow_task use\nprint(1)"]),
    ],
)
def test_what_takes_a_persons_thought_has_no_fix(rule, cells):
    assert all(item.fix is None for item in compile_cells(cells).diagnostics if item.name == rule)
