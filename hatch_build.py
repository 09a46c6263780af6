"""Build the JupyterLab extension with the package, where it can be: the command line needs neither it nor Node.

`NB2DAG_FRONTEND` says what to do: `1` builds it or fails (releases), `0` leaves it out, anything else builds it where
Node is on PATH. Assets that are there already (an sdist's, or after `make extension`) are taken as they are.
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any


def build_frontend(target_name: str, version: str, **options: Any) -> None:
    """Build the front end for a wheel or sdist; an editable install links to what `make extension` builds."""
    mode = os.environ.get("NB2DAG_FRONTEND", "auto")
    if mode == "0" or version == "editable":
        return
    if mode != "1" and not (shutil.which("node") or shutil.which("nodejs")):
        sys.stderr.write(
            "nb2dag: built without the JupyterLab extension, since Node was not found; the command line is complete\n"
        )
        return
    from hatch_jupyter_builder import npm_builder

    npm_builder(target_name, version, **options)
