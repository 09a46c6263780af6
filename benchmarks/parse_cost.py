"""Measure what Airflow's DAG processor spends on a compiled DAG, beside the same DAG of EmptyOperators.

    python benchmarks/parse_cost.py

As the DAG processor does it: a manager that has Airflow loaded and has pre-imported the `airflow.*` modules named in
the file forks one process per file, which parses the file and serialises its DAGs. nb2dag's own modules are no
`airflow.*` modules, so each of those processes pays for them, and so does every parse here. Both files are parsed in
turn.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from generated import diamond_chain
from measure import HERE, Row, print_rows

LIMITS = {10: 1.5, 100: 1.5, 1_000: 1.7}
ROUNDS = {10: 41, 100: 31, 1_000: 11}
NEVER_IMPORTED = ("papermill", "nbformat", "nbclient", "IPython", "nb2dag.compiler")

EMPTY = """\
from datetime import datetime, timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from airflow.timetables.trigger import CronTriggerTimetable

with DAG(
    dag_id="empty_{tasks}",
    schedule=CronTriggerTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["bench"],
    default_args={{"retries": 2}},
):
"""


def rows() -> list[Row]:
    """Compile a DAG of each size, write its twin, and return the costs side by side."""
    result, loaded = [], set()
    with tempfile.TemporaryDirectory(prefix="nb2dag-bench-") as scratch:
        for tasks, limit in LIMITS.items():
            ours, theirs = _write_pair(Path(scratch), tasks)
            report = _parse_in_turn(Path(scratch), ours, theirs, ROUNDS[tasks])
            result += _rows_of(tasks, limit, report)
            loaded |= {str(name) for sample in report["ours"] for name in _names(sample["loaded"])}
    names = ", ".join(NEVER_IMPORTED)
    result.append(Row(f"loaded of {names}", ", ".join(sorted(loaded)) or "none", "", "", "none", not loaded))
    return result


def _write_pair(scratch: Path, tasks: int) -> tuple[Path, Path]:
    """Compile a notebook of `tasks` tasks and write the same graph with EmptyOperators."""
    dag_id = f"compiled_{tasks}"
    notebook = scratch / f"{dag_id}.ipynb"
    diamond_chain(notebook, dag_id, tasks)
    nb2dag = Path(sys.executable).with_name("nb2dag")
    subprocess.run(
        [str(nb2dag), "compile", str(notebook), "-o", str(scratch / "dags")], check=True, capture_output=True
    )
    bundle = scratch / "dags" / dag_id
    manifest = json.loads((bundle / "nb2dag.json").read_text())
    lines = [f"    {task['task_id']} = EmptyOperator(task_id={task['task_id']!r})" for task in manifest["tasks"]]
    lines += [f"    {up} >> {task['task_id']}" for task in manifest["tasks"] for up in task["upstream"]]
    twin = scratch / "dags" / f"empty_{tasks}.py"
    twin.write_text(EMPTY.format(tasks=tasks) + "\n".join(lines) + "\n")
    return bundle / manifest["dag_file"], twin


def _parse_in_turn(scratch: Path, ours: Path, theirs: Path, rounds: int) -> dict[str, list[dict[str, object]]]:
    """Run a manager in a process of its own, with an Airflow home of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    environment |= {"AIRFLOW_HOME": str(scratch / "airflow"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    command = [sys.executable, str(HERE / "parse_cost.py"), "--manager", str(ours), str(theirs), str(rounds)]
    finished = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    if finished.returncode:
        raise SystemExit(f"the measuring process failed:\n{finished.stdout}\n{finished.stderr}")
    report: dict[str, list[dict[str, object]]] = json.loads(finished.stdout.splitlines()[-1])
    return report


def _rows_of(tasks: int, limit: float, report: dict[str, list[dict[str, object]]]) -> list[Row]:
    made = []
    for figure, words in (("parse", "parse"), ("whole", "parse and serialise")):
        own = statistics.median(float(str(sample[figure])) for sample in report["ours"])
        other = statistics.median(float(str(sample[figure])) for sample in report["theirs"])
        name = f"{words}, {tasks:,} tasks"
        beside = f"{other * 1e3:.1f} ms (EmptyOperator)"
        ratio = own / other
        made.append(Row(name, f"{own * 1e3:.1f} ms", beside, f"{ratio:.2f}", f"≤ {limit}", ratio <= limit))
    return made


def _names(value: object) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list) else []


def _manager(ours: Path, theirs: Path, rounds: int) -> None:
    """Load Airflow as the DAG processor's manager has, then fork a process per file and round; print what they say."""
    import gc

    import structlog
    from airflow.dag_processing import processor

    log = structlog.get_logger()
    for path in (ours, theirs):
        processor._pre_import_airflow_modules(str(path), log)  # noqa: SLF001 - what the manager itself calls
    before = [name for name in NEVER_IMPORTED if name in sys.modules]
    if before:
        raise SystemExit(f"{before} are loaded before any file is parsed: the question cannot be asked")
    gc.freeze()
    report: dict[str, list[object]] = {"ours": [], "theirs": []}
    for number in range(rounds + 1):
        for side, path in (("ours", ours), ("theirs", theirs)):
            sample = _in_child(path)
            if number:  # The first round fills the page cache.
                report[side].append(sample)
    print(json.dumps(report))


def _in_child(path: Path) -> object:
    """Fork, parse in the child, and return what it measured."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        answer = _parse(path)
        with os.fdopen(writing, "w") as stream:
            json.dump(answer, stream)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        text = stream.read()
    _, status = os.waitpid(pid, 0)
    if status or not text:
        raise SystemExit(f"parsing {path} failed with status {status}")
    return json.loads(text)


def _parse(path: Path) -> dict[str, object]:
    """Do what the DAG processor's child does with one file: parse it into a bag, then serialise the bag."""
    import time

    import structlog
    from airflow.dag_processing import processor
    from airflow.dag_processing.dagbag import BundleDagBag

    os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "client"
    started = time.perf_counter()
    bag = BundleDagBag(dag_folder=str(path), bundle_path=path.parent, bundle_name="bench", load_op_links=False)
    parsed = time.perf_counter()
    processor._serialize_dags(bag, structlog.get_logger())  # noqa: SLF001 - what the child itself calls
    ended = time.perf_counter()
    if bag.import_errors or len(bag.dags) != 1:
        raise SystemExit(f"{path}: {bag.import_errors or 'no DAG'}")
    loaded = [name for name in NEVER_IMPORTED if name in sys.modules]
    return {"parse": parsed - started, "whole": ended - started, "loaded": loaded}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--manager"]:
        _manager(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
    else:
        sys.exit(not print_rows("Parse: what Airflow's DAG processor spends on a compiled DAG", rows()))
