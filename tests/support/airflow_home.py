"""A real Airflow to run DAGs in: a home with a database, and `dag.test()` in a process of its own."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

RUN_DAGS = """
import json, runpy, sys
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session

for place in sys.argv[1:]:
    run = runpy.run_path(f"{place}/{place.rpartition('/')[2]}.py")["dag"].test()
    with create_session() as session:
        xcoms = session.query(XComModel.task_id, XComModel.key, XComModel.value).filter(XComModel.run_id == run.run_id)
        result = {
            "state": str(run.state),
            "tasks": {ti.task_id: str(ti.state) for ti in run.get_task_instances(session=session)},
            "xcoms": {f"{task_id}.{key}": value for task_id, key, value in xcoms},
        }
    with open(f"{place}/result.json", "w") as file:
        json.dump(result, file)
"""


class Airflow(NamedTuple):
    """An Airflow home with a database."""

    home: Path
    environment: dict[str, str]

    def start(self, *dag_ids: str) -> subprocess.Popen[str]:
        """Begin `dag.test()` of bundles below `dags/`, one after the other."""
        command = [sys.executable, "-c", RUN_DAGS, *(str(self.home / "dags" / dag_id) for dag_id in dag_ids)]
        return subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=self.home
        )

    def result(self, dag_id: str, log: str) -> Run:
        """Return what came of a run whose process has ended."""
        result = self.home / "dags" / dag_id / "result.json"
        assert result.exists(), log
        return Run(self.home / "nb2dag", dag_id, log, **json.loads(result.read_text(encoding="utf-8")))


class Run(NamedTuple):
    """A finished DAG run; `files` is where nb2dag keeps notebooks and handoffs."""

    files: Path
    dag_id: str
    log: str
    state: str
    tasks: dict[str, str]
    xcoms: dict[str, object]

    def notebook(self, task_id: str) -> str:
        """Return the text of the executed notebook that was kept."""
        (kept,) = (self.files / "notebooks" / self.dag_id).glob(f"*/{task_id}/-1/try-1.ipynb")
        return kept.read_text(encoding="utf-8")


def new_airflow(home: Path) -> Airflow:
    """Return an Airflow whose DAGs lie in `home/dags`, its database made."""
    dags = home / "dags"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "NB2DAG_"))}
    environment |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "NO_COLOR": "1",
        # Airflow 3.0 draws tracebacks in boxes as wide as the terminal, and breaks messages there.
        "COLUMNS": "1000",
        # Airflow 3.2 makes none for `dag.test()`, and then ends its API without a word.
        "AIRFLOW__API_AUTH__JWT_SECRET": "not-a-secret-and-long-enough-for-a-test",
    }
    home.mkdir(parents=True, exist_ok=True)
    _copy_database(home, environment)
    return Airflow(home, environment)


def _copy_database(home: Path, environment: dict[str, str]) -> None:
    """Put a new database into an Airflow's home: the same one in all of a test run, for making one takes long."""
    shared = next(folder for folder in home.resolve().parents if folder.name.startswith("pytest-"))
    template = shared / "airflow-database"
    with (shared / "airflow-database.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (template / "made").exists():
            done = subprocess.run(
                [sys.executable, "-m", "airflow", "db", "migrate"],
                env={**environment, "AIRFLOW_HOME": str(template)}, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr
            (template / "made").touch()
    shutil.copy(template / "airflow.db", home)
