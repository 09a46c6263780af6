"""The floor plan that import-linter holds can be broken, and is reported when it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(CHECKOUT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / ".importlinter", tmp_path)
    return tmp_path


def _lint(folder):
    command = [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"]
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "COLUMNS": "200"}
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, env=environment)


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("compiler/lowering.py", "import nb2dag.compiler.analysis", "stages meet only in the model"),
        ("airflow/operator.py", "import nb2dag.compiler.pipeline", "never reaches the compiler"),
        ("runtime/formats.py", "import nb2dag.errors", "stands alone"),
        ("cli/app.py", "import papermill", "imports papermill"),
        ("model/span.py", "import yaml", "nothing but the standard library"),
        ("undeclared.py", "x = 1", "down the floors"),
    ],
)
def test_a_planted_import_is_found(copy, module, line, contract):
    with (copy / "src" / "nb2dag" / module).open("a") as file:
        file.write(f"\n{line}\n")
    finished = _lint(copy)
    broken = [text for text in finished.stdout.splitlines() if "BROKEN" in text]
    assert finished.returncode == 1, finished.stderr
    assert any(contract in text for text in broken), finished.stdout
