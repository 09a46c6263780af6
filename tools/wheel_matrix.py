"""Try the built wheel in environments of other releases, a row each: the shape of the Airflow and the Lab matrix."""

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
LONGEST_TEST_SECONDS = 900


@dataclass(frozen=True)
class Row:
    """An environment: its name, what is installed besides the wheel or held back, and the tests that are run."""

    name: str
    packages: tuple[str, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Matrix:
    """The environments `.venv-<kind>-<row>`, each with a log beside it.

    `extras` of the wheel are installed with it, `shown` are the packages whose versions are printed. The tests run
    inside of the environment, or, where `driven_by` names an environment variable, in the one of this process, which
    finds the other's interpreter in that variable. The wheel is built with the front end only where there is one to be
    seen.
    """

    kind: str
    rows: tuple[Row, ...]
    shown: tuple[str, ...]
    extras: str = ""
    driven_by: str = ""
    frontend: bool = False

    def main(self, description: str) -> int:
        """Run all rows, or those that the command line names; return the exit code: 0 all passed, 1 one did not."""
        parser = argparse.ArgumentParser(description=description)
        names = [row.name for row in self.rows]
        parser.add_argument("--only", action="append", choices=names, help="one of them; repeatable")
        wanted = parser.parse_args().only
        with tempfile.TemporaryDirectory(prefix="nb2dag-wheel-") as folder:
            wheel = self._build(Path(folder))
            passed = [self._run(row, wheel) for row in self.rows if not wanted or row.name in wanted]
        return 0 if all(passed) else 1

    def _build(self, folder: Path) -> Path:
        command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(CHECKOUT)]
        environment = _clean() | ({} if self.frontend else {"NB2DAG_FRONTEND": "0"})
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment)
        (wheel,) = folder.glob("*.whl")
        return wheel

    def _run(self, row: Row, wheel: Path) -> bool:
        """Make or renew the environment, run the tests, print a line, and return whether they passed."""
        started = time.monotonic()
        folder = CHECKOUT / f".venv-{self.kind}-{row.name}"
        python, log = folder / "bin" / "python", folder.with_name(f"{folder.name}.log")
        environment = _clean() | ({self.driven_by: str(python)} if self.driven_by else {})
        with log.open("wb") as stream:
            done = all(
                subprocess.run(
                    command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env=environment,
                    check=False,
                ).returncode == 0
                for command in self._commands(row, wheel, python)
            )  # fmt: skip
        result = "passed" if done else f"FAILED, see {log.name}"
        print(f"{row.name:14} {self._installed(python):74} {result} ({time.monotonic() - started:.0f} s)", flush=True)
        return done

    def _commands(self, row: Row, wheel: Path, python: Path) -> list[list[str]]:
        uv, install = [sys.executable, "-m", "uv"], ["pip", "install", "-q", "-p", str(python)]
        tester = sys.executable if self.driven_by else str(python)
        timeout = str(LONGEST_TEST_SECONDS)
        commands = [
            # An environment of before gets what a new one would: a row that says "newest" means it.
            [*uv, *install, "--upgrade", f"{wheel}{self.extras}", *row.packages],
            # The same version number says nothing about a wheel that has just been built.
            [*uv, *install, "--no-deps", "--reinstall-package", "nb2dag", str(wheel)],
            [tester, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", timeout, *row.tests],
        ]
        if not python.exists():
            commands.insert(0, [*uv, "venv", "-q", "--clear", "-p", sys.executable, str(python.parent.parent)])
        return commands

    def _installed(self, python: Path) -> str:
        """Return the versions that the environment got."""
        code = "from importlib.metadata import version as v, distributions as d; n = {x.name.lower() for x in d()}\n"
        code += f"print(', '.join(f'{{p.removeprefix(\"apache-\")}} {{v(p)}}' for p in {self.shown!r} if p in n))"
        if not python.exists():
            return "no environment"
        return subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False).stdout.strip()


def _clean() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    wishes = {"UV_PYTHON_DOWNLOADS": "never", "UV_COMPILE_BYTECODE": "1"}
    return kept | wishes | {"UV_SYSTEM_CERTS": os.environ.get("UV_SYSTEM_CERTS", "1")}
