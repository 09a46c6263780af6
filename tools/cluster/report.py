"""Print what became of distributed runs: a table of tasks, where they ran, and how busy the workers were."""

from __future__ import annotations

from collections import Counter

from demo_report import coloured, console, plain
from rich.console import Console
from rich.table import Table

from cluster.comparison import Comparison
from cluster.runs import FinishedRun, idle_share
from cluster.settings import CONCURRENCY


def show_run(run: FinishedRun, comparison: Comparison) -> None:
    """Print a run's tasks, the workers' shares, and how its results compare with the plain run."""
    began = min((task.start for task in run.tasks if task.start is not None), default=0.0)
    table = Table("task", "state", "worker", "try", "start s", "seconds")
    for task in run.tasks:
        start = "-" if task.start is None else f"{task.start - began:.1f}"
        table.add_row(task.task_id, coloured(task.state), task.machine, str(task.attempt), start, f"{task.seconds:.1f}")
    console.print(f"\n[bold]{run.dag_id}[/], run {plain(run.run_id)}: {coloured(run.state)}")
    # A pipe has no width of its own, and rows cut at 80 columns would lose names.
    Console(highlight=False, width=None if console.is_terminal else 100).print(table)
    console.print(f"   {summary(run)}")
    show_comparison(comparison)


def show_comparison(comparison: Comparison) -> None:
    """Print how many cells agree with the plain run, and each that does not."""
    console.print(f"   {comparison.agree} cells show what they show in the plain run")
    for difference in comparison.differences:
        console.print(f"   [bold red]differs:[/] {plain(difference)}")


def summary(run: FinishedRun) -> str:
    """Return in one line how long a run took, where its tasks ran, and how busy the workers were."""
    ran = [task for task in run.tasks if task.start is not None and task.end is not None]
    if not ran:
        return "no task has run"
    machines = Counter(task.machine for task in ran)
    split = ", ".join(f"{count} on {machine}" for machine, count in sorted(machines.items()))
    span = max(task.end or 0.0 for task in ran) - min(task.start or 0.0 for task in ran)
    idle = idle_share(run, CONCURRENCY * max(len(machines), 2))
    return f"{len(ran)} tasks in {span:.0f} s: {split}; idle {idle:.0%} of the workers' slots"
