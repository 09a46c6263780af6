"""Hold a notebook's cell at a place until the test lets it go on; shipped with the notebook in its bundle."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path


def wait(turn: str, name: str) -> None:
    """Say that a place is reached, by a file in the folder of this turn, and wait until the test opens it."""
    folder = Path(os.environ["CLUSTER_GATES"], turn)
    arrived = folder / f"{name}.{os.getpid()}.arrived"
    partial = arrived.with_suffix(".partial")
    partial.write_text(json.dumps({"pid": os.getpid(), "machine": socket.gethostname()}))
    partial.rename(arrived)
    while not (folder / f"{name}.open").exists():
        time.sleep(0.05)
