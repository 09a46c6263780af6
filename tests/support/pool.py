"""Judge many random programs at once, in as many processes as there are cores.

Run as a program, `python -m support.pool COUNT KIND` judges the first COUNT programs of a kind (`PROGRAMS`) and prints
the judgement as JSON.
"""

from __future__ import annotations

import fractions
import functools
import gc
import json
import multiprocessing
import os
import pkgutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from support.oracle import Verdict, judge
from support.programs import Program

PROGRAMS = {
    "any": "support.programs:program_of",
    "frames": "support.frame_programs:frame_program_of",
    "objects": "support.object_programs:object_program_of",
}
"""What makes a program of a seed, by the kind of program; imported where it is wanted, for numpy makes forks slow."""

_USED = (fractions,)
"""Imported here, so that no forked task pays for what many programs import."""

_CHUNK = 10
_CHUNKS_OF_A_ROUND = 12
"""For each process; it grows with the programs it has compiled, and a fork of a larger one takes longer."""


@dataclass
class Judgement:
    """How many programs came to which verdict, how many had which construct, and which were wrong."""

    verdicts: Counter[str] = field(default_factory=Counter)
    constructs: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def programs(self) -> int:
        """How many programs were judged."""
        return self.verdicts.total()

    def figures(self) -> str:
        """Return a line per construct: its share of the programs, and how many of those with it were refused."""
        lines = [f"{self.programs} programs: {dict(self.verdicts)}"]
        for construct, count in sorted(self.constructs.items(), key=lambda entry: entry[1]):
            shares = f"{count / self.programs:6.1%} of the programs, {self.refused[construct] / count:4.0%} refused"
            lines.append(f"  {construct:35} {shares}")
        return "\n".join(lines)


def judge_apart(count: int, kind: str = "any") -> Judgement:
    """Return what came of the first `count` random programs of a kind, judged outside of this process.

    A test process has threads, much memory and whatever other tests left in it; and if one that judges is killed, this
    tells how.

    Raises:
        AssertionError: The process ended without a judgement.
    """
    command = [sys.executable, "-m", "support.pool", str(count), kind]
    done = subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stderr}"
    found = json.loads(done.stdout)
    counts = {name: Counter(found[name]) for name in ("verdicts", "constructs", "refused")}
    return Judgement(**counts, wrong=found["wrong"])


def judge_seeds(seeds: Sequence[int], kind: str = "any") -> Judgement:
    """Return what came of the random programs of `seeds`."""
    chunks = [seeds[start : start + _CHUNK] for start in range(0, len(seeds), _CHUNK)]
    total = Judgement()
    # Spawned, for threads would not survive a fork; each of these forks its tasks itself. An executor, not a Pool: a
    # process that is killed is an error there, and not an endless wait. New ones each round, and not
    # `max_tasks_per_child`, with which an executor of Python 3.11 may wait without end (python/cpython#115634).
    cores = os.cpu_count() or 1
    for start in range(0, len(chunks), cores * _CHUNKS_OF_A_ROUND):
        with ProcessPoolExecutor(cores, multiprocessing.get_context("spawn"), _without_collector) as pool:
            round_of_chunks = chunks[start : start + cores * _CHUNKS_OF_A_ROUND]
            for part in pool.map(functools.partial(_judge_chunk, kind), round_of_chunks):
                total.verdicts += part.verdicts
                total.constructs += part.constructs
                total.refused += part.refused
                total.wrong += part.wrong
    return total


def _without_collector() -> None:
    """Let no collection of garbage write to memory that a fork would have to copy; the process does not live long."""
    gc.freeze()
    gc.disable()


def _judge_chunk(kind: str, seeds: Sequence[int]) -> Judgement:
    part = Judgement()
    make: Callable[[int], Program] = pkgutil.resolve_name(PROGRAMS[kind])
    for seed in seeds:
        program = make(seed)
        verdict = _judge(program.cells, seed)
        part.verdicts[verdict.kind] += 1
        part.constructs.update(program.constructs)
        if verdict.kind == "refused":
            part.refused.update(program.constructs)
        elif verdict.kind not in ("same", "broken"):
            part.wrong.append("\n---\n".join([f"seed {seed}: {verdict.kind}", *program.cells, verdict.detail]))
    return part


def _judge(cells: Sequence[str], seed: int) -> Verdict:
    try:
        return judge(cells, seed)
    except Exception as error:  # noqa: BLE001 - a crash of the compiler is a verdict like others
        return Verdict("crash", f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    print(json.dumps(vars(judge_seeds(range(int(sys.argv[1])), sys.argv[2]))))
