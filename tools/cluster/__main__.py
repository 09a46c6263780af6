"""Run the examples and a DAG of sixty tasks on a distributed Airflow, and compare every result: `make distributed`.

    PYTHONPATH=tools python -m cluster [--runs N] [--largest MIB] [--keep]

Everything lies in a temporary folder, which is removed at the end, also after Ctrl-C. Exit code: 0 all tasks
succeeded and all results are those of the plain run, 1 one did not or is not, 2 the cluster could not be started or a
run did not end in time, 130 interrupted.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from airflow_api import AirflowFailed
from demo_report import console, plain

from cluster.cluster import Cluster
from cluster.comparison import Shown, compare, executed_notebooks, run_whole
from cluster.example import Example
from cluster.report import show_comparison, show_run, summary
from cluster.runs import FinishedRun, follow
from cluster.sixty import MIB, SIZES, write_sixty

CHECKOUT = Path(__file__).resolve().parents[2]
EXAMPLES = CHECKOUT / "notebooks" / "examples"
DAG_SECONDS = 180
RUN_SECONDS = 3600


def main() -> int:
    """Bring the cluster up, run everything, and return the exit code."""
    parser = argparse.ArgumentParser(description="Run DAGs on an Airflow of two workers that share no disk.")
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="runs of the sixty tasks, one after the other")
    parser.add_argument("--largest", type=int, default=SIZES[-1] // MIB, metavar="MIB", help="the largest handoff")
    parser.add_argument("--keep", action="store_true", help="keep the cluster's files: logs, objects, homes")
    arguments = parser.parse_args()
    # Both are how a run is ended from outside; either way the cluster must be stopped.
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    began = time.monotonic()
    console.print(
        "[bold]A distributed Airflow[/]: PostgreSQL, Redis, `rclone serve s3` and two Celery workers that share "
        "no disk run the examples and a DAG of 60 tasks; each result is compared with the plain run.\n"
        "It takes about 4 minutes on two free cores, and 2 GB of disk for a while.\n"
    )
    try:
        right = demonstrate(arguments.runs, arguments.largest * MIB, keep=arguments.keep)
    except (AirflowFailed, OSError) as error:
        console.print(f"\n[bold red]It stopped:[/] {plain(str(error))}")
        return 2
    except KeyboardInterrupt:
        console.print("\nInterrupted: everything that was started is stopped.")
        return 130
    outcome = "[bold green]all is right[/]" if right else "[bold red]something is wrong, see above[/]"
    console.print(f"\n{outcome}; {time.monotonic() - began:.0f} s in all; everything is stopped and removed.")
    return 0 if right else 1


def demonstrate(runs: int, largest: int, *, keep: bool) -> bool:
    """Run the examples once and the sixty tasks `runs` times; tell whether all is right."""
    began = time.monotonic()
    cluster = Cluster(lambda line: console.print(plain(line)), keep=keep)
    console.print("[bold cyan]1.[/] [bold]compile the notebooks, and run each whole[/]")
    try:
        examples = [Example(path, cluster.folder / "dags") for path in sorted(EXAMPLES.glob("*.ipynb"))]
        sixty = Example(write_sixty(cluster.folder / "sixty" / "sixty_tasks.ipynb", largest), cluster.folder / "dags")
        whole = {}
        for example in (*examples, sixty):
            whole[example.dag_id] = run_whole(example.notebook)
            cluster.deploy(example.folder)
    except BaseException:
        cluster.stop()
        raise
    console.print(f"   {len(examples) + 1} DAGs after {time.monotonic() - began:.0f} s")
    console.print("[bold cyan]2.[/] [bold]bring up the cluster[/]")
    with cluster:
        console.print("[bold cyan]3.[/] [bold]run the examples, all at once, then the 60 tasks[/]")
        started = [(example, start(cluster, example)) for example in examples]
        right = _all(check(cluster, example, run_id, whole[example.dag_id]) for example, run_id in started)
        for number in range(1, runs + 1):
            right = check(cluster, sixty, start(cluster, sixty), whole[sixty.dag_id], brief=number > 1) and right
        return right


def _all(results: Iterable[bool]) -> bool:
    """Tell whether all are true, after every one was computed: each prints what it found."""
    return min(results, default=True)


def start(cluster: Cluster, example: Example) -> str:
    """Start a run of an example and return its id."""
    cluster.wait_for_dag(example.dag_id, DAG_SECONDS)
    return cluster.trigger(example.dag_id)


def check(cluster: Cluster, example: Example, run_id: str, whole: Shown, *, brief: bool = False) -> bool:
    """Wait for a run, print what became of it, and tell whether all of it is right."""
    run: FinishedRun = follow(cluster, example.dag_id, run_id, RUN_SECONDS, lambda line: console.print(plain(line)))
    notebooks = executed_notebooks(*cluster.notebooks(), (example.dag_id, run_id), run.tries)
    comparison = compare(whole, example.bundle, notebooks)
    if brief and run.state == "success" and not comparison.differences:
        console.print(f"\n[bold]{run.dag_id}[/], run {plain(run.run_id)}: {summary(run)}")
        show_comparison(comparison)
    else:
        show_run(run, comparison)
    states = {task.state for task in run.tasks}
    return run.state == "success" and states == {"success"} and not comparison.differences


def _interrupt(*_: object) -> None:
    # Once is enough: a second Ctrl-C must not cut short the stopping of the cluster.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
