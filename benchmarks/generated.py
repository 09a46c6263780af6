"""Write the notebooks that the benchmarks compile."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

TEN_STEPS_CODE = """\
# load
frame = load_wine(as_frame=True).frame
print(frame.shape)
# clean: load
clean_frame = frame.dropna().drop_duplicates()
# features: clean
numbers = clean_frame.drop(columns="target")
matrix = (numbers - numbers.mean()) / numbers.std()
labels = clean_frame["target"]
# split: features
train_x, test_x, train_y, test_y = train_test_split(
    matrix, labels, test_size=test_share, random_state=seed
)
# logistic: split
logistic_model = LogisticRegression(max_iter=500).fit(train_x, train_y)
# forest: split
forest_model = RandomForestClassifier(n_estimators=trees, random_state=seed)
forest_model.fit(train_x, train_y)
# neighbours: split
neighbours_model = KNeighborsClassifier(5).fit(train_x, train_y)
# bayes: split
bayes_model = GaussianNB().fit(train_x, train_y)
# compare: logistic, forest, neighbours, bayes
models = {
    "logistic": logistic_model,
    "forest": forest_model,
    "neighbours": neighbours_model,
    "bayes": bayes_model,
}
scores = {name: model.score(test_x, test_y) for name, model in models.items()}
# report: compare
best = max(scores, key=scores.get)
print(f"{best}: {scores[best]:.3f}")
"""
"""A model comparison in ten steps. A comment opens a step: its name, and after a colon the steps before it."""

TEN_STEPS_IMPORTS = """\
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier"""

TEN_STEPS_PARAMETERS = "test_share = 0.25\ntrees = 100\nseed = 7"


def ten_steps(path: Path) -> None:
    """Write the ten steps with nb2dag's tags."""
    cells = [
        _code("%load_ext nb2dag\n%airflow_dag ten_steps --schedule @daily --start-date 2026-01-01"),
        _code(TEN_STEPS_PARAMETERS, "parameters"),
        _code(TEN_STEPS_IMPORTS),
    ]
    for name, after, code in _steps():
        flags = f" --after {','.join(after)}" if after else ""
        cells.append(_code(f"%%airflow_task {name}{flags}\n{code}"))
    _write(path, cells)


def ten_steps_for_kale(path: Path) -> None:
    """Write the same ten steps with Kale's tags: cell metadata, and the names of the steps before."""
    cells = [_code(TEN_STEPS_IMPORTS, "imports"), _code(TEN_STEPS_PARAMETERS, "pipeline-parameters")]
    cells += [_code(code, f"step:{name}", *(f"prev:{step}" for step in after)) for name, after, code in _steps()]
    _write(
        path, cells, {"kubeflow_notebook": {"pipeline_name": "ten-steps", "experiment_name": "bench", "volumes": []}}
    )


def _steps() -> Iterator[tuple[str, list[str], str]]:
    for step in TEN_STEPS_CODE.removeprefix("# ").split("\n# "):
        head, _, code = step.partition("\n")
        name, _, before = head.partition(":")
        yield name, before.replace(",", " ").split(), code


def diamond_chain(path: Path, dag_id: str, tasks: int) -> None:
    """Write `tasks` tasks, each of which reads the value of the task before it and of one further up."""
    cells = [_code(f"%airflow_dag {dag_id} --schedule @daily --start-date 2026-01-01 --tags bench --retries 2")]
    cells.append(_code("%%airflow_task t0\nv0 = 1"))
    cells += [_code(f"%%airflow_task t{n}\nv{n} = v{n - 1} + v{n // 2}") for n in range(1, tasks)]
    _write(path, cells)


def one_task_per_cell(path: Path, cells: int) -> None:
    """Write `cells` cells, every one a task that reads the value of the one before."""
    diamond_chain(path, "one_task_per_cell", cells)


def tasks_of_ten_cells(path: Path, cells: int) -> None:
    """Write `cells` cells in groups of ten: a heading, a task, its continuation, and a scratch cell."""
    written = [_code("import math\n\ndef grow(x):\n    return math.sqrt(x) + 1")]
    while len(written) < cells:
        n = len(written) // 10
        before = f"total_{n - 1}" if n else "1.0"
        written.append(_markdown(f"## Part {n}\nWhat part {n} does."))
        written.append(_code(f"%%airflow_task part_{n}\nrows_{n} = [grow({before} + i) for i in range(9)]"))
        written += [_code(f"%%airflow_task part_{n}\nrows_{n}.append(grow({i}))") for i in range(6)]
        written.append(_code(f"%%airflow_task part_{n}\ntotal_{n} = sum(rows_{n})"))
        written.append(_code(f"print(total_{n})"))
    _write(path, written[:cells])


def shared_definitions(path: Path, cells: int) -> None:
    """Write `cells` cells: half of them functions, in chains of five that call one another, half of them tasks.

    Each task calls one function. Chains of a fixed length keep the output proportional to the cells.
    """
    half = cells // 2
    written = [_code(f"def f{n}(x):\n    return {f'f{n - 1}(x)' if n % 5 else 'x'} + {n}") for n in range(half)]
    written += [_code(f"%%airflow_task t{n}\ny{n} = f{n}({n})") for n in range(half)]
    _write(path, written)


def _code(source: str, *tags: str) -> dict[str, object]:
    metadata = {"tags": list(tags)} if tags else {}
    return {"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": [], "source": _lines(source)}


def _markdown(source: str) -> dict[str, object]:
    return {"cell_type": "markdown", "metadata": {}, "source": _lines(source)}


def _lines(source: str) -> list[str]:
    return source.splitlines(keepends=True)


def _write(path: Path, cells: Sequence[dict[str, object]], metadata: dict[str, object] | None = None) -> None:
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "cells": list(_with_ids(cells)),
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}} | (metadata or {}),
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, indent=1) + "\n", encoding="utf-8")


def _with_ids(cells: Iterable[dict[str, object]]) -> Iterable[dict[str, object]]:
    return ({"id": f"c{number}"} | cell for number, cell in enumerate(cells, 1))
