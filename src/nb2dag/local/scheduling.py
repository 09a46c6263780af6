"""Decide by Airflow's trigger rules which task may run now, and how long a retry waits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from nb2dag.runtime.formats import BundleTask

MAX_RETRY_DELAY = 24 * 60 * 60.0
"""Seconds; Airflow's own upper bound for an exponential backoff."""


class TaskState(Enum):
    """The states of a task in a local run, in Airflow's words (`waiting` is Airflow's `none`).

    `STOPPED` is what was running when the run was interrupted.
    """

    WAITING = "waiting"
    QUEUED = "queued"
    RUNNING = "running"
    UP_FOR_RETRY = "up_for_retry"
    SUCCESS = "success"
    FAILED = "failed"
    UPSTREAM_FAILED = "upstream_failed"
    SKIPPED = "skipped"
    STOPPED = "stopped"

    @property
    def is_final(self) -> bool:
        """Whether a task stays in this state for the rest of the run."""
        return self in _FINAL


_FINAL = {TaskState.SUCCESS, TaskState.FAILED, TaskState.UPSTREAM_FAILED, TaskState.SKIPPED, TaskState.STOPPED}


class Verdict(Enum):
    """What a trigger rule says about a task, given the states of its upstream tasks."""

    WAIT = "wait"
    RUN = "run"
    SKIP = "skip"
    UPSTREAM_FAILED = "upstream_failed"


@dataclass(frozen=True, slots=True)
class Upstream:
    """How many of a task's upstream tasks are in which final state; `total` counts all of them."""

    total: int
    success: int = 0
    failed: int = 0
    upstream_failed: int = 0
    skipped: int = 0

    @property
    def done(self) -> int:
        """How many have finished, in whatever state."""
        return self.success + self.failed + self.upstream_failed + self.skipped

    @property
    def all_done(self) -> bool:
        """Whether every one has finished."""
        return self.done >= self.total

    @property
    def any_failed(self) -> bool:
        """Whether one failed, or failed to start because of its own upstream tasks."""
        return self.failed + self.upstream_failed > 0

    @classmethod
    def of(cls, states: Collection[TaskState]) -> Upstream:
        """Count `states`, one per upstream task."""
        listed = list(states)
        return cls(
            len(listed),
            listed.count(TaskState.SUCCESS),
            listed.count(TaskState.FAILED),
            listed.count(TaskState.UPSTREAM_FAILED),
            listed.count(TaskState.SKIPPED),
        )


def verdict(trigger_rule: str, upstream: Upstream) -> Verdict:
    """Say what `trigger_rule` makes of `upstream`, as `airflow.ti_deps.deps.trigger_rule_dep` of Airflow 3.3 does.

    A task without upstream tasks always runs. The rules hold for the tasks that nb2dag makes: none is mapped, and none
    is a setup or teardown.

    >>> verdict("all_success", Upstream(2, success=1)), verdict("all_success", Upstream(2, failed=1))
    (<Verdict.WAIT: 'wait'>, <Verdict.UPSTREAM_FAILED: 'upstream_failed'>)

    Raises:
        KeyError: There is no such trigger rule.
    """
    rule = _RULES[trigger_rule]
    return Verdict.RUN if upstream.total == 0 else rule(upstream)


def is_trigger_rule(name: str) -> bool:
    """Whether Airflow 3 has a trigger rule of that name."""
    return name in _RULES


def retry_delay(task: BundleTask, attempt: int) -> float:
    """Return the seconds to wait after failed attempt number `attempt`, the first being 1.

    With `retry_exponential_backoff` the delay doubles from attempt to attempt, at least a second and at most a day, as
    in Airflow; the spread that Airflow adds so that many tasks do not retry at once is left out.
    """
    if not task.retry_exponential_backoff:
        return task.retry_delay
    # Beyond 2**20 seconds the bound holds anyway, and a float may not overflow.
    return min(max(task.retry_delay * 2.0 ** min(attempt - 1, 20), 1.0), MAX_RETRY_DELAY)


def ready(tasks: Sequence[BundleTask], states: Mapping[str, TaskState]) -> list[tuple[BundleTask, Verdict]]:
    """Return every waiting task whose trigger rule has come to a verdict, in the bundle's order.

    What is skipped or upstream-failed here may decide tasks further down: apply the verdicts and ask again.
    """
    decided: list[tuple[BundleTask, Verdict]] = []
    for task in tasks:
        if states[task.task_id] is TaskState.WAITING:
            outcome = verdict(task.trigger_rule, Upstream.of([states[name] for name in task.upstream]))
            if outcome is not Verdict.WAIT:
                decided.append((task, outcome))
    return decided


def _all_success(upstream: Upstream) -> Verdict:
    if upstream.any_failed:
        return Verdict.UPSTREAM_FAILED
    if upstream.skipped:
        return Verdict.SKIP
    return _run_when(upstream.success >= upstream.total)


def _all_failed(upstream: Upstream) -> Verdict:
    if upstream.success or upstream.skipped:
        return Verdict.SKIP
    return _run_when(upstream.all_done)


def _all_done(upstream: Upstream) -> Verdict:
    return _run_when(upstream.all_done)


def _all_done_min_one_success(upstream: Upstream) -> Verdict:
    if upstream.skipped:
        return Verdict.SKIP
    if upstream.all_done and not upstream.success:
        return Verdict.UPSTREAM_FAILED
    return _run_when(upstream.all_done)


def _one_success(upstream: Upstream) -> Verdict:
    if upstream.success:
        return Verdict.RUN
    if not upstream.all_done:
        return Verdict.WAIT
    return Verdict.SKIP if upstream.skipped == upstream.total else Verdict.UPSTREAM_FAILED


def _one_failed(upstream: Upstream) -> Verdict:
    if upstream.any_failed:
        return Verdict.RUN
    return Verdict.SKIP if upstream.all_done else Verdict.WAIT


def _one_done(upstream: Upstream) -> Verdict:
    if upstream.success or upstream.failed:
        return Verdict.RUN
    return Verdict.SKIP if upstream.all_done else Verdict.WAIT


def _none_failed(upstream: Upstream) -> Verdict:
    if upstream.any_failed:
        return Verdict.UPSTREAM_FAILED
    return _run_when(upstream.all_done)


def _none_failed_min_one_success(upstream: Upstream) -> Verdict:
    if upstream.any_failed:
        return Verdict.UPSTREAM_FAILED
    if upstream.skipped == upstream.total:
        return Verdict.SKIP
    return _run_when(upstream.all_done)


def _none_skipped(upstream: Upstream) -> Verdict:
    if upstream.skipped:
        return Verdict.SKIP
    return _run_when(upstream.all_done)


def _all_skipped(upstream: Upstream) -> Verdict:
    if upstream.success or upstream.any_failed:
        return Verdict.SKIP
    return _run_when(upstream.all_done)


def _always(_: Upstream) -> Verdict:
    return Verdict.RUN


def _run_when(condition: bool) -> Verdict:
    return Verdict.RUN if condition else Verdict.WAIT


_RULES: dict[str, Callable[[Upstream], Verdict]] = {
    "all_success": _all_success,
    "all_failed": _all_failed,
    "all_done": _all_done,
    "all_done_min_one_success": _all_done_min_one_success,
    "all_done_setup_success": _all_done,
    "one_success": _one_success,
    "one_failed": _one_failed,
    "one_done": _one_done,
    "none_failed": _none_failed,
    "none_failed_min_one_success": _none_failed_min_one_success,
    "none_skipped": _none_skipped,
    "all_skipped": _all_skipped,
    "always": _always,
}
