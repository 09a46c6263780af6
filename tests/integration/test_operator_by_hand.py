"""NotebookOperator written by hand, in a real Airflow: what it takes, and what a cell can decide for its task."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing

import nbformat
import pytest

from nb2dag.runtime.formats import PointerManifest
from support.airflow_home import Airflow, Run, new_airflow
from support.task_bench import RUNTIME, Bench, body

DAG = """
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG
from nb2dag.airflow import NotebookOperator

with DAG("by_hand", schedule=None) as dag:
    NotebookOperator(
        task_id="secrets", input_nb="tasks/secrets.ipynb", connections=["warehouse"], variables=["api_key"],
    )
    NotebookOperator(
        task_id="template", input_nb="tasks/template.ipynb", parameters={"token": "{{ conn.warehouse.password }}"},
    )
    NotebookOperator(task_id="no_connection", input_nb="tasks/quiet.ipynb", connections=["nope"], retries=2)
    NotebookOperator(task_id="no_variable", input_nb="tasks/quiet.ipynb", variables=["nothing"], retries=2)
    skips = NotebookOperator(task_id="skips", input_nb="tasks/skips.ipynb", retries=2)
    skips >> NotebookOperator(task_id="after_skips", input_nb="tasks/quiet.ipynb")
    NotebookOperator(task_id="hopeless", input_nb="tasks/hopeless.ipynb", retries=2)
    NotebookOperator(task_id="tried", input_nb="tasks/tried.ipynb", retries=1, retry_delay=timedelta(0))
    NotebookOperator(task_id="slow_cell", input_nb="tasks/slow.ipynb", cell_timeout=timedelta(seconds=2))
    NotebookOperator(task_id="crash", input_nb="tasks/crash.ipynb")
    NotebookOperator(
        task_id="typed", input_nb="tasks/quiet.ipynb", parameters={"day": [date(2026, 1, 1)]}, retries=2,
    )
    NotebookOperator(
        task_id="stock", input_nb=SimpleNamespace(url="tasks/stock.ipynb"), output_nb="stock/{{ ti.task_id }}.ipynb",
        parameters={"who": "{{ ti.task_id }}", "n": 3}, kernel_name="python3", language_name="python",
        log_output=False, nbconvert=True, nbconvert_args=["--no-input"], kernel_conn_id=None,
    )
    NotebookOperator(task_id="page", input_nb="tasks/page.ipynb")
    NotebookOperator(task_id="gone", input_nb="tasks/gone.ipynb")
    NotebookOperator(task_id="no_kernel", input_nb="tasks/quiet.ipynb", kernel_name="julia-9")
    # A folder of the kernel's own, in which nobody may make anything, root included.
    NotebookOperator(task_id="forbidden", input_nb="tasks/quiet.ipynb", output_nb="/sys/nb2dag/x.ipynb")
    NotebookOperator(task_id="forbidden_store", input_nb="tasks/makes.ipynb", outputs=["rows"], store="/sys/nb2dag")
    NotebookOperator(task_id="no_url", input_nb="tasks/quiet.ipynb", output_nb="nowhere://x/t.ipynb")
    NotebookOperator(task_id="no_store", input_nb="tasks/makes.ipynb", outputs=["rows"], store="nowhere://x")
    NotebookOperator(
        task_id="elsewhere", input_nb="tasks/quiet.ipynb", output_nb="file://HOME/kept/{{ ti.task_id }}.ipynb",
        engine="nb2dag-kernel",
    )

    def spoil(producer, ti):
        pointer = ti.xcom_pull(task_ids=producer, key="nb2dag")["objects"]["rows"]
        place = Path("HOME/nb2dag/store", pointer["path"])
        if producer == "lost":
            place.unlink()
        else:
            data = bytearray(place.read_bytes())
            data[-1] ^= 1
            place.write_bytes(data)

    for task in ("lost", "damaged"):
        makes = NotebookOperator(task_id=task, input_nb="tasks/makes.ipynb", outputs=["rows"])
        spoils = PythonOperator(task_id=f"spoils_{task}", python_callable=spoil, op_args=[task])
        makes >> spoils >> NotebookOperator(
            task_id=f"reads_{task}", input_nb=f"tasks/reads_{task}.ipynb", inputs={task: ["rows"]},
        )
    NotebookOperator(
        task_id="patient", input_nb="tasks/makes.ipynb", outputs=["rows"], store="HOME/fragile", retries=1,
        retry_delay=timedelta(0), on_retry_callback=lambda context: Path("HOME/fragile").unlink(),
    )
    NotebookOperator(
        task_id="late", input_nb="tasks/late.ipynb", outputs=["rows"], parameters={"run_id": "{{ run_id }}"}, retries=2,
    )
"""

PASSWORD, KEY, TOKEN = "s3cr3t/p@ss", "key-of-the-api", "an-extra-token"

DEFINE = f"""
from airflow.models import Connection, Variable
from airflow.utils.session import create_session
with create_session() as session:
    session.add(Connection(
        conn_id="warehouse", conn_type="postgres", host="db", login="me", password={PASSWORD!r}, port=5432,
        extra='{{"token": "{TOKEN}", "sslmode": "require"}}',
    ))
    session.add(Variable(key="api_key", val={KEY!r}))
"""

NOTEBOOKS = {
    "secrets": """
        import json, os
        given = json.loads(os.environ["AIRFLOW_CONN_WAREHOUSE"])
        print("password is", given["password"], len(given["password"]))
        print("key is", os.environ["AIRFLOW_VAR_API_KEY"], len(os.environ["AIRFLOW_VAR_API_KEY"]))
        from airflow.sdk import Connection, Variable
        warehouse = Connection.get("warehouse")
        assert (warehouse.password, Variable.get("api_key")) == (given["password"], os.environ["AIRFLOW_VAR_API_KEY"])
        print(warehouse.get_uri(), warehouse.extra_dejson["sslmode"], warehouse.port)
        given
    """,
    "quiet": "1 + 1",
    "skips": """
        class AirflowSkipException(Exception): pass
        print("looking")
        raise AirflowSkipException("nothing today")
    """,
    "hopeless": """
        from airflow.sdk.exceptions import AirflowFailException
        raise AirflowFailException("the file is not of this shop")
    """,
    "tried": "raise OSError('try again')",
    "slow": "import time\nprint('slowly')\ntime.sleep(600)",
    "crash": "import ctypes\nprint('before it')\nctypes.string_at(0)",
}


SUCCESSOR = """
    from airflow.models.xcom import XComModel
    from nb2dag.runtime.formats import PointerManifest
    value = PointerManifest("late", 2, "", "3").to_json()
    XComModel.set(key="nb2dag", value=value, dag_id="by_hand", task_id="late", run_id=run_id, serialize=False)
"""
"""What stands in the database once a second attempt of the task has handed over its values."""


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    home = tmp_path_factory.mktemp("airflow")
    folder = home / "dags" / "by_hand"
    folder.mkdir(parents=True)
    (folder / "by_hand.py").write_text(DAG.replace("HOME", str(home)), encoding="utf-8")
    bench = Bench(folder)
    for name, code in NOTEBOOKS.items():
        bench.notebook(name, body(code))
    bench.notebook("template", ("parameters", 1, "token = ''"), body("print('token is', token, len(token))", 2))
    bench.notebook("stock", ("parameters", 1, "who = ''\nn = 0"), body("print('I am', who, n + 1)", 2))
    save = ("save", 3, RUNTIME + "_nb2dag.save(globals(), 'rows')")
    bench.notebook("makes", body("rows = [1, 2, 3]", 3), save)
    bench.notebook("late", ("parameters", 1, "run_id = ''"), body(SUCCESSOR, 2), body("rows = ['late']", 3), save)
    for task in ("lost", "damaged"):
        load = ("load", 0, RUNTIME + f"_nb2dag.load(globals(), {task!r}, 'rows')")
        bench.notebook(f"reads_{task}", load, body("print('rows are', rows)", 2))
    (folder / "tasks" / "page.ipynb").write_text("<html>not found</html>", encoding="utf-8")
    (home / "fragile").write_text("in the way", encoding="utf-8")
    airflow = new_airflow(home)
    subprocess.run([sys.executable, "-c", DEFINE], env=airflow.environment, check=True)
    return airflow


@pytest.fixture(scope="module")
def run(airflow: Airflow) -> Run:
    with airflow.start("by_hand") as process:
        log = process.stdout.read()
    return airflow.result("by_hand", log)


def test_each_task_has_its_state(run: Run) -> None:
    assert run.tasks == {
        "secrets": "success",
        "template": "success",
        "no_connection": "failed",
        "no_variable": "failed",
        "skips": "skipped",
        "after_skips": "skipped",
        "hopeless": "failed",
        "tried": "failed",
        "slow_cell": "failed",
        "crash": "failed",
        "typed": "failed",
        "page": "failed",
        "gone": "failed",
        "no_kernel": "failed",
        "forbidden": "failed",
        "forbidden_store": "failed",
        "no_url": "failed",
        "no_store": "failed",
        "stock": "success",
        "elsewhere": "success",
        "lost": "success",
        "spoils_lost": "success",
        "reads_lost": "failed",
        "damaged": "success",
        "spoils_damaged": "success",
        "reads_damaged": "failed",
        "patient": "success",
        "late": "failed",
    }, run.log


def test_connections_and_variables_reach_the_notebook(run: Run) -> None:
    assert f"password is *** {len(PASSWORD)}" in run.log
    assert f"key is *** {len(KEY)}" in run.log
    assert "require 5432" in run.log


@pytest.mark.parametrize("secret", [PASSWORD, KEY, TOKEN, "s3cr3t%2Fp%40ss"])
def test_secrets_are_nowhere_to_be_read(run: Run, secret: str) -> None:
    assert secret not in run.log
    kept = [path for path in run.files.rglob("*") if path.is_file()]
    assert len(kept) > 8
    assert [path for path in kept if secret.encode() in path.read_bytes()] == []
    assert [name for name, value in run.xcoms.items() if secret in str(value)] == []


def test_a_password_that_a_template_puts_into_a_parameter_is_not_kept(run: Run) -> None:
    assert f"token is *** {len(PASSWORD)}" in run.log
    notebook = nbformat.reads(run.notebook("template"), as_version=4)
    assert notebook.metadata.papermill.parameters == {"token": "***"}


@pytest.mark.parametrize(
    "message",
    [
        "there is no Connection `nope`, which the task names in `connections`: define it in Airflow",
        "there is no Variable `nothing`, which the task names in `variables`: define it in Airflow",
        "nothing today (cell 1, line 4)",
        "cell 1/1 skips skips the task",
        "task `hopeless` failed in cell 1, line 3: AirflowFailException: the file is not of this shop",
        "task `slow_cell` was stopped in cell 1, line 4: that cell took longer than the 2 s which each cell has",
        "task `crash` failed in cell 1: the notebook's process crashed in native code (SIGSEGV)",
        "parameter `day[0]` is of type date, which would become text in the notebook: pass `.isoformat()`",
        "`nbconvert` makes no file",
        "/tasks/page.ipynb is no notebook, its text is no JSON (",
        "cannot read the task notebook ",
        "there is no kernel `julia-9` on this machine (installed: `python3`): install it, or name another one",
        "cannot make the folder for the executed notebook /sys/nb2dag/x.ipynb: ",
        "by the operator's `output_nb` or NB2DAG_NOTEBOOKS",
        "cannot write to the handoff store /sys/nb2dag: ",
        "the executed notebook cannot be kept at nowhere://x/t.ipynb, which is no URL; make a place",
        "the handoff store nowhere://x is no folder and no URL that fsspec knows",
        "missing or damaged: there is no such file; clear from `lost`",
        "missing or damaged: its bytes are not the ones that were written (a checksum differs); clear from `damaged`",
        "/fragile: File exists; make it writable for the worker's user",
        "attempt 1 of `late` came back after attempt 2 had handed over its values, which stay",
    ],
)
def test_the_log_says_it(run: Run, message: str) -> None:
    assert message in run.log


def test_only_what_may_help_is_tried_again(run: Run) -> None:
    tries = {path.parts[-3]: path.name for path in sorted(run.files.glob("notebooks/by_hand/*/*/-1/*.ipynb"))}
    assert tries["tried"] == "try-2.ipynb"
    assert tries["patient"] == "try-2.ipynb"
    assert tries["late"] == tries["hopeless"] == tries["skips"] == "try-1.ipynb"
    assert not {"no_connection", "no_variable", "typed"} & set(tries)


def test_progress_stands_in_the_task_state_store(airflow: Airflow, run: Run) -> None:
    with closing(sqlite3.connect(airflow.home / "airflow.db")) as database:
        rows = database.execute("select task_id, value from task_state_store where key = 'progress'").fetchall()
    notes = {task_id: json.loads(value) for task_id, value in rows}
    assert notes["stock"] == {"cell": 3, "of": 3, "percent": 100, "status": "completed", "notebook_cell": 2}
    assert notes["skips"]["status"] == "skipped"
    assert notes["crash"]["status"] == "failed"
    assert run.tasks.keys() > notes.keys()


def test_a_late_attempt_leaves_its_successors_values_alone(run: Run) -> None:
    assert PointerManifest.from_json(run.xcoms["late.nb2dag"]).attempt == 2
    assert PointerManifest.from_json(run.xcoms["patient.nb2dag"]).attempt == 2


def test_no_spoilt_value_is_read(run: Run) -> None:
    assert "rows are" not in run.log


def test_what_ran_before_the_end_is_kept(run: Run) -> None:
    assert "looking" in run.notebook("skips")
    assert "slowly" in run.notebook("slow_cell")
    assert "before it" in run.notebook("crash")


def test_it_takes_what_the_stock_operator_takes(run: Run) -> None:
    executed = nbformat.read(run.files / "notebooks" / "stock" / "stock.ipynb", as_version=4)
    assert executed.cells[-1].outputs[0].text == "I am stock 4\n"
    assert "I am stock" not in run.log


def test_a_notebook_is_kept_at_a_url(airflow: Airflow, run: Run) -> None:
    executed = nbformat.read(airflow.home / "kept" / "elsewhere.ipynb", as_version=4)
    assert executed.cells[0].outputs[0].data["text/plain"] == "2"
    assert run.xcoms["elsewhere._link_ExecutedNotebookLink"].endswith("/tasks/elsewhere/plugin/nb2dag")


WRONG = """
import sys
from nb2dag.airflow import NotebookOperator
for wrong in ({"engine": "nbclient"}, {"kernel_conn_id": "remote"}, {"connections": "warehouse"}):
    try:
        NotebookOperator(task_id="t", input_nb="x.ipynb", **wrong)
    except ValueError as error:
        print(error)
print(sorted({"papermill", "nbformat", "IPython", "nb2dag.runtime.execution"} & set(sys.modules)))
"""


def test_an_argument_that_cannot_be_meant_so_is_refused_and_papermill_not_loaded(airflow: Airflow) -> None:
    command = [sys.executable, "-c", WRONG]
    said = subprocess.run(command, env=airflow.environment, capture_output=True, text=True, check=True)
    assert said.stdout.splitlines() == [
        "task `t`: `engine` is 'nbclient', and there are 'nb2dag' and 'nb2dag-kernel'",
        (
            "task `t`: `kernel_conn_id`: a kernel on another machine is not supported; send the task itself there by "
            "`queue` or `executor`, or keep `PapermillOperator`"
        ),
        "task `t`: `connections` and `variables` are lists of names",
        "[]",
    ]
