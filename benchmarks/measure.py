"""Run a command in a process of its own and say what it cost; hold and print the rows of a comparison."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process and its children cost: CPU seconds (user and system), wall seconds, peak resident MiB."""

    cpu: float
    wall: float
    peak: float


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison: our figure beside another one, their ratio, and the target that the ratio or figure has."""

    what: str
    ours: str
    theirs: str
    ratio: str
    target: str
    met: bool


class CommandFailed(Exception):
    """A measured command ended with an exit code other than 0, so its cost means nothing."""


def run_cold(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Cost:
    """Run `command` in `folder` and return its cost.

    The environment holds only what a command needs: PYTHONDONTWRITEBYTECODE and the like would change the figure. This
    module imports little, because a child's peak memory begins at that of the process which started it.

    Raises:
        CommandFailed: The exit code was not 0; the message ends with what the command printed.
    """
    base = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        actions = [(os.POSIX_SPAWN_DUP2, output.fileno(), 1), (os.POSIX_SPAWN_DUP2, output.fileno(), 2)]
        here = Path.cwd()
        os.chdir(folder)
        try:
            pid = os.posix_spawnp(command[0], list(command), base | dict(environment or {}), file_actions=actions)
        finally:
            os.chdir(here)
        _, status, usage = os.wait4(pid, 0)
        wall = time.perf_counter() - started
        if status != 0:
            output.seek(0)
            raise CommandFailed(f"{' '.join(command)}\n{output.read().decode(errors='replace')[-2000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def median_cost(costs: Sequence[Cost]) -> Cost:
    """Return the median of each figure."""
    return Cost(
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.peak for cost in costs),
    )


def print_rows(title: str, rows: Sequence[Row]) -> bool:
    """Print a Markdown table and return whether every target was met."""
    table = [("", "nb2dag", "beside", "ratio", "target", "")]
    table += [(r.what, r.ours, r.theirs, r.ratio, r.target, "ok" if r.met else "MISSED") for r in rows]
    widths = [max(len(line[column]) for line in table) for column in range(6)]
    print(f"\n### {title}\n")
    for number, line in enumerate(table):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    sys.stdout.flush()
    return all(row.met for row in rows)
