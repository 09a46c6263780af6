"""Declare what an administrator can set in `jupyter_server_config.py`: folders, an Airflow, limits."""

from __future__ import annotations

from typing import Any

from traitlets import Float, List, Unicode
from traitlets.config import Configurable


class Nb2dagServer(Configurable):  # type: ignore[misc]
    """Settings of the server extension: `c.Nb2dagServer.dag_folders = ["/srv/airflow/dags"]`."""

    dag_folders: Any = List(
        Unicode(), help="Folders outside the server's root that Export as DAG may write to, such as Airflow's."
    ).tag(config=True)
    airflow_python: Any = Unicode(
        "", help="The interpreter of an environment with Airflow, which exports are imported with; this one without it."
    ).tag(config=True)
    airflow_url: Any = Unicode(
        "",
        help="Where Airflow's API answers; a finished export waits until the DAG is registered there. "
        "Else NB2DAG_AIRFLOW_URL. Its token is NB2DAG_AIRFLOW_TOKEN, or NB2DAG_AIRFLOW_USER and _PASSWORD are given.",
    ).tag(config=True)
    longest_compile: Any = Float(
        30.0, help="Seconds after which a compilation is given up and its process is ended."
    ).tag(config=True)
