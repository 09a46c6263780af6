"""A notebook with its bundle, ready to be deployed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from airflow_api import AirflowFailed

from nb2dag.runtime.formats import BUNDLE_MANIFEST, BundleManifest


class Example:
    """A notebook, compiled into a bundle of its own below `dags`.

    Attributes:
        notebook: The notebook.
        folder: The bundle's folder.
        bundle: The bundle's manifest.

    Raises:
        AirflowFailed: The notebook does not compile.
    """

    def __init__(self, notebook: Path, dags: Path) -> None:
        before = set(dags.glob("*"))
        command = [sys.executable, "-m", "nb2dag", "compile", str(notebook), "-o", str(dags)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise AirflowFailed(f"{notebook} does not compile:\n{done.stdout}{done.stderr}")
        self.notebook = notebook
        (self.folder,) = set(dags.glob("*")) - before
        self.bundle = BundleManifest.from_json(json.loads((self.folder / BUNDLE_MANIFEST).read_text("utf-8")))

    @property
    def dag_id(self) -> str:
        """Return the id of the DAG."""
        return self.bundle.dag_id
