"""Link a task instance to its executed notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperatorLink


class ExecutedNotebookLink(BaseOperatorLink):  # type: ignore[misc]
    """The button `Executed notebook` of a task instance: where its last attempt's notebook is kept.

    The worker evaluates it when the attempt ends, whatever its outcome.
    """

    name = "Executed notebook"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the URL of the executed notebook (`file://` for a path on the worker), empty where none was begun."""
        from nb2dag.airflow.places import executed_notebook, is_url

        place = executed_notebook(operator.output_nb, ti_key)
        if is_url(place):
            return place
        path = Path(place).absolute()
        return path.as_uri() if path.exists() else ""
