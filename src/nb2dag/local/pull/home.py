"""Ask the Airflow of an `AIRFLOW_HOME` on this machine, in a process of its own: nb2dag never imports Airflow."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from nb2dag.local.pull.production import AirflowRefused, Dag, Instance

_SETTINGS = "airflow.cfg"


class HomeProduction:
    """The Airflow of a folder; `asked` is the process that answers, with its end for questions and for answers."""

    def __init__(self, home: Path, process: subprocess.Popen[str], errors: IO[bytes]) -> None:
        self.home = str(home)
        self.name = f"the Airflow of {home}"
        self._process = process
        self._errors = errors

    def dag(self, dag_id: str) -> Dag | None:
        """Return a DAG, None where there is none of that id."""
        found = self._ask("dag", dag_id=dag_id)
        return Dag(dag_id, found["fileloc"] or "") if found else None

    def dag_ids(self) -> Sequence[str]:
        """Return the ids of its DAGs, the first hundred of them."""
        return list(self._ask("dag_ids"))

    def task_ids(self, dag_id: str) -> Sequence[str]:
        """Return the ids of a DAG's tasks as it is now."""
        return list(self._ask("task_ids", dag_id=dag_id))

    def has_run(self, dag_id: str, run_id: str) -> bool:
        """Tell whether a run is still known."""
        return bool(self._ask("has_run", dag_id=dag_id, run_id=run_id))

    def run_ids(self, dag_id: str) -> Sequence[str]:
        """Return the ids of a DAG's last few runs, the newest first."""
        return list(self._ask("run_ids", dag_id=dag_id))

    def instances(
        self, dag_id: str, task_id: str, *, run_id: str | None = None, states: Sequence[str] = ()
    ) -> Sequence[Instance]:
        """Return instances of a task, the last begun first: of one run or of all, in those states or in any."""
        found = self._ask("instances", dag_id=dag_id, task_id=task_id, run_id=run_id, states=list(states))
        return [Instance.from_json(value) for value in found]

    def notebook(self, dag_id: str, task_id: str, instance: Instance, attempt: int) -> str:
        """Return where an attempt's executed notebook is kept, as a worker reaches it; empty where nobody knows."""
        which = {"run_id": instance.run_id, "map_index": instance.map_index, "attempt": attempt}
        return str(self._ask("notebook", dag_id=dag_id, task_id=task_id, **which))

    def _ask(self, question: str, **arguments: Any) -> Any:
        line = ""
        with contextlib.suppress(BrokenPipeError):
            assert self._process.stdin is not None and self._process.stdout is not None  # noqa: PT018
            self._process.stdin.write(json.dumps({"question": question, "arguments": arguments}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise AirflowRefused(f"{self.name} cannot be asked: {self._last_words()}")
        answered = json.loads(line)
        if "failed" in answered:
            raise AirflowRefused(f"{self.name} gave no answer: {answered['failed']}")
        return answered["answer"]

    def _last_words(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        last = lines[-1] if lines else "it ended without a word"
        if "No module named" in last:
            program = str(self._process.args[0])  # type: ignore[index]
            return f"{program} lacks a package ({last}): name an Airflow's Python with --airflow-python"
        return last


@contextmanager
def home_production(home: Path, python: str = "") -> Iterator[HomeProduction]:
    """Yield the Airflow of `home`, asked with the interpreter `python`, this one where it is empty.

    Raises:
        AirflowRefused: The folder is no Airflow's, or the interpreter cannot be started.
    """
    home = home.expanduser().absolute()
    if not (home / _SETTINGS).is_file() and not (home / "airflow.db").is_file():
        raise AirflowRefused(f"{home} is no AIRFLOW_HOME: it holds no {_SETTINGS}")
    environment = os.environ | {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__UNIT_TEST_MODE": "False"}
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                [python or sys.executable, "-m", "nb2dag.airflow.inquiry"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                # Not the current folder: one called `airflow` there would take the place of the package.
                cwd="/",
                env=environment,
                text=True,
            )
        except OSError as error:
            raise AirflowRefused(f"{python}: cannot be started: {error.strerror}") from None
        with process:
            try:
                yield HomeProduction(home, process, errors)
            finally:
                if process.stdin is not None:
                    with contextlib.suppress(BrokenPipeError):
                        process.stdin.close()
