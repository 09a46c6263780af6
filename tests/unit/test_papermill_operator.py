"""The DAG file and the notebooks of `compile --operator papermill`, and the job that such a notebook takes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from nb2dag.compiler.backend.dag_module import emit_dag_module
from nb2dag.compiler.backend.dialects import dialect_for
from nb2dag.compiler.backend.papermill_operator import left_out
from nb2dag.compiler.backend.task_notebook import emit_task_notebook
from nb2dag.errors import Nb2dagError
from nb2dag.model.plan import (
    CellPurpose,
    CodeCell,
    DagPlan,
    FilePlan,
    Load,
    LoadCell,
    ParamPlan,
    Save,
    SaveCell,
    TaskPlan,
)

STOCK = dialect_for(operator="papermill")
PARAMETERS = CodeCell(CellPurpose.PARAMETERS, "top = 1", 2, "p", (1,))
MAKE = TaskPlan(
    "make",
    (
        PARAMETERS,
        CodeCell(CellPurpose.BODY, "rows = [top]", 3, "m", (2,)),
        SaveCell((Save("rows", ("rows",)),), 3, "m"),
    ),
    parameters=("top",),
)
SHOW = TaskPlan(
    "show",
    (LoadCell((Load("make", "rows", ("rows",)),)), CodeCell(CellPurpose.BODY, "print(rows)", 4, "s", (2,))),
    upstream=("make",),
)
PLAN = DagPlan("d", "d.ipynb", "ab12", (MAKE, SHOW), params=(ParamPlan("top", 1, ("integer",)),))


def dag_file(plan: DagPlan) -> str:
    return emit_dag_module(plan, {task.task_id: f"tasks/{task.task_id}.ipynb" for task in plan.tasks}, STOCK).text


def sources(plan: DagPlan, task: TaskPlan) -> list[str]:
    notebook = json.loads(emit_task_notebook(plan, task, STOCK))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_the_dag_file_names_the_stock_operator_and_nothing_of_ours() -> None:
    text = dag_file(PLAN)
    assert "from airflow.providers.papermill.operators.papermill import PapermillOperator\n" in text
    assert "import nb2dag" not in text
    assert "from nb2dag" not in text
    assert 'input_nb="{{ dag.folder }}/tasks/make.ipynb",' in text
    assert "render_template_as_native_obj=True," in text
    assert """{"nb2dag_job": {**JOB, "parameters": {"top": "{{ '%r' | format(params.top) }}"}}}""" in text


def test_a_notebook_takes_its_job_on_first_and_publishes_last() -> None:
    assert sources(PLAN, MAKE) == [
        "import nb2dag.runtime as _nb2dag\n\n_nb2dag.begin(nb2dag_job)",
        "top = 1",
        'top = nb2dag_job["parameters"]["top"]',
        "rows = [top]",
        '_nb2dag.save(globals(), "rows")',
        "_nb2dag.publish()",
    ]
    assert sources(PLAN, SHOW)[0].endswith('_nb2dag.begin(nb2dag_job, "make")')


def test_a_notebook_without_handoffs_needs_no_nb2dag() -> None:
    alone = TaskPlan("alone", (PARAMETERS, CodeCell(CellPurpose.BODY, "print(top)", 3, "m", (2,))), parameters=("top",))
    plan = replace(PLAN, tasks=(alone,))
    assert sources(plan, alone) == ["top = 1", "print(top)"]
    text = dag_file(plan)
    assert """parameters={"top": "{{ '%r' | format(params.top) }}"},""" in text
    assert "JOB" not in text
    assert "BUNDLE" not in text
    shipped = replace(plan, files=(FilePlan("a.csv", 1),))
    assert sources(shipped, alone)[0].endswith("_nb2dag.begin(nb2dag_job)")


WHEN = "dag_run.run_type in ('scheduled', 'backfill', 'asset_triggered') and 'top' not in (dag_run.conf or {})"


@pytest.mark.parametrize(
    ("types", "scheduled", "template"),
    [
        (("string",), "{{ ds }}", f"{{{{ '%r' | format(((ds) ~ '') if {WHEN} else params.top) }}}}"),
        (("null", "string"), "on {{ ds }}", f"{{{{ '%r' | format(('on ' ~ (ds) ~ '') if {WHEN} else params.top) }}}}"),
        (("integer",), "{{ ts }}", f"{{{{ ((ts) ~ '') if {WHEN} else '%r' | format(params.top) }}}}"),
    ],
)
def test_a_scheduled_value_is_one_expression(types: tuple[str, ...], scheduled: str, template: str) -> None:
    plan = replace(PLAN, params=(ParamPlan("top", 1, types, scheduled=scheduled),))
    parts = "".join(line.strip().strip('"') for line in dag_file(plan).splitlines())
    assert template in parts


def test_what_that_operator_cannot_do_is_said() -> None:
    assert left_out(replace(PLAN, tasks=(replace(MAKE, return_name="rows"), SHOW))) == [
        "task `make`: `return` has no effect: `PapermillOperator` puts the notebook's place into XCom"
    ]
    for option in ("connections", "variables", "cell_timeout"):
        plan = replace(PLAN, tasks=(replace(MAKE, options={option: ("a",)}), SHOW))
        with pytest.raises(Nb2dagError, match=f"`PapermillOperator` has no argument for the option `{option}`"):
            dag_file(plan)
    with pytest.raises(Nb2dagError, match="has more than"):
        dag_file(replace(PLAN, params=(ParamPlan("top", 1, ("string",), scheduled="{% if x %}{% endif %}"),)))
    with pytest.raises(Nb2dagError, match="needs `render_template_as_native_obj`"):
        dag_file(replace(PLAN, options={"render_template_as_native_obj": False}))
    with pytest.raises(Nb2dagError, match="there is no operator `bash`"):
        dialect_for(operator="bash")


RUN = """
import nb2dag.runtime as _nb2dag
job = {{"bundle": "b", "run": {{"dag_id": "d", "run_id": "r:1", "task_id": {task!r}, "try": {attempt}}}, {files}}}
_nb2dag.begin(job{producers})
"""


def run(store: Path, task: str, code: str, *producers: str, attempt: int = 1, files: str = "") -> str:
    """Run what a notebook of the stock operator runs, in a process of its own; return what it said."""
    asked = "".join(f", {producer!r}" for producer in producers)
    program = (
        RUN.format(task=task, attempt=attempt, files=f'"files": {files!r}' if files else "", producers=asked) + code
    )
    environment = {**os.environ, "NB2DAG_STORE": str(store)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


SAVE = "rows = [{}]\n_nb2dag.save(globals(), 'rows')\n"
READ = "_nb2dag.load(globals(), 'make', 'rows')\nprint(rows)"


def test_values_travel_by_the_store_and_the_last_attempt_counts(tmp_path: Path) -> None:
    assert run(tmp_path, "make", SAVE.format(2) + "_nb2dag.publish()", attempt=2) == ""
    assert run(tmp_path, "make", SAVE.format("'late'") + "_nb2dag.publish()", attempt=1) == ""
    assert run(tmp_path, "show", READ, "make") == "[2]\n"


def test_what_was_not_published_is_not_read(tmp_path: Path) -> None:
    assert run(tmp_path, "make", SAVE.format(1)) == ""
    assert "`show` needs values from `make`, which has handed over nothing in this run" in run(
        tmp_path, "show", READ, "make"
    )


def test_the_working_directory_is_a_copy_that_goes(tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "tariff.py").write_text("NAME = 'low'\n", encoding="utf-8")
    code = "import os, tariff\nprint(tariff.NAME, os.getcwd())\nopen('new', 'w').close()"
    name, folder = run(tmp_path / "store", "make", code, files=str(files)).split()
    assert name == "low"
    assert not Path(folder).exists()
    assert sorted(path.name for path in files.iterdir() if path.suffix) == ["tariff.py"]


def test_a_notebook_opened_by_hand_says_what_to_do(tmp_path: Path) -> None:
    program = "import nb2dag.runtime as r\nr.begin('{{ run_id }}')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "its parameter `nb2dag_job` does not say of which run" in done.stderr
