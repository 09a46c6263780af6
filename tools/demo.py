"""Take an example notebook to a finished run in a real Airflow, and show each step: what `make demo` runs.

    python tools/demo.py [NOTEBOOK]

Everything it writes lies in `.demo/` beside the folder `tools`, fresh each time: the bundle, Airflow's database
and logs, the executed notebooks. While another demo runs there, this one uses a temporary folder. Exit code: 0 the run
succeeded, 1 it failed, 2 it could not be started or did not end in time, 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from demo_report import RunReport, coloured, console, plain, short
from standalone_airflow import AirflowFailed, StandaloneAirflow

from nb2dag.runtime.formats import BUNDLE_MANIFEST, BundleManifest, PointerManifest

CHECKOUT = Path(__file__).resolve().parent.parent
EXAMPLE = CHECKOUT / "notebooks" / "examples" / "weather_report.ipynb"
START_SECONDS = 300
DAG_SECONDS = 120
RUN_SECONDS = 600
POLL_SECONDS = 0.4


class DemoFailed(Exception):
    """A step of the demo did not work; the message says which and why."""


def main() -> int:
    """Run the demo and return its exit code."""
    parser = argparse.ArgumentParser(description="Compile a notebook and run its DAG in a private Airflow.")
    parser.add_argument("notebook", nargs="?", type=Path, default=EXAMPLE)
    notebook = parser.parse_args().notebook.resolve()
    # Both are how a demo is ended from outside; either way Airflow must be stopped.
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        with _fresh_home() as home:
            return demonstrate(notebook, home)
    except (DemoFailed, AirflowFailed, OSError) as error:
        console.print(f"\n[bold red]The demo stopped:[/] {plain(str(error))}")
        return 2
    except KeyboardInterrupt:
        console.print("\nInterrupted: Airflow and everything it started is stopped.")
        return 130


def demonstrate(notebook: Path, home: Path) -> int:
    """Check, compile and run `notebook` in an Airflow at `home`, print what happens, and return the exit code."""
    began = time.monotonic()
    shown, dags = short(notebook), home / "dags"
    console.print(
        f"[bold]nb2dag demo[/]: {shown} becomes an Airflow DAG, and a real Airflow runs it, "
        "each task through papermill.\n"
        f"It takes about a minute, most of it Airflow's start. Everything is written below {short(home)}.\n"
    )
    _step(1, f"nb2dag check {shown}")
    _nb2dag("check", shown)
    _step(2, f"nb2dag compile {shown} -o {short(dags)}")
    _nb2dag("compile", shown, "-o", short(dags))
    folder, bundle = _compiled(dags)
    _step(3, "airflow standalone (SQLite, LocalExecutor, ports of its own)")
    with StandaloneAirflow(home) as airflow:
        airflow.wait_for_api(START_SECONDS, lambda waited: console.print(f"   still starting after {waited:.0f} s ..."))
        console.print(f"   up after {time.monotonic() - began:.0f} s at {airflow.url}")
        airflow.wait_for_dag(bundle.dag_id, DAG_SECONDS)
        run_id = airflow.trigger(bundle.dag_id)
        _step(4, f"POST /api/v2/dags/{bundle.dag_id}/dagRuns  →  {run_id}")
        state = _follow(airflow, bundle.dag_id, run_id)
        tasks = _task_instances(airflow, bundle.dag_id, run_id)
        committed = _committed(airflow, bundle.dag_id, run_id, tasks)
    RunReport(home, folder, bundle, tasks, committed).show()
    outcome = "[bold green]succeeded[/]" if state == "success" else "[bold red]failed[/]"
    console.print(f"\nThe run {outcome}; {time.monotonic() - began:.0f} s in all; Airflow is stopped.")
    return 0 if state == "success" else 1


def _step(number: int, text: str) -> None:
    console.print(f"[bold cyan]{number}.[/] [bold]{plain(text)}[/]")


def _nb2dag(*arguments: str) -> None:
    command = [sys.executable, "-m", "nb2dag", *arguments]
    done = subprocess.run(command, check=False, text=True, capture_output=True)
    for line in (done.stdout + done.stderr).strip().splitlines():
        console.print(f"   {plain(line)}")
    if done.returncode != 0:
        raise DemoFailed(f"`nb2dag {arguments[0]}` ended with exit code {done.returncode}")


def _compiled(dags: Path) -> tuple[Path, BundleManifest]:
    manifests = list(dags.glob(f"*/{BUNDLE_MANIFEST}"))
    if len(manifests) != 1:
        raise DemoFailed(f"`nb2dag compile` left {len(manifests)} bundles in {dags}, not one")
    return manifests[0].parent, BundleManifest.from_json(json.loads(manifests[0].read_text(encoding="utf-8")))


def _follow(airflow: StandaloneAirflow, dag_id: str, run_id: str) -> str:
    """Print each task's state as it changes until the run has ended, and return the run's state."""
    began = time.monotonic()
    shown: dict[str, str | None] = {}
    while time.monotonic() - began < RUN_SECONDS:
        # Asked before the tasks: once the run has ended, no task changes its state any more.
        state = str(airflow.get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"])
        for task in _task_instances(airflow, dag_id, run_id):
            if task["state"] and shown.get(task["task_id"]) != task["state"]:
                shown[task["task_id"]] = task["state"]
                console.print(f"   {time.monotonic() - began:5.1f} s  {task['task_id']:<24} {coloured(task['state'])}")
        if state in ("success", "failed"):
            return state
        time.sleep(POLL_SECONDS)
    raise DemoFailed(f"the run did not end in {RUN_SECONDS} s; see {short(airflow.log)}")


def _task_instances(airflow: StandaloneAirflow, dag_id: str, run_id: str) -> list[dict[str, Any]]:
    path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=1000"
    return sorted(airflow.get(path)["task_instances"], key=lambda task: (task["start_date"] or "~", task["task_id"]))


def _committed(
    airflow: StandaloneAirflow, dag_id: str, run_id: str, tasks: list[dict[str, Any]]
) -> dict[str, PointerManifest]:
    """Return what each successful task handed over, as its XCom says."""
    found = {}
    for task_id in (task["task_id"] for task in tasks if task["state"] == "success"):
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/nb2dag"
        value = airflow.get(path)["value"]
        found[task_id] = PointerManifest.from_json(json.loads(value) if isinstance(value, str) else value)
    return found


@contextlib.contextmanager
def _fresh_home() -> Iterator[Path]:
    """Yield `.demo/`, emptied, or a temporary folder while another demo of this checkout uses it."""
    home = CHECKOUT / ".demo"
    home.mkdir(exist_ok=True)
    with (home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for entry in home.iterdir():
                if entry.is_dir():
                    shutil.rmtree(entry)
                elif entry.name != "lock":
                    entry.unlink()
        except BlockingIOError:
            home = Path(tempfile.mkdtemp(prefix="nb2dag-demo-"))
        (home / "dags").mkdir()
        yield home


def _interrupt(*_: object) -> None:
    # Once is enough: a second Ctrl-C must not cut short the stopping of Airflow.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
