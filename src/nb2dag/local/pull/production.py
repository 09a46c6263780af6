"""Say what is asked of an Airflow, whichever way it is reached, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from nb2dag.errors import Nb2dagError

FAILED = ("failed", "up_for_retry")
"""The states of a task instance whose last attempt failed."""


class PullRefused(Nb2dagError):
    """What was asked for cannot be pulled; the message says why and what to do."""


class AirflowRefused(PullRefused):
    """Airflow cannot be asked, or does not answer; the message holds no secret."""


@dataclass(frozen=True, slots=True)
class Dag:
    """A DAG as Airflow knows it: `file` is its path on the machine that parsed it, empty where it is not known."""

    dag_id: str
    file: str


@dataclass(frozen=True, slots=True)
class Instance:
    """One task instance; `attempt` is its last or present try, 0 before the first, `state` empty before any."""

    run_id: str
    map_index: int
    attempt: int
    state: str

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Instance:
        """Read an instance from Airflow's own JSON form of it (REST API v2)."""
        return cls(value["dag_run_id"], value["map_index"], value["try_number"] or 0, value["state"] or "")


class Production(Protocol):
    """An Airflow that tasks are pulled from. Every method raises `AirflowRefused` where it gives no answer.

    `name` says in messages which one it is; `home` is its `AIRFLOW_HOME` on this machine, empty for one elsewhere.
    """

    name: str
    home: str

    def dag(self, dag_id: str) -> Dag | None:
        """Return a DAG, None where there is none of that id."""

    def dag_ids(self) -> Sequence[str]:
        """Return the ids of its DAGs, the first hundred of them."""

    def task_ids(self, dag_id: str) -> Sequence[str]:
        """Return the ids of a DAG's tasks as it is now."""

    def has_run(self, dag_id: str, run_id: str) -> bool:
        """Tell whether a run is still known."""

    def run_ids(self, dag_id: str) -> Sequence[str]:
        """Return the ids of a DAG's last few runs, the newest first."""

    def instances(
        self, dag_id: str, task_id: str, *, run_id: str | None = None, states: Sequence[str] = ()
    ) -> Sequence[Instance]:
        """Return instances of a task, the last begun first: of one run or of all, in those states or in any."""

    def notebook(self, dag_id: str, task_id: str, instance: Instance, attempt: int) -> str:
        """Return where an attempt's executed notebook is kept, as a worker reaches it; empty where nobody knows."""
