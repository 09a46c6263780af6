"""Faults that need workers, a store and a database apart from one another, each provoked for real."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import psutil
import pytest
from airflow_api import AirflowFailed
from cluster.cluster import Cluster
from cluster.example import Example
from cluster.processes import send

from distributed.conftest import Gated, is_notebook
from distributed.notebooks import GATED, total
from distributed.turns import Turn, task_processes, wait_for_end

pytestmark = pytest.mark.timeout(1800)


def assert_right(turn: Turn, attempts: dict[str, int] | None = None, offset: int = 0) -> None:
    """Check that a run has ended well, after these attempts, with what the whole notebook computes."""
    run = turn.end()
    assert {task.task_id: task.state for task in run.tasks} == dict.fromkeys(("first", "second", "third"), "success")
    assert dict(run.tries) == {"first": 1, "second": 1, "third": 1} | (attempts or {})
    assert turn.xcom("third") == total(offset)


def test_a_worker_killed_in_mid_task_leaves_no_process_and_the_retry_is_right(cluster: Cluster, gated: Gated) -> None:
    turn = gated()
    turn.open("first", "third")
    (held,) = turn.arrivals("second")
    cluster.kill_worker(held.machine, spared=is_watched)
    try:
        # Nobody waits for it any more, and still it does not outlive its task.
        wait_for_end(held.pid)
        again = turn.arrivals("second", 2)[1]
        assert again.machine != held.machine
        turn.open("second")
        assert_right(turn, {"second": 2})
    finally:
        cluster.start_worker(held.machine)


def test_an_attempt_that_comes_back_late_harms_nothing(cluster: Cluster, gated: Gated) -> None:
    turn = gated()
    turn.open("first")
    (early,) = turn.arrivals("second")
    frozen = task_processes(early.pid, cluster.worker_pid(early.machine))
    for process in frozen:
        send(process, signal.SIGSTOP)
    try:
        later = turn.arrivals("second", 2)[1]
        turn.open("second")
        # The reader's input is there, and the reader is held: now the first attempt goes on where it stood.
        turn.arrivals("third")
    finally:
        for process in frozen:
            send(process, signal.SIGCONT)
    wait_for_end(early.pid)
    turn.open("third")
    assert_right(turn, {"second": 2})
    assert turn.xcom("second", "nb2dag")["attempt"] == 2
    assert f"squares of {later.pid}" in turn.log("third", 1)
    turn.clear("third")
    assert_right(turn, {"second": 2, "third": 2})
    assert f"squares of {later.pid}" in turn.log("third", 2)


def test_a_store_that_is_away_for_a_moment_fails_nothing(cluster: Cluster, gated: Gated) -> None:
    turn = gated()
    turn.open("first", "third")
    turn.arrivals("second")
    cluster.objects.stop()
    turn.open("second")
    # How long it is away is the fault itself.
    time.sleep(3)
    cluster.objects.start()
    assert_right(turn)


def test_a_store_that_is_away_for_longer_costs_an_attempt(cluster: Cluster, gated: Gated) -> None:
    turn = gated()
    turn.open("first", "third")
    turn.arrivals("second")
    cluster.objects.stop()
    turn.open("second")
    turn.wait_until(lambda: turn.row("second").state == "up_for_retry" or turn.row("second").attempt > 1, "retry")
    cluster.objects.start()
    run = turn.end()
    assert run.state == "success"
    assert run.task("second").attempt in (2, 3)
    assert turn.xcom("third") == total(0)
    assert "cannot write s3://nb2dag/handoffs" in turn.log("second", 1)


@pytest.mark.parametrize("harm", ["damaged", "cut short", "deleted"])
def test_a_handoff_harmed_before_its_reader_is_never_read(harm: str, gated: Gated) -> None:
    turn = gated()
    turn.open("first", "third")
    turn.arrivals("second")
    stored = turn.stored("first", "kept")
    content = stored.read_bytes()
    if harm == "deleted":
        stored.unlink()
    else:
        stored.write_bytes(content[:-7] if harm == "cut short" else content[:-7] + b"damaged")
    turn.open("second")
    run = turn.end()
    assert (run.state, run.task("third").state) == ("failed", "failed")
    log = turn.log("third", run.task("third").attempt)
    assert "`kept` of task `first`" in log
    assert "is missing or damaged" in log
    assert "clear from `first`" in log
    turn.clear("first")
    run = turn.end()
    assert (run.state, turn.xcom("third")) == ("success", total(0))


def test_a_bundle_changed_in_mid_run_is_never_mixed(
    cluster: Cluster, gated: Gated, compiled: Callable[[str, tuple[str, ...]], Example]
) -> None:
    original, changed = (
        compiled("gated", tuple(cell.replace("value * value", new) for cell in GATED))
        for new in ("value * value", "value * value * 0 + 1")
    )
    turn = gated()
    turn.open("first", "third")
    turn.arrivals("second")
    cluster.deploy(changed.folder)
    try:
        turn.open("second")
        run = turn.end()
        assert (run.task("second").state, run.task("third").state) == ("success", "failed")
        # No retry would help, and none is made.
        assert run.task("third").attempt == 1
        log = turn.log("third", 1)
        assert "which ran before the DAG was compiled anew" in log
        assert "clear from `first`" in log
        turn.clear("first")
        run = turn.end()
        assert (run.state, turn.xcom("third")) == ("success", 1000 - sum(range(1000)))
    finally:
        cluster.deploy(original.folder)


def test_two_runs_at_once_do_not_see_each_other(gated: Gated) -> None:
    turns = {offset: gated(offset) for offset in (0, 5)}
    for turn in turns.values():
        turn.open("first", "third")
    for turn in turns.values():
        turn.arrivals("second")
    for offset, turn in reversed(turns.items()):
        turn.open("second")
        assert_right(turn, offset=offset)


def test_a_task_cleared_and_rerun_is_read_anew(gated: Gated) -> None:
    turn = gated()
    turn.open("first", "second", "third")
    assert_right(turn)
    before = turn.stored("second", "squares")
    turn.clear("second")
    assert_right(turn, {"second": 2, "third": 2})
    again = turn.arrivals("second", 2)[1]
    assert f"squares of {again.pid}" in turn.log("third", 2)
    assert turn.stored("second", "squares") != before
    assert before.exists()


def test_a_database_that_is_away_for_a_moment_loses_nothing(cluster: Cluster, gated: Gated) -> None:
    turn = gated()
    turn.open("first", "third")
    turn.arrivals("second")
    cluster.database.stop()
    turn.open("second")
    # How long it is away is the fault itself.
    time.sleep(3)
    cluster.database.start()
    turn.wait_until(lambda: has_ended(turn, cluster), "end of the run")
    assert (turn.end().state, turn.xcom("third")) == ("success", total(0))


def has_ended(turn: Turn, cluster: Cluster) -> bool:
    """Tell whether a run has ended, in an Airflow whose parts end with the database and are started again."""
    cluster.revive()
    try:
        return turn.row("third").state in ("success", "failed", "upstream_failed")
    except AirflowFailed:
        return False


def is_watched(process: psutil.Process) -> bool:
    """Tell whether a process is a notebook's or the guardian that ends it."""
    try:
        return is_notebook(process) or any(part.endswith("processes.py") for part in process.cmdline())
    except psutil.NoSuchProcess:
        return True
