"""Take an example notebook to a finished run in a real Airflow, and show each step: what `make demo` runs.

    python tools/demo.py [NOTEBOOK]

Everything it writes lies in `.demo/` beside the folder `tools`, fresh each time: the bundle, Airflow's database
and logs, the executed notebooks. Exit code: 0 the run succeeded, 1 it failed, 2 it could not be started or did not
end in time, 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from standalone_airflow import AirflowFailed, StandaloneAirflow

from nb2dag.runtime.formats import BUNDLE_MANIFEST, BundleManifest, PointerManifest

CHECKOUT = Path(__file__).resolve().parent.parent
EXAMPLE = CHECKOUT / "notebooks" / "examples" / "weather_report.ipynb"
HOME = CHECKOUT / ".demo"
START_SECONDS = 300
DAG_SECONDS = 120
RUN_SECONDS = 600
FINISHED = ("success", "failed")

console = Console(highlight=False, soft_wrap=True)


class DemoFailed(Exception):
    """A step of the demo did not work; the message says which and why."""


def main() -> int:
    """Run the demo and return its exit code."""
    parser = argparse.ArgumentParser(description="Compile a notebook and run its DAG in a private Airflow.")
    parser.add_argument("notebook", nargs="?", type=Path, default=EXAMPLE)
    notebook = parser.parse_args().notebook.resolve()
    # Both are how a demo is ended from outside; either way the `finally` parts below must run.
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        with _alone():
            return demonstrate(notebook)
    except (DemoFailed, AirflowFailed, OSError) as error:
        console.print(f"\n[bold red]The demo stopped:[/] {_plain(str(error))}")
        return 2
    except KeyboardInterrupt:
        console.print("\nInterrupted: Airflow and everything it started is stopped.")
        return 130


def demonstrate(notebook: Path) -> int:
    """Check, compile and run `notebook`, print what happens, and return the exit code."""
    began = time.monotonic()
    shown = _short(notebook)
    console.print(
        f"[bold]nb2dag demo[/]: {shown} becomes an Airflow DAG, and a real Airflow runs it, "
        "each task through papermill.\n"
        f"It takes about a minute, most of it Airflow's start. Everything is written below {_short(HOME)}.\n"
    )
    _step(1, f"nb2dag check {shown}")
    _nb2dag("check", _from_checkout(notebook))
    _step(2, f"nb2dag compile {shown} -o {_short(HOME / 'dags')}")
    _nb2dag("compile", _from_checkout(notebook), "-o", _from_checkout(HOME / "dags"))
    bundle_folder, bundle = _compiled()
    _step(3, "airflow standalone (SQLite, LocalExecutor, a port of its own)")
    with StandaloneAirflow(HOME) as airflow:
        airflow.wait_for_api(START_SECONDS, lambda waited: console.print(f"   still starting after {waited:.0f} s ..."))
        console.print(f"   API up after {time.monotonic() - began:.0f} s at {airflow.url}")
        airflow.wait_for_dag(bundle.dag_id, DAG_SECONDS)
        run_id = airflow.trigger(bundle.dag_id)
        _step(4, f"POST /api/v2/dags/{bundle.dag_id}/dagRuns  →  {run_id}")
        state = _follow(airflow, bundle.dag_id, run_id)
        tasks = _task_instances(airflow, bundle.dag_id, run_id)
        _print_table(bundle, tasks, _committed(airflow, bundle, run_id, tasks))
    failed = [task for task in tasks if task["state"] == "failed"]
    for task in failed:
        _print_log_tail(task)
    _print_where(bundle_folder, bundle, [*failed, *reversed(tasks)])
    outcome = "[bold green]succeeded[/]" if state == "success" else "[bold red]failed[/]"
    console.print(f"\nThe run {outcome}; {time.monotonic() - began:.0f} s in all; Airflow is stopped.")
    return 0 if state == "success" else 1


def _step(number: int, text: str) -> None:
    console.print(f"[bold cyan]{number}.[/] [bold]{_plain(text)}[/]")


def _nb2dag(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nb2dag", *arguments], cwd=CHECKOUT, check=False, text=True, capture_output=True
    )
    output = (done.stdout + done.stderr).strip()
    for line in output.splitlines():
        console.print(f"   {_plain(line)}")
    if done.returncode != 0:
        raise DemoFailed(f"`nb2dag {arguments[0]}` ended with exit code {done.returncode}")


def _compiled() -> tuple[Path, BundleManifest]:
    manifests = list((HOME / "dags").glob(f"*/{BUNDLE_MANIFEST}"))
    if len(manifests) != 1:
        raise DemoFailed(f"`nb2dag compile` left {len(manifests)} bundles in {HOME / 'dags'}, not one")
    return manifests[0].parent, BundleManifest.from_json(json.loads(manifests[0].read_text(encoding="utf-8")))


def _follow(airflow: StandaloneAirflow, dag_id: str, run_id: str) -> str:
    """Print each task's state as it changes until the run has ended, and return the run's state."""
    began = time.monotonic()
    shown: dict[str, str | None] = {}
    while time.monotonic() - began < RUN_SECONDS:
        state = str(airflow.get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"])
        for task in _task_instances(airflow, dag_id, run_id):
            if task["state"] and shown.get(task["task_id"]) != task["state"]:
                shown[task["task_id"]] = task["state"]
                console.print(f"   {time.monotonic() - began:5.1f} s  {task['task_id']:<24} {_coloured(task['state'])}")
        if state in FINISHED:
            return state
        time.sleep(0.4)
    raise DemoFailed(f"the run did not end in {RUN_SECONDS} s; see {_short(airflow.log)} and {_short(HOME / 'logs')}")


def _task_instances(airflow: StandaloneAirflow, dag_id: str, run_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = airflow.get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=1000")[
        "task_instances"
    ]
    return sorted(found, key=lambda task: (task["start_date"] or "~", task["task_id"]))


def _committed(
    airflow: StandaloneAirflow, bundle: BundleManifest, run_id: str, tasks: list[dict[str, Any]]
) -> dict[str, PointerManifest]:
    """Return what each successful task handed over, as its XCom says."""
    manifests = {}
    for task in tasks:
        if task["state"] == "success":
            path = f"/api/v2/dags/{bundle.dag_id}/dagRuns/{run_id}/taskInstances/{task['task_id']}/xcomEntries/nb2dag"
            value = airflow.get(path)["value"]
            manifests[task["task_id"]] = PointerManifest.from_json(
                json.loads(value) if isinstance(value, str) else value
            )
    return manifests


def _print_table(bundle: BundleManifest, tasks: list[dict[str, Any]], committed: dict[str, PointerManifest]) -> None:
    table = Table("task", "state", "seconds", "reads", "hands over", title=None)
    planned = {task.task_id: task for task in bundle.tasks}
    for task in tasks:
        task_id = task["task_id"]
        inputs = planned[task_id].inputs if task_id in planned else {}
        reads = [_handoff(committed, producer, key) for producer, keys in inputs.items() for key in keys]
        saved = committed[task_id].objects if task_id in committed else {}
        table.add_row(
            task_id,
            _coloured(str(task["state"])),
            _seconds(task),
            "\n".join(filter(None, reads)) or "-",
            "\n".join(_handoff(committed, task_id, key) for key in saved) or "-",
        )
    console.print()
    # A pipe has no width of its own, and rows cut at 80 columns would lose names.
    Console(highlight=False, width=None if sys.stdout.isatty() else 120).print(table)


def _handoff(committed: dict[str, PointerManifest], producer: str, key: str) -> str:
    stored = committed[producer].objects.get(key) if producer in committed else None
    return f"{', '.join(stored.names)} ({_size(stored.size)})" if stored else ""


def _size(count: int) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count = count / 1000
    return f"{count:.1f} GB"


def _seconds(task: dict[str, Any]) -> str:
    if not task["start_date"] or not task["end_date"]:
        return "-"
    start, end = (datetime.fromisoformat(task[key].replace("Z", "+00:00")) for key in ("start_date", "end_date"))
    return f"{(end - start).total_seconds():.1f}"


def _coloured(state: str) -> str:
    colour = {"success": "green", "failed": "red", "upstream_failed": "red", "running": "cyan"}.get(state, "dim")
    return f"[{colour}]{state}[/]"


def _print_log_tail(task: dict[str, Any], lines: int = 25) -> None:
    pattern = f"logs/dag_id={task['dag_id']}/run_id=*/task_id={task['task_id']}/attempt={task['try_number']}.log"
    for path in HOME.glob(pattern):
        console.print(f"\n[bold]The end of {_short(path)}[/]")
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]:
            console.print(f"   {_plain(_log_line(line))}")


def _log_line(line: str) -> str:
    """Return what a line of Airflow's JSON log says."""
    try:
        record = json.loads(line)
        errors = [f"{each['exc_type']}: {each['exc_value']}" for each in record.get("error_detail") or []]
        return "\n   ".join([str(record["event"]), *errors])
    except (ValueError, KeyError, TypeError):
        return line


def _print_where(folder: Path, bundle: BundleManifest, tasks: list[dict[str, Any]]) -> None:
    """Say where to look next; the executed notebook is the first of `tasks` that left one."""
    console.print("\n[bold]Where to look next[/]")
    console.print(f"   the DAG file          {_short(folder / bundle.dag_file)}")
    console.print(f"   the task notebooks    {_short(folder / 'tasks')}")
    executed = HOME / "nb2dag" / "notebooks" / bundle.dag_id
    for task in tasks:
        found = sorted(executed.glob(f"*/{task['task_id']}/*/try-*.ipynb"))
        if found:
            console.print(f"   an executed notebook  {_short(found[-1])}")
            break
    console.print(f"   Airflow's task logs   {_short(HOME / 'logs')}")
    console.print(f"   the handoffs          {_short(HOME / 'nb2dag' / 'store')}")


def _from_checkout(path: Path) -> str:
    return str(path.relative_to(CHECKOUT)) if path.is_relative_to(CHECKOUT) else str(path)


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


def _short(path: Path) -> str:
    """Return a path as one would type it here."""
    return os.path.relpath(path) if path.is_relative_to(CHECKOUT) else str(path)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Empty `.demo/`, and keep a second demo of this checkout from doing so meanwhile."""
    HOME.mkdir(exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DemoFailed(f"another demo is running in {_short(HOME)}") from None
        for entry in HOME.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != "lock":
                entry.unlink()
        (HOME / "dags").mkdir()
        yield


def _interrupt(*_: object) -> None:
    # Once is enough: a second Ctrl-C must not cut short the stopping of Airflow.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
