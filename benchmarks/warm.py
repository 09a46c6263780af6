"""Measure what checking a notebook of 200 cells again costs after one cell was edited, in a process that checked it.

    python benchmarks/warm.py [cells]

For several shapes of notebook, and in each for every cell, one edit of each kind is made, checked, and taken back. The
time is CPU time from the notebook's text to its findings, the garbage collector's included. Beside it stands a first
check of the same notebook.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from measure import Row, print_rows

CELLS = 200
LIMIT_MS = 20.0
MOST_BYTES = 10**7
Edit = Callable[[str], str]


def chain(count: int) -> list[str]:
    """Return cells that each are a task and work on what the one before made, by one shared function."""
    cells = ["import math\n\ndef grow(x):\n    return math.sqrt(x) + 1", "#| task: t0\nx = 1"]
    return cells + [f"#| task: t{n}\nx = grow(x)\ny{n} = x * {n}" for n in range(1, count - 1)]


def one_object(count: int) -> list[str]:
    """Return cells, ten to a task, that all change one list and look at it."""
    cells = ["import math", "#| task: t0\nrows = []"]
    return cells + [f"#| task: t{n // 10}\nrows.append({n})\nsize_{n} = len(rows)" for n in range(1, count - 1)]


def aliases(count: int) -> list[str]:
    """Return cells, ten to a task, that take elements out of one list and put new ones in."""
    cells = ["import library", "#| task: t0\nrows = [[]]"]
    return cells + [
        f"#| task: t{n // 10}\nrow_{n} = library.pick(rows)\nrows.append([{n}])" for n in range(1, count - 1)
    ]


_SETUP = """\
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
from sklearn.linear_model import LinearRegression

SEED = 7
COLUMNS = ["a", "b", "c"]


def scale(frame, columns=COLUMNS):
    \"\"\"Bring columns to mean 0 and variance 1.\"\"\"
    out = frame.copy()
    for column in columns:
        out[column] = (out[column] - out[column].mean()) / out[column].std()
    return out


def note(log, text, level=1):
    log.append((level, text))
    return log


class Summary:
    limit = 3

    def __init__(self, frame):
        self.frame = frame
        self.rows = []

    def add(self, name, value):
        self.rows.append((name, value))
        return self

    def best(self):
        return [row for row in self.rows if row[1] > self.limit]"""

_REAL = (
    """\
part_{n} = df[df['a'] > {n}].groupby('b').agg({{'a': 'sum', 'c': 'mean'}}).reset_index()
df['share_{n}'] = df['a'] / df['a'].sum() * {n}
top_{n} = [row for row in part_{n}.itertuples() if row.a > {n}]
print(len(top_{n}), df.shape)""",
    """\
for name, group in df.groupby('b'):
    if len(group) > {n}:
        note(log, f'{{name}}: {{len(group)}}')
    else:
        print('few', name)
sizes_{n} = {{name: len(group) for name, group in df.groupby('b')}}""",
    """\
scaled_{n} = scale(df)
summary_{n} = Summary(scaled_{n})
summary_{n}.add('mean', scaled_{n}['a'].mean())
best_{n} = summary_{n}.best()""",
    """\
fig, ax = plt.subplots(figsize=(8, 4))
ax.plot(df['a'].rolling({n} + 1).mean())
ax.set_title('Mean over {n}')
plt.show()""",
    """\
model_{n} = LinearRegression()
X_{n}, y_{n} = df[COLUMNS], df['a'] + {n}
model_{n}.fit(X_{n}, y_{n})
score_{n} = model_{n}.score(X_{n}, y_{n})
note(log, score_{n})""",
)


def real(count: int) -> list[str]:
    """Return cells as people write them, ten to a task: frames, loops, functions, classes, plots, models."""
    cells = [_SETUP, "#| task: t0\ndf = pd.DataFrame({c: np.arange(100.0) for c in COLUMNS})\nlog = []"]
    return cells + [f"#| task: t{n // 10}\n" + _REAL[n % len(_REAL)].format(n=n) for n in range(1, count - 1)]


def used_everywhere(count: int) -> list[str]:
    """Return cells that each are a task and use functions of the first, which read its constants."""
    first = (
        "RATE = 1.5\nLIMIT = 10\n\ndef tax(x):\n    return x * RATE\n\ndef capped(x):\n    return min(tax(x), LIMIT)"
    )
    cells = [first]
    return cells + [f"#| task: t{n}\nv{n} = capped({n})\nw{n} = tax(v{n})\nprint(w{n})" for n in range(1, count)]


SHAPES: tuple[tuple[str, Callable[[int], list[str]]], ...] = (
    ("chain of tasks", chain),
    ("one list changed everywhere", one_object),
    ("elements of one list", aliases),
    ("cells as people write them", real),
    ("functions used everywhere", used_everywhere),
)


def _renamed(source: str) -> str:
    """Rename the first name that the cell binds at its left edge."""
    lines = source.split("\n")
    for number, line in enumerate(lines):
        words = line.split("(")[0].split()
        if line.startswith(("def ", "class ")):
            lines[number] = line.replace(words[1], f"{words[1]}_renamed", 1)
            return "\n".join(lines)
        if len(words) > 1 and words[1] == "=":
            lines[number] = f"{words[0]}_renamed{line[len(words[0]) :]}"
            return "\n".join(lines)
    return f"{source}\nrenamed = 1"


def _inserted(source: str) -> str:
    """Put a statement in front of the code."""
    tag, newline, code = source.partition("\n") if source.startswith("#|") else ("", "", source)
    return f"{tag}{newline}inserted = 1\n{code}"


def _other_number(source: str) -> str:
    head, _, last = source.rpartition("\n")
    digits = str.maketrans("0123456789", "1234567890")
    return f"{head}\n{last.translate(digits)}" if head else f"{source}\n77"


EDITS: tuple[tuple[str, Edit], ...] = (
    ("comment", lambda source: f"{source}\n# a remark"),
    ("constant", _other_number),
    ("new name", lambda source: f"{source}\nnew_name = 1"),
    ("statement in front", _inserted),
    ("mutation", lambda source: f"{source}\nrows.append(0)\ndf['more'] = 1\nx = [x]"),
    ("rename", _renamed),
    ("syntax error", lambda source: f"{source}\nx = ("),
)


def notebook_text(cells: Sequence[str]) -> str:
    """Return the notebook file of these cells."""
    written = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for n, source in enumerate(cells)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps({"cells": written, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


def rows(count: int) -> Iterator[Row]:
    """Yield for each shape and kind of edit the median, the 95th percentile and the worst of all cells."""
    for name, make in SHAPES:
        cold, costs = _measured(make(count))
        for kind, found in [*costs.items(), ("any edit", [cost for each in costs.values() for cost in each])]:
            worst, place = max((cost, number) for number, cost in enumerate(found))
            ordered = sorted(found)
            yield Row(
                f"{name}, {kind}",
                f"{statistics.median(found):.1f} ms, p95 {ordered[int(len(found) * 0.95)]:.1f}, worst {worst:.1f}"
                f" (cell {place % count + 1})",
                f"{cold:.0f} ms (first check)",
                f"{cold / statistics.median(found):.0f}",
                f"≤ {LIMIT_MS:g} ms",
                worst <= LIMIT_MS,
            )


def _measured(cells: list[str]) -> tuple[float, dict[str, list[float]]]:
    from nb2dag.compiler.frontend.reader import parse_notebook
    from nb2dag.compiler.memory import Memory
    from nb2dag.compiler.pipeline import compile_program

    with tempfile.TemporaryDirectory(prefix="nb2dag-bench-") as scratch:

        def check(sources: Sequence[str], memory: Memory) -> float:
            text = notebook_text(sources)
            started = time.process_time()
            with memory.in_use():
                compile_program(parse_notebook(text, "bench.ipynb"), Path(scratch), MOST_BYTES, memory)
            return (time.process_time() - started) * 1000

        memory = Memory()
        check(cells[:5], Memory())
        cold = check(cells, memory)
        costs: dict[str, list[float]] = {kind: [] for kind, _ in EDITS}
        for number, source in enumerate(cells):
            for kind, edit in EDITS:
                edited = [*cells[:number], edit(source), *cells[number + 1 :]]
                there = check(edited, memory)
                costs[kind].append(max(there, check(cells, memory)))
        return cold, costs


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else CELLS
    sys.exit(not print_rows(f"Checking {asked} cells again after an edit: CPU", list(rows(asked))))
