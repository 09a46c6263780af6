"""Give every test process a home of its own: no test reads or writes what belongs to the person who runs it."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

# Airflow, Jupyter and IPython settle on their folders when they are first imported, which collecting a doctest may do.
_HOME = Path(tempfile.mkdtemp(prefix="nb2dag-tests-"))
_ENVIRONMENT = {
    "AIRFLOW_HOME": str(_HOME / "airflow"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "IPYTHONDIR": str(_HOME / "ipython"),
    "JUPYTER_CONFIG_DIR": str(_HOME / "jupyter" / "config"),
    "JUPYTER_RUNTIME_DIR": str(_HOME / "jupyter" / "runtime"),
    "JUPYTER_PLATFORM_DIRS": "1",
    "MPLBACKEND": "Agg",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}
collect_ignore = ["src/nb2dag/airflow/plugin/application.py"]
"""Imports Airflow's whole API server, which settles on a database; it is tried in one."""

_UNSET = ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "PYTHONHASHSEED", "PYTHONPATH")
_UNSET += ("NB2DAG_JOB", "NB2DAG_NOTEBOOKS", "NB2DAG_STORE")


def pytest_configure() -> None:
    """Settle the environment before anything is collected."""
    os.environ.update(_ENVIRONMENT)
    for name in _UNSET:
        os.environ.pop(name, None)


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    shutil.rmtree(_HOME, ignore_errors=True)
