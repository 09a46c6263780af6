"""Whatever is wrong with the input: where, what and what to do; nothing half-written, no traceback of ours."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from nb2dag.cli.app import app

TASK = "%%airflow_task only\nprint(1)"


def write_notebook(path, *cells, kernel="python3", language="python"):
    """Write a notebook of code cells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{number}",
                "metadata": {},
                "source": source.splitlines(keepends=True),
                "outputs": [],
                "execution_count": None,
            }
            for number, source in enumerate(cells, start=1)
        ],
        "metadata": {"kernelspec": {"name": kernel, "display_name": kernel, "language": language}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(document), "utf-8")
    return path


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project as the current folder."""
    (tmp_path / "pyproject.toml").write_text("[project]\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def nb2dag(*arguments):
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert "Traceback" not in result.output
    assert "NBD9" not in result.output
    return result


FILES = {
    "nothing at all": b"",
    "no JSON": b"# %%airflow_task x\n",
    "half a JSON": b'{"cells": [',
    "a list": b"[]",
    "another document": b'{"name": "x"}',
    "cells that are none": b'{"cells": 3, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    "a cell that is none": b'{"cells": [3], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    "a future format": b'{"cells": [], "metadata": {}, "nbformat": 9, "nbformat_minor": 0}',
    "no UTF-8": b'{"cells": "\xff\xfe"}',
    "nested beyond reason": b"[" * 100_000,
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
@pytest.mark.parametrize("command", ["check", "compile", "show", "run"])
def test_a_file_that_is_no_notebook(project, command, content):
    (project / "x.ipynb").write_bytes(content)
    result = nb2dag(command, "x.ipynb")
    assert result.exit_code == 2
    assert "x.ipynb" in result.stderr
    assert sorted(path.name for path in project.iterdir()) == ["pyproject.toml", "x.ipynb"]


@pytest.mark.parametrize("command", ["check", "compile", "show", "run"])
def test_a_file_that_is_not_there(project, command):
    result = nb2dag(command, "missing.ipynb")
    assert result.exit_code == 2
    assert "missing.ipynb" in result.stderr


@pytest.mark.parametrize("command", ["show", "run"])
def test_a_folder_where_one_notebook_is_wanted(project, command):
    (project / "nb").mkdir()
    result = nb2dag(command, "nb")
    assert result.exit_code == 2
    assert "nb: is a folder" in result.stderr


NOTEBOOKS = {
    # what: cells, the place of the finding (None: the file as a whole), what the message or the hint must say
    "no cell": ((), None, "airflow_task"),
    "no tag": (("x = 1", "print(x)"), None, "airflow_task"),
    "an unknown directive": (("%%airflow_tsk only\nprint(1)",), "cell 1:1:", "airflow_task"),
    "an unknown option": (("%%airflow_task only --retrys 3\nprint(1)",), "cell 1:1:", "retries"),
    "an unknown option line": (("#| task: only\n#| retrys: 3\nprint(1)",), "cell 1:2:", "retries"),
    "a task id with a quote": (('%%airflow_task x"; import os\nprint(1)',), "cell 1:1:", None),
    "a task id in an option line with a quote": (("#| task: 'x\"; import os'\nprint(1)",), "cell 1:1:", None),
    "a task id that is a path": (("%%airflow_task ../x\nprint(1)",), "cell 1:1:", "../x"),
    "a task id with a newline": (('#| task: "a\\nb"\nprint(1)',), "cell 1:1:", None),
    "a task id of 300 characters": ((f"%%airflow_task {'x' * 300}\nprint(1)",), "cell 1:1:", "2"),
    "two DAG cells": (("%airflow_dag a", "%airflow_dag b", TASK), "cell 2:1:", "cell 1"),
    "a bad cron": (('%airflow_dag a --schedule "99 6 * * *"', TASK), "cell 1:1:", "99"),
    "a bad duration": (("%%airflow_task only --timeout soon\nprint(1)",), "cell 1:1:", "soon"),
    "a bad date": (("%airflow_dag a --start-date 2026-13-45", TASK), "cell 1:1:", "2026-13-45"),
    "after a task that is not there": (
        ("%%airflow_task clean\nx = 1", "%%airflow_task load --after claen\nprint(1)"),
        "cell 2:1:",
        "clean",
    ),
    "after itself": (("%%airflow_task only --after only\nprint(1)",), "cell 1:1:", "only"),
    "a cycle": (
        ("%%airflow_task a --after b\nprint(1)", "%%airflow_task b --after a\nprint(1)"),
        "cell ",
        "a",
    ),
    "a name nobody defines": (("%%airflow_task only\nprint(nothing)",), "cell 1:2:7", "nothing"),
    "a name only a scratch cell defines": (
        ("%%airflow_task first\nprint(1)", "limit = 3", "%%airflow_task only\nprint(limit)"),
        "cell ",
        "limit",
    ),
    "a syntax error": (("%%airflow_task only\nprint(1",), "cell 1:2:", None),
    "a syntax error in an untagged cell": (("x = = 1", TASK), "cell 1:1:", None),
    "a parameter that is no literal": (("#| parameters\nday = f()", TASK), "cell 1:2:", "day"),
}


@pytest.mark.parametrize(("cells", "where", "what"), NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_a_notebook_with_a_mistake(project, cells, where, what):
    write_notebook(project / "x.ipynb", *cells)
    result = nb2dag("check", "x.ipynb")
    assert result.exit_code == 1, result.output
    pattern = rf"^x\.ipynb:{where}[\d:]* error\[NBD\d\d\d\] .+$" if where else r"^x\.ipynb: error\[NBD\d\d\d\] .+$"
    assert re.search(pattern, result.stdout, re.MULTILINE), result.stdout
    assert "hint: " in result.stdout, result.stdout
    assert what is None or what in result.stdout, result.stdout
    compiled = nb2dag("compile", "x.ipynb", "-o", "out")
    assert compiled.exit_code == 1
    assert not (project / "out").exists()
    assert nb2dag("run", "x.ipynb").exit_code == 1
    assert sorted(path.name for path in project.iterdir()) == ["pyproject.toml", "x.ipynb"]


def test_a_notebook_in_another_language(project):
    write_notebook(project / "x.ipynb", "x <- c(1, 2)", kernel="ir", language="R")
    result = nb2dag("check", "x.ipynb")
    assert result.exit_code == 1
    assert re.search(r"^x\.ipynb: error\[NBD0\d\d\] .*\bR\b", result.stdout, re.MULTILINE | re.IGNORECASE), (
        result.stdout
    )


def test_two_notebooks_with_one_dag_id(project):
    write_notebook(project / "a.ipynb", "%airflow_dag same", TASK)
    write_notebook(project / "b.ipynb", "%airflow_dag same", TASK)
    result = nb2dag("compile", "a.ipynb", "b.ipynb", "-o", "out")
    assert result.exit_code == 2
    assert "a.ipynb and b.ipynb both make the DAG `same`" in result.stderr
    assert not (project / "out").exists()
    checked = nb2dag("check", "a.ipynb", "b.ipynb")
    assert checked.exit_code == 2
    assert "both make the DAG `same`" in checked.stderr


def test_a_second_notebook_with_the_dag_id_of_a_bundle(project):
    write_notebook(project / "a.ipynb", "%airflow_dag same", TASK)
    write_notebook(project / "b.ipynb", "%airflow_dag same", TASK)
    assert nb2dag("compile", "a.ipynb", "-o", "out").exit_code == 0
    result = nb2dag("compile", "b.ipynb", "-o", "out")
    assert result.exit_code == 2
    assert "a.ipynb" in result.stderr
    assert "b.ipynb" in result.stderr


def test_an_output_folder_that_is_a_file(project):
    write_notebook(project / "x.ipynb", TASK)
    (project / "out").write_text("mine", "utf-8")
    result = nb2dag("compile", "x.ipynb", "-o", "out")
    assert result.exit_code == 2
    assert "out is a file" in result.stderr
    assert (project / "out").read_text("utf-8") == "mine"


def test_an_output_folder_that_is_not_writable(project):
    write_notebook(project / "x.ipynb", TASK)
    # Permissions do not stop root; nobody can make a folder in /proc.
    folder = Path("/proc/out") if os.geteuid() == 0 else project / "locked"
    if os.geteuid() != 0:
        folder.mkdir(mode=0o500)
    result = nb2dag("compile", "x.ipynb", "-o", str(folder))
    assert result.exit_code == 2
    assert str(folder) in result.stderr


def test_a_folder_that_nb2dag_did_not_write(project):
    write_notebook(project / "x.ipynb", TASK)
    (project / "out/x").mkdir(parents=True)
    (project / "out/x/x.py").write_text("mine", "utf-8")
    result = nb2dag("compile", "x.ipynb", "-o", "out")
    assert result.exit_code == 2
    assert "--force" in result.stderr
    assert (project / "out/x/x.py").read_text("utf-8") == "mine"


def test_a_bundle_edited_by_hand(project):
    write_notebook(project / "x.ipynb", TASK)
    assert nb2dag("compile", "x.ipynb", "-o", "out").exit_code == 0
    dag_file = project / "out/x/x.py"
    generated = dag_file.read_text("utf-8")
    dag_file.write_text(generated + "# mine\n", "utf-8")
    result = nb2dag("compile", "x.ipynb", "-o", "out")
    assert result.exit_code == 2
    assert "x.py" in result.stderr
    assert "--force" in result.stderr
    assert dag_file.read_text("utf-8").endswith("# mine\n")
    assert nb2dag("compile", "x.ipynb", "-o", "out", "--check").exit_code == 1
    assert nb2dag("compile", "x.ipynb", "-o", "out", "--force").exit_code == 0
    assert dag_file.read_text("utf-8") == generated


def test_a_wrong_command_line(project):
    write_notebook(project / "x.ipynb", TASK)
    for arguments in (
        ("check",),
        ("check", "--fromat", "json", "x.ipynb"),
        ("check", "x.ipynb", "--format", "xml"),
        ("compile", "x.ipynb", "--check", "--force"),
        ("run", "x.ipynb", "--jobs", "0"),
    ):
        result = nb2dag(*arguments)
        assert result.exit_code == 2, arguments
        assert "Error: " in result.stderr


def test_ctrl_c_in_mid_run(project):
    path = write_notebook(
        project / "x.ipynb",
        "%%airflow_task first\nprint('ready')\nx = 1",
        "%%airflow_task second\nimport time\nprint('asleep', x)\ntime.sleep(300)",
    )
    before = path.read_bytes()
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "nb2dag", "run", "x.ipynb"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert any("asleep" in line for line in process.stdout)
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in stdout + stderr
    assert "interrupted" in stdout
    assert "2 tasks: 1 success, 1 stopped" in stdout
    _, alive = psutil.wait_procs(family, 5)
    assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]
    assert path.read_bytes() == before
    (notebooks,) = (project / ".nb2dag/runs").glob("*/notebooks")
    assert sorted(one.name for one in notebooks.iterdir()) == ["first.ipynb", "second.ipynb"]
