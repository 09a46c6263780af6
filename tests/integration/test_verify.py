"""`nb2dag verify` with real kernels: a notebook that is proven, and one that fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from support.oracle import notebook_text

PROVEN = (
    "%load_ext nb2dag",
    "import json\nfrom helpers import twice",
    "#| parameters\nn = 3",
    "%%airflow_task make\n%time rows = [twice(n), 2]\nmore = rows",
    "#| skip\nraise RuntimeError('not run')",
    "rows",
    "%%airflow_task show\nmore.append(len(open('data.txt').read()))\nprint(rows, object())\njson.dumps(rows)",
)


def _verify(folder: Path, cells: tuple[str, ...], *options: str) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    (folder / "one.ipynb").write_text(notebook_text(cells))
    (folder / "helpers.py").write_text("def twice(v):\n    return 2 * v\n")
    (folder / "data.txt").write_text("seven")
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    command = [sys.executable, "-m", "nb2dag", "verify", str(folder / "one.ipynb"), *options]
    done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
    return done


def test_a_notebook_is_proven(tmp_path: Path) -> None:
    done = _verify(tmp_path, PROVEN, "--format", "json", "-p", "n=5")
    assert done.returncode == 0, done.stderr + done.stdout
    report = json.loads(done.stdout)
    assert report["verdict"] == "same"
    assert report["compared"]["by_value"] >= 5
    assert report["differences"] == report["not_comparable"] == report["not_reproducible"] == []
    assert report["orders"] == [["make", "show"]]
    kept = Path(report["folder"])
    assert kept.parent == tmp_path / ".nb2dag" / "verify"
    assert "[10, 2, 5]" in (kept / "whole-1" / "notebook.ipynb").read_text()
    assert "run the notebook: cell 4" in done.stderr
    assert "run the DAG: task show: success" in done.stderr


def test_folders_that_are_written_into_are_there_in_every_run(tmp_path: Path) -> None:
    (tmp_path / "out" / "plots").mkdir(parents=True)
    save = "#| task: save\nwith open('out/plots/a.txt', 'w') as file:\n    file.write('1')"
    show = "#| task: show\nimport os\nprint(os.listdir('out/plots'))"
    done = _verify(tmp_path, (save, show))
    assert done.returncode == 0, done.stderr + done.stdout
    assert "the DAG computes what the notebook computes" in done.stdout


def test_a_file_that_a_task_removes_again_is_none_of_its_files(tmp_path: Path) -> None:
    make = "#| task: make\nfor name in ('a.tmp', 'b.txt'):\n    with open(name, 'w') as file:\n        file.write('1')"
    remove = "#| task: make\nimport os\nos.remove('a.tmp')"
    done = _verify(tmp_path, (make, remove), "--format", "json")
    assert done.returncode == 0, done.stderr + done.stdout
    report = json.loads(done.stdout)
    assert report["compared"]["by_value"] == 1
    assert report["differences"] == []


def test_a_notebook_that_fails_is_named_by_its_cell(tmp_path: Path) -> None:
    done = _verify(tmp_path, ("x = 1", "#| task: make\ny = x\nz = y / 0"))
    assert done.returncode == 2
    assert "one.ipynb:cell 2:3: the notebook itself fails" in done.stderr
    assert "ZeroDivisionError: division by zero" in done.stderr


def test_a_notebook_with_findings_is_not_run(tmp_path: Path) -> None:
    done = _verify(tmp_path, ("#| task: make\nx = 1", "x = 2", "#| task: show\nprint(x)"))
    assert done.returncode == 1
    assert "error[NBD" in done.stderr
