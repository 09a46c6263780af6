"""Files, scripts and settings that tasks leave for each other, by papermill, by `nb2dag run` and by Airflow."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import papermill
import pytest

from nb2dag.compiler.bundle import build_bundle, write_bundle
from nb2dag.compiler.pipeline import compile_notebook
from nb2dag.runtime.kept_files import kept_folder
from support.airflow_home import new_airflow
from support.oracle import notebook_text

HELPERS = "FACTOR = 2\n\n\ndef times(value):\n    return FACTOR * value\n"
_SOURCE = """\
%load_ext nb2dag
# %%
import glob
import os
import sqlite3
from pathlib import Path
OUT = Path('out')
OUT.mkdir(exist_ok=True)
# %%
%run helpers.py
# %%
#| task: module
%%writefile rates.py
RATE = 3
# %%
#| task: left
(OUT / 'left.txt').write_text(str(times(2)))
# %%
#| task: right
with open(f'{OUT}/right.txt', 'w') as file:
    file.write('5')
# %%
#| task: store
import rates
connection = sqlite3.connect('rows.db')
connection.execute('create table rows (n)')
connection.executemany('insert into rows values (?)', [(rates.RATE,), (7,)])
connection.commit()
connection.close()
os.environ['ROWS'] = open('rows.db', 'rb').read(6).decode()
# %%
#| task: move
os.chdir(OUT)
open('log.txt', 'w').write('begun')
# %%
#| task: report
open('log.txt', 'a').write(' ended')
for name in sorted(glob.glob('*.txt')):
    print(name, open(name).read())
print(rates.RATE, os.environ['ROWS'], os.path.basename(os.getcwd()))
print(sqlite3.connect('../rows.db').execute('select sum(n) from rows').fetchone())
"""
CELLS = tuple(cell.strip("\n") for cell in _SOURCE.split("# %%\n"))
REPORT = "left.txt 4\nlog.txt begun ended\nright.txt 5\n3 SQLite out\n(10,)\n"


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "helpers.py").write_text(HELPERS)
    (folder / "files.ipynb").write_text(notebook_text(CELLS))
    return folder / "files.ipynb"


def printed(text: str) -> str:
    """Return what the last cell of an executed notebook printed."""
    cell = next(cell for cell in json.loads(text)["cells"] if "glob('*.txt')" in "".join(cell["source"]))
    return "".join("".join(output["text"]) for output in cell["outputs"] if output["output_type"] == "stream")


def test_the_notebook_itself_prints_the_report(notebook: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.ipynb"
    papermill.execute_notebook(str(notebook), str(whole), cwd=str(notebook.parent), progress_bar=False)
    assert printed(whole.read_text("utf-8")) == REPORT


def test_a_local_run_hands_the_files_over(notebook: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nb2dag", "run", str(notebook)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    (report,) = notebook.parent.glob(".nb2dag/runs/*/notebooks/report.ipynb")
    assert printed(report.read_text("utf-8")) == REPORT
    # What was handed over to a task is none of its own files.
    assert [path.name for path in Path(kept_folder(report)).rglob("*") if path.is_file()] == ["log.txt"]


def test_airflow_hands_the_files_over(notebook: Path, tmp_path: Path) -> None:
    plan = compile_notebook(notebook).plan
    assert plan is not None
    write_bundle(build_bundle(plan, notebook.parent), tmp_path / "dags" / plan.dag_id)
    airflow = new_airflow(tmp_path)
    with airflow.start(plan.dag_id) as process:
        log = process.communicate()[0]
    run = airflow.result(plan.dag_id, log)
    assert run.state == "success", log
    assert printed(run.notebook("report")) == REPORT


def test_the_proof_holds(notebook: Path) -> None:
    command = [sys.executable, "-m", "nb2dag", "verify", str(notebook), "--format", "json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["verdict"] == "same"
