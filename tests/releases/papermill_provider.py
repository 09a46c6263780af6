"""What `compile --operator papermill` writes runs on Airflow's own operator: handoffs, files, typed params, failures.

Only `make test-airflow-matrix` runs this, in environments with the provider; it is not collected by its name.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from support.airflow_home import Airflow, Run, new_airflow
from support.releases import compile_examples

TYPED = (
    "%load_ext nb2dag\n%airflow_dag typed",
    "import tariff  # a local module, needed above the parameters",
    'code = "007"  # text\nnames = ["1", "é😀"]\nnothing = None\nflag = True\nshare = 0.5\nwords = "it\'s \\"so\\""',
    "%%airflow_task make\nrows = [code, *names]\nrows.append(tariff.NAME)",
    "%%airflow_task show\nprint(repr((rows, code, names, nothing, flag, share, words)))",
    "%%airflow_task alone\nprint('nobody needs me')",
)
SHOWN = repr((["007", "1", "é😀", "tariff"], "007", ["1", "é😀"], None, True, 0.5, 'it\'s "so"'))

BROKEN = (
    "%load_ext nb2dag\n%airflow_dag broken",
    "%%airflow_task first\nx = 1\nraise SystemError('no more')\ny = 2",
    "%%airflow_task second --trigger-rule all_done\nprint(x)",
)


def write_notebook(path: Path, cells: tuple[str, ...], parameters: int | None = None) -> None:
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for number, code in enumerate(cells):
        tags = {"tags": ["parameters"]} if number == parameters else {}
        notebook.cells.append(nbformat.v4.new_code_cell(code, metadata=tags))
    nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    home = tmp_path_factory.mktemp("stock")
    said = compile_examples(home / "dags", "--operator", "papermill")
    assert "task `report`: `return` has no effect" in said
    (home / "tariff.py").write_text("NAME = 'tariff'\n", encoding="utf-8")
    write_notebook(home / "typed.ipynb", TYPED, parameters=2)
    write_notebook(home / "broken.ipynb", BROKEN)
    command = [sys.executable, "-m", "nb2dag", "compile", "typed.ipynb", "broken.ipynb", "--operator", "papermill"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=home)
    assert done.returncode == 0, done.stdout + done.stderr
    airflow = new_airflow(home)
    (home / "executed").mkdir()
    airflow.environment["AIRFLOW_VAR_NB2DAG_NOTEBOOKS"] = str(home / "executed")
    return airflow


@pytest.fixture(scope="module")
def log(airflow: Airflow) -> str:
    with airflow.start("seattle_weather", "typed", "broken") as process:
        return process.communicate()[0]


def result(airflow: Airflow, dag_id: str, log: str) -> Run:
    return airflow.result(dag_id, log)


def printed(airflow: Airflow, dag_id: str, task_id: str) -> str:
    (kept,) = (airflow.home / "executed").glob(f"{dag_id}.*.{task_id}.try-1.ipynb")
    cells = json.loads(kept.read_text("utf-8"))["cells"]
    outputs = [output for cell in cells if cell["cell_type"] == "code" for output in cell["outputs"]]
    return "".join("".join(output["text"]) for output in outputs if output["output_type"] == "stream")


def test_an_example_runs_with_its_handoffs_and_files(airflow: Airflow, log: str) -> None:
    run = result(airflow, "seattle_weather", log)
    assert run.state == "success", log
    assert set(run.tasks.values()) == {"success"}
    assert len(run.tasks) == 7


def test_the_pointers_lie_in_the_store(airflow: Airflow, log: str) -> None:
    published = list((airflow.home / "nb2dag" / "store" / "seattle_weather").glob("*/extract/-1/published/try-*.json"))
    assert len(published) == 1


def test_parameters_keep_their_types(airflow: Airflow, log: str) -> None:
    assert result(airflow, "typed", log).state == "success", log
    assert printed(airflow, "typed", "show").strip() == SHOWN


def test_a_failed_task_hands_over_nothing(airflow: Airflow, log: str) -> None:
    run = result(airflow, "broken", log)
    assert run.tasks == {"first": "failed", "second": "failed"}
    assert "`second` needs values from `first`, which has handed over nothing in this run" in log


def test_no_working_directory_is_left(airflow: Airflow, log: str) -> None:
    assert result(airflow, "typed", log).state == "success"
    used = printed(airflow, "typed", "alone")
    assert used == "nobody needs me\n"
