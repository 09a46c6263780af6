"""Save a notebook while it runs, so that whoever reads it meanwhile finds it whole."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any


def save_notebook(notebook: Any, place: str) -> None:
    """Write a notebook to a path or URL; a file is there whole or not at all, also where the writer is killed.

    Raises:
        Exception: `place` cannot be written; of which type, the handler of that kind of URL decides.
    """
    import nbformat
    from papermill.iorw import write_ipynb

    path = Path(place)
    if "://" in place or path.is_symlink() or (path.exists() and not path.is_file()):
        # A store puts an object as a whole; a link or a device is not to be replaced by a file.
        write_ipynb(notebook, place)
        return
    partial = path.with_name(f".{path.name[-60:]}.part")
    try:
        partial.write_text(nbformat.writes(notebook), encoding="utf-8")
        partial.replace(path)
    except PermissionError:
        # A folder where the file may be changed and none may be added.
        write_ipynb(notebook, place)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
