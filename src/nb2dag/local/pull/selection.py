"""Choose the attempt that is to be pulled: which run, which of the mapped instances, which try."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nb2dag.directives.nearest import nearest
from nb2dag.local.pull.production import FAILED, Dag, Instance, Production, PullRefused

LATEST = "latest"
LATEST_FAILED = "latest-failed"

_NOT_RUN = {
    "": "it has not been scheduled yet",
    "upstream_failed": "a task above it failed: pull that one",
    "skipped": "it was skipped",
    "removed": "it is no task of the DAG any more",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asks for: `run` is a run id, `latest` or `latest-failed`; None for what is not said."""

    dag_id: str
    run: str
    task_id: str
    map_index: int | None = None
    attempt: int | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """One attempt of one task instance."""

    dag: Dag
    task_id: str
    instance: Instance
    attempt: int

    @property
    def is_last(self) -> bool:
        """Whether it is the instance's last attempt, or the one that runs."""
        return self.attempt == self.instance.attempt


def choose(production: Production, wanted: Wanted) -> Chosen:
    """Return the attempt that is wanted.

    Raises:
        PullRefused: There is no such DAG, run, task, instance or attempt, or it has not run; the message says what
            there is instead.
    """
    dag = production.dag(wanted.dag_id)
    if dag is None:
        known = production.dag_ids()
        raise PullRefused(f"{production.name} has no DAG `{wanted.dag_id}`{_instead(wanted.dag_id, known)}")
    instances = _of_one_run(production, wanted)
    instance = _instance(instances, wanted)
    return Chosen(dag, wanted.task_id, instance, _attempt(instance, wanted))


def _of_one_run(production: Production, wanted: Wanted) -> Sequence[Instance]:
    """Return the task's instances in the run that is wanted; for `latest-failed` those that failed."""
    if wanted.run not in (LATEST, LATEST_FAILED):
        found = production.instances(wanted.dag_id, wanted.task_id, run_id=wanted.run)
        if not found:
            raise PullRefused(_why_nothing(production, wanted))
        return found
    states = FAILED if wanted.run == LATEST_FAILED else ()
    begun = [
        instance
        for instance in production.instances(wanted.dag_id, wanted.task_id, states=states)
        if instance.attempt and wanted.map_index in (None, instance.map_index)
    ]
    if begun:
        return [instance for instance in begun if instance.run_id == begun[0].run_id]
    _require_task(production, wanted)
    what = "failed" if wanted.run == LATEST_FAILED else "run"
    which = f" with the map index {wanted.map_index}" if wanted.map_index is not None else ""
    raise PullRefused(
        f"`{wanted.task_id}` of `{wanted.dag_id}`{which} has not {what} in any run that {production.name} knows"
    )


def _instance(instances: Sequence[Instance], wanted: Wanted) -> Instance:
    if wanted.map_index is not None:
        for instance in instances:
            if instance.map_index == wanted.map_index:
                return instance
        raise PullRefused(
            f"`{wanted.task_id}` has no instance with the map index {wanted.map_index} in this run: there is "
            + _indexes(instances)
        )
    if len(instances) == 1 or wanted.run == LATEST_FAILED:
        return min(instances, key=lambda instance: instance.map_index)
    failed = [instance for instance in instances if instance.state in FAILED]
    hint = f" (failed: {_indexes(failed)})" if failed else ""
    raise PullRefused(
        f"`{wanted.task_id}` is mapped, and ran {len(instances)} times in this run: name one with --map-index{hint}"
    )


def _attempt(instance: Instance, wanted: Wanted) -> int:
    if not instance.attempt:
        why = _NOT_RUN.get(instance.state, f"it is {instance.state}")
        raise PullRefused(f"`{wanted.task_id}` has not run in {instance.run_id}: {why}")
    if wanted.attempt is None:
        return instance.attempt
    if not 1 <= wanted.attempt <= instance.attempt:
        raise PullRefused(
            f"`{wanted.task_id}` has no attempt {wanted.attempt} in {instance.run_id}: it was tried "
            + ("once" if instance.attempt == 1 else f"{instance.attempt} times")
        )
    return wanted.attempt


def _why_nothing(production: Production, wanted: Wanted) -> str:
    if not production.has_run(wanted.dag_id, wanted.run):
        runs = production.run_ids(wanted.dag_id)
        there = "its last runs are " + ", ".join(runs) if runs else "it has no run"
        return (
            f"{production.name} has no run `{wanted.run}` of `{wanted.dag_id}`, or no more: {there}; `{LATEST}` and "
            f"`{LATEST_FAILED}` stand for the task's last one"
        )
    _require_task(production, wanted)
    return f"`{wanted.task_id}` was not yet a task of `{wanted.dag_id}` in {wanted.run}"


def _require_task(production: Production, wanted: Wanted) -> None:
    tasks = production.task_ids(wanted.dag_id)
    if wanted.task_id not in tasks:
        raise PullRefused(f"`{wanted.dag_id}` has no task `{wanted.task_id}`{_instead(wanted.task_id, tasks)}")


def _instead(name: str, known: Sequence[str]) -> str:
    if meant := nearest(name, known):
        return f": did you mean `{meant}`?"
    return ": there is " + ", ".join(f"`{one}`" for one in list(known)[:10]) if known else ""


def _indexes(instances: Iterable[Instance]) -> str:
    return ", ".join(str(index) for index in sorted(instance.map_index for instance in instances))
