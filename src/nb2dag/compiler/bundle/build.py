"""Gather the files of a bundle: generated text, and what the notebook needs from its folder."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from nb2dag.compiler.backend.dag_module import emit_dag_module
from nb2dag.compiler.backend.dialects import DEFAULT_DIALECT, Dialect
from nb2dag.compiler.backend.json_text import manifest_json
from nb2dag.compiler.backend.manifest import bundle_manifest
from nb2dag.compiler.backend.names import file_stems
from nb2dag.compiler.backend.task_notebook import emit_task_notebook
from nb2dag.errors import Nb2dagError
from nb2dag.model.plan import DagPlan, FilePlan
from nb2dag.runtime.formats import BUNDLE_MANIFEST, FOLDER_KEEPER, BundleManifest

FILES_FOLDER = "files"
"""Folder of the local modules and data files that tasks need."""

_AIRFLOW_IGNORE = f"""\
# Airflow looks for DAGs in every Python file below its DAG folder; these are modules and data of the tasks.
{FILES_FOLDER}/
"""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What compile writes for one notebook.

    `files` maps a path relative to the bundle's folder (with forward slashes) to its bytes, the manifest included.
    `executable` are the paths of shipped files that may be executed.
    """

    manifest: BundleManifest
    files: Mapping[str, bytes]
    executable: frozenset[str] = frozenset()

    @property
    def dag_id(self) -> str:
        """The id of the bundle's DAG."""
        return self.manifest.dag_id


def build_bundle(plan: DagPlan, notebook_folder: Path, dialect: Dialect = DEFAULT_DIALECT) -> Bundle:
    """Return the bundle of `plan`, with the shipped files read from `notebook_folder`.

    The same plan and the same shipped files make the same bytes.

    Raises:
        Nb2dagError: A shipped file cannot be read or lies outside `notebook_folder`, or the plan cannot be written as
            Airflow code.
    """
    _require_file_names([plan.dag_id, *(task.task_id for task in plan.tasks)])
    shipped = dict(_shipped(notebook_folder, sorted(file.path for file in plan.files)))
    files_written = tuple(FilePlan(path, len(content)) for path, content in shipped.items())
    plan = replace(plan, digest=_digest(plan.digest, shipped), files=files_written)
    stems = file_stems(task.task_id for task in plan.tasks)
    notebooks = {task_id: f"tasks/{stem}.ipynb" for task_id, stem in stems.items()}
    dag_file = f"{plan.dag_id}.py"
    module = emit_dag_module(plan, notebooks, dialect)
    files = {dag_file: module.text.encode()}
    files |= {notebooks[task.task_id]: emit_task_notebook(plan, task, dialect).encode() for task in plan.tasks}
    if shipped:
        files[".airflowignore"] = _AIRFLOW_IGNORE.encode()
    files |= {f"{FILES_FOLDER}/{path}": content for path, content in shipped.items()}
    written = {path: digest_of(content) for path, content in files.items()}
    manifest = bundle_manifest(plan, dag_file=dag_file, notebooks=notebooks, written=written, lines=module.lines)
    files[BUNDLE_MANIFEST] = manifest_json(manifest.to_json()).encode()
    executable = (path for path in shipped if os.access(notebook_folder / path, os.X_OK))
    return Bundle(manifest, files, frozenset(f"{FILES_FOLDER}/{path}" for path in executable))


def digest_of(content: bytes) -> str:
    """Return the sha256 of a file's content, as the manifest's `written` holds it."""
    return hashlib.sha256(content).hexdigest()


def _digest(code: str, shipped: Mapping[str, bytes]) -> str:
    """Return the digest of the code and the shipped files: a changed local module makes another DAG version, too."""
    if not shipped:
        return code
    parts = [code, *(f"{digest_of(content)} {path}" for path, content in shipped.items())]
    prefix = code.partition(":")[0] + ":" if ":" in code else ""
    return prefix + digest_of("\n".join(parts).encode())


def _require_file_names(identifiers: Iterable[str]) -> None:
    for identifier in identifiers:
        if identifier in ("", ".", "..") or any(character in "/\\\0" for character in identifier):
            raise Nb2dagError(f"`{identifier!r}` cannot be the id of a DAG or a task: it would be no file name")


def _shipped(folder: Path, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        yield (f"{path}{FOLDER_KEEPER}", b"") if path.endswith("/") else (path, _read(folder, path))


def _read(folder: Path, path: str) -> bytes:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise Nb2dagError(f"`{path}` cannot ship with the bundle: only files below the notebook's folder can")
    source = folder / pure
    try:
        if not stat.S_ISREG(source.stat().st_mode):
            raise Nb2dagError(f"`{path}` cannot ship with the bundle: it is not a regular file")
        return source.read_bytes()
    except OSError as error:
        raise Nb2dagError(f"`{path}`, which the notebook needs, cannot be read: {error.strerror}") from error
