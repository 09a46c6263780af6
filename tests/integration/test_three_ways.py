"""An example gives the same results run whole by papermill, by `nb2dag run`, and by Airflow."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import papermill
import pytest

from nb2dag.compiler.bundle import build_bundle, write_bundle
from nb2dag.compiler.pipeline import compile_notebook
from nb2dag.local.layout import new_run_folder
from nb2dag.local.run import run_bundle
from support.airflow_home import new_airflow

EXAMPLES = Path(__file__).parents[2] / "notebooks" / "examples"
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")

Results = dict[str, list[Any]]


def results(notebook: dict[str, Any]) -> Results:
    """Return what each cell shows, by the id of the source cell; a task notebook's own cells are left out."""
    found: Results = {}
    for cell in notebook["cells"]:
        origin = cell["metadata"].get("nb2dag", {"purpose": "body", "source": cell.get("id")})
        if cell["cell_type"] == "code" and origin["purpose"] == "body":
            shown = [_shown(output) for output in cell["outputs"]]
            found[origin["source"]] = [item for item in shown if item]
    return found


def _shown(output: dict[str, Any]) -> Any:
    # Figures are compared as they are: the examples draw the same bytes each time.
    if output["output_type"] == "stream":
        return _ADDRESS.sub("0x", "".join(output["text"]))
    return {kind: _ADDRESS.sub("0x", "".join(text)) for kind, text in sorted(output.get("data", {}).items())}


@pytest.fixture(scope="module", params=["sales", "weather_report", "model_training", "wine_kinds"])
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Results]:
    """A copy of an example, and its results when papermill runs it whole."""
    folder = tmp_path_factory.mktemp(request.param)
    shutil.copytree(EXAMPLES, folder, dirs_exist_ok=True)
    path = folder / f"{request.param}.ipynb"
    whole = folder / "whole.ipynb"
    papermill.execute_notebook(str(path), str(whole), cwd=str(folder), progress_bar=False)
    return path, results(json.loads(whole.read_text("utf-8")))


def _agree(found: Results, whole: Results, tasks: int) -> None:
    compared = set(found) & set(whole)
    assert len(compared) >= tasks
    assert any(whole[cell] for cell in compared)
    for cell in compared:
        assert found[cell] == whole[cell], cell


def test_the_local_run_agrees(example: tuple[Path, Results], tmp_path: Path) -> None:
    path, whole = example
    plan = compile_notebook(path).plan
    assert plan is not None
    bundle = tmp_path / "dags" / plan.dag_id
    write_bundle(build_bundle(plan, path.parent), bundle)
    run = run_bundle(bundle, new_run_folder(tmp_path))
    assert run.ok
    found: Results = {}
    for kept in sorted(run.notebooks.rglob("*.ipynb")):
        found |= results(json.loads(kept.read_text("utf-8")))
    _agree(found, whole, len(plan.tasks))


def test_airflow_agrees(example: tuple[Path, Results], tmp_path: Path) -> None:
    path, whole = example
    if path.stem != "weather_report":
        return
    plan = compile_notebook(path).plan
    assert plan is not None
    write_bundle(build_bundle(plan, path.parent), tmp_path / "dags" / plan.dag_id)
    airflow = new_airflow(tmp_path)
    with airflow.start(plan.dag_id) as process:
        log = process.communicate()[0]
    run = airflow.result(plan.dag_id, log)
    assert run.state == "success", log
    found: Results = {}
    for task in plan.tasks:
        found |= results(json.loads(run.notebook(task.task_id)))
    _agree(found, whole, len(plan.tasks))
