"""Compare files with their golden copies, byte for byte.

`NB2DAG_REGENERATE_GOLDENS=1 pytest tests/golden` writes them anew; read the diff before committing it. A missing
golden fails.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

REGENERATE = os.environ.get("NB2DAG_REGENERATE_GOLDENS") == "1"


def golden_path(folder: Path, path: str) -> Path:
    """Return where the golden copy of `path` lies; its suffix keeps test collection and formatters away from it."""
    return folder / f"{path}.golden"


def assert_golden(folder: Path, files: Mapping[str, bytes]) -> None:
    """Assert that `folder` holds a golden copy of each of `files`, and no other."""
    if REGENERATE:
        for old in folder.rglob("*.golden"):
            old.unlink()
        for path, content in files.items():
            golden_path(folder, path).parent.mkdir(parents=True, exist_ok=True)
            golden_path(folder, path).write_bytes(content)
    stored = {path.relative_to(folder).as_posix() for path in folder.rglob("*.golden")}
    assert stored == {f"{path}.golden" for path in files}, "files missing or too many: see this module's first lines"
    for path, content in files.items():
        expected = golden_path(folder, path).read_bytes()
        # As text first: pytest then shows which lines differ.
        assert content.decode(errors="replace") == expected.decode(errors="replace"), path
        assert content == expected, path
