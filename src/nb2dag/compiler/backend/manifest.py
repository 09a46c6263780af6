"""Describe a bundle for whoever runs, checks or overwrites it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from nb2dag.compiler.backend.arguments import kernel_of
from nb2dag.model.plan import DagPlan, TaskPlan
from nb2dag.runtime.formats import BundleManifest, BundleTask

_ONLY_AIRFLOW = (
    "cell_timeout",
    "connections",
    "depends_on_past",
    "executor",
    "executor_config",
    "outlets",
    "pool",
    "pool_slots",
    "priority_weight",
    "queue",
    "variables",
)
"""Options that change how Airflow runs a task and that a run without Airflow leaves aside."""


def bundle_manifest(
    plan: DagPlan,
    *,
    dag_file: str,
    notebooks: Mapping[str, str],
    written: Mapping[str, str],
    lines: tuple[tuple[int, int], ...] = (),
) -> BundleManifest:
    """Return the manifest of the bundle that `plan` was written as.

    Args:
        plan: What was compiled.
        dag_file: The DAG file, relative to the bundle, like all paths here.
        notebooks: Each task's notebook.
        written: Each written file's sha256, the manifest itself excepted.
        lines: `DagModule.lines` of the DAG file.
    """
    return BundleManifest(
        dag_id=plan.dag_id,
        source=plan.source_name,
        digest=plan.digest,
        dag_file=dag_file,
        tasks=tuple(_bundle_task(plan, task, notebooks[task.task_id]) for task in plan.tasks),
        params={param.name: param.value for param in plan.params},
        files=tuple(sorted(file.path for file in plan.files)),
        written=dict(written),
        lines=lines,
    )


def _bundle_task(plan: DagPlan, task: TaskPlan, notebook: str) -> BundleTask:
    options = {**plan.default_args, **task.options}
    inputs: dict[str, tuple[str, ...]] = {}
    for load in task.loads:
        inputs[load.task_id] = tuple(dict.fromkeys([*inputs.get(load.task_id, ()), load.key]))
    return BundleTask(
        task_id=task.task_id,
        notebook=notebook,
        upstream=task.upstream,
        inputs=inputs,
        outputs={save.key: save.names for save in task.saves},
        cells=task.source_cells,
        parameters=task.parameters,
        kernel_name=kernel_of(plan, task),
        trigger_rule=str(options.get("trigger_rule", "all_success")),
        retries=_whole(options.get("retries", 0)),
        retry_delay=_seconds(options.get("retry_delay")) or 0.0,
        retry_exponential_backoff=bool(options.get("retry_exponential_backoff", False)),
        timeout=_seconds(options.get("timeout", options.get("execution_timeout"))),
        implicit=task.implicit,
        returns=task.return_name,
        not_honoured=tuple(name for name in _ONLY_AIRFLOW if options.get(name) not in (None, False, ())),
    )


def _seconds(value: object) -> float | None:
    if isinstance(value, timedelta):
        return value.total_seconds()
    return float(value) if isinstance(value, (int, float)) else None


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
