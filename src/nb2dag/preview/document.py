"""Compile a notebook file for the preview: the same answers that the panel of JupyterLab gets, of the file as saved."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nb2dag.errors import Nb2dagError
from nb2dag.server.code_view import code_document
from nb2dag.server.compiling import Compiled, compile_sent
from nb2dag.server.exporting import export_bundle, preview_export
from nb2dag.server.panel import panel_document


class SavedNotebook:
    """A notebook file; each answer is of what the file holds when it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def panel(self) -> dict[str, Any]:
        """Return the panel's document: graph, cells, findings.

        Raises:
            Nb2dagError: The file is missing or no notebook, or the project's settings are invalid.
        """
        return panel_document(self._compiled())

    def code(self) -> dict[str, Any]:
        """Return the generated text; raises as `panel` does."""
        return code_document(self._compiled())

    def preview_export(self, folder: str) -> dict[str, Any]:
        """Return what an export to `folder`, relative to the notebook's, would write; raises as `panel` does."""
        return preview_export(self._compiled(), {"folder": str(self._place(folder))})

    def export(self, folder: str, *, force: bool = False) -> dict[str, Any]:
        """Write the bundle below `folder` and return what changed; raises as `panel` does."""
        return export_bundle(self._compiled(), {"folder": str(self._place(folder)), "force": force})

    def _place(self, folder: str) -> Path:
        return (self.path.parent / Path(folder).expanduser()).resolve()

    def _compiled(self) -> Compiled:
        return compile_sent({"path": self.path.name, "file": str(self.path), "notebook": self._read()})

    def _read(self) -> Mapping[str, Any]:
        try:
            read = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise Nb2dagError(
                f"{self.path}: there is no such file: has the notebook been renamed, or not saved?"
            ) from None
        except (OSError, ValueError) as error:
            raise Nb2dagError(f"{self.path}: this is not a notebook: {error}") from error
        if not isinstance(read, dict):
            raise Nb2dagError(f"{self.path}: this is not a notebook: it must be a JSON object")
        return read
