"""How problems in tags are worded, and what is wrong between cells."""

from __future__ import annotations

import pytest

from nb2dag.compiler.frontend.tagging import tag_program
from nb2dag.compiler.rules.directive import RULES, directive_diagnostics, tag_conflicts
from nb2dag.compiler.rules.rule import Rule
from nb2dag.model.diagnostic import Applicability, Diagnostic, Severity
from nb2dag.model.notebook import Cell, CellType, Notebook
from nb2dag.model.span import Region


def cells(*sources: str) -> list[Cell]:
    return [Cell(index, f"id{index}", CellType.CODE, source) for index, source in enumerate(sources, 1)]


def findings(*sources: str) -> list[Diagnostic]:
    program = tag_program(Notebook("nb.ipynb", tuple(cells(*sources))))
    found: list[Diagnostic] = []
    for cell in program.cells:
        found.extend(directive_diagnostics("nb.ipynb", cell.cell, cell.problems))
    tagged = [(cell.cell, cell.directive) for cell in program.cells if cell.directive is not None]
    found.extend(tag_conflicts("nb.ipynb", tagged))
    return found


WORDINGS = [
    (
        "%%airflow_task clean --retrys 2",
        "unknown option `--retrys` of `%%airflow_task`",
        "did you mean `--retries`?",
    ),
    (
        "%%airflow_taks clean",
        "unknown directive `%%airflow_taks`",
        "did you mean `%%airflow_task`?",
    ),
    ("#| taks: clean", "unknown directive `#| taks`", "did you mean `#| task`?"),
    (
        "#| task: clean\n#| zzz: 2",
        "unknown option `zzz` of `%%airflow_task`",
        "`%%airflow_task?` lists the options",
    ),
    (
        "%%airflow_task clean --schedule @daily",
        "`--schedule` is no option of `%%airflow_task`",
        "it belongs to `%airflow_dag`",
    ),
    (
        "%%airflow_task 'load data'",
        "`load data` cannot be a name: it holds a blank",
        "a name is made of letters, digits, `_`, `-` and `.`, as Airflow demands: `load_data`",
    ),
    (
        '#| task: "x\\ny"',
        "`x\\ny` cannot be a name: it holds a line break",
        "a name is made of letters, digits, `_`, `-` and `.`, as Airflow demands: `x_y`",
    ),
    (
        f"#| task: {'x' * 300}",
        f"`{'x' * 57}...` cannot be a name: it has 300 characters, and Airflow allows 250",
        f"a name is made of letters, digits, `_`, `-` and `.`, as Airflow demands: `{'x' * 57}...`",
    ),
    (
        "%%airflow_task a --timeout 10",
        "`10` is no value of `--timeout`: a unit is missing: `10s`, `10m`, `10h` or `10d`",
        "expected a duration, such as `10m`, `1h30m`, `2d` or `PT10M`",
    ),
    (
        "%airflow_dag a --schedule '0 0 31 2 *'",
        "`0 0 31 2 *` is no value of `--schedule`: that day never comes in that month",
        'expected cron (`"0 6 * * *"`), a preset (`@daily`), an interval (`2h`) or assets (`"asset a & b"`)',
    ),
    (
        "%airflow_dag a --timezone Oslo",
        "`Oslo` is no value of `--timezone`: the IANA database has no such timezone",
        "did you mean `Europe/Oslo`? expected an IANA timezone, such as `Europe/Oslo`",
    ),
    (
        "%airflow_dag a --description x y",
        "the value of `--description` has blanks and no quotes",
        'write `--description "x y"`',
    ),
    ("%airflow_dag a --tags x y", "the value of `--tags` has blanks and no commas", "write `--tags x,y`"),
    ("%airflow_dag a b", "unexpected `b` in `%airflow_dag`", "one name is enough; a name with blanks is no Airflow id"),
    (
        "%%airflow_skip b",
        "unexpected `b` in `%%airflow_skip`",
        "`%%airflow_skip` takes neither a name nor a value",
    ),
    (
        "%%airflow_task a --pool",
        "`--pool` has no value",
        "write for example `--pool database`, or leave the option out",
    ),
    ("#| task: a\n#| after:", "`after` has no value", "write for example `after: extract`, or leave the option out"),
    ("#| task:", "`#| task` has no name", "write `#| task: NAME`"),
    (
        "%%airflow_sql x",
        "`%%airflow_sql` is part of the tag language, but this version of nb2dag does not compile it yet",
        "write the cell as a `%%airflow_task`, or tag it `%%airflow_skip`",
    ),
    (
        "%%airflow_task a --gpu 1",
        "`--gpu` is part of the tag language, but this version of nb2dag does not compile it yet",
        "leave it out",
    ),
    (
        "%%airflow_dag a\nimport os",
        "`import os` is no option line",
        "write `option: value`; code below `%airflow_dag` needs the magic with one percent sign",
    ),
    (
        "# note\n%%airflow_task a",
        "`%%airflow_task` is not on the cell's first line",
        "make it the first line; another cell magic goes right below it",
    ),
    ("x = 1\n#| task: a", "`#| task` stands below code", "move the option lines to the top of the cell"),
    (
        "%airflow_task a",
        "`%airflow_task` tags a whole cell and needs two percent signs",
        "write `%%airflow_task` on the cell's first line",
    ),
]


@pytest.mark.parametrize(("source", "message", "hint"), WORDINGS)
def test_wording(source, message, hint):
    (found,) = findings(source)
    assert (found.message, found.hint) == (message, hint)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_examples_of_the_pages(rule: Rule):
    example = findings(*rule.example_cells("Example"))
    assert {found.code for found in example} == {rule.code}
    assert not findings(*rule.example_cells("Use instead"))


def test_messages_are_one_line_without_a_final_stop():
    for rule in RULES:
        for found in findings(*rule.example_cells("Example")):
            assert "\n" not in found.message + found.hint
            assert not found.message.endswith(".")
            assert not found.hint.endswith(".")
            assert found.hint
            assert found.name == rule.name


def test_a_misspelt_option_has_a_fix():
    (found,) = findings("%%airflow_task clean --retrys 2")
    assert found.fix is not None
    (edit,) = found.fix.edits
    assert found.fix.applicability is Applicability.UNSAFE
    assert (edit.cell, edit.cell_id, edit.region, edit.replacement) == (1, "id1", Region(1, 24, 1, 30), "retries")


def test_a_repeated_option_points_at_the_first():
    (found,) = findings("#| task: a\n#| retries: 1\n#| retries: 2")
    assert found.message == "`retries` is given twice"
    assert found.span.region == Region(3, 4, 3, 14)
    assert found.labels[0].span.region.line == 2


def test_second_dag_cell():
    (found,) = findings("%airflow_dag a", "x = 1", "%airflow_dag b")
    assert found.name == "repeated-dag"
    assert found.message == "this is the notebook's second cell with DAG settings; the first is cell 1"
    assert (found.span.cell, found.labels[0].span.cell) == (3, 1)


def test_second_parameters_cell():
    (found,) = findings("#| parameters\nx = 1", "#| parameters\ny = 1")
    assert found.severity is Severity.WARNING
    assert found.message == "this is a second parameters cell; the first is cell 1"
    assert found.span.cell == 2


def test_a_continued_task():
    assert not findings("#| task: a\n#| retries: 1", "#| task: a\n#| retries: 1", "#| task: a\n#| after: b")
    assert not findings("#| task: a\n#| after: b", "#| task: a\n#| after: c")
    (found,) = findings("#| task: a\n#| retries: 1", "#| task: a\n#| retries: 2")
    assert found.name == "contradicting-option"
    assert found.message == "task `a` is given `retries` twice, with different values"
    assert (found.span.cell, found.labels[0].span.cell) == (2, 1)
