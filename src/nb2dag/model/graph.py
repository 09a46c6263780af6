"""Hold the DAG's shape: tasks with their direct upstream tasks, by data and by declaration."""

from __future__ import annotations

from dataclasses import dataclass

from nb2dag.model.dataflow import FlowProblem


@dataclass(frozen=True, slots=True)
class TaskNode:
    """One task's edges, sorted: `data` are tasks it takes values from, `declared` those of its `after`.

    `ordered` are tasks that come before it because both use one file outside of their working directories.
    """

    task_id: str
    data: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    implicit: bool = False
    ordered: tuple[str, ...] = ()

    @property
    def upstream(self) -> tuple[str, ...]:
        """All direct upstream tasks, sorted."""
        return tuple(sorted({*self.data, *self.declared, *self.ordered}))


@dataclass(frozen=True, slots=True)
class TaskGraph:
    """Tasks in an order in which each comes after its upstream tasks; in notebook order where that leaves a choice."""

    tasks: tuple[TaskNode, ...]
    problems: tuple[FlowProblem, ...] = ()
