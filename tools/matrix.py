"""Run the tests on every Python that nb2dag declares, and print one table: what `make test-python-matrix` runs.

    python tools/matrix.py [--only 3.12] [--jobs 2] [PATH ...]

The versions are those of `pyproject.toml`, the paths are given to pytest (by default all tests that start neither an
Airflow nor a kernel). Each version has an environment of its own, `.venv-3.12`, made the first time and used again, and
a log beside it. Exit code: 0 every version passed, 1 one failed or has no interpreter here.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from interpreters import Interpreter, declared_versions, find_interpreter

CHECKOUT = Path(__file__).resolve().parent.parent
PATHS = ("tests/unit", "tests/spec", "tests/property", "tests/golden", "src")
COLUMNS = ("Python", "interpreter", "passed", "failed", "skipped", "seconds", "result")


@dataclass(frozen=True)
class Row:
    """What became of one version; `result` begins with `passed` only if its tests ran, and none failed."""

    version: str
    interpreter: str
    result: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as text, in the order of `COLUMNS`."""
        counts = (str(self.passed), str(self.failed), str(self.skipped), f"{self.seconds:.0f}")
        return (self.version, self.interpreter, *counts, self.result)


def main() -> int:
    """Run the matrix and return its exit code."""
    arguments = _arguments()
    versions = declared_versions((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    if unknown := [version for version in arguments.only if version not in versions]:
        print(f"pyproject.toml declares {', '.join(versions)}, not {', '.join(unknown)}", file=sys.stderr)
        return 2
    rows = []
    for version in arguments.only or versions:
        print(f"· Python {version}", file=sys.stderr, flush=True)
        rows.append(run_version(version, arguments.paths or PATHS, arguments.jobs))
    print(table(rows))
    return 0 if all(row.result == "passed" for row in rows) else 1


def run_version(version: str, paths: list[str] | tuple[str, ...], jobs: int) -> Row:
    """Make the environment of one version and run the tests in it."""
    found = find_interpreter(version)
    if found is None:
        return Row(version, "", f"MISSING: no CPython {version} on PATH, in pyenv or in uv")
    environment = CHECKOUT / f".venv-{version}"
    log = CHECKOUT / f".venv-{version}.log"
    if problem := _make_environment(environment, found, log):
        return Row(found.version, found.path, problem)
    report = CHECKOUT / f".venv-{version}.xml"
    report.unlink(missing_ok=True)
    started = time.monotonic()
    command = [
        str(environment / "bin" / "python"), "-m", "pytest", "-n", str(jobs), "--dist", "loadfile", "-q",
        "-p", "no:cacheprovider", "--junit-xml", str(report), *paths,
    ]  # fmt: skip
    with log.open("ab") as stream:
        done = subprocess.run(
            command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env=_clean(), check=False
        )
    passed, failed, skipped = _counts(report)
    verdict = "passed" if done.returncode == 0 and passed and not failed else f"FAILED: see {log.name}"
    return Row(found.version, found.path, verdict, passed, failed, skipped, time.monotonic() - started)


def table(rows: list[Row]) -> str:
    """Return the rows as a table with a heading.

    >>> print(table([Row("3.12.1", "/usr/bin/python3.12", "passed", 5, 0, 0, 2.4)]))
    Python  interpreter          passed  failed  skipped  seconds  result
    3.12.1  /usr/bin/python3.12  5       0       0        2        passed
    """
    lines = [COLUMNS, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join(line.rstrip() for line in padded)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run the tests on every Python that nb2dag declares.")
    parser.add_argument("--only", action="append", default=[], metavar="VERSION", help="a version, such as 3.12")
    parser.add_argument("--jobs", type=int, default=2, help="test processes side by side")
    parser.add_argument("paths", nargs="*", help="what pytest runs")
    return parser.parse_args()


def _make_environment(environment: Path, interpreter: Interpreter, log: Path) -> str:
    """Make or renew an environment with the checkout's own installer; return what went wrong, or nothing."""
    wishes = {"VENV": environment.name, "PYTHON": interpreter.path}
    with log.open("wb") as stream:
        done = subprocess.run(
            ["tools/venv"], cwd=CHECKOUT, env=_clean() | wishes, stdin=subprocess.DEVNULL,
            stdout=stream, stderr=stream, check=False,
        )  # fmt: skip
    if done.returncode:
        return f"NOT INSTALLED: see {log.name}"
    probe = [str(environment / "bin" / "python"), "-c", "import platform; print(platform.python_version())"]
    made = subprocess.run(probe, capture_output=True, text=True, check=False).stdout.strip()
    return "" if made == interpreter.version else f"NOT INSTALLED: {environment.name} holds Python {made or 'nothing'}"


def _clean() -> dict[str, str]:
    """Return the environment without what would make one Python read another's packages."""
    return {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")
    }


def _counts(report: Path) -> tuple[int, int, int]:
    """Return how many tests passed, failed and were skipped, as pytest wrote it down; nothing if it wrote nothing."""
    if not report.exists():
        return 0, 0, 0
    suites = ElementTree.parse(report).getroot().iter("testsuite")
    totals = [
        (int(suite.get("tests", 0)), int(suite.get("failures", 0)) + int(suite.get("errors", 0)),
         int(suite.get("skipped", 0)))
        for suite in suites
    ]  # fmt: skip
    tests, failed, skipped = (sum(column) for column in zip(*totals, strict=True)) if totals else (0, 0, 0)
    return tests - failed - skipped, failed, skipped


if __name__ == "__main__":
    sys.exit(main())
