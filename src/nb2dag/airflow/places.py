"""Say where a task's files lie: its bundle, its executed notebook, and the handoff store."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from nb2dag.runtime.formats import NOTEBOOKS_VARIABLE, STORE_VARIABLE, path_component


def airflow_home() -> Path:
    """Return `$AIRFLOW_HOME`, by default `~/airflow` (Airflow's own rule, without loading its configuration)."""
    return Path(os.path.expandvars(os.environ.get("AIRFLOW_HOME", "~/airflow"))).expanduser()


def store_url(given: str | None = None) -> str:
    """Return the handoff store: `given`, else `$NB2DAG_STORE`, else `$AIRFLOW_HOME/nb2dag/store`."""
    return given or os.environ.get(STORE_VARIABLE) or str(airflow_home() / "nb2dag" / "store")


def is_url(place: str) -> bool:
    """Tell whether a place is an fsspec URL (`s3://bucket/x`) and not a path."""
    return "://" in place


def input_notebook(input_nb: str, dag_file: str) -> str:
    """Return the notebook to run; a relative path starts at the DAG file's folder, wherever this worker has it."""
    return input_nb if is_url(input_nb) else str(Path(dag_file).parent / input_nb)


def notebooks_root() -> str:
    """Return the folder or URL of executed notebooks: `$NB2DAG_NOTEBOOKS`, else `$AIRFLOW_HOME/nb2dag/notebooks`."""
    given = os.environ.get(NOTEBOOKS_VARIABLE, "").rstrip("/")
    return given or str(airflow_home() / "nb2dag" / "notebooks")


def executed_notebook(output_nb: str | None, ti: Any) -> str:
    """Return where the executed notebook of one attempt is kept.

    `ti` has `dag_id`, `run_id`, `task_id`, `map_index` and `try_number`. Without `output_nb` each attempt has
    a file of its own below `notebooks_root`, `<dag_id>/<run_id>/<task_id>/<map_index>/try-<n>.ipynb`; a relative
    `output_nb` starts at that root.

    >>> from types import SimpleNamespace
    >>> ti = SimpleNamespace(dag_id="sales", run_id="manual__1:2", task_id="a", map_index=-1, try_number=2)
    >>> executed_notebook(None, ti).rpartition("/notebooks/")[2]
    'sales/manual__1%3A2/a/-1/try-2.ipynb'
    """
    if not output_nb:
        folders = [path_component(str(part)) for part in (ti.dag_id, ti.run_id, ti.task_id, ti.map_index)]
        output_nb = "/".join([*folders, f"try-{ti.try_number}.ipynb"])
    root = notebooks_root()
    if is_url(output_nb) or Path(output_nb).is_absolute():
        return output_nb
    return f"{root}/{output_nb}" if is_url(root) else str(Path(root, output_nb))
