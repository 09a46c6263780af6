"""The examples as bundles for the Airflow that runs the tests."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "notebooks" / "examples"

RELEASE = ".".join(version("apache-airflow-core").split(".")[:2])
"""The release of the installed Airflow, such as `3.2`."""

STATE_STORE = RELEASE not in ("3.0", "3.1", "3.2")
"""Whether tasks have a state store; progress goes to XCom otherwise."""

TABS = RELEASE != "3.0"
"""Whether Airflow's UI has tabs of plugins, so that the link of a notebook leads to ours."""

INFLATION_CHECK = RELEASE not in ("3.0", "3.1")
"""Whether `dag_version_inflation_check_level` exists."""


def compile_examples(target: Path, *options: str) -> str:
    """Compile the examples with the installed command, and return what it said on standard error."""
    command = [sys.executable, "-m", "nb2dag", "compile", str(EXAMPLES), "-o", str(target), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=target.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr
