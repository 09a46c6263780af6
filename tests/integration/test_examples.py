"""The example notebooks: each runs from top to bottom, compiles without a finding, and means the DAG drawn for it."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from nb2dag.compiler.bundle import build_bundle
from nb2dag.compiler.pipeline import compile_notebook

EXAMPLES = Path(__file__).parents[2] / "notebooks" / "examples"
EDGES = {
    "sales": {
        "extract": set(),
        "clean": {"extract"},
        "by_region": {"clean"},
        "by_day": {"clean"},
        "report": {"by_region", "by_day"},
    },
    "weather_report": {
        "extract": set(),
        "validate": {"extract"},
        "prepare": {"extract", "validate"},
        "temperature": {"prepare"},
        "rain": {"prepare"},
        "dry_spells": {"prepare"},
        "report": {"prepare", "temperature", "rain", "dry_spells"},
    },
    "model_training": {
        "load": set(),
        "split": {"load"},
        "train_logistic": {"split"},
        "train_forest": {"split"},
        "train_neighbours": {"split"},
        "compare": {"split", "train_logistic", "train_forest", "train_neighbours"},
        "report": {"load", "split", "compare"},
    },
    "wine_kinds": {
        "load": set(),
        "scale": {"load"},
        "choose_number": {"scale"},
        "project": {"scale"},
        "cluster": {"scale", "choose_number"},
        "draw_map": {"project", "cluster"},
        "profile": {"scale", "cluster"},
        "compare_with_growers": {"load", "cluster", "draw_map", "profile"},
    },
}
HANDED_OVER = {
    "sales": {"extract": {"orders"}, "clean": {"orders"}, "by_region": {"regions"}, "by_day": {"days"}},
    "weather_report": {
        "extract": {"weather"},
        "prepare": {"this_year", "baseline", "normal"},
        "temperature": {"anomaly", "hot_days", "warmest"},
        "rain": {"rain_total", "rain_change", "wettest_month"},
        "dry_spells": {"longest"},
    },
    "model_training": {
        "load": {"digits", "X", "y"},
        "split": {"X_train", "X_test", "y_train", "y_test"},
        "train_logistic": {"logistic"},
        "train_forest": {"forest"},
        "train_neighbours": {"nearest"},
        "compare": {"scores", "best_name", "best_model"},
    },
    "wine_kinds": {
        "load": {"bunch", "wines"},
        "scale": {"scaled"},
        "choose_number": {"kinds"},
        "project": {"positions"},
        "cluster": {"labels"},
        "profile": {"profile"},
    },
}
NAMES = sorted(EDGES)


@pytest.fixture
def examples(tmp_path):
    """A copy of the examples: running them leaves nothing beside the originals."""
    return Path(shutil.copytree(EXAMPLES, tmp_path / "examples"))


def test_every_example_is_listed_here_and_in_the_readme():
    notebooks = {path.stem for path in EXAMPLES.glob("*.ipynb")}
    assert notebooks == set(EDGES) == set(HANDED_OVER)
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [name for name in notebooks if f"{name}.ipynb" not in readme] == []


@pytest.mark.parametrize("name", NAMES)
def test_it_passes_nbval(examples, name):
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider", "-q"]
    done = subprocess.run([*command, f"{name}.ipynb"], cwd=examples, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_its_outputs_are_stored_and_tell_of_nothing_wrong(name):
    notebook = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {"stream", "display_data", "execute_result"}
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    assert any("image/png" in output.get("data", {}) for output in outputs)
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("name", NAMES)
def test_it_compiles_without_a_finding(name):
    compilation = compile_notebook(EXAMPLES / f"{name}.ipynb")
    assert compilation.diagnostics == ()
    assert {task.task_id: set(task.upstream) for task in compilation.plan.tasks} == EDGES[name]


@pytest.mark.parametrize("name", NAMES)
def test_it_hands_over_what_a_careful_person_would(name):
    plan = compile_notebook(EXAMPLES / f"{name}.ipynb").plan
    saved = {task.task_id: {name for save in task.saves for name in save.names} for task in plan.tasks}
    assert {task_id: names for task_id, names in saved.items() if names} == HANDED_OVER[name]


@pytest.mark.parametrize("name", NAMES)
def test_executing_it_changes_no_byte_of_its_bundle(examples, name):
    path = examples / f"{name}.ipynb"
    before = build_bundle(compile_notebook(path).plan, examples)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(examples)}}).execute()
    nbformat.write(notebook, path)
    after = build_bundle(compile_notebook(path).plan, examples)
    assert after.files == before.files


@pytest.mark.parametrize(("name", "file"), [("weather_report", "data/seattle-weather.csv"), ("sales", "orders.csv")])
def test_the_data_file_ships(examples, name, file):
    plan = compile_notebook(examples / f"{name}.ipynb").plan
    assert [shipped.path for shipped in plan.files] == [file]


def test_the_readme_shows_what_show_prints_of_its_notebook(examples):
    command = [sys.executable, "-m", "nb2dag", "show", "sales.ipynb"]
    printed = subprocess.run(command, cwd=examples, capture_output=True, text=True, check=True).stdout
    assert printed in (EXAMPLES.parents[1] / "README.md").read_text(encoding="utf-8")
