"""Tasks of a real Airflow, pulled through its API and from its home, and run here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner
from standalone_airflow import StandaloneAirflow

from nb2dag.cli.app import app
from nb2dag.local.pull.home import home_production
from nb2dag.local.pull.production import Instance, PullRefused
from nb2dag.local.pull.selection import Wanted, choose
from support.production import SECRET, SETTINGS, Production, begin_runs, write_dags

pytestmark = pytest.mark.timeout(900)

HERE = {"AIRFLOW_CONN_WAREHOUSE": "only here"}


@pytest.fixture(scope="module")
def production(tmp_path_factory):
    home = tmp_path_factory.mktemp("airflow")
    (home / "dags").mkdir()
    write_dags(home)
    with StandaloneAirflow(home, SETTINGS) as started:
        started.wait_for_api(400, lambda _: None)
        found = Production(started)
        begin_runs(found)
        yield found


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project as the current folder, where nothing says which Airflow is meant."""
    for name in [name for name in os.environ if name.startswith(("AIRFLOW", "NB2DAG_"))]:
        monkeypatch.delenv(name)
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def pull(*arguments):
    return CliRunner().invoke(app, ["pull", *map(str, arguments)], catch_exceptions=False)


def pulled(*arguments):
    result = pull(*arguments)
    assert result.exit_code == 0, result.output
    return result


def run_notebook(notebook, output, *arguments):
    """Run a notebook with papermill, from a folder that is not its own."""
    command = [sys.executable, "-m", "papermill", str(notebook), str(output), "--no-progress-bar", *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "NB2DAG_"))}
    return subprocess.run(
        command, check=False, capture_output=True, text=True, env=environment | HERE, cwd=output.parent
    )


def texts(notebook):
    """Return what the cells of a notebook printed."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    return "".join("".join(output["text"]) for output in outputs if output["output_type"] == "stream")


def state_of(folder):
    return {path: path.stat().st_mtime_ns for path in sorted(folder.rglob("*"))}


def test_a_failed_task_fails_here_as_it_did_and_is_mended_here(production, project, tmp_path):
    before = state_of(production.home / "nb2dag")
    result = pulled("sales", "latest-failed", "clean", "--airflow-url", production.url)
    failure = "task `clean` failed in cell 6, line 3: ValueError: could not convert string to float: 'n/a'"
    assert "sales, run north: attempt 1 of `clean`, failed" in result.output
    assert failure in result.output
    assert "note: set before you run it: AIRFLOW_CONN_WAREHOUSE" in result.output
    folder = project / "pulled" / "sales" / "clean"
    assert not [path for path in folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert texts(folder / "clean.ipynb") == "password ***\nfrom the extract 300000\n"

    first = run_notebook(folder / "clean.ipynb", tmp_path / "first.ipynb")
    assert first.returncode != 0
    assert "ValueError: could not convert string to float: 'n/a'" in first.stderr
    assert "password only here\nfrom the extract 300000\n" in texts(tmp_path / "first.ipynb")

    (folder / "files" / "pricing.py").write_text(
        "def euros(amount):\n    return 0.0 if amount == 'n/a' else float(amount)\n"
    )
    second = run_notebook(folder / "clean.ipynb", tmp_path / "second.ipynb", "--engine", "nb2dag")
    assert second.returncode == 0, second.stderr
    assert (folder / ".nb2dag/attempts/2/manifest.json").exists()
    assert [path.parent.name for path in folder.glob(".nb2dag/store/sales/north/clean/-1/try-*/*")] == ["try-2"]
    assert state_of(production.home / "nb2dag") == before


def test_an_attempt_is_had_as_it_was_though_the_tasks_above_ran_again(production, project, tmp_path):
    pulled("sales", "latest", "report", "--airflow-url", production.url)
    notebook = project / "pulled/sales/report/report.ipynb"
    result = run_notebook(notebook, tmp_path / "out.ipynb")
    assert result.returncode == 0, result.stderr
    assert texts(tmp_path / "out.ipynb").endswith("south 5.0\n")
    assert "/clean/-1/try-2/" in (notebook.parent / ".nb2dag/job.json").read_text()

    pulled("sales", "south", "report", "--try", "1", "--airflow-url", production.url, "--force")
    assert "/clean/-1/try-1/" in (notebook.parent / ".nb2dag/job.json").read_text()


def test_a_mapped_task_by_hand_from_the_home(production, project, tmp_path):
    result = pulled("by_hand", "latest-failed", "share", "--try", "1", "--airflow-home", production.home)
    assert "by_hand, run shares, map index 1: attempt 1 of `share`\n" in result.output
    assert "task `share` failed in cell 3, line 2: ZeroDivisionError" in result.output
    again = run_notebook(project / "pulled/by_hand/share-1/share-1.ipynb", tmp_path / "out.ipynb")
    assert again.returncode != 0
    assert "ZeroDivisionError" in again.stderr


def test_a_home_answers_what_is_asked(production):
    with home_production(production.home) as airflow:
        assert airflow.dag_ids() == ["by_hand", "sales"]
        assert airflow.dag("sales").file == str(production.home / "dags/sales/sales.py")
        assert airflow.dag("gone") is None
        assert sorted(airflow.task_ids("sales")) == ["clean", "extract", "report"]
        assert airflow.task_ids("gone") == []
        assert sorted(airflow.run_ids("sales")) == ["north", "south"]
        assert airflow.has_run("sales", "north")
        assert not airflow.has_run("sales", "gone")
        (failed,) = airflow.instances("sales", "clean", states=["failed"])
        assert failed == Instance("north", -1, 1, "failed")
        place = production.home / "nb2dag/notebooks/sales/north/clean/-1/try-1.ipynb"
        assert airflow.notebook("sales", "clean", failed, 1) == str(place)
        with pytest.raises(PullRefused, match=r"ran 2 times in this run: name one with --map-index \(failed: 1\)"):
            choose(airflow, Wanted("by_hand", "shares", "share"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sale", "north", "clean"], "has no DAG `sale`: did you mean `sales`?"),
        (["sales", "gone", "clean"], "has no run `gone` of `sales`, or no more: its last runs are"),
        (["sales", "north", "claen"], "`sales` has no task `claen`: did you mean `clean`?"),
        (["sales", "north", "report"], "`report` has not run in north: a task above it failed: pull that one"),
        (["sales", "north", "clean", "--try", "2"], "`clean` has no attempt 2 in north: it was tried once"),
        (["sales", "north", "clean", "--token", "wrong"], "NB2DAG_AIRFLOW_TOKEN"),
        (["sales", "north", "clean", "--max-size", "1 kB"], "more than the 1.0 kB of --max-size: say --yes"),
        (["sales", "north", "clean", "--max-size", "much"], 'must be a size such as "10 MB"'),
        (
            ["sales", "north", "clean", "--store", "/nowhere/store"],
            "the handoff store /nowhere/store is not on this machine",
        ),
        (["sales", "north", "clean", "--store", "nope://store"], "no URL that fsspec knows"),
        (["sales", "north", "clean", "--bundle", "/nowhere"], "is no bundle"),
    ],
)
def test_what_cannot_be_had_is_said_and_nothing_is_written(production, project, arguments, said):
    result = pull(*arguments, "--airflow-url", production.url)
    assert result.exit_code == 2, result.output
    assert said in result.output
    assert "wrong" not in result.output
    assert list(project.iterdir()) == []


def test_damaged_and_newer_files_are_refused(production, project, tmp_path):
    asked = ["sales", "north", "clean", "--airflow-url", production.url]
    store = tmp_path / "store"
    shutil.copytree(production.home / "nb2dag/store", store)
    objects = [path for path in store.glob("sales/north/extract/-1/try-1/*") if path.stat().st_size > 300_000]
    with objects[0].open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"x")
    damaged = pull(*asked, "--store", store)
    assert "`big`, which `extract` handed over, cannot be had from" in damaged.output
    assert "(a checksum differs)" in damaged.output
    objects[0].unlink()
    assert "there is no such file; it was removed, or the store is another one" in pull(*asked, "--store", store).output

    notebooks = tmp_path / "notebooks"
    place = notebooks / "sales/north/clean/-1/try-1.ipynb"
    shutil.copytree(production.home / "nb2dag/notebooks", notebooks)
    kept = json.loads(place.read_text())
    kept["metadata"]["nb2dag"] |= {"version": 2, "nb2dag": "9.1"}
    place.write_text(json.dumps(kept))
    newer = pull(*asked, "--notebooks", notebooks)
    assert "is of format 2, written by nb2dag 9.1" in newer.output
    assert "use an nb2dag as new as the workers'" in newer.output
    del kept["metadata"]["nb2dag"]
    place.write_text(json.dumps(kept))
    assert "does not say what its attempt was given" in pull(*asked, "--notebooks", notebooks).output

    bundle = tmp_path / "bundle"
    shutil.copytree(production.home / "dags/sales", bundle)
    (bundle / "files/pricing.py").write_text("changed = 1\n")
    changed = pull(*asked, "--bundle", bundle)
    assert f"({bundle / 'files/pricing.py'} is another one, or missing): orders.csv, pricing.py" in changed.output
    manifest = json.loads((bundle / "nb2dag.json").read_text())
    (bundle / "nb2dag.json").write_text(json.dumps(manifest | {"format": 99}))
    assert "a bundle of format 99, and this nb2dag reads format 1" in pull(*asked, "--bundle", bundle).output
    assert not (project / "pulled/sales/clean").exists()
    assert "and 0 files," in pulled(*asked, "--without-files").output


def test_what_stands_there_is_replaced_only_when_asked(production, project):
    asked = ["sales", "south", "extract", "--airflow-url", production.url]
    pulled(*asked)
    folder = project / "pulled/sales/extract"
    (folder / "mine.txt").write_text("work")
    refused = pull(*asked)
    assert (
        "holds what was pulled of south, attempt 2, and maybe your work on it: replace it with --force"
        in refused.output
    )
    assert (folder / "mine.txt").exists()
    pulled(*asked, "--force")
    assert not (folder / "mine.txt").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["extract"]
    other = project / "elsewhere/sales/extract"
    other.mkdir(parents=True)
    assert "is nothing that was pulled" in pull(*asked, "--force", "-o", project / "elsewhere").output


def test_which_airflow_is_meant(production, project, monkeypatch):
    asked = ["sales", "south", "extract"]
    assert "which Airflow?" in pull(*asked).output
    assert "not by both" in pull(*asked, "--airflow-url", "http://a", "--airflow-home", project).output
    assert "is no AIRFLOW_HOME" in pull(*asked, "--airflow-home", project).output
    assert "is no address of an Airflow" in pull(*asked, "--airflow-url", "airflow.example.com").output
    assert "cannot be reached, or is no Airflow 3" in pull(*asked, "--airflow-url", "http://127.0.0.1:9").output
    python = getattr(sys, "_base_executable", sys.executable)
    lacking = pull(*asked, "--airflow-home", production.home, "--airflow-python", python)
    assert "name an Airflow's Python with --airflow-python" in lacking.output
    (project / "pyproject.toml").write_text(f'[tool.nb2dag]\nairflow-url = "{production.url}"\n')
    pulled(*asked)
    monkeypatch.setenv("NB2DAG_AIRFLOW_URL", "http://127.0.0.1:9")
    assert "http://127.0.0.1:9 cannot be reached" in pull(*asked, "--force").output
