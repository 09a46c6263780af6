"""Read the bundle that is to be run, and say before the run what would stop it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from nb2dag.directives.nearest import nearest
from nb2dag.errors import Nb2dagError
from nb2dag.runtime.failures import NotRunnableError
from nb2dag.runtime.formats import BUNDLE_MANIFEST, BundleManifest


def read_manifest(bundle: Path) -> BundleManifest:
    """Read the manifest of a bundle.

    Raises:
        Nb2dagError: There is none, or it is damaged or of another format.
    """
    path = bundle / BUNDLE_MANIFEST
    try:
        return BundleManifest.from_json(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise Nb2dagError(f"{bundle}: is no bundle: it has no {BUNDLE_MANIFEST}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Nb2dagError(f"{path}: cannot be used: {error}") from error


def require_params(dag_id: str, known: Iterable[str], given: Iterable[str]) -> None:
    """Make sure that every param given is one of the DAG's.

    Raises:
        Nb2dagError: One is not; the message suggests the nearest, or lists all.
    """
    names = list(known)
    for name in given:
        if name in names:
            continue
        if meant := nearest(name, names):
            hint = f"did you mean `{meant}`?"
        elif names:
            hint = "its params are " + ", ".join(f"`{one}`" for one in names)
        else:
            hint = f"it has no params at all: `#| parameters` above the cell that sets `{name}` makes it one"
        raise Nb2dagError(f"`{dag_id}` has no param `{name}`: {hint}")


def require_kernels(manifest: BundleManifest) -> None:
    """Make sure that every kernel which the tasks name is installed.

    Raises:
        Nb2dagError: One is not; the message names it, its tasks and what is installed.
    """
    for name in dict.fromkeys(task.kernel_name for task in manifest.tasks if task.kernel_name):
        _require_kernel(name, [task.task_id for task in manifest.tasks if task.kernel_name == name])


def _require_kernel(name: str, task_ids: Sequence[str]) -> None:
    from nb2dag.runtime.kernels import find_kernel

    try:
        find_kernel(name)
    except NotRunnableError as error:
        tasks = ", ".join(f"`{task_id}`" for task_id in task_ids)
        raise Nb2dagError(f"cannot run {tasks}: {error}") from error
