"""Link a task instance to its executed notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperatorLink


class ExecutedNotebookLink(BaseOperatorLink):  # type: ignore[misc]
    """The button `Executed notebook` of a task instance: it opens the tab `Notebook`.

    The worker evaluates it when the attempt ends, whatever its outcome.
    """

    name = "Executed notebook"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address of the tab; on Airflow 3.0, which has none, the URL of the last attempt's notebook.

        There it is `file://` for a path on the worker, and empty where no notebook was begun.
        """
        from nb2dag.airflow.plugin import NotebookPlugin

        if not NotebookPlugin.external_views:
            return _place(operator, ti_key)
        from airflow.configuration import conf

        from nb2dag.airflow.plugin.tab import tab_address

        # As Airflow's own links do; without a `base_url` the link begins at the server's root.
        return tab_address(conf.get("api", "base_url", fallback="/"), ti_key)


def _place(operator: Any, ti_key: Any) -> str:
    from nb2dag.airflow.places import executed_notebook, is_url

    place = executed_notebook(operator.output_nb, ti_key)
    if is_url(place):
        return place
    path = Path(place).absolute()
    return path.as_uri() if path.exists() else ""
