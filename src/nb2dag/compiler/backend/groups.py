"""Sort tasks into their TaskGroups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nb2dag.errors import Nb2dagError
from nb2dag.model.plan import TaskPlan


@dataclass(slots=True)
class Group:
    """A TaskGroup and its tasks, in the plan's order."""

    group_id: str
    tasks: list[TaskPlan] = field(default_factory=list)


def group_tasks(tasks: Sequence[TaskPlan]) -> list[TaskPlan | Group]:
    """Return tasks and groups as the DAG file lists them: a group stands where the first of its tasks stood.

    Raises:
        Nb2dagError: A group has the id of a task; Airflow keeps both in one name space.
    """
    members: list[TaskPlan | Group] = []
    groups: dict[str, Group] = {}
    for task in tasks:
        group_id = str(task.options.get("group") or "")
        if not group_id:
            members.append(task)
            continue
        if group_id not in groups:
            groups[group_id] = Group(group_id)
            members.append(groups[group_id])
        groups[group_id].tasks.append(task)
    for task in tasks:
        if task.task_id in groups:
            raise Nb2dagError(
                f"`{task.task_id}` is both a task and a group, and Airflow cannot tell them apart: rename one"
            )
    return members
