"""Pull one attempt of a task: find what belongs to it, then write it down as a folder to work in.

`prepare` looks at everything and writes nothing, so that the user can be asked before `write` copies it.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from nb2dag.local.kernels import USUAL
from nb2dag.local.pull.executed import Executed, find_executed
from nb2dag.local.pull.folder import pulled_folder, require_free, write_folder
from nb2dag.local.pull.handoffs import copy_handoffs, find_store, handoffs
from nb2dag.local.pull.notebook import pulled_notebook
from nb2dag.local.pull.production import Production
from nb2dag.local.pull.selection import Chosen, Wanted, choose
from nb2dag.local.pull.shipped import find_shipped
from nb2dag.runtime import versions
from nb2dag.runtime.pulled import FILES, HOME, JOB_FILE, STORE
from nb2dag.runtime.store import Store


@dataclass(frozen=True, slots=True)
class PullOptions:
    """Where things are, and where they go.

    Attributes:
        output: The folder that pulled tasks are put below.
        store: The handoff store as it is reached from here; empty for the one that the attempt used.
        notebooks: Where executed notebooks are kept, as it is reached from here; empty for where Airflow links to.
        bundle: The bundle as it was deployed; None to look for it in `bundles`.
        bundles: Folders that hold bundles, `<folder>/<dag_id>`.
        without_files: Leave out what ships with the bundle.
        force: Replace what was pulled before.
    """

    output: Path
    store: str = ""
    notebooks: str = ""
    bundle: Path | None = None
    bundles: tuple[Path, ...] = ()
    without_files: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """An attempt that can be pulled. `size` is what will be copied, in bytes."""

    chosen: Chosen
    executed: Executed
    store: Store | None
    files: Path | None
    folder: Path
    size: int


@dataclass(frozen=True, slots=True)
class Pulled:
    """What was pulled; `failure` is how the attempt failed, empty where no cell did, `notes` what to know besides."""

    notebook: Path
    failure: str
    notes: tuple[str, ...]


def prepare(production: Production, wanted: Wanted, options: PullOptions) -> Prepared:
    """Find everything that belongs to the attempt that is wanted.

    Raises:
        PullRefused: Something of it cannot be had; the message says what to do.
        Nb2dagError: The bundle that `options` names is none, or one of a newer nb2dag.
    """
    chosen = choose(production, wanted)
    instance = chosen.instance
    folder = pulled_folder(options.output, wanted.dag_id, wanted.task_id, instance.map_index)
    require_free(folder, force=options.force)
    executed = find_executed(production, chosen, options.notebooks)
    job = executed.record.job
    store = find_store(job, options.store, production.home)
    files = None
    if not options.without_files:
        beside = [Path(chosen.dag.file).parent] if chosen.dag.file else []
        usual = [*beside, *(place / wanted.dag_id for place in options.bundles)]
        files = find_shipped(executed.record.files, options.bundle, usual)
    size = executed.size + sum(pointer.size for _, pointer in handoffs(job))
    size += sum((files / name).stat().st_size for name in executed.record.files) if files is not None else 0
    return Prepared(chosen, executed, store, files, folder.absolute(), size)


def write(prepared: Prepared) -> Pulled:
    """Copy what was found, and write the notebook.

    Raises:
        PullRefused: A handoff is gone, damaged or out of reach.
        OSError: The folder cannot be written.
    """
    executed, folder = prepared.executed, prepared.folder
    record, instance = executed.record, prepared.chosen.instance
    state = instance.state if prepared.chosen.is_last else ""
    made = pulled_notebook(executed.notebook, record, folder, state=state, with_files=prepared.files is not None)
    notes = [*_set_kernel(made.notebook), *_other_python(prepared)]
    if made.masked:
        notes.append("a parameter was secret: write its value into the cell of the parameters")
    if record.environment:
        notes.append(f"set before you run it: {', '.join(record.environment)}")
    name = f"{folder.name}.ipynb"

    def fill(place: Path) -> None:
        home = place / HOME
        home.mkdir()
        copy_handoffs(record.job, prepared.store, home / STORE)
        if prepared.files is not None:
            _copy_shipped(prepared.files, record.files, place / FILES)
        job = replace(record.job, store="")
        (home / JOB_FILE).write_text(json.dumps(job.to_json(), indent=1) + "\n", "utf-8")
        # Values of production do not belong into a repository.
        (place / ".gitignore").write_text("*\n", "utf-8")
        text = json.dumps(made.notebook, indent=1, ensure_ascii=False)
        (place / name).write_text(text + "\n", "utf-8")

    write_folder(folder, fill)
    return Pulled(folder / name, made.failure, tuple(notes))


def _copy_shipped(source: Path, names: dict[str, str], target: Path) -> None:
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / name, target / name)


def _set_kernel(notebook: dict[str, object]) -> list[str]:
    """Let a notebook use a kernel of this machine; return what to say about it."""
    from jupyter_client.kernelspec import KernelSpecManager

    metadata = notebook["metadata"]
    named = metadata.get("kernelspec", {}).get("name") if isinstance(metadata, dict) else None
    installed = KernelSpecManager().find_kernel_specs()
    if not named or named in installed or USUAL not in installed or not isinstance(metadata, dict):
        return []
    metadata["kernelspec"] = {"name": USUAL, "display_name": USUAL, "language": "python"}
    return [f"the task's kernel `{named}` is not installed here: the notebook uses `{USUAL}`"]


def _other_python(prepared: Prepared) -> list[str]:
    """Say where handoffs were saved by a Python whose values this one does not load."""
    here = versions.python()
    for task_id, manifest in sorted(prepared.executed.record.job.inputs.items()):
        if manifest.objects and versions.mismatch(manifest.python, {}):
            return [
                f"`{task_id}` ran with Python {manifest.python}, and this is {here}: choose a kernel of that Python"
            ]
    return []
