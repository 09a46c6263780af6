"""Try the built wheel in other Airflow releases: what `make test-airflow-matrix` runs.

    python tools/airflow_matrix.py [--only 3.0]

Each environment, `.venv-airflow-<release>`, gets the wheel, one Airflow with what pip finds to fit it, and pytest, and
runs the tests of `tests/releases` and of the operator. The one with `papermill` in its name has Airflow's papermill
provider and runs what `compile --operator papermill` writes. A log lies beside each. Exit code: 0 all passed, 1 not.
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
EXAMPLES_NEED = ("pandas", "scikit-learn", "matplotlib")
TEST_TOOLS = ("pytest>=8", "pytest-timeout>=2.3")
OPERATOR = ("tests/releases/test_release.py", "tests/integration/test_airflow_operator.py")
PARSING = ("tests/releases/test_release.py", "-k", "dialect or imported or serialisation or version")
STOCK = ("tests/releases/papermill_provider.py",)


@dataclass(frozen=True)
class Release:
    """An environment: its name, the Airflow in it, what else is installed or held back, and the tests that are run."""

    name: str
    airflow: str
    packages: tuple[str, ...] = ()
    tests: tuple[str, ...] = OPERATOR


OLDEST_NEEDS = ("fastapi<0.118", "cadwyn<6")
"""Airflow 3.0 names no upper limit, and a newer FastAPI refuses what its tasks send to its API."""

NEEDED_BY_3_2 = ("fastapi<0.137", "cadwyn<8")
"""As above; these are the limits that Airflow 3.3 names. With them it parses; the API of its own `dag.test()` still
fails for any operator (`State` has no `svcs_registry`), so that nothing is run there."""

RELEASES = (
    Release("3.0", "3.0", OLDEST_NEEDS),
    Release("3.1", "3.1"),
    Release("3.2", "3.2", NEEDED_BY_3_2, PARSING),
    Release("3.3", "3.3"),
    Release("3.0-papermill", "3.0", ("apache-airflow-providers-papermill", *OLDEST_NEEDS), STOCK),
    Release("3.3-papermill", "3.3", ("apache-airflow-providers-papermill",), STOCK),
)
SHOWN = ("apache-airflow-core", "apache-airflow-task-sdk", "apache-airflow-providers-papermill", "papermill")


def main() -> int:
    """Run the matrix and return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", action="append", choices=[release.name for release in RELEASES], metavar="NAME")
    wanted = parser.parse_args().only
    with tempfile.TemporaryDirectory(prefix="nb2dag-wheel-") as folder:
        wheel = build_wheel(Path(folder))
        passed = [run(release, wheel) for release in RELEASES if not wanted or release.name in wanted]
    return 0 if all(passed) else 1


def build_wheel(folder: Path) -> Path:
    """Build the wheel without the front end, which no worker needs."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(CHECKOUT)]
    environment = _clean() | {"NB2DAG_FRONTEND": "0"}
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment)
    (wheel,) = folder.glob("*.whl")
    return wheel


def run(release: Release, wheel: Path) -> bool:
    """Make or renew the environment, run the tests in it, print a line, and return whether they passed."""
    started = time.monotonic()
    python = CHECKOUT / f".venv-airflow-{release.name}" / "bin" / "python"
    log = CHECKOUT / f".venv-airflow-{release.name}.log"
    packages = [f"apache-airflow=={release.airflow}.*", *release.packages, *EXAMPLES_NEED, *TEST_TOOLS]
    uv, install = [sys.executable, "-m", "uv"], ["pip", "install", "-q", "-p", str(python)]
    commands = [
        [*uv, *install, *packages, str(wheel)],
        # The same version number says nothing about a wheel that has just been built.
        [*uv, *install, "--no-deps", "--reinstall-package", "nb2dag", str(wheel)],
        [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", "900", *release.tests],
    ]
    if not python.exists():
        commands.insert(0, [*uv, "venv", "-q", "--clear", "-p", sys.executable, str(python.parent.parent)])
    with log.open("wb") as stream:
        done = all(
            subprocess.run(
                command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env=_clean(), check=False
            ).returncode == 0
            for command in commands
        )  # fmt: skip
    result = "passed" if done else f"FAILED, see {log.name}"
    print(f"{release.name:14} {installed(python):74} {result} ({time.monotonic() - started:.0f} s)", flush=True)
    return done


def installed(python: Path) -> str:
    """Return the versions that the environment got."""
    code = "from importlib.metadata import version as v, distributions as d; n = {x.name.lower() for x in d()}\n"
    code += f"print(', '.join(f'{{p.removeprefix(\"apache-\")}} {{v(p)}}' for p in {SHOWN!r} if p in n))"
    if not python.exists():
        return "no environment"
    return subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False).stdout.strip()


def _clean() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    wishes = {"UV_PYTHON_DOWNLOADS": "never", "UV_COMPILE_BYTECODE": "1"}
    return kept | wishes | {"UV_SYSTEM_CERTS": os.environ.get("UV_SYSTEM_CERTS", "1")}


if __name__ == "__main__":
    sys.exit(main())
