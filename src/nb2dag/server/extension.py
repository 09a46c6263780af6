"""Add nb2dag's routes, its settings and its worker to a Jupyter server."""

from __future__ import annotations

import atexit
from pathlib import Path
from typing import Any

from jupyter_server.utils import url_path_join

from nb2dag.server.handlers import (
    AskHandler,
    HelloHandler,
    ImportHandler,
    JobHandler,
    JobsHandler,
    RegistrationHandler,
    RuleHandler,
)
from nb2dag.server.jobs import Jobs
from nb2dag.server.places import Places
from nb2dag.server.registration import AirflowApi
from nb2dag.server.settings import Nb2dagServer
from nb2dag.server.worker import Worker


def load(server_app: Any) -> None:
    """Add the routes below `nb2dag/`; the worker starts with the first question and ends with the server."""
    settings = Nb2dagServer(parent=server_app)
    contents = server_app.contents_manager
    root = getattr(contents, "root_dir", None)
    jobs = Jobs()
    atexit.register(jobs.stop_all)
    shared = {
        "worker": Worker(settings.longest_compile),
        "jobs": jobs,
        "places": Places(
            Path(root) if root else None,
            tuple(Path(folder) for folder in settings.dag_folders),
            allow_hidden=bool(getattr(contents, "allow_hidden", False)),
        ),
        "settings": settings,
        "airflow": AirflowApi.configured(settings.airflow_url),
    }
    web_app = server_app.web_app
    web_app.settings["nb2dag"] = shared
    base = url_path_join(web_app.settings["base_url"], "nb2dag")
    web_app.add_handlers(
        ".*$",
        [
            (url_path_join(base, "hello"), HelloHandler),
            (url_path_join(base, r"rules/(?P<code>[A-Z0-9]{1,20})"), RuleHandler),
            (url_path_join(base, "import"), ImportHandler),
            (url_path_join(base, "registration"), RegistrationHandler),
            (url_path_join(base, "jobs"), JobsHandler),
            (url_path_join(base, r"jobs/(?P<job_id>[0-9a-f]{16})"), JobHandler),
            (url_path_join(base, r"(?P<question>panel|news|code|schedule|edit|preview|export)"), AskHandler),
        ],
    )
    server_app.log.info("nb2dag: the panel's routes are ready")
