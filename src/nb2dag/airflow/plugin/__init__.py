"""Register the tab `Notebook` of a task instance with Airflow; every part of Airflow loads this module.

Scheduler, DAG processor and workers load it as well as the API server, so it imports nothing of its own: the web
application is built at its first request (`application`). On Airflow 3.0, whose UI has no tabs of plugins, the plugin
loads and offers nothing.
"""

from __future__ import annotations

import sys
from typing import Any

if "airflow.plugins_manager" in sys.modules:
    # Whoever loads a plugin has one of the two loaded; the other one would cost a worker some imports.
    from airflow.plugins_manager import AirflowPlugin
else:
    try:
        from airflow.sdk.plugins_manager import AirflowPlugin
    except ImportError:
        from airflow.plugins_manager import AirflowPlugin

from nb2dag.airflow.plugin.tab import PREFIX, ROUTE

_HAS_TABS = hasattr(AirflowPlugin, "external_views")


class NotebookApplication:
    """An ASGI application that imports and builds the real one when it is first called."""

    def __init__(self) -> None:
        self._built: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request."""
        if self._built is None:
            from nb2dag.airflow.plugin.application import build

            self._built = build()
        await self._built(scope, receive, send)


class NotebookPlugin(AirflowPlugin):  # type: ignore[misc]
    """What the entry point `airflow.plugins` names."""

    name = "nb2dag"
    fastapi_apps = [{"app": NotebookApplication(), "url_prefix": f"/{PREFIX}", "name": "nb2dag"}] if _HAS_TABS else []
    external_views = (
        [
            {
                "name": "Notebook",
                # Relative: the page of Airflow's UI has a base, which holds the path that Airflow is served below.
                "href": f"{PREFIX}/notebook/{{DAG_ID}}/{{RUN_ID}}/{{TASK_ID}}/{{MAP_INDEX}}",
                "destination": "task_instance",
                "url_route": ROUTE,
            }
        ]
        if _HAS_TABS
        else []
    )
