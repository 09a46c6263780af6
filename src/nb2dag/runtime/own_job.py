"""Let a notebook take on its job by itself, where Airflow's own operator runs it and nobody does it for the notebook.

The notebook's first cell calls `begin` with what the operator passed as a parameter, its last one `publish`. Pointer
manifests travel through the store instead of XCom: `<task>/published/try-<n>-<time>.json`, of which readers take the
last of the highest attempt. They come there whole, after the last cell, and are never changed.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nb2dag.runtime.failures import HandoffError
from nb2dag.runtime.formats import JOB_VARIABLE, Job, PointerManifest
from nb2dag.runtime.store import Store, absolute, default_store, open_store
from nb2dag.runtime.workdir import private_copy

_PUBLISHED = "published"


def begin(given: Mapping[str, Any], *producers: str) -> None:
    """Take on a job: a private copy of the bundle's files as the current folder, and the pointers of the producers.

    Args:
        given: `bundle`, the digest; `run`, the ids and the number of the attempt; `files`, where the bundle has any.
        producers: The tasks whose values the notebook loads.

    Raises:
        HandoffError: The notebook is not run by a DAG, or a producer has published nothing in this run.
        StoreError: The store cannot be written or read.
        NotRunnableError: The bundle's files are not there.
    """
    attempt = _attempt(given)
    ends = contextlib.ExitStack()
    atexit.register(ends.close)
    scratch = ends.enter_context(tempfile.TemporaryDirectory(prefix="nb2dag-job-"))
    files = Path(given["files"]) if given.get("files") else None
    directory = ends.enter_context(private_copy(files))
    # Before the folder is removed: it cannot be where something still writes to.
    ends.callback(os.chdir, "/")
    job = Job(
        dag_id=str(attempt["dag_id"]),
        run_id=str(attempt["run_id"]),
        task_id=str(attempt["task_id"]),
        attempt=int(attempt["try"]),
        store=absolute(default_store()),
        bundle=str(given["bundle"]),
        manifest=str(Path(scratch, "manifest.json")),
        directory=str(directory),
        files=str(files or ""),
    )
    store = open_store(job.store)
    store.check()
    job = replace(job, inputs={producer: _published(store, job, producer) for producer in producers})
    Path(scratch, "job.json").write_text(json.dumps(job.to_json()), "utf-8")
    os.environ[JOB_VARIABLE] = str(Path(scratch, "job.json"))
    os.chdir(directory)


def publish() -> None:
    """Publish what the notebook saved; the tasks downstream see all of it from now on, and nothing of it before.

    Raises:
        StoreError: The store cannot be written.
    """
    job = Job.from_json(json.loads(Path(os.environ[JOB_VARIABLE]).read_text("utf-8")))
    saved = Path(job.manifest)
    if not saved.exists():
        return
    with open_store(job.store).create(_folder(job, job.task_id)) as draft:
        draft.file.write(saved.read_bytes())
        draft.publish(f"try-{job.attempt:06d}-{time.time_ns():020d}.json")


def _attempt(given: object) -> Mapping[str, Any]:
    attempt = given.get("run") if isinstance(given, Mapping) else None
    if not isinstance(attempt, Mapping):
        raise HandoffError(
            "this notebook is one task of a DAG, and its parameter `nb2dag_job` does not say of which run: let the DAG "
            "run it (with `render_template_as_native_obj`, as its file has it), or open the notebook it was compiled "
            "from"
        )
    return attempt


def _published(store: Store, job: Job, producer: str) -> PointerManifest:
    names = sorted(name for name in store.names(_folder(job, producer)) if name.startswith("try-"))
    if not names:
        raise HandoffError(
            f"`{job.task_id}` needs values from `{producer}`, which has handed over nothing in this run (store "
            f"{store.root}): clear from `{producer}`, and see that all workers have the same store"
        )
    try:
        found = json.loads(bytes(store.read(f"{_folder(job, producer)}/{names[-1]}")))
        return PointerManifest.from_json(found)
    except (ValueError, KeyError, TypeError, AttributeError, FileNotFoundError) as error:
        raise HandoffError(
            f"what `{producer}` published in {store.root} cannot be read ({error}): clear from `{producer}`"
        ) from error


def _folder(job: Job, task_id: str) -> str:
    # The task's folder in the store, beside those of its attempts.
    return replace(job, task_id=task_id).prefix.rpartition("/")[0] + f"/{_PUBLISHED}"
