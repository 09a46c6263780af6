"""Ask Airflow's database about a task instance and its attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

NOT_BEGUN = frozenset({None, "none", "scheduled", "queued", "deferred"})
"""States of a task instance that has not started, or waits."""

AT_WORK = frozenset({"running", "restarting"})
"""States in which a worker has the task."""

NEVER_RUNS = frozenset({"skipped", "upstream_failed", "removed"})
"""States that a task may end in without having run."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a task instance, as Airflow knows it."""

    number: int
    state: str | None
    started: datetime | None
    ended: datetime | None
    hostname: str

    @property
    def is_live(self) -> bool:
        """Whether its notebook may still change, or come."""
        return self.state in NOT_BEGUN or self.state in AT_WORK


@dataclass(frozen=True, slots=True)
class TaskInstanceFacts:
    """A task instance with all its attempts, first to last; it has the ids that `executed_notebook` wants.

    `output_nb` is the operator's argument as it was rendered for the last attempt, None where it has none.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    operator: str
    output_nb: str | None
    attempts: tuple[Attempt, ...]

    def attempt(self, number: int | None) -> Attempt | None:
        """Return an attempt; without `number` the last one that began, else the last."""
        if number is not None:
            return next((each for each in self.attempts if each.number == number), None)
        begun = [each for each in self.attempts if each.started is not None]
        return (begun or list(self.attempts))[-1]


def task_instance_facts(
    session: Any, dag_id: str, run_id: str, task_id: str, map_index: int
) -> TaskInstanceFacts | None:
    """Return what Airflow knows of a task instance, None where there is none."""
    from airflow.models.renderedtifields import RenderedTaskInstanceFields
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.taskinstancehistory import TaskInstanceHistory
    from sqlalchemy import select

    def rows(table: Any, *columns: Any) -> Sequence[Any]:
        ids = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": map_index}
        found: Sequence[Any] = session.execute(select(*columns).filter_by(**ids).select_from(table)).all()
        return found

    def attempt_columns(table: Any) -> list[Any]:
        return [table.try_number, table.state, table.start_date, table.end_date, table.hostname, table.operator]

    current = rows(TaskInstance, *attempt_columns(TaskInstance))
    if not current:
        return None
    earlier = rows(TaskInstanceHistory, *attempt_columns(TaskInstanceHistory))
    # The current row comes last: it may stand in the history already.
    attempts = {row[0]: Attempt(row[0], _text(row[1]), row[2], row[3], row[4] or "") for row in [*earlier, *current]}
    rendered = rows(RenderedTaskInstanceFields, RenderedTaskInstanceFields.rendered_fields)
    output_nb = (rendered[0][0] or {}).get("output_nb") if rendered else None
    return TaskInstanceFacts(
        dag_id=dag_id,
        run_id=run_id,
        task_id=task_id,
        map_index=map_index,
        operator=current[0][5] or "",
        output_nb=output_nb if isinstance(output_nb, str) and output_nb else None,
        attempts=tuple(attempts[number] for number in sorted(attempts)),
    )


def _text(state: Any) -> str | None:
    return None if state is None else str(getattr(state, "value", state))
