"""The commands from a notebook file to what they print, write and run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from nb2dag.cli.app import app

CELLS = [
    ("markdown", "# Sales\n\nTotals per region."),
    ("code", "%load_ext nb2dag\n%airflow_dag daily_sales --schedule @daily --start-date 2026-01-01"),
    ("code", "#| parameters\nfactor = 2  # how much\nregion = 'north'"),
    ("code", "import math"),
    ("code", "%%airflow_task extract\nrows = [1, 2, 3]\nprint('extracted', len(rows))"),
    ("code", "%%airflow_task scale --after extract\nscaled = [row * factor for row in rows]"),
    ("code", "#| task: report\ntotal = math.fsum(scaled)\nprint(region, total)"),
]


def write_notebook(path, cells=CELLS):
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "cells": [
            {
                "cell_type": kind,
                "id": f"c{number}",
                "metadata": {},
                "source": source.splitlines(keepends=True),
                **({"outputs": [], "execution_count": None} if kind == "code" else {}),
            }
            for number, (kind, source) in enumerate(cells, start=1)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(document, indent=1), "utf-8")
    return path


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project as the current folder."""
    (tmp_path / "pyproject.toml").write_text("[project]\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def nb2dag(*arguments):
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def broken(path, body="x = undefined_name"):
    return write_notebook(path, [*CELLS[:2], ("code", f"%%airflow_task only\n{body}")])


def test_check_of_a_clean_notebook(project):
    write_notebook(project / "sales.ipynb")
    result = nb2dag("check", "sales.ipynb")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "no findings in 1 notebook\n"
    document = json.loads(nb2dag("check", "sales.ipynb", "--format", "json").stdout)
    assert document == {
        "version": 1,
        "diagnostics": [],
        "unreadable": [],
        "summary": {"notebooks": 1, "errors": 0, "warnings": 0, "notes": 0},
    }


def test_check_says_where_and_what(project):
    broken(project / "sales.ipynb")
    result = nb2dag("check", "sales.ipynb")
    assert result.exit_code == 1
    first, line, carets, *_ = result.stdout.splitlines()
    assert first.startswith("sales.ipynb:cell 3:2:5: error[NBD")
    assert "`undefined_name`" in first
    assert line == "  2 | x = undefined_name"
    assert carets == "    |     ^^^^^^^^^^^^^^"
    assert result.stdout.endswith("1 error in 1 notebook\n")


def test_check_as_json_says_the_same(project):
    broken(project / "sales.ipynb")
    result = nb2dag("check", "--format", "json", "sales.ipynb")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    (diagnostic,) = document["diagnostics"]
    assert diagnostic["span"] == {
        "path": "sales.ipynb",
        "cell": 3,
        "cell_id": "c3",
        "line": 2,
        "column": 5,
        "end_line": 2,
        "end_column": 19,
    }
    assert (diagnostic["severity"], diagnostic["code"][:3]) == ("error", "NBD")
    assert document["summary"]["errors"] == 1


def test_check_of_folders_and_one_unreadable_among_them(project):
    write_notebook(project / "nb/a.ipynb")
    broken(project / "nb/deep/b.ipynb")
    write_notebook(project / "nb/plain.ipynb", [("code", "print(1)")])
    (project / "nb/c.ipynb").write_text("%%airflow_task no json", "utf-8")
    result = nb2dag("check", "nb")
    assert result.exit_code == 2
    assert "nb/deep/b.ipynb:cell 3:2:5: error" in result.stdout
    assert "1 error in 2 notebooks" in result.stdout
    assert "left out: 1 without a tag" in result.stdout
    assert "nb/c.ipynb" in result.stderr
    document = json.loads(nb2dag("check", "nb", "--format", "json").stdout)
    assert [one["path"] for one in document["unreadable"]] == ["nb/c.ipynb"]


def test_settings_are_checked(project):
    write_notebook(project / "sales.ipynb")
    (project / "pyproject.toml").write_text('[tool.nb2dag]\nignroe = ["NBD201"]\n', "utf-8")
    result = nb2dag("check", "sales.ipynb")
    assert result.exit_code == 2
    assert "has no key `ignroe`: did you mean `ignore`?" in result.stderr


def test_compile_writes_compares_and_leaves_alone(project):
    write_notebook(project / "sales.ipynb")
    assert nb2dag("compile", "sales.ipynb", "--check").exit_code == 1
    result = nb2dag("compile", "sales.ipynb")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("sales.ipynb -> dags/daily_sales (")
    folder = project / "dags/daily_sales"
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == {
        "daily_sales.py",
        "nb2dag.json",
        "tasks/extract.ipynb",
        "tasks/report.ipynb",
        "tasks/scale.ipynb",
    }
    assert nb2dag("compile", "sales.ipynb").stdout == "sales.ipynb -> dags/daily_sales (nothing changed)\n"
    fresh = nb2dag("compile", "--check", "sales.ipynb")
    assert (fresh.exit_code, fresh.output) == (0, "")


def test_compile_check_and_diff_of_a_stale_bundle(project):
    write_notebook(project / "sales.ipynb")
    nb2dag("compile", "sales.ipynb")
    written = (project / "dags/daily_sales/tasks/extract.ipynb").read_bytes()
    cells = [(kind, source.replace("[1, 2, 3]", "[1, 2, 3, 4]")) for kind, source in CELLS]
    write_notebook(project / "sales.ipynb", cells)
    for option, code in (("--check", 1), ("--diff", 0)):
        result = nb2dag("compile", "sales.ipynb", option)
        assert result.exit_code == code
        assert "rows = [1, 2, 3, 4]" in result.stdout
        assert "--- a/daily_sales/" in result.stdout
    assert (project / "dags/daily_sales/tasks/extract.ipynb").read_bytes() == written


def test_compile_check_of_what_was_never_compiled(project):
    write_notebook(project / "sales.ipynb")
    result = nb2dag("compile", "sales.ipynb", "--check")
    assert result.exit_code == 1
    assert "sales.ipynb: not compiled yet: there is no dags/daily_sales" in result.stdout
    assert "1 missing: run `nb2dag compile`" in result.stderr
    assert not (project / "dags").exists()


def test_compile_takes_the_output_folder_of_option_or_settings(project):
    write_notebook(project / "sales.ipynb")
    assert nb2dag("compile", "sales.ipynb", "-o", "elsewhere").exit_code == 0
    assert (project / "elsewhere/daily_sales/nb2dag.json").is_file()
    (project / "pyproject.toml").write_text('[tool.nb2dag]\noutput = "airflow/dags"\n', "utf-8")
    assert nb2dag("compile", "sales.ipynb").exit_code == 0
    assert (project / "airflow/dags/daily_sales/nb2dag.json").is_file()


def test_compile_writes_nothing_if_one_of_several_has_an_error(project):
    write_notebook(project / "nb/good.ipynb")
    broken(project / "nb/bad.ipynb")
    result = nb2dag("compile", "nb")
    assert result.exit_code == 1
    assert "nb/bad.ipynb:cell 3:2:5: error" in result.stderr
    assert not (project / "dags").exists()


def test_an_executed_notebook_compiles_to_the_same_bytes(project):
    path = write_notebook(project / "sales.ipynb")
    nb2dag("compile", "sales.ipynb")
    document = json.loads(path.read_text("utf-8"))
    for number, cell in enumerate(document["cells"]):
        if cell["cell_type"] == "code":
            cell["execution_count"] = number
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["done\n"]}]
    path.write_text(json.dumps(document), "utf-8")
    assert nb2dag("compile", "sales.ipynb", "--check").exit_code == 0


def test_show_in_three_forms(project):
    write_notebook(project / "sales.ipynb")
    document = json.loads(nb2dag("show", "sales.ipynb", "--format", "json").stdout)
    assert document["dag_id"] == "daily_sales"
    assert [(task["task_id"], task["upstream"], task["cells"]) for task in document["tasks"]] == [
        ("extract", [], [5]),
        ("scale", ["extract"], [6]),
        ("report", ["scale"], [7]),
    ]
    assert document["handoffs"] == [
        {"from": "extract", "to": "scale", "names": ["rows"]},
        {"from": "scale", "to": "report", "names": ["scaled"]},
    ]
    assert [(param["name"], param["default"]) for param in document["params"]] == [("factor", 2), ("region", "north")]
    assert "extract -> scale  rows" in nb2dag("show", "sales.ipynb").stdout
    assert '-->|"rows"|' in nb2dag("show", "sales.ipynb", "--format", "mermaid").stdout


def test_show_of_a_notebook_with_errors_prints_them(project):
    broken(project / "sales.ipynb")
    result = nb2dag("show", "sales.ipynb", "--format", "json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "sales.ipynb:cell 3:2:5: error" in result.stderr


def test_the_names_of_a_notebooks_cells_are_shown_whatever_is_wrong_with_it(project):
    broken(project / "sales.ipynb")
    result = nb2dag("show", "sales.ipynb", "--cells", "--format", "json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert set(document) == {"version", "cells"}
    assert set(document["cells"][0]) == {"cell", "id", "role", "task", "definitions", "references", "mutations"}
    assert "cell 3: " in nb2dag("show", "sales.ipynb", "--cells").stdout
    assert nb2dag("show", "sales.ipynb", "--cells", "--format", "mermaid").exit_code == 2
    assert nb2dag("show", "missing.ipynb", "--cells").exit_code == 2


def test_explain(project):
    listing = nb2dag("explain").stdout.splitlines()
    assert len(listing) > 10
    code, _, name = listing[0].split()
    for word in (code, code.lower(), name):
        result = nb2dag("explain", word)
        assert result.exit_code == 0
        assert result.stdout.startswith(f"# {name} ({code})\n")
        assert "## What it does" in result.stdout
    unknown = nb2dag("explain", "NBD00")
    assert unknown.exit_code == 2
    assert "there is no rule `NBD00`: did you mean `NBD" in unknown.stderr


def test_run_from_the_shell(project):
    path = write_notebook(project / "nb/sales.ipynb")
    before = path.read_bytes()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "nb2dag",
            "run",
            "nb/sales.ipynb",
            "-p",
            "factor=10",
            "-p",
            "region=true",
            "--jobs",
            "2",
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stderr
    assert "extract  | extracted 3" in done.stdout
    assert "report   | true 60.0" in done.stdout
    assert "daily_sales succeeded after" in done.stdout
    assert "(3 tasks: 3 success)" in done.stdout
    assert path.read_bytes() == before
    (run,) = (project / "nb/.nb2dag/runs").iterdir()
    assert f"executed notebooks: nb/.nb2dag/runs/{run.name}/notebooks" in done.stdout
    assert sorted(path.name for path in (run / "notebooks").iterdir()) == [
        "extract.ipynb",
        "report.ipynb",
        "scale.ipynb",
    ]
    assert sorted(path.name for path in (project / "nb").iterdir()) == [".nb2dag", "sales.ipynb"]


def test_a_failing_run_names_source_cell_and_line(project):
    cells = [*CELLS[:5], ("code", "%%airflow_task scale\nprint('about to')\nscaled = rows[99]"), CELLS[6]]
    write_notebook(project / "sales.ipynb", cells)
    result = nb2dag("run", "sales.ipynb", "--quiet", "--output-dir", "out")
    assert result.exit_code == 1
    assert "| about to" not in result.stdout
    failure = r"^sales\.ipynb:cell 6:3: task `scale` failed.*IndexError.*\n  3 \| scaled = rows\[99\]$"
    assert re.search(failure, result.stdout, re.MULTILINE), result.stdout
    assert "upstream failed" in result.stdout
    assert "executed notebooks: out\n" in result.stdout
    assert sorted(path.name for path in Path("out").iterdir()) == ["extract.ipynb", "scale.ipynb"]


def test_run_says_what_it_does_not_honour(project):
    write_notebook(project / "sales.ipynb", [("code", "%%airflow_task only --pool big --queue gpu\nprint(1)")])
    result = nb2dag("run", "sales.ipynb")
    assert result.exit_code == 0
    assert "does not honour `pool`, `queue` of `only`" in result.stderr


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("factr=3", "`daily_sales` has no param `factr`: did you mean `factor`?"),
        ("factor=many", "`factor` takes a whole number"),
        ("factor", "write `-p name=value`"),
    ],
)
def test_run_refuses_wrong_params_before_it_runs(project, assignment, message):
    write_notebook(project / "sales.ipynb")
    result = nb2dag("run", "sales.ipynb", "-p", assignment)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (project / ".nb2dag").exists()


def test_compile_is_quick_and_light(project):
    """A cold process: at most 0.3 s of CPU on an idle machine, and 60 MiB."""
    tasks = [("code", f"%%airflow_task t{number}\nx{number} = x{number - 1} + 1") for number in range(1, 10)]
    write_notebook(project / "ten.ipynb", [("code", "%%airflow_task t0\nx0 = 0"), *tasks])
    program = (
        "import re, resource, sys\n"
        "from nb2dag.cli import main\n"
        "sys.argv = ['nb2dag', 'compile', 'ten.ipynb']\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "heavy = {'jsonschema', 'papermill', 'IPython', 'airflow', 'rich', 'nbformat', 'psutil', 'zmq'}\n"
        # The peak of this very program: `ru_maxrss` may be that of the process which started it.
        "peak = int(re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1]) / 1024\n"
        "print(used.ru_utime + used.ru_stime, peak, sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    seconds, mebibytes, *heavy = done.stdout.splitlines()[-1].split()
    assert heavy == ["[]"]
    assert float(mebibytes) < 60
    assert float(seconds) < 1.0
