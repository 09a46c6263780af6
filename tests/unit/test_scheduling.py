"""Trigger rules as Airflow 3 has them, retries, and the order in which tasks become ready."""

from __future__ import annotations

import pytest

from nb2dag.local.scheduling import MAX_RETRY_DELAY, TaskState, Upstream, Verdict, ready, retry_delay, verdict
from nb2dag.runtime.formats import BundleTask

S, F, U, K, W = (
    TaskState.SUCCESS,
    TaskState.FAILED,
    TaskState.UPSTREAM_FAILED,
    TaskState.SKIPPED,
    TaskState.RUNNING,
)
RUN, WAIT, SKIP, FAIL = Verdict.RUN, Verdict.WAIT, Verdict.SKIP, Verdict.UPSTREAM_FAILED

CASES = {
    "all_success": {(S, S): RUN, (S, W): WAIT, (F, W): FAIL, (U, S): FAIL, (K, S): SKIP, (K, F): FAIL, (K, W): SKIP},
    "all_failed": {(F, U): RUN, (F, W): WAIT, (S, W): SKIP, (K, F): SKIP, (F, F): RUN},
    "all_done": {(S, F): RUN, (K, U): RUN, (F, W): WAIT},
    "all_done_min_one_success": {(S, F): RUN, (F, U): FAIL, (S, K): SKIP, (K, W): SKIP, (S, W): WAIT, (F, W): WAIT},
    "all_done_setup_success": {(S, F): RUN, (K, U): RUN, (F, W): WAIT},
    "one_success": {(S, W): RUN, (F, W): WAIT, (F, U): FAIL, (K, K): SKIP, (K, F): FAIL, (K, W): WAIT},
    "one_failed": {(F, W): RUN, (U, W): RUN, (S, W): WAIT, (S, S): SKIP, (S, K): SKIP},
    "one_done": {(S, W): RUN, (F, W): RUN, (K, W): WAIT, (U, W): WAIT, (K, U): SKIP, (K, K): SKIP},
    "none_failed": {(S, K): RUN, (K, K): RUN, (F, W): FAIL, (U, S): FAIL, (S, W): WAIT},
    "none_failed_min_one_success": {(S, K): RUN, (K, K): SKIP, (F, W): FAIL, (K, W): WAIT, (S, W): WAIT},
    "none_skipped": {(S, F): RUN, (U, F): RUN, (K, W): SKIP, (S, W): WAIT},
    "all_skipped": {(K, K): RUN, (K, W): WAIT, (S, W): SKIP, (F, K): SKIP, (U, K): SKIP},
    "always": {(W, W): RUN, (F, W): RUN},
}


@pytest.mark.parametrize(
    ("rule", "states", "expected"),
    [(rule, states, expected) for rule, cases in CASES.items() for states, expected in cases.items()],
)
def test_trigger_rules(rule, states, expected):
    assert verdict(rule, Upstream.of(states)) is expected
    assert verdict(rule, Upstream.of(states[::-1])) is expected


@pytest.mark.parametrize("rule", CASES)
def test_a_task_without_upstream_tasks_runs(rule):
    assert verdict(rule, Upstream.of([])) is RUN


@pytest.mark.parametrize("rule", CASES)
def test_every_rule_comes_to_a_verdict_once_all_are_done(rule):
    final = [S, F, U, K]
    for first in final:
        for second in final:
            assert verdict(rule, Upstream.of([first, second])) is not WAIT


def test_the_rules_are_those_of_airflow():
    trigger_rule = pytest.importorskip("airflow.task.trigger_rule")
    assert {rule.value for rule in trigger_rule.TriggerRule} == set(CASES)


def task(task_id, *upstream, **options):
    return BundleTask(task_id, f"tasks/{task_id}.ipynb", upstream, {}, {}, (), **options)


def test_ready_tasks_come_in_the_order_of_the_bundle():
    tasks = [task("a"), task("b"), task("c", "a"), task("d", "b", trigger_rule="one_failed")]
    states = {"a": S, "b": S, "c": TaskState.WAITING, "d": TaskState.WAITING}
    assert [(one.task_id, outcome) for one, outcome in ready(tasks, states)] == [("c", RUN), ("d", SKIP)]


@pytest.mark.parametrize(
    ("options", "attempt", "seconds"),
    [
        ({"retry_delay": 5.0}, 3, 5.0),
        ({"retry_delay": 5.0, "retry_exponential_backoff": True}, 1, 5.0),
        ({"retry_delay": 5.0, "retry_exponential_backoff": True}, 3, 20.0),
        ({"retry_delay": 0.0, "retry_exponential_backoff": True}, 1, 1.0),
        ({"retry_delay": 300.0, "retry_exponential_backoff": True}, 5000, MAX_RETRY_DELAY),
    ],
)
def test_retry_delay(options, attempt, seconds):
    assert retry_delay(task("a", **options), attempt) == seconds
