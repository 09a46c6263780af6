"""Try the compiler on every notebook below some folders, and report what it makes of them: `make corpus DIR=...`.

    python tools/corpus.py FOLDER ... [--jobs 2] [--seconds 2] [--limit 180] [--sample 40] [--json FILE]

Each notebook is compiled as it is, with every third code cell made a task, and with tasks of three cells each, and has
its names listed. A violation is a crash, a notebook that takes longer than `--limit` seconds in all (it counts as
hanging), a way that takes more than `--seconds` of CPU, a finding that points outside of the text, a file that does not
parse, or a result that another hash seed changes (tried on `--sample` notebooks). Exit code: 0 none, 1 some, 2 there
are no notebooks.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

CHECKS = Path(__file__).resolve().with_name("corpus_checks.py")
LEFT_OUT = frozenset({".ipynb_checkpoints", ".git", "node_modules"})
SEEDS = ("0", "4711")
START_SECONDS = 120
_SLOWEST = 10
_REPORT_EVERY = 100

Answer = list[dict[str, Any]]
Answers = dict[Path, Answer]


def main() -> int:
    """Examine the folders and return the exit code."""
    arguments = _arguments()
    paths = find_notebooks(arguments.folders)
    if not paths:
        print(f"no .ipynb file below {', '.join(map(str, arguments.folders))}", file=sys.stderr)
        return 2
    started = time.monotonic()
    answers = examine_all(paths, arguments.jobs, arguments.limit, SEEDS[0])
    sample = _spread(paths, arguments.sample)
    again = examine_all(sample, arguments.jobs, arguments.limit, SEEDS[1])
    violations = [*find_violations(answers, arguments.seconds), *find_differences(answers, again)]
    print(report(answers, violations, len(sample), time.monotonic() - started))
    if arguments.json:
        document = {"notebooks": {str(path): answer for path, answer in answers.items()}, "violations": violations}
        arguments.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 1 if violations else 0


def find_notebooks(places: Sequence[Path]) -> list[Path]:
    """Return the .ipynb files among and below `places`, in order."""
    found = set()
    for place in places:
        below = place.rglob("*.ipynb") if place.is_dir() else [place]
        found |= {path for path in below if path.is_file() and not LEFT_OUT & set(path.parts)}
    return sorted(found)


def examine_all(paths: Sequence[Path], jobs: int, limit: float, seed: str) -> Answers:
    """Return what came of each notebook; those on which a process died or took longer than `limit` say so."""
    waiting: queue.SimpleQueue[Path] = queue.SimpleQueue()
    for path in paths:
        waiting.put(path)
    answers: Answers = {}
    threads = [
        threading.Thread(target=_work, args=(waiting, answers, limit, seed)) for _ in range(min(jobs, len(paths)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {path: answers[path] for path in paths}


def _work(waiting: queue.SimpleQueue[Path], answers: Answers, limit: float, seed: str) -> None:
    process: _Process | None = None
    while True:
        try:
            path = waiting.get_nowait()
        except queue.Empty:
            break
        process = process or _Process(seed)
        answer = process.ask(path, limit)
        if isinstance(answer, str):
            process.stop()
            process = None
            answer = [
                {"way": "all", "outcome": answer, "seconds": limit, "rules": {}, "violations": [answer], "digest": ""}
            ]
        answers[path] = answer
        if len(answers) % _REPORT_EVERY == 0:
            print(f"· {len(answers)} notebooks", file=sys.stderr, flush=True)
    if process is not None:
        process.stop()


class _Process:
    """A process that examines notebooks, one after the other."""

    def __init__(self, seed: str) -> None:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        self._process = subprocess.Popen(
            [sys.executable, str(CHECKS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            encoding="utf-8", env=environment,
        )  # fmt: skip
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()
        self._first = True

    def ask(self, path: Path, limit: float) -> Answer | str:
        """Return what the process says of a notebook, or why it says nothing."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{path.resolve()}\n")
        self._process.stdin.flush()
        seconds, self._first = limit + START_SECONDS * self._first, False
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            return f"hang: no answer in {limit:g} s"
        answer: Answer | str = json.loads(line) if line else f"crash: the process died (exit {self._process.wait()})"
        return answer

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")


def _spread(paths: Sequence[Path], most: int) -> list[Path]:
    """Return up to `most` paths, evenly from the whole list."""
    step = max(1, -(-len(paths) // most)) if most else len(paths) + 1
    return list(paths[step - 1 :: step])


def find_violations(answers: Mapping[Path, Answer], seconds: float) -> Iterator[str]:
    """Yield what nb2dag got wrong, and each way of a notebook that took more than `seconds` of CPU."""
    for path, answer in answers.items():
        for found in answer:
            yield from (f"{path}: {found['way']}: {violation}" for violation in found["violations"])
            if found["seconds"] > seconds and found["way"] != "all":
                yield f"{path}: {found['way']}: slow: {found['seconds']:.1f} s of CPU"


def find_differences(answers: Mapping[Path, Answer], again: Mapping[Path, Answer]) -> Iterator[str]:
    """Yield each way of a notebook whose result another hash seed changed."""
    for path, second in again.items():
        for one, other in zip(answers[path], second, strict=False):
            if one["digest"] != other["digest"]:
                yield f"{path}: {one['way']}: hash seed: another result with PYTHONHASHSEED={SEEDS[1]}"


def report(answers: Mapping[Path, Answer], violations: Sequence[str], sampled: int, seconds: float) -> str:
    """Return the report as text: outcomes and rules per way, the slowest, the violations."""
    lines = [f"{len(answers)} notebooks in {seconds:.0f} s, {sampled} of them with two hash seeds"]
    ways = dict.fromkeys(found["way"] for answer in answers.values() for found in answer)
    for way in ways:
        own = [found for answer in answers.values() for found in answer if found["way"] == way]
        outcomes = Counter(found["outcome"] for found in own).most_common()
        lines += ["", f"{way}: {len(own)} notebooks, CPU {_times(own)}"]
        lines += [f"  {outcome:20} {count:6}  {count / len(own):6.1%}" for outcome, count in outcomes]
        lines += _rules(own)
    slowest = sorted(((found["seconds"], found["way"], path) for path, answer in answers.items() for found in answer),
                     key=lambda entry: entry[0], reverse=True)  # fmt: skip
    lines += ["", "slowest (CPU):"]
    lines += [f"  {took:6.2f} s  {way}: {path}" for took, way, path in slowest[:_SLOWEST]]
    lines += ["", f"{len(violations)} violations" + (":" if violations else "")]
    lines += [f"  {violation}" for violation in violations]
    return "\n".join(lines)


def _times(found: Sequence[Mapping[str, Any]]) -> str:
    times = sorted(each["seconds"] for each in found)
    median, most_of_them = (times[int(len(times) * share)] * 1000 for share in (0.5, 0.95))
    return f"median {median:.0f} ms, 95 % {most_of_them:.0f} ms, most {times[-1]:.2f} s"


def _rules(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line per rule: findings, and notebooks that have one."""
    findings: Counter[str] = Counter()
    notebooks: Counter[str] = Counter()
    for each in found:
        findings.update(each["rules"])
        notebooks.update(each["rules"].keys())
    return [f"    {rule:45} {findings[rule]:6} in {notebooks[rule]:5} notebooks" for rule in sorted(findings)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Try the compiler on every notebook below some folders.")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--jobs", type=int, default=2, help="processes side by side")
    parser.add_argument("--seconds", type=float, default=2.0, help="most CPU time of one way")
    parser.add_argument("--limit", type=float, default=180.0, help="time after which a notebook counts as hanging")
    parser.add_argument("--sample", type=int, default=40, help="how many notebooks are tried with two hash seeds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every answer there")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
