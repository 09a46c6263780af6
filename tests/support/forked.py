"""Run the notebooks of a verification in forked processes: plain Python in each cell, the real store and job files.

A kernel takes seconds to start and a fork milliseconds, so that many plans can be verified in one test run.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import random
import shutil
import sys
import tempfile
import traceback
import types
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nb2dag.local.bundles import read_manifest
from nb2dag.local.events import RunEvent, TaskFailure
from nb2dag.local.layout import RunFolder
from nb2dag.local.results import RunResult, TaskResult
from nb2dag.local.run import RunOptions
from nb2dag.local.scheduling import TaskState
from nb2dag.local.verify import judge, probe
from nb2dag.local.verify.execution import NotebookFailsError, WholeRun
from nb2dag.runtime import commit, pickler
from nb2dag.runtime.formats import JOB_VARIABLE, LAID_DOWN, BundleTask, Job, PointerManifest
from nb2dag.runtime.kept_files import keep_files, kept_folder
from nb2dag.runtime.task_folder import read_record

WARM = (commit, pickler, judge, probe)
"""Imported here so that no forked process pays for it."""


class ForkedExecutor:
    """Runs cells with `exec`, each notebook in a process of its own and a copy of its files."""

    def run_whole(self, run: WholeRun) -> PointerManifest:
        """Run the notebook whole."""
        done = _execute(run.notebook, run.output, run.job, run.files, run.parameters)
        if isinstance(done, TaskFailure):
            raise NotebookFailsError(done.message, done.cell)
        return done

    def run_dag(
        self,
        bundle: Path,
        folder: RunFolder,
        options: RunOptions,
        on_event: Callable[[RunEvent], None],
    ) -> RunResult:
        """Run the tasks one after the other; what is below a failed one does not run."""
        manifest = read_manifest(bundle)
        committed: dict[str, PointerManifest] = {}
        results: dict[str, TaskResult] = {}
        waiting = {task_id: task for task_id in options.order for task in manifest.tasks if task.task_id == task_id}
        waiting |= {task.task_id: task for task in manifest.tasks}
        while waiting:
            free = (task for task in waiting.values() if not set(task.upstream) & waiting.keys())
            task = waiting.pop(next(free).task_id)
            if any(results[name].state is not TaskState.SUCCESS for name in task.upstream):
                results[task.task_id] = TaskResult(task.task_id, TaskState.UPSTREAM_FAILED)
                continue
            job = Job(
                manifest.dag_id, folder.run_id, task.task_id, 1, str(options.store), manifest.digest, manifest="",
                inputs={name: committed[name] for name in task.inputs if name in committed},
            )  # fmt: skip
            values = {**manifest.params, **options.params}
            parameters = {name: values[name] for name in task.parameters}
            results[task.task_id] = result = _task(bundle, folder, task, job, parameters)
            if result.manifest is not None:
                committed[task.task_id] = result.manifest
        ordered = tuple(results[task.task_id] for task in manifest.tasks)
        return RunResult(manifest.dag_id, folder.run_id, folder.path, folder.notebooks, ordered, 0.0)


def _task(bundle: Path, folder: RunFolder, task: BundleTask, job: Job, parameters: Mapping[str, Any]) -> TaskResult:
    output = folder.notebooks / Path(task.notebook).name
    done = _execute(bundle / task.notebook, output, job, bundle / "files", parameters)
    if isinstance(done, TaskFailure):
        return TaskResult(task.task_id, TaskState.FAILED, 1, notebook=output, failure=done)
    return TaskResult(task.task_id, TaskState.SUCCESS, 1, notebook=output, manifest=done)


def _execute(
    notebook: Path, output: Path, job: Job, files: Path, parameters: Mapping[str, Any]
) -> PointerManifest | TaskFailure:
    output.parent.mkdir(parents=True, exist_ok=True)
    document = _with_parameters(json.loads(notebook.read_text()), parameters)
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch).resolve() / "work"
        job = replace(job, manifest=f"{scratch}/manifest.json", directory=str(work), files=str(files))
        Path(scratch, "job.json").write_text(json.dumps(job.to_json()))
        if files.is_dir():
            shutil.copytree(files, work)
        else:
            work.mkdir()
        failure = _in_child(document, output, work, Path(scratch, "job.json"))
        keep_files(work, files, kept_folder(output), read_record(Path(scratch, LAID_DOWN)))
        if failure is not None:
            return failure
        if not Path(job.manifest).exists():
            return PointerManifest(job.task_id, 1, job.bundle, "")
        return PointerManifest.from_json(json.loads(Path(job.manifest).read_text()))


def _with_parameters(document: dict[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    if parameters:
        source = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
        cells = document["cells"]
        tagged = [index for index, cell in enumerate(cells) if "parameters" in cell["metadata"].get("tags", ())]
        injected = {"cell_type": "code", "metadata": {}, "outputs": [], "source": source}
        cells.insert(tagged[0] + 1 if tagged else 0, injected)
    return document


def _draw_afresh() -> None:
    """Seed the global generators from the system, as a process that was not forked would have them."""
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def _in_child(document: dict[str, Any], output: Path, work: Path, job: Path) -> TaskFailure | None:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        result = None
        try:
            main = types.ModuleType("__main__")
            main.__dict__["__builtins__"] = __builtins__
            sys.modules["__main__"] = main
            sys.path.insert(0, "")
            warnings.simplefilter("ignore")
            _draw_afresh()
            os.environ[JOB_VARIABLE] = str(job)
            os.chdir(work)
            result = _run_cells(main.__dict__, document["cells"])
            output.write_text(json.dumps(document))
        except BaseException:  # noqa: BLE001 - whatever it is, the parent tells
            result = TaskFailure(traceback.format_exc(limit=-3))
        with os.fdopen(write, "wb") as stream:
            pickle.dump(result, stream)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        blob = stream.read()
    os.waitpid(child, 0)
    found: TaskFailure | None = pickle.loads(blob) if blob else TaskFailure("the process died")
    return found


def _run_cells(namespace: dict[str, Any], cells: list[dict[str, Any]]) -> TaskFailure | None:
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        number = cell["metadata"].get("nb2dag", {}).get("cell", 0)
        out = io.StringIO()
        try:
            with contextlib.redirect_stdout(out):
                exec(compile("".join(cell["source"]), f"<cell {number}>", "exec"), namespace)
        except Exception as error:  # noqa: BLE001 - a cell may raise anything
            return TaskFailure(f"{type(error).__name__}: {error}", number)
        if out.getvalue():
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": out.getvalue()}]
    return None
