"""Try the built wheel in other JupyterLabs: what `make test-lab-matrix` runs.

    python tools/lab_matrix.py [--only 4.2]

Each environment, `.venv-lab-<name>`, gets the wheel and one JupyterLab, and its server is driven by the browser tests
of this environment: the way of a first user in JupyterLab, the panel in Notebook 7, two browsers on one notebook with
collaboration. A log lies beside each. Exit code: 0 all passed, 1 one failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
FIRST_USER = "tests/browser/test_panel.py::test_a_dag_from_nothing_to_a_run"
NOTEBOOK_7 = "tests/browser/test_panel.py::test_the_same_wheel_in_notebook_7"
TWO_BROWSERS = "tests/collaboration"


@dataclass(frozen=True)
class Lab:
    """An environment: its name, what is installed besides the wheel, and the tests that are run against it."""

    name: str
    packages: tuple[str, ...]
    tests: tuple[str, ...] = (FIRST_USER,)


LABS = (
    Lab("4.2", ("jupyterlab==4.2.*",)),
    Lab("4.4", ("jupyterlab==4.4.*",)),
    Lab("newest", ("jupyterlab>=4.6,<5", "notebook>=7,<8"), (FIRST_USER, NOTEBOOK_7)),
    Lab("rtc", ("jupyterlab>=4.6,<5", "jupyter-collaboration"), (FIRST_USER, TWO_BROWSERS)),
)
SHOWN = ("jupyterlab", "notebook", "jupyter-collaboration", "ipywidgets")


def main() -> int:
    """Run the matrix and return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", action="append", choices=[lab.name for lab in LABS], help="one of them; repeatable")
    wanted = parser.parse_args().only
    with tempfile.TemporaryDirectory(prefix="nb2dag-wheel-") as folder:
        wheel = build_wheel(Path(folder))
        passed = [run(lab, wheel) for lab in LABS if not wanted or lab.name in wanted]
    return 0 if all(passed) else 1


def build_wheel(folder: Path) -> Path:
    """Build the wheel, which takes the front end along that `make extension` has built."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(CHECKOUT)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=_clean())
    (wheel,) = folder.glob("*.whl")
    return wheel


def run(lab: Lab, wheel: Path) -> bool:
    """Make the environment, run the tests against it, print a line, and return whether they passed."""
    started = time.monotonic()
    python = CHECKOUT / f".venv-lab-{lab.name}" / "bin" / "python"
    log = CHECKOUT / f".venv-lab-{lab.name}.log"
    with log.open("wb") as stream:
        commands = [
            [sys.executable, "-m", "uv", "venv", "-q", "--clear", "-p", sys.executable, str(python.parent.parent)],
            [sys.executable, "-m", "uv", "pip", "install", "-q", "-p", str(python), f"{wheel}[lab]", *lab.packages],
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", "400", *lab.tests],
        ]
        environment = _clean() | {"NB2DAG_LAB_PYTHON": str(python)}
        done = all(
            subprocess.run(
                command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env=environment,
                check=False,
            ).returncode == 0
            for command in commands
        )  # fmt: skip
    seconds = time.monotonic() - started
    result = "passed" if done else f"FAILED, see {log.name}"
    print(f"{lab.name:8} {installed(python):60} {result} ({seconds:.0f} s)", flush=True)
    return done


def installed(python: Path) -> str:
    """Return the versions that the environment got."""
    code = "from importlib.metadata import version as v, distributions as d; n = {x.name.lower() for x in d()}\n"
    code += f"print(', '.join(f'{{p}} {{v(p)}}' for p in {SHOWN!r} if p in n))"
    if not python.exists():
        return "no environment"
    return subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False).stdout.strip()


def _clean() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return kept | {"UV_PYTHON_DOWNLOADS": "never", "UV_SYSTEM_CERTS": os.environ.get("UV_SYSTEM_CERTS", "1")}


if __name__ == "__main__":
    sys.exit(main())
