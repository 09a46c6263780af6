"""Fetch what the tasks upstream committed, and publish what this one did: pointer manifests, by XCom."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from nb2dag.runtime.formats import BundleManifest, PointerManifest

XCOM_KEY = "nb2dag"
"""The XCom that holds a task's pointer manifest."""


class HandoffMissing(Exception):
    """A value that should have been handed over was not; trying the task again would not change that."""


class Superseded(Exception):
    """A later attempt of this task has published already; what this one made must not take its place."""


def publish(manifest: PointerManifest, ti: Any) -> None:
    """Make what an attempt committed the task's: readers follow this pointer and nothing else.

    Raises:
        Superseded: This is a late attempt, of a worker that was taken for lost.
    """
    if manifest.objects:
        # Airflow clears a task's XComs when an attempt begins, so what is there came from an attempt that began later.
        published = ti.xcom_pull(task_ids=ti.task_id, key=XCOM_KEY, map_indexes=ti.map_index)
        attempt = published.get("attempt", 0) if isinstance(published, Mapping) else 0
        if attempt > manifest.attempt:
            raise Superseded(
                f"attempt {manifest.attempt} of `{ti.task_id}` came back after attempt {attempt} had handed over its "
                "values, which stay: what this attempt made is not published"
            )
    ti.xcom_push(key=XCOM_KEY, value=manifest.to_json())


def pull_manifests(
    inputs: Mapping[str, Sequence[str]], ti: Any, bundle: BundleManifest | None = None
) -> dict[str, PointerManifest]:
    """Return the pointer manifest of each producer in `inputs` (producer to handoff keys).

    Raises:
        HandoffMissing: A producer has none in this run, or one of another version of the bundle.
    """
    return {producer: _manifest(producer, keys, ti, bundle) for producer, keys in inputs.items()}


def _manifest(producer: str, keys: Sequence[str], ti: Any, bundle: BundleManifest | None) -> PointerManifest:
    values = _value_names(producer, keys, bundle)
    published = ti.xcom_pull(task_ids=producer, key=XCOM_KEY, map_indexes=-1)
    if published is None:
        state = _state(producer, ti)
        why = (
            f"that task is {state}" if state else "it was skipped, or marked as success by hand, or its XComs are gone"
        )
        raise HandoffMissing(
            f"`{ti.task_id}` needs {values} from `{producer}`, which handed over nothing in this run ({why}): "
            f"clear from `{producer}`"
        )
    try:
        manifest = PointerManifest.from_json(published)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise HandoffMissing(
            f"`{ti.task_id}` needs {values} from `{producer}`, whose XCom `{XCOM_KEY}` cannot be read ({error}): "
            f"clear from `{producer}`"
        ) from error
    if bundle is not None and manifest.bundle != bundle.digest:
        raise HandoffMissing(
            f"`{ti.task_id}` needs {values} from `{producer}`, which ran before the DAG was compiled anew from "
            f"{bundle.source}: clear from `{producer}`"
        )
    return manifest


def _value_names(producer: str, keys: Sequence[str], bundle: BundleManifest | None) -> str:
    tasks = bundle.tasks if bundle is not None else ()
    outputs = next((task.outputs for task in tasks if task.task_id == producer), {})
    names = dict.fromkeys(name for key in keys for name in outputs.get(key, (key,)))
    return ", ".join(f"`{name}`" for name in names) or "a value"


def _state(producer: str, ti: Any) -> str:
    # Only to word an error: an Airflow that cannot say (3.0) must not hide it behind another one.
    with contextlib.suppress(Exception):
        states = ti.get_task_states(dag_id=ti.dag_id, task_ids=[producer], run_ids=[ti.run_id])
        return str(states[ti.run_id][producer])
    return ""
