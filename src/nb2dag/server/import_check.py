"""Import an exported DAG file with Airflow, in a process of its own, and say which cells its errors come from."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from nb2dag.local.bundles import read_manifest

_SECONDS = 120.0


async def check_import(bundle: Path, python: str) -> dict[str, Any]:
    """Return what Airflow says about a bundle's DAG file: `checked` is False where no Airflow is installed.

    Args:
        bundle: The bundle's folder.
        python: An interpreter with Airflow, empty for this one.

    Raises:
        Nb2dagError: The folder holds no bundle.
    """
    manifest = read_manifest(bundle)
    if not python and importlib.util.find_spec("airflow") is None:
        return {"checked": False, "dag_ids": [], "errors": []}
    with tempfile.TemporaryDirectory(prefix="nb2dag-import-") as home:
        found = await _imported(python or sys.executable, bundle / manifest.dag_file, Path(home))
    cells = dict(manifest.lines)
    for error in found["errors"]:
        error["cell"] = next((cells[line] for line in range(error["line"], 0, -1) if line in cells), 0)
    return {"checked": True, **found}


async def _imported(python: str, dag_file: Path, home: Path) -> dict[str, Any]:
    environment = os.environ | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    }
    process = await asyncio.create_subprocess_exec(
        python,
        "-m",
        "nb2dag.airflow.import_check",
        str(dag_file),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=home,
        env=environment,
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), _SECONDS)
    except asyncio.TimeoutError:
        process.kill()
        await process.wait()
        return _failed(f"Airflow took more than {_SECONDS:g} s to import the file")
    if process.returncode != 0:
        last = errors.decode(errors="replace").strip().splitlines()
        return _failed(f"Airflow could not be asked: {last[-1] if last else 'it ended without a word'}")
    found: dict[str, Any] = json.loads(output.decode().strip().splitlines()[-1])
    return found


def _failed(message: str) -> dict[str, Any]:
    return {"dag_ids": [], "errors": [{"message": message, "line": 0}]}
