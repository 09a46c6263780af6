"""Find the CPython interpreters of this machine: on PATH, and in the folders where pyenv and uv keep theirs."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROBE = "import platform, sys; print(platform.python_implementation(), platform.python_version(), sys.executable)"
_PROBE_SECONDS = 20


@dataclass(frozen=True)
class Interpreter:
    """An interpreter that ran: its full version, `3.12.1`, and its executable."""

    version: str
    path: str


def declared_versions(pyproject: str) -> tuple[str, ...]:
    """Return the minor versions that a `pyproject.toml` declares in its classifiers.

    >>> declared_versions('"Programming Language :: Python :: 3.10", "Programming Language :: Python :: 3.9", "x"')
    ('3.9', '3.10')
    """
    found = set(re.findall(r"Programming Language :: Python :: (3\.\d+)", pyproject))
    return tuple(sorted(found, key=lambda version: int(version.partition(".")[2])))


def find_interpreter(version: str) -> Interpreter | None:
    """Return the first CPython of a minor version that really runs; a pyenv shim without a version behind it does not.

    The variable `PYTHON_3_12` names the one to take for 3.12, and no other is looked for then.
    """
    wish = os.environ.get(f"PYTHON_{version.replace('.', '_')}")
    candidates = iter([wish]) if wish else _candidates(version)
    return next((found for path in candidates if (found := _probe(path, version)) is not None), None)


def _candidates(version: str) -> Iterator[str]:
    for folder in os.get_exec_path():
        path = Path(folder, f"python{version}")
        if path.is_file():
            yield str(path)
    home = Path.home()
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or home / ".local" / "share" / "uv" / "python")
    kept = [*pyenv.glob(f"versions/{version}.*"), *uv.glob(f"cpython-{version}.*")]
    for folder in sorted(kept, key=_patch, reverse=True):
        yield str(folder / "bin" / "python")


def _patch(folder: Path) -> int:
    found = re.search(r"3\.\d+\.(\d+)", folder.name)
    return int(found[1]) if found else -1


def _probe(path: str, version: str) -> Interpreter | None:
    try:
        done = subprocess.run([path, "-c", _PROBE], capture_output=True, text=True, timeout=_PROBE_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    kind, full, executable = done.stdout.strip().split(" ", 2)
    return Interpreter(full, executable) if kind == "CPython" and full.startswith(f"{version}.") else None
