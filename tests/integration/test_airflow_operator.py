"""NotebookOperator in a real Airflow: its database, `dag.test()`, papermill and kernels.

Airflow runs in processes of its own: its configuration is global, and its import must not decide what other tests see.
"""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path

import pytest

from nb2dag.runtime.formats import BundleManifest, BundleTask, CellOrigin, PointerManifest
from support.airflow_home import Airflow, Run, new_airflow
from support.releases import STATE_STORE, TABS

HEADER = """
from datetime import timedelta
from airflow.sdk import DAG, Param
from airflow.providers.standard.operators.python import PythonOperator
from nb2dag.airflow import NotebookOperator
"""

SALES = """
with DAG("sales", schedule=None, params={"top": Param(2, type="integer"), "unit": Param("EUR", type="string")}) as dag:
    extract = NotebookOperator(task_id="extract", input_nb="tasks/extract.ipynb", outputs=["rows"], bundle="d1")
    clean = NotebookOperator(
        task_id="clean", input_nb="tasks/clean.ipynb", inputs={"extract": ["rows"]}, outputs=["best"],
        parameters=["top"], bundle="d1",
    )
    report = NotebookOperator(
        task_id="report", input_nb="tasks/report.ipynb", inputs={"clean": ["best"]}, returns="total",
        parameters={"unit": "{{ params.unit }}/day"}, bundle="d1",
    )
    extract >> clean >> report
"""

FAILURES = """
def skip():
    from airflow.providers.common.compat.sdk import AirflowSkipException
    raise AirflowSkipException("nothing today")

with DAG("failures", schedule=None) as dag:
    boom = NotebookOperator(task_id="boom", input_nb="tasks/boom.ipynb", bundle="d1")
    boom >> NotebookOperator(task_id="after_boom", input_nb="tasks/quiet.ipynb", bundle="d1")
    skipped = PythonOperator(task_id="skipped", python_callable=skip)
    skipped >> NotebookOperator(
        task_id="joins", input_nb="tasks/quiet.ipynb", inputs={"skipped": ["rows"]}, trigger_rule="none_failed",
        retries=3, bundle="d1",
    )
    NotebookOperator(task_id="no_kernel", input_nb="tasks/quiet.ipynb", kernel_name="no-such-kernel", bundle="d1")
    NotebookOperator(task_id="saves_nothing", input_nb="tasks/quiet.ipynb", outputs=["rows"], bundle="d1")
    NotebookOperator(
        task_id="slow", input_nb="tasks/slow.ipynb", execution_timeout=timedelta(seconds=8), bundle="d1",
    )
"""

STALE = """
with DAG("stale", schedule=None) as dag:
    NotebookOperator(task_id="quiet", input_nb="tasks/quiet.ipynb", bundle="d1")
"""

ENDLESS = """
with DAG("endless", schedule=None) as dag:
    NotebookOperator(task_id="endless", input_nb="tasks/slow.ipynb", bundle="d1")
"""

BODY = CellOrigin("body", 4, "c4", (2, 3, 4))
SAVE = CellOrigin("save", 4, "c4")
LOAD = CellOrigin("load")
PARAMETERS = CellOrigin("parameters", 1, "c1", (1,))
IMPORT = "import nb2dag.runtime as _nb2dag\n"

NOTEBOOKS = {
    "extract": [
        ("import csv\nwith open('sales.csv') as file:\n    rows = list(csv.reader(file))", BODY),
        (IMPORT + "_nb2dag.save(globals(), 'rows')", SAVE),
    ],
    "clean": [
        ("top = 1", PARAMETERS),
        (IMPORT + "_nb2dag.load(globals(), 'extract', 'rows')", LOAD),
        ("best = sorted(int(row[1]) for row in rows)[-top:]\nprint('kept', len(best), 'of', len(rows))", BODY),
        ("_nb2dag.save(globals(), 'best')", SAVE),
    ],
    "report": [
        ("unit = ''", PARAMETERS),
        (IMPORT + "_nb2dag.load(globals(), 'clean', 'best')", LOAD),
        ("total = sum(best)\nprint(f'total {total} {unit}')", BODY),
        ("_nb2dag.save_return(globals(), 'total')", SAVE),
    ],
    "boom": [("print('so far so good')\nrows = {}\nrows['north']", BODY)],
    "quiet": [("1 + 1", BODY)],
    "slow": [
        ("import os, time\nprint(f'kernel is {os.getpid()}', flush=True)", BODY),
        ("time.sleep(300)", BODY),
    ],
}


def write_bundle(dags: Path, dag_id: str, dag_text: str, tasks: dict[str, dict], **changes: object) -> None:
    """Write a small bundle by hand: `tasks` maps a task to its upstream, inputs and outputs."""
    folder = dags / dag_id
    (folder / "tasks").mkdir(parents=True)
    (folder / "files").mkdir()
    (folder / f"{dag_id}.py").write_text(HEADER + dag_text, encoding="utf-8")
    for name, cells in NOTEBOOKS.items():
        (folder / "tasks" / f"{name}.ipynb").write_text(json.dumps(notebook(cells)), encoding="utf-8")
    listed = tuple(BundleTask(task, f"tasks/{task}.ipynb", (), {}, outputs, (4,)) for task, outputs in tasks.items())
    manifest = BundleManifest(dag_id, f"{dag_id}.ipynb", "d1", f"{dag_id}.py", listed)
    (folder / "nb2dag.json").write_text(json.dumps(manifest.to_json() | changes), encoding="utf-8")


def notebook(cells: list[tuple[str, CellOrigin]]) -> dict:
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": kernelspec, "language_info": {"name": "python"}},
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {
                    "nb2dag": origin.to_json(),
                    "tags": ["parameters"] if origin.purpose == "parameters" else [],
                },
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for number, (source, origin) in enumerate(cells)
        ],
    }


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    home = tmp_path_factory.mktemp("airflow")
    dags = home / "dags"
    write_bundle(dags, "sales", SALES, {"extract": {"rows": ("rows",)}, "clean": {"best": ("best",)}, "report": {}})
    (dags / "sales" / "files" / "sales.csv").write_text("north,3\nsouth,5\nwest,4\n", encoding="utf-8")
    write_bundle(dags, "failures", FAILURES, {"skipped": {"rows": ("rows", "columns")}})
    write_bundle(dags, "stale", STALE, {"quiet": {}}, format=99)
    write_bundle(dags, "endless", ENDLESS, {"endless": {}})
    return new_airflow(home)


@pytest.fixture(scope="module")
def log(airflow: Airflow) -> str:
    """The output of one process that ran all the DAGs: to start Airflow takes longer than their tasks."""
    lines = []
    with airflow.start("sales", "failures", "stale", "endless") as process:
        for line in process.stdout:
            lines.append(line)
            if "cell 2/2 endless: notebook cell 4" in line:
                process.send_signal(signal.SIGTERM)
    return "".join(lines)


@pytest.fixture(scope="module")
def sales(airflow: Airflow, log: str) -> Run:
    return airflow.result("sales", log)


@pytest.fixture(scope="module")
def failures(airflow: Airflow, log: str) -> Run:
    return airflow.result("failures", log)


def test_a_run_succeeds_task_by_task(sales):
    assert sales.state == "success", sales.log
    assert sales.tasks == {"extract": "success", "clean": "success", "report": "success"}


def test_only_pointers_and_the_asked_for_value_go_to_xcom(sales):
    pointers = {name: value for name, value in sales.xcoms.items() if name.endswith(".nb2dag")}
    manifests = {name: PointerManifest.from_json(value) for name, value in pointers.items()}
    saved = {name: {key: stored.names for key, stored in each.objects.items()} for name, each in manifests.items()}
    assert saved == {"extract.nb2dag": {"rows": ("rows",)}, "clean.nb2dag": {"best": ("best",)}, "report.nb2dag": {}}
    assert {each.bundle for each in manifests.values()} == {"d1"}
    ours = (".nb2dag", ".nb2dag_progress", "._link_ExecutedNotebookLink")
    others = {name for name in sales.xcoms if not name.endswith(ours)}
    assert others == {"report.return_value"}
    assert sales.xcoms["report.return_value"] == 9


def test_the_handoffs_lie_in_the_store_below_airflow_home(sales):
    manifest = PointerManifest.from_json(sales.xcoms["extract.nb2dag"])
    stored = sales.files / "store" / manifest.objects["rows"].path
    assert stored.stat().st_size == manifest.objects["rows"].size


def test_the_executed_notebooks_are_kept_and_linked(sales):
    assert "kept 2 of 3" in sales.notebook("clean")
    assert "total 9 EUR/day" in sales.notebook("report")
    link = sales.xcoms["report._link_ExecutedNotebookLink"]
    if TABS:
        assert link.startswith("/dags/sales/runs/manual__")
        assert link.endswith("/tasks/report/plugin/nb2dag")
    else:
        assert link.startswith("file://")
        assert link.endswith("/report/-1/try-1.ipynb")


def test_the_log_shows_cells_output_and_places(sales):
    for expected in (
        "cell 1/2 extract 50 % in",
        "cell 2/2 extract 100 % in",
        "kept 2 of 3",
        "total 9 EUR/day",
        "executed notebook",
        "handoff store",
    ):
        assert expected in sales.log


def test_failures_have_their_states(failures):
    assert failures.state == "failed"
    assert failures.tasks == {
        "boom": "failed",
        "after_boom": "upstream_failed",
        "skipped": "skipped",
        "joins": "failed",
        "no_kernel": "failed",
        "saves_nothing": "failed",
        "slow": "failed",
    }


@pytest.mark.parametrize(
    "message",
    [
        # The third line of the generated cell is the fourth of the user's, whose first line is a tag.
        "cell 4, line 4",
        "KeyError: 'north'",
        "traceback in the kernel:",
        "`joins` needs `rows`, `columns` from `skipped`, which handed over nothing in this run",
        "(that task is skipped): clear from `skipped`",
        "no-such-kernel",
        "`saves_nothing` ran to its end and saved no `rows`",
    ],
)
def test_a_failure_says_what_where_and_what_to_do(failures, message):
    assert message in failures.log


def test_a_missing_kernel_is_named_with_those_there_are(failures):
    line = next(line for line in failures.log.splitlines() if "no-such-kernel" in line and "python3" in line)
    assert "kernel" in line


def test_a_failed_notebook_is_kept_as_far_as_it_ran(failures):
    kept = failures.notebook("boom")
    assert "so far so good" in kept
    assert "KeyError" in kept


def test_a_notebook_that_ran_out_of_time_is_kept_and_its_kernel_ended(failures):
    kept = failures.notebook("slow")
    assert "AirflowTaskTimeout" in failures.log
    assert_ended(kernel_in(kept))


def test_no_user_value_of_a_failed_task_goes_to_xcom(failures):
    allowed = {"boom._link_ExecutedNotebookLink"} | (set() if STATE_STORE else {"boom.nb2dag_progress"})
    assert {name for name in failures.xcoms if name.startswith("boom.")} <= allowed


def test_a_bundle_of_another_format_is_refused(airflow, log):
    run = airflow.result("stale", log)
    assert run.tasks == {"quiet": "failed"}
    assert "is a bundle of format 99, and this nb2dag reads format 1: upgrade nb2dag here, or compile the" in run.log


def test_a_terminated_task_keeps_its_notebook_and_leaves_no_kernel(airflow, log):
    run = airflow.result("endless", log)
    assert run.tasks == {"endless": "failed"}, log
    assert "was told to stop (SIGTERM)" in log
    assert_ended(kernel_in(run.notebook("endless")))


def kernel_in(text: str) -> int:
    """Return the process id that the kernel of a notebook printed."""
    # A notebook that was kept in the middle of its run has each piece of a stream by itself.
    found = re.search(r"kernel is (\d+)", text)
    assert found is not None, text
    return int(found[1])


def assert_ended(pid: int) -> None:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError(f"process {pid} is still there")
