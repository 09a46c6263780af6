"""Copy the handoffs that an attempt read into a store on this machine, each checked by its digest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nb2dag.local.pull.production import PullRefused
from nb2dag.runtime.failures import StoreError
from nb2dag.runtime.formats import STORE_VARIABLE, Job, StoredObject
from nb2dag.runtime.objects import DamagedObjectError, copy_object
from nb2dag.runtime.store import Store, open_store

_ELSEWHERE = f"name it, as it is reached from here, with --store or {STORE_VARIABLE}"


def handoffs(job: Job) -> Iterator[tuple[str, StoredObject]]:
    """Yield what a job reads: the producer's task id and the pointer."""
    for task_id, manifest in sorted(job.inputs.items()):
        for pointer in manifest.objects.values():
            yield task_id, pointer


def find_store(job: Job, given: str, home: str) -> Store | None:
    """Return the store that holds what a job reads, None where it reads nothing.

    Args:
        job: The job, with the store as the worker reached it.
        given: The store as it is reached from here; empty to take the job's, else the usual one in `home`.
        home: The `AIRFLOW_HOME`, empty for one elsewhere.

    Raises:
        PullRefused: There is none.
    """
    if not any(handoffs(job)):
        return None
    try:
        for url in (given,) if given else (job.store, f"{home}/nb2dag/store" if home else ""):
            store = open_store(url) if url else None
            if store is not None and ("://" in store.root or Path(store.root).is_dir()):
                return store
    except StoreError as error:
        raise PullRefused(f"{error}; {_ELSEWHERE}") from None
    raise PullRefused(f"the handoff store {given or job.store} is not on this machine: {_ELSEWHERE}")


def copy_handoffs(job: Job, source: Store | None, target: Path) -> None:
    """Copy everything that a job reads to a store in the folder `target`.

    Raises:
        PullRefused: An object is gone, damaged or out of reach.
    """
    local = open_store(str(target))
    for task_id, pointer in handoffs(job):
        what = f"`{pointer.key}`, which `{task_id}` handed over"
        assert source is not None
        try:
            copy_object(source, pointer, local)
        except DamagedObjectError as error:
            raise PullRefused(
                f"{what}, cannot be had from {source.root}/{pointer.path}: {error}; it was removed, or the store is "
                f"another one: {_ELSEWHERE}, or clear the run from `{task_id}` and pull again"
            ) from None
        except StoreError as error:
            raise PullRefused(f"{what}, cannot be copied: {error}; if the store is another one, {_ELSEWHERE}") from None
