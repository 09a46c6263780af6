"""The examples, compiled for the Airflow that runs the tests, and the way to look at them in it.

`make test` runs these tests on the newest Airflow, `make test-airflow-matrix` on each release that has a dialect, in
environments that have nothing but the built wheel, that Airflow and pytest.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pytest

from support.airflow_home import Airflow, new_airflow

EXAMPLES = Path(__file__).parents[2] / "notebooks" / "examples"
RELEASE = ".".join(version("apache-airflow-core").split(".")[:2])


@dataclass(frozen=True)
class Compiled:
    """An Airflow home with the examples in `dags/`."""

    airflow: Airflow

    @property
    def dags(self) -> Path:
        return self.airflow.home / "dags"


def compile_examples(target: Path, *options: str, names: tuple[str, ...] = ()) -> str:
    """Compile examples with the installed command, and return what it said on standard error."""
    notebooks = [str(EXAMPLES / f"{name}.ipynb") for name in names] or [str(EXAMPLES)]
    command = [sys.executable, "-m", "nb2dag", "compile", *notebooks, "-o", str(target), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=target.parent, env=os.environ)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """The examples for this release."""
    home = tmp_path_factory.mktemp("release")
    (home / "dags").mkdir()
    compile_examples(home / "dags", "--airflow", RELEASE)
    return Compiled(new_airflow(home))
