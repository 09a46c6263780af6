"""Measure what a task costs: its engines beside each other, and the operator beside papermill and the stock operator.

Each side is a process that runs one trivial notebook as an Airflow worker would: forked from one that has loaded
Airflow's SDK, which is in none of the figures, and nothing of papermill. The sides take turns.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

from measure import Row, print_rows

NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    },
    "cells": [
        {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": None, "outputs": [], "source": "1 + 1"}
    ],
}

FIGURES = ("CPU", "wall")

LIMIT = 0.05
"""CPU seconds that the operator may add to papermill."""

Costs = dict[str, list[tuple[float, float]]]
"""Of each side, the figures of each round, in seconds."""

PAPERMILL, STOCK, KERNEL, SHELL = "papermill", "PapermillOperator", "nb2dag-kernel", "nb2dag"


def main() -> int:
    """Print the tables; return 1 where a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=20)
    return 0 if _compare(parser.parse_args().pairs) else 1


def _compare(pairs: int) -> bool:
    import airflow.sdk

    # What a worker has loaded that has parsed a DAG file: the operator, and what any DAG loads when it is made.
    importlib.import_module("nb2dag.airflow.operator")
    airflow.sdk.DAG("parsed", schedule=None)
    print(f"Airflow SDK {airflow.sdk.__version__}")
    sides = [PAPERMILL, KERNEL, SHELL, *([STOCK] if _has_stock_operator() else [])]
    costs: Costs = {side: [] for side in sides}
    with tempfile.TemporaryDirectory(prefix="nb2dag-bench-") as folder:
        Path(folder, "task.ipynb").write_text(json.dumps(NOTEBOOK), encoding="utf-8")
        for number in range(pairs + 1):
            for side in sides:
                cost = _cost(Path(folder), side)
                # The first round fills the page cache and writes bytecode.
                if number:
                    costs[side].append(cost)
    if STOCK not in costs:
        print("apache-airflow-providers-papermill is not installed: no figures for its operator")
    beside = [side for side in (PAPERMILL, STOCK) if side in costs]
    rows = [_row(costs, "CPU", ours, theirs, LIMIT) for ours in (SHELL, KERNEL) for theirs in beside]
    rows += [_row(costs, figure, SHELL, KERNEL) for figure in FIGURES]
    rows += [_row(costs, "wall", SHELL, theirs) for theirs in beside]
    return print_rows(f"One trivial task, cold, medians of {pairs} interleaved rounds", rows)


def _row(costs: Costs, figure: str, ours: str, theirs: str, limit: float | None = None) -> Row:
    mine, other = ([cost[FIGURES.index(figure)] for cost in costs[side]] for side in (ours, theirs))
    added = statistics.median(a - b for a, b in zip(mine, other, strict=True))
    return Row(
        f"operator, engine {ours}: {figure}",
        f"{statistics.median(mine):.2f} s",
        f"{statistics.median(other):.2f} s ({theirs})",
        f"{added:+.2f} s",
        f"≤ +{limit} s" if limit is not None else "",
        limit is None or added <= limit,
    )


def _cost(folder: Path, side: str) -> tuple[float, float]:
    """Return CPU and wall seconds of one task in a process of its own, with those of the processes it starts.

    Raises:
        RuntimeError: The task failed, or gave another result.
    """
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.chdir(folder)
            with Path("log").open("wb") as log:
                os.dup2(log.fileno(), 1)
                os.dup2(log.fileno(), 2)
            _run_one(side)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if status != 0 or _result(folder / "out.ipynb") != "2":
        raise RuntimeError(f"{side} failed:\n{(folder / 'log').read_text('utf-8')[-2000:]}")
    (folder / "out.ipynb").unlink()
    found = json.loads((folder / "cost.json").read_text("utf-8"))
    return found["cpu"], found["wall"]


def _result(executed: Path) -> str:
    cells = json.loads(executed.read_text("utf-8"))["cells"]
    return "".join(text for output in cells[0]["outputs"] for text in output["data"]["text/plain"])


def _run_one(side: str) -> None:
    task = {PAPERMILL: _papermill, STOCK: _stock_operator}.get(side, lambda: _operator(side))
    cpu, wall = _cpu(), time.perf_counter()
    task()
    cost = {"wall": time.perf_counter() - wall, "cpu": _cpu() - cpu}
    Path("cost.json").write_text(json.dumps(cost), encoding="utf-8")


def _papermill() -> None:
    import papermill

    papermill.execute_notebook("task.ipynb", "out.ipynb", progress_bar=False)


def _stock_operator() -> None:
    # Here: a DAG file that imports it makes every start of a task pay for it.
    from airflow.providers.papermill.operators.papermill import PapermillOperator

    PapermillOperator(task_id="t", input_nb="task.ipynb", output_nb="out.ipynb").execute({})


def _operator(engine: str) -> None:
    from airflow.sdk import DAG

    from nb2dag.airflow import NotebookOperator

    output = str(Path("out.ipynb").absolute())
    with DAG("d", schedule=None) as dag:
        task = NotebookOperator(task_id="t", input_nb="task.ipynb", output_nb=output, parameters={}, engine=engine)
    dag.fileloc = str(Path("d.py").absolute())
    ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", try_number=1, map_index=-1, xcom_push=lambda **_: None)
    task.execute({"ti": ti})


def _has_stock_operator() -> bool:
    try:
        return importlib.util.find_spec("airflow.providers.papermill.operators.papermill") is not None
    except ModuleNotFoundError:
        return False


def _cpu() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    sys.exit(main())
