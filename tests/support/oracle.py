"""Run a notebook whole, and run its plan task by task in separate processes, and say where the two differ.

Tasks run in a forked process each, so that thousands of programs can be tried in a minute; handoffs go through the real
runtime and a real store. Cells of plain Python run without IPython, others in a shell of IPython's own.
"""

from __future__ import annotations
import __future__

import contextlib
import functools
import io
import json
import os
import pickle
import random
import re
import sys
import tempfile
import traceback
import types
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nb2dag.compiler.backend.task_notebook import emit_task_notebook
from nb2dag.compiler.extraction import cell_lines
from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.compiler.pipeline import Compilation, compile_program
from nb2dag.model.plan import DagPlan, TaskPlan
from nb2dag.model.program import Role
from nb2dag.runtime import commit, pickler
from nb2dag.runtime.formats import JOB_VARIABLE, Job, PointerManifest
from support.shell import in_shell

MOST_BYTES = 10**7
SCRATCH = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112 - a folder in memory, where there is one
WARM = (commit, pickler)
"""Imported here so that no forked task pays for it."""

Outputs = dict[int, str]

_LAZY = "from __future__ import annotations"
_ESCAPE = re.compile(r"^[ \t]*(?:[%!]|\w+ = !)|\bawait |\basync (?:for|with)", re.MULTILINE)


@dataclass(frozen=True)
class Verdict:
    """`same`, `refused`, `different`, `failed` (the DAG) or `broken` (the notebook itself), and what was said."""

    kind: str
    detail: str = ""


def notebook_text(cells: Sequence[str]) -> str:
    """Return a notebook file with these code cells."""
    return json.dumps(
        {
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"c{index}",
                    "metadata": {},
                    "source": source,
                    "outputs": [],
                    "execution_count": None,
                }
                for index, source in enumerate(cells, 1)
            ],
            "metadata": {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def compile_cells(cells: Sequence[str], folder: Path | None = None) -> Compilation:
    """Compile a notebook of these code cells."""
    return compile_program(
        parse_notebook(notebook_text(cells), "oracle.ipynb"), folder or Path("/nonexistent"), MOST_BYTES
    )


def judge(cells: Sequence[str], seed: int = 0, folder: Path | None = None) -> Verdict:
    """Compare the notebook run whole with its tasks run one by one, in a random topological order."""
    compilation = compile_cells(cells, folder)
    whole = run_whole(compilation)
    if isinstance(whole, str):
        return Verdict("broken", whole)
    if compilation.plan is None:
        found = [f"{item.code} cell {item.span.cell}: {item.message}" for item in compilation.diagnostics]
        return Verdict("refused", "; ".join(found))
    split = run_split(compilation.plan, seed)
    if isinstance(split, str):
        return Verdict("failed", split)
    for cell, text in split.items():
        if whole.get(cell) != text:
            return Verdict("different", f"cell {cell}: whole {whole.get(cell)!r}, split {text!r}")
    return Verdict("same")


def run_whole(compilation: Compilation) -> Outputs | str:
    """Run every cell with a meaning in one process; return what each printed, or a traceback."""
    cells = [
        (cell.cell.index, code.text)
        for cell in compilation.program.cells
        if cell.role not in (Role.SKIP, Role.TEST, Role.CONFIG) and (code := cell_lines(cell)) is not None
    ]
    _compile_here(cells)
    return _in_child(lambda namespace: _run_cells(namespace, cells))


def run_split(plan: DagPlan, seed: int) -> Outputs | str:
    """Run every task in a process of its own, only handoffs crossing; return what each task's own cells printed."""
    generator = random.Random(seed)
    manifests: dict[str, PointerManifest] = {}
    outputs: Outputs = {}
    waiting = {task.task_id: task for task in plan.tasks}
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        while waiting:
            ready = [task for task in waiting.values() if all(other in manifests for other in task.upstream)]
            task = generator.choice(ready)
            del waiting[task.task_id]
            result = _run_task(plan, task, manifests, Path(folder))
            if isinstance(result, str):
                return f"task {task.task_id}: {result}"
            outputs.update(result)
    return outputs


def _run_task(plan: DagPlan, task: TaskPlan, manifests: dict[str, PointerManifest], folder: Path) -> Outputs | str:
    pointer = folder / f"{task.task_id}.manifest.json"
    producers = {load.task_id for load in task.loads}
    job = Job(
        plan.dag_id, "run", task.task_id, 1, str(folder / "store"), plan.digest, str(pointer),
        inputs={name: manifests[name] for name in producers},
    )  # fmt: skip
    job_file = folder / f"{task.task_id}.job.json"
    notebook = json.loads(emit_task_notebook(plan, task))
    cells = []
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "code":
            origin = cell["metadata"]["nb2dag"]
            own = origin["purpose"] == "body" and not task.implicit
            cells.append((origin["cell"] if own else -number - 1, "".join(cell["source"])))

    _compile_here(cells)

    def work(namespace: dict[str, Any]) -> Outputs:
        job_file.write_text(json.dumps(replace(job, directory=str(Path.cwd())).to_json()))
        os.environ[JOB_VARIABLE] = str(job_file)
        return {index: text for index, text in _run_cells(namespace, cells).items() if index > 0}

    result = _in_child(work)
    if pointer.exists():
        manifests[task.task_id] = PointerManifest.from_json(json.loads(pointer.read_text()))
    else:
        manifests[task.task_id] = PointerManifest(task.task_id, 1, plan.digest, "")
    return result


def _run_cells(namespace: dict[str, Any], cells: Sequence[tuple[int, str]]) -> Outputs:
    found: Outputs = {}
    run = _run_with_ipython(namespace) if any(_ESCAPE.search(source) for _, source in cells) else _run_plain(namespace)
    for index, source in cells:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            run(index, source)
        found[index] = found.get(index, "") + out.getvalue()
    return found


def _run_plain(namespace: dict[str, Any]) -> Callable[[int, str], None]:
    flags = 0

    def run(index: int, source: str) -> None:
        nonlocal flags
        exec(_code(index, source, flags), namespace)
        # As in IPython, it holds for the cells below as well.
        flags |= __future__.annotations.compiler_flag if _LAZY in source else 0

    return run


@functools.lru_cache(1000)
def _code(index: int, source: str, flags: int = 0) -> types.CodeType:
    return compile(source, f"<cell {index}>", "exec", flags, dont_inherit=True)


def _run_with_ipython(namespace: dict[str, Any]) -> Callable[[int, str], None]:
    execute = in_shell(namespace)
    return lambda _, source: execute(source)


def _compile_here(cells: Sequence[tuple[int, str]]) -> None:
    """Compile before the fork, once for all tasks that repeat a cell; what does not compile fails in its process."""
    for index, source in cells:
        with contextlib.suppress(SyntaxError):
            _code(index, source)


def _in_child(work: Callable[[dict[str, Any]], Outputs]) -> Outputs | str:
    """Run `work` on a fresh `__main__` in a forked process; return its result or the traceback as text."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        code = 0
        try:
            main = types.ModuleType("__main__")
            main.__dict__["__builtins__"] = __builtins__
            sys.modules["__main__"] = main
            random.seed()
            if "" not in sys.path:
                sys.path.insert(0, "")
            warnings.simplefilter("ignore")
            with tempfile.TemporaryDirectory(dir=SCRATCH) as place:
                os.chdir(place)
                result: Any = work(main.__dict__)
                os.chdir("/")
        except BaseException:  # noqa: BLE001 - whatever a program raises is its result
            result = traceback.format_exc(limit=-3)
            code = 1
        with os.fdopen(write, "wb") as stream:
            pickle.dump(result, stream)
        os._exit(code)
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        blob = stream.read()
    os.waitpid(child, 0)
    answer: Outputs | str = pickle.loads(blob) if blob else "the process died"
    return answer
