"""Show what compile would write: the DAG file, and each task's notebook cell by cell."""

from __future__ import annotations

import json
from typing import Any

from nb2dag.compiler.bundle import build_bundle
from nb2dag.server.compiling import Compiled


def code_document(compiled: Compiled) -> dict[str, Any]:
    """Return the generated text, nothing where the notebook has findings of severity error.

    Raises:
        Nb2dagError: A file that ships cannot be read.
    """
    plan = compiled.compilation.plan
    if plan is None:
        return {"files": []}
    bundle = build_bundle(plan, compiled.folder, compiled.dialect)
    dag = {"path": bundle.manifest.dag_file, "task": None, "cells": [bundle.files[bundle.manifest.dag_file].decode()]}
    tasks = [
        {"path": task.notebook, "task": task.task_id, "cells": _cells(bundle.files[task.notebook])}
        for task in bundle.manifest.tasks
    ]
    return {"files": [dag, *tasks]}


def _cells(content: bytes) -> list[str]:
    cells = json.loads(content)["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
