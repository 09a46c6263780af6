"""Answer questions about runs from Airflow's database: one JSON line in, one JSON line out, `python -m ...`.

`nb2dag pull` starts this with an Airflow's own Python and `AIRFLOW_HOME`. It only reads.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

_LIMIT = 100


def main() -> int:
    """Answer until standard input ends: `{"answer": ...}`, or `{"failed": why}`."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    # What Airflow prints while it is imported must not be taken for an answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        output.write(json.dumps(answer(json.loads(line))) + "\n")
        output.flush()
    return 0


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to one request, `{"question": name, "arguments": {...}}`."""
    try:
        from airflow.utils.session import create_session

        with create_session() as session:
            return {"answer": QUESTIONS[request["question"]](session, **request["arguments"])}
    except Exception as error:  # noqa: BLE001 (whatever Airflow or its database raises, the one who asked words it)
        lines = str(error).strip().splitlines()
        return {"failed": f"{type(error).__name__}: {lines[0] if lines else 'no reason given'}"}


def _dag(session: Any, dag_id: str) -> Any:
    from airflow.models.dag import DagModel

    found = session.get(DagModel, dag_id)
    return {"fileloc": found.fileloc} if found is not None else None


def _dag_ids(session: Any) -> Any:
    from airflow.models.dag import DagModel
    from sqlalchemy import select

    return list(session.scalars(select(DagModel.dag_id).order_by(DagModel.dag_id).limit(_LIMIT)))


def _task_ids(session: Any, dag_id: str) -> Any:
    from airflow.models.serialized_dag import SerializedDagModel

    found = SerializedDagModel.get(dag_id, session=session)
    return list(found.dag.task_ids) if found is not None else []


def _run_ids(session: Any, dag_id: str) -> Any:
    from airflow.models.dagrun import DagRun
    from sqlalchemy import select

    query = select(DagRun.run_id).where(DagRun.dag_id == dag_id).order_by(DagRun.run_after.desc()).limit(5)
    return list(session.scalars(query))


def _has_run(session: Any, dag_id: str, run_id: str) -> Any:
    from airflow.models.dagrun import DagRun
    from sqlalchemy import select

    query = select(DagRun.run_id).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
    return session.scalar(query) is not None


def _instances(session: Any, dag_id: str, task_id: str, run_id: str | None, states: list[str]) -> Any:
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    query = select(TaskInstance).where(TaskInstance.dag_id == dag_id, TaskInstance.task_id == task_id)
    if run_id is not None:
        query = query.where(TaskInstance.run_id == run_id)
    if states:
        query = query.where(TaskInstance.state.in_(states))
    query = query.order_by(TaskInstance.start_date.is_(None), TaskInstance.start_date.desc()).limit(_LIMIT)
    return [
        {
            "dag_run_id": found.run_id,
            "map_index": found.map_index,
            "try_number": found.try_number,
            "state": str(getattr(found.state, "value", found.state) or ""),
        }
        for found in session.scalars(query)
    ]


def _notebook(session: Any, attempt: int, **ids: Any) -> Any:
    """Return the place as a worker finds it that has this process's environment."""
    from airflow.models.renderedtifields import RenderedTaskInstanceFields
    from sqlalchemy import select

    from nb2dag.airflow.places import executed_notebook

    rendered = session.scalar(select(RenderedTaskInstanceFields.rendered_fields).filter_by(**ids))
    output_nb = (rendered or {}).get("output_nb")
    return executed_notebook(
        output_nb if isinstance(output_nb, str) else None, SimpleNamespace(**ids, try_number=attempt)
    )


QUESTIONS: dict[str, Callable[..., Any]] = {
    "dag": _dag,
    "dag_ids": _dag_ids,
    "task_ids": _task_ids,
    "run_ids": _run_ids,
    "has_run": _has_run,
    "instances": _instances,
    "notebook": _notebook,
}


if __name__ == "__main__":
    sys.exit(main())
