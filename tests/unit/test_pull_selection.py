"""Which attempt is pulled, and what is said where there is none."""

from __future__ import annotations

import pytest

from nb2dag.local.pull.production import Dag, Instance, PullRefused
from nb2dag.local.pull.selection import Wanted, choose

INSTANCES = {
    "clean": [
        Instance("r4", -1, 0, ""),
        Instance("r3", -1, 1, "success"),
        Instance("r2", -1, 3, "failed"),
        Instance("r1", -1, 1, "failed"),
    ],
    "each": [
        Instance("r3", 0, 1, "success"),
        Instance("r3", 1, 2, "failed"),
        Instance("r3", 2, 1, "up_for_retry"),
    ],
    "late": [Instance("r3", -1, 0, "upstream_failed")],
    "never": [],
}


class Table:
    """A production that is a table of instances, the last begun first."""

    name = "Airflow at http://a"
    home = ""

    def dag(self, dag_id):
        return Dag(dag_id, "") if dag_id == "sales" else None

    def dag_ids(self):
        return ["sales", "other"]

    def task_ids(self, dag_id):
        return list(INSTANCES)

    def has_run(self, dag_id, run_id):
        return run_id in ("r1", "r2", "r3", "r4")

    def run_ids(self, dag_id):
        return ["r4", "r3"]

    def instances(self, dag_id, task_id, *, run_id=None, states=()):
        found = INSTANCES.get(task_id, [])
        return [
            one
            for one in sorted(found, key=lambda one: not one.attempt)
            if run_id in (None, one.run_id) and (not states or one.state in states)
        ]

    def notebook(self, dag_id, task_id, instance, attempt):
        return ""


@pytest.mark.parametrize(
    ("wanted", "run_id", "map_index", "attempt"),
    [
        (Wanted("sales", "r2", "clean"), "r2", -1, 3),
        (Wanted("sales", "r2", "clean", attempt=1), "r2", -1, 1),
        (Wanted("sales", "latest", "clean"), "r3", -1, 1),
        (Wanted("sales", "latest-failed", "clean"), "r2", -1, 3),
        (Wanted("sales", "r3", "each", map_index=0), "r3", 0, 1),
        (Wanted("sales", "latest-failed", "each"), "r3", 1, 2),
        (Wanted("sales", "latest-failed", "each", map_index=2), "r3", 2, 1),
    ],
)
def test_the_attempt_that_is_meant(wanted, run_id, map_index, attempt):
    chosen = choose(Table(), wanted)
    assert (chosen.instance.run_id, chosen.instance.map_index, chosen.attempt) == (run_id, map_index, attempt)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted("sale", "r1", "clean"), "has no DAG `sale`: did you mean `sales`?"),
        (Wanted("shop", "r1", "clean"), "has no DAG `shop`: there is `sales`, `other`"),
        (Wanted("sales", "r9", "clean"), "has no run `r9` of `sales`, or no more: its last runs are r4, r3; `latest`"),
        (Wanted("sales", "r1", "claen"), "`sales` has no task `claen`: did you mean `clean`?"),
        (Wanted("sales", "latest", "claen"), "`sales` has no task `claen`: did you mean `clean`?"),
        (Wanted("sales", "r1", "each"), "`each` was not yet a task of `sales` in r1"),
        (Wanted("sales", "latest", "never"), "`never` of `sales` has not run in any run"),
        (Wanted("sales", "latest-failed", "late"), "`late` of `sales` has not failed in any run"),
        (Wanted("sales", "latest-failed", "each", map_index=0), "with the map index 0 has not failed in any run"),
        (Wanted("sales", "r4", "clean"), "`clean` has not run in r4: it has not been scheduled yet"),
        (Wanted("sales", "r3", "late"), "`late` has not run in r3: a task above it failed: pull that one"),
        (
            Wanted("sales", "r3", "each"),
            "is mapped, and ran 3 times in this run: name one with --map-index (failed: 1, 2)",
        ),
        (Wanted("sales", "r3", "each", map_index=7), "no instance with the map index 7 in this run: there is 0, 1, 2"),
        (Wanted("sales", "r2", "clean", attempt=4), "`clean` has no attempt 4 in r2: it was tried 3 times"),
        (Wanted("sales", "r3", "clean", attempt=2), "`clean` has no attempt 2 in r3: it was tried once"),
    ],
)
def test_what_cannot_be_pulled(wanted, said):
    with pytest.raises(PullRefused) as refused:
        choose(Table(), wanted)
    assert said in str(refused.value)
