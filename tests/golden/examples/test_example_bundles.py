"""The example notebooks become these bundles, byte for byte, whatever the hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nb2dag.compiler.backend.dialects import Dialect, dialect_for
from nb2dag.compiler.bundle import build_bundle
from nb2dag.compiler.pipeline import compile_notebook
from support.golden import assert_golden

EXAMPLES = Path(__file__).parents[3] / "notebooks" / "examples"
EXPECTED = Path(__file__).parent / "expected"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.ipynb"))


def bundle_files(name: str, dialect: Dialect) -> dict[str, bytes]:
    compilation = compile_notebook(EXAMPLES / f"{name}.ipynb")
    assert compilation.plan is not None
    files = build_bundle(compilation.plan, EXAMPLES, dialect).files
    # Data is shipped as it is; a copy of it would prove nothing and fill the repository.
    return {path: content for path, content in files.items() if not path.startswith("files/")}


@pytest.mark.parametrize("name", NAMES)
def test_an_example_becomes_the_expected_bundle(name: str) -> None:
    assert_golden(EXPECTED / name, bundle_files(name, dialect_for()))


def test_an_example_becomes_the_expected_bundle_for_the_stock_operator() -> None:
    assert_golden(
        EXPECTED / "weather_report.papermill", bundle_files("weather_report", dialect_for(operator="papermill"))
    )


def test_the_hash_seed_does_not_matter(tmp_path: Path) -> None:
    bundles = []
    for seed in ("1", "2"):
        target = tmp_path / seed
        command = [sys.executable, "-m", "nb2dag", "compile", str(EXAMPLES), "-o", str(target)]
        subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PYTHONHASHSEED": seed})
        bundles.append({path.relative_to(target): path.read_bytes() for path in target.rglob("*") if path.is_file()})
    assert bundles[0] == bundles[1]
    assert len(bundles[0]) > 20
