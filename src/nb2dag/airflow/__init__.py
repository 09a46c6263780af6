"""What a compiled DAG file imports: the operator that runs one task notebook.

Airflow executes every DAG file often, and at each start of a task: `NotebookOperator` loads `airflow.sdk` and nothing
of papermill, nbformat, IPython or the compiler. Its neighbours load without Airflow, except `operator`, `links`,
`failures` and `plugin`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nb2dag.airflow.operator import NotebookOperator

__all__ = ["NotebookOperator"]


def __getattr__(name: str) -> Any:
    if name == "NotebookOperator":
        from nb2dag.airflow.operator import NotebookOperator

        return NotebookOperator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
