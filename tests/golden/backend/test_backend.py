"""Hand-made plans become these bundles, byte for byte.

`NB2DAG_REGENERATE_GOLDENS=1 pytest tests/golden/backend` writes the expected files anew; read the diff before
committing it.
"""

import json
import os
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from nb2dag.compiler.backend.layout import WIDTH
from nb2dag.compiler.bundle import build_bundle
from nb2dag.runtime.formats import BundleManifest, CellOrigin
from support.golden import assert_golden

HERE = Path(__file__).parent
EXPECTED = HERE / "expected"
SAMPLES = runpy.run_path(str(HERE / "sample_plan.py"))
PLANS = SAMPLES["PLANS"]


@pytest.fixture
def notebook_folder(tmp_path):
    for path, content in SAMPLES["SHIPPED"].items():
        target = tmp_path / "notebooks" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return tmp_path / "notebooks"


@pytest.mark.parametrize("dag_id", PLANS)
def test_a_plan_makes_the_expected_bundle(dag_id, notebook_folder):
    files = build_bundle(PLANS[dag_id], notebook_folder).files
    assert_golden(EXPECTED / dag_id, files)


@pytest.mark.parametrize("dag_id", PLANS)
def test_linter_and_formatter_have_nothing_to_say_about_a_dag_file(dag_id, notebook_folder, tmp_path):
    bundle = build_bundle(PLANS[dag_id], notebook_folder)
    module = tmp_path / bundle.manifest.dag_file
    module.write_bytes(bundle.files[bundle.manifest.dag_file])
    rules = "--select=AIR,B,C4,DTZ,E,F,I,PIE,RUF,S,SIM,UP,W"
    for arguments in (["check", "--preview", "--target-version=py310", rules], ["format", "--diff"]):
        command = [
            sys.executable,
            "-m",
            "ruff",
            *arguments,
            "--isolated",
            "--no-cache",
            f"--config=line-length={WIDTH}",
        ]
        outcome = subprocess.run([*command, module], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize("dag_id", PLANS)
def test_a_task_notebook_is_what_jupyter_would_save(dag_id, notebook_folder):
    bundle = build_bundle(PLANS[dag_id], notebook_folder)
    for task in bundle.manifest.tasks:
        text = bundle.files[task.notebook].decode()
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
        assert nbformat.writes(notebook) + "\n" == text


def test_every_line_of_a_task_notebook_knows_where_it_came_from(notebook_folder):
    bundle = build_bundle(PLANS["daily_sales"], notebook_folder)
    for task in bundle.manifest.tasks:
        for cell in nbformat.reads(bundle.files[task.notebook].decode(), as_version=4).cells:
            if cell.cell_type == "code":
                origin = CellOrigin.from_json(cell.metadata.nb2dag)
                assert origin.purpose in ("load", "save") or len(origin.lines) == len(cell.source.splitlines())


def test_the_manifest_describes_the_bundle(notebook_folder):
    bundle = build_bundle(PLANS["daily_sales"], notebook_folder)
    text = bundle.files["nb2dag.json"].decode()
    assert BundleManifest.from_json(json.loads(text)) == bundle.manifest
    assert set(bundle.manifest.written) == set(bundle.files) - {"nb2dag.json"}
    lines = bundle.files[bundle.manifest.dag_file].decode().splitlines()
    begins = {cell: lines[line - 1].strip() for line, cell in reversed(bundle.manifest.lines)}
    assert begins[1] == "with DAG("
    assert begins[3].startswith('"region": Param(')
    assert begins[5] == "extract = NotebookOperator("
    assert begins[10] == "baseline = NotebookOperator("


def test_a_changed_shipped_file_makes_another_dag_version(notebook_folder):
    plan = PLANS["daily_sales"]
    before = build_bundle(plan, notebook_folder)
    (notebook_folder / "lib" / "prices.py").write_text("VAT = 0.5\n")
    after = build_bundle(plan, notebook_folder)
    assert before.manifest.digest != after.manifest.digest
    assert after.manifest.digest.encode() in after.files["daily_sales.py"]
    unshipped = replace(plan, files=())
    assert build_bundle(unshipped, notebook_folder).manifest.digest == plan.digest


PROGRAM = """
import hashlib, runpy, sys
from pathlib import Path
from nb2dag.compiler.bundle import build_bundle
plans = runpy.run_path(sys.argv[1])["PLANS"]
bundles = [build_bundle(plan, Path(sys.argv[2])) for plan in plans.values()]
print([(path, hashlib.sha256(content).hexdigest()) for bundle in bundles for path, content in bundle.files.items()])
heavy = {"IPython", "airflow", "jsonschema", "nbformat", "papermill"}
assert heavy.isdisjoint(sys.modules), sorted(heavy.intersection(sys.modules))
"""


def test_the_bytes_do_not_depend_on_the_hash_seed_and_nothing_heavy_is_imported(notebook_folder):
    outputs = set()
    for seed in ("0", "1", "2"):
        command = [sys.executable, "-c", PROGRAM, HERE / "sample_plan.py", notebook_folder]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        outputs.add(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)
    assert len(outputs) == 1
