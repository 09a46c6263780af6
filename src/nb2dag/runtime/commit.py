"""Load what upstream tasks handed over and save what this task hands over: the calls in a task notebook's cells.

A task notebook gets its job from a file whose path is in `NB2DAG_JOB`. A load follows the pointers in it and nothing
else; a save stores one object and adds its pointer to this attempt's manifest, which counts only once whoever runs
the task has published it.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from nb2dag.runtime import fingerprints, paths_inside, states, unsavable, versions
from nb2dag.runtime.codecs import CODECS, Values
from nb2dag.runtime.failures import HandoffError
from nb2dag.runtime.formats import HANDOFF_FORMAT, JOB_VARIABLE, LAID_DOWN, Job, PointerManifest, StoredObject
from nb2dag.runtime.objects import DamagedObjectError, Label, read_object, write_object
from nb2dag.runtime.returned import json_value
from nb2dag.runtime.store import open_store
from nb2dag.runtime.task_folder import TaskFolder

Namespace = dict[str, Any]


def load(namespace: Namespace, task_id: str, key: str, *names: str, optional: tuple[str, ...] = ()) -> None:
    """Bind values that another task handed over.

    Args:
        namespace: The notebook's `globals()`.
        task_id: The task that saved them.
        key: The handoff that holds them; without `names` also the one name to bind.
        names: The names to bind; others of the handoff stay unbound. One in angle brackets is a state to set back.
        optional: Names to bind if the task had bound them.

    Raises:
        HandoffError: A value is missing, damaged, of another bundle or of another Python, or needs what is not here.
    """
    job = _job()
    producer = job.inputs.get(task_id)
    if producer is None:
        raise HandoffError(f"task `{job.task_id}` was given nothing from task `{task_id}`: clear from `{task_id}`")
    if producer.bundle != job.bundle:
        raise HandoffError(
            f"the bundle changed in mid-run: task `{task_id}` ran before the DAG was compiled anew; clear from "
            f"`{task_id}`"
        )
    required, optional = _names(key, names, optional)
    values = _read(job, task_id, producer.objects.get(key), key, namespace)
    missing = [name for name in required if name not in values]
    if missing:
        raise HandoffError(f"task `{task_id}` handed over no `{missing[0]}` in `{key}`: clear from `{task_id}`")
    loaded = {name: values[name] for name in (*required, *optional) if name in values}
    for name, value in loaded.items():
        states.bind(namespace, name, value, _folder(job))
    fingerprints.watch(task_id, key, loaded.items(), namespace)


def save(namespace: Namespace, key: str, *names: str, optional: tuple[str, ...] = ()) -> None:
    """Save an alias group: values that may share objects, in one stream, so that they share them after a load.

    Args:
        namespace: The notebook's `globals()`.
        key: The handoff's name; without `names` also the one name to save.
        names: The names to save. One in angle brackets is a state without a name: `<random>`, `<numpy.random>`.
        optional: Names to save if they are bound.

    Raises:
        HandoffError: A name is not bound, or its value cannot be handed over; the message names the member at fault.
        StoreError: The store cannot be written.
    """
    job = _job()
    required, optional = _names(key, names, optional)
    values: Values = {}
    for name in (*required, *optional):
        if states.is_bound(namespace, name):
            values[name] = states.value(namespace, name, _folder(job))
        elif name in required:
            raise HandoffError(
                f"task `{job.task_id}` hands over `{name}`, which is not bound at the end of the cell above: bind "
                f"it on "
                f"every path, or delete its uses in the tasks downstream"
            )
    codec = CODECS["pickle"]
    try:
        encoded = codec.encode(values, namespace)
    except Exception as error:
        raise HandoffError(f"task `{job.task_id}`: {unsavable.explain(values, namespace, error)}") from error
    packages = versions.of_packages(encoded.packages)
    label = Label(key, job.task_id, job.bundle, codec.name, versions.python(), packages)
    first, *others = encoded.payload.regions
    payload = replace(encoded.payload, regions=(paths_inside.without_folder(first, _folder(job).root), *others))
    stored = write_object(open_store(job.store), job.prefix, label, payload, tuple(values))
    manifest = _manifest(job)
    _write(
        job,
        replace(manifest, objects=manifest.objects | {key: stored}, packages=manifest.packages | packages),
    )


def load_files(task_id: str, *places: str, key: str = "") -> None:
    """Lay down files of the working directory as another task left them.

    Args:
        task_id: The task that saved them.
        places: Paths relative to the working directory: a file, a folder with all in it (`out/` for the folder alone),
            or a pattern in which `*` stands for any text, slashes included.
        key: The handoff that holds them, by default that of the first place.

    Raises:
        HandoffError: As `load` does.
    """
    names = [states.file_state(place) for place in places]
    load({}, task_id, key or names[0], *names)


def save_files(*places: str, key: str = "") -> None:
    """Save files of the working directory as they are now, or that they are not there.

    Args:
        places: As in `load_files`.
        key: The handoff's name, by default that of the first place.

    Raises:
        HandoffError: A file cannot be read, or is a database with a transaction that is not committed.
        StoreError: The store cannot be written.
    """
    names = [states.file_state(place) for place in places]
    save({}, key or names[0], *names)


def save_return(namespace: Namespace, name: str) -> None:
    """Publish the value of a name as the task's return value: a small JSON value, for XCom.

    Raises:
        HandoffError: The name is not bound, or its value is not JSON, or larger than 64 KiB.
    """
    job = _job()
    if name not in namespace:
        raise HandoffError(f"task `{job.task_id}` returns `{name}`, which is not bound at the end of the cell above")
    try:
        value = json_value(namespace[name], name)
    except ValueError as error:
        raise HandoffError(f"task `{job.task_id}` cannot return `{name}`: {error}") from None
    _write(job, replace(_manifest(job), returned=value))


def note_changes(namespace: Namespace, cell: int) -> None:
    """Note in the attempt's manifest which loaded values a cell of the source notebook has just changed in place."""
    if changed := fingerprints.changed(namespace, cell):
        job = _job()
        manifest = _manifest(job)
        _write(job, replace(manifest, changed=(*manifest.changed, *changed)))


def check() -> int:
    """Check in a task's kernel, before its first cell, that its job can be read and its store written.

    Returns:
        The handoff format of the nb2dag that the kernel has.
    """
    open_store(_job().store).check()
    return HANDOFF_FORMAT


_BEGAN_IN = Path.cwd()
"""Where this process was when it first had to do with handoffs, for a job that names no directory."""


def _folder(job: Job) -> TaskFolder:
    return TaskFolder(
        Path(job.directory) if job.directory else _BEGAN_IN,
        Path(job.files) if job.files else None,
        Path(job.manifest).with_name(LAID_DOWN),
    )


def _job() -> Job:
    path = os.environ.get(JOB_VARIABLE)
    if not path:
        raise HandoffError(
            f"this notebook is one task of a DAG, and {JOB_VARIABLE}, which says where its inputs are, is not set: "
            f"open the "
            f"notebook it was compiled from instead, or run the DAG (`nb2dag run` or Airflow)"
        )
    try:
        return Job.from_json(json.loads(Path(path).read_text("utf-8")))
    except OSError as error:
        raise HandoffError(
            f"{JOB_VARIABLE} names the job file {path}, which cannot be read ({error.strerror or error}): it is "
            f"there only "
            f"while its task runs"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise HandoffError(
            f"the job file {path} is not one that this nb2dag reads ({error}): the kernel needs the nb2dag that "
            f"runs the task"
        ) from error


def _names(key: str, names: tuple[str, ...], optional: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    required = names or (() if key in optional else (key,))
    return tuple(name for name in required if name not in optional), optional


def _read(job: Job, task_id: str, pointer: StoredObject | None, key: str, namespace: Namespace) -> Values:
    if pointer is None:
        raise HandoffError(f"task `{task_id}` handed over no `{key}`: clear from `{task_id}`")
    store = open_store(job.store)
    what = f"`{key}` of task `{task_id}` ({store.root}/{pointer.path})"
    try:
        header, stream, buffers = read_object(store, pointer)
    except DamagedObjectError as error:
        raise HandoffError(f"{what} is missing or damaged: {error}; clear from `{task_id}`") from error
    if header.bundle != job.bundle:
        raise HandoffError(
            f"{what} is of another version of the DAG: the bundle changed in mid-run; clear from `{task_id}`"
        )
    if header.codec not in CODECS:
        raise HandoffError(
            f"{what} was saved with codec `{header.codec}`, which this nb2dag does not have: upgrade it here"
        )
    if mismatch := versions.mismatch(header.python, header.packages):
        raise HandoffError(f"{what} {mismatch}: run both tasks with the same environment, then clear from `{task_id}`")
    try:
        return CODECS[header.codec].decode(paths_inside.with_folder(stream, _folder(job).root), buffers, namespace)
    except Exception as error:
        raise HandoffError(f"{what} cannot be loaded: {unsavable.why_not_loaded(error)}") from error


def _manifest(job: Job) -> PointerManifest:
    """Return what this attempt saved up to now."""
    path = Path(job.manifest)
    if path.exists():
        return PointerManifest.from_json(json.loads(path.read_text("utf-8")))
    return PointerManifest(job.task_id, job.attempt, job.bundle, versions.python())


def _write(job: Job, manifest: PointerManifest) -> None:
    path = Path(job.manifest)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(json.dumps(manifest.to_json()), "utf-8")
    partial.replace(path)
