"""Connect a pulled notebook to the folder it was pulled to: its inputs, and a working directory of its own.

Such a folder looks like this:

    clean.ipynb         the notebook
    files/              what ships with the bundle
    attempts/1/         the working directory of the first time it was run here
    .nb2dag/job.json    what the task was given
    .nb2dag/store/      the handoffs it reads, and those that it saves here
    .nb2dag/attempts/   the job file and pointer manifest of each time
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from nb2dag.runtime.failures import HandoffError
from nb2dag.runtime.formats import JOB_VARIABLE, Job
from nb2dag.runtime.workdir import copy_files

HOME = ".nb2dag"
JOB_FILE = "job.json"
STORE = "store"
FILES = "files"
ATTEMPTS = "attempts"


def connect(folder: str) -> None:
    """Make this process the task's: a new working directory, and load and save cells that work in `folder` alone.

    Each call is one more attempt, with its own copy of the files, as in production; earlier ones stay as they are.

    Args:
        folder: Where the notebook was pulled to. Where that is gone, the current folder is looked at instead.

    Raises:
        HandoffError: Neither is the folder of a pulled notebook, or its job file is of another nb2dag.
        NotRunnableError: The files cannot be copied.
    """
    place = _place(folder)
    job = _job(place / HOME / JOB_FILE)
    number, home, directory = _new_attempt(place)
    files = place / FILES
    if files.is_dir():
        copy_files(files, directory)
    else:
        directory.mkdir(parents=True)
    begun = replace(
        job,
        attempt=number,
        store=str(place / HOME / STORE),
        manifest=str(home / "manifest.json"),
        directory=str(directory),
        files=str(files) if files.is_dir() else "",
    )
    path = home / JOB_FILE
    path.write_text(json.dumps(begun.to_json()), "utf-8")
    os.environ[JOB_VARIABLE] = str(path)
    os.chdir(directory)
    print(f"task `{job.task_id}` of {job.run_id}, working directory {directory}")  # noqa: T201 (shown in the notebook)


def _place(folder: str) -> Path:
    if (Path(folder) / HOME / JOB_FILE).is_file():
        return Path(folder).resolve()
    try:
        here = Path.cwd()
    except FileNotFoundError:
        here = Path(folder)
    if (here / HOME / JOB_FILE).is_file():
        return here.resolve()
    raise HandoffError(
        f"{folder} is no folder of a pulled notebook any more: start this notebook in its own folder, or pull it again"
    )


def _job(path: Path) -> Job:
    try:
        return Job.from_json(json.loads(path.read_text("utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise HandoffError(
            f"{path} is not one that this nb2dag reads ({error}): use a kernel with the nb2dag that pulled the "
            "notebook, or pull it again"
        ) from error


def _new_attempt(place: Path) -> tuple[int, Path, Path]:
    """Return a number that no attempt has, the folder for its job file, and its working directory, not yet made."""
    number = 0
    while True:
        number += 1
        home, directory = place / HOME / ATTEMPTS / str(number), place / ATTEMPTS / str(number)
        if directory.exists():
            continue
        home.parent.mkdir(parents=True, exist_ok=True)
        directory.parent.mkdir(exist_ok=True)
        try:
            home.mkdir()
        except FileExistsError:
            continue
        return number, home, directory
