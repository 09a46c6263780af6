"""Know where a run keeps what: under `.nb2dag/` beside the notebook, one folder per run, and a store of handoffs."""

from __future__ import annotations

import secrets
import shutil
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

HOME = ".nb2dag"
KEEP_DAYS = 30


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run: `.nb2dag/runs/<run_id>`."""

    home: Path
    run_id: str

    @property
    def path(self) -> Path:
        """The folder itself."""
        return self.home / "runs" / self.run_id

    @property
    def bundle(self) -> Path:
        """The bundle that is run."""
        return self.path / "bundle"

    @property
    def notebooks(self) -> Path:
        """The executed notebooks, unless they are to go elsewhere."""
        return self.path / "notebooks"

    @property
    def store(self) -> Path:
        """The handoffs of all runs beside this notebook."""
        return self.home / "store"


def new_run_folder(beside: Path, now: datetime | None = None) -> RunFolder:
    """Make the folder of a new run under `beside`, a folder, and drop runs older than 30 days.

    What is under `.nb2dag/` is ignored by git.

    Raises:
        OSError: The folder cannot be made.
    """
    now = now or datetime.now(timezone.utc)
    home = beside.absolute() / HOME
    folder = RunFolder(home, f"run-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}")
    folder.path.mkdir(parents=True)
    _ignore(home)
    prune(home, time.time() - KEEP_DAYS * 24 * 60 * 60)
    return folder


def new_verify_folder(beside: Path, now: datetime | None = None) -> Path:
    """Make the folder of a new verification, `.nb2dag/verify/<id>` under `beside`, and drop those older than 30 days.

    Raises:
        OSError: The folder cannot be made.
    """
    now = now or datetime.now(timezone.utc)
    home = beside.absolute() / HOME
    folder = home / "verify" / f"verify-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    folder.mkdir(parents=True)
    _ignore(home)
    prune(home, time.time() - KEEP_DAYS * 24 * 60 * 60)
    return folder


def _ignore(home: Path) -> None:
    ignore = home / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def prune(home: Path, before: float) -> None:
    """Remove the runs and the handoffs last written to before `before`, in seconds of the epoch."""
    for pattern in ("runs/*", "store/*/*", "verify/*"):
        for path in home.glob(pattern):
            if path.is_dir() and not path.is_symlink() and path.stat().st_mtime < before:
                shutil.rmtree(path, ignore_errors=True)
