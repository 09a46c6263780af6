"""Compile the notebook that a browser sent: the only place where the server calls the compiler."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nb2dag.compiler.backend.dialects import Dialect, dialect_for
from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.compiler.memory import Memory
from nb2dag.compiler.pipeline import Compilation, compile_program
from nb2dag.compiler.rules.selection import make_selection
from nb2dag.config import Config, load_config
from nb2dag.model.diagnostic import Diagnostic

_RECENT = Memory()
"""What the process remembers of the notebooks it was sent: a keystroke costs what it changes."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compilation, the findings that the project's settings want shown, and where the notebook's files lie."""

    compilation: Compilation
    diagnostics: tuple[Diagnostic, ...]
    folder: Path
    config: Config

    @property
    def dialect(self) -> Dialect:
        """The Airflow release and the operator that the project's settings ask for, as `nb2dag compile` reads them.

        Raises:
            Nb2dagError: The release is unknown.
        """
        return dialect_for(self.config.airflow, self.config.operator)


def compile_sent(body: Mapping[str, Any]) -> Compiled:
    """Compile the text in `body["notebook"]` as if it stood in `body["file"]`, which may hold an older one or nothing.

    Raises:
        NotebookUnreadable: What was sent is no notebook.
        Nb2dagError: The project's settings are invalid.
    """
    # `parse_notebook` takes text, as files have it, and judges it: what a browser sends is trusted no more.
    notebook = parse_notebook(json.dumps({"nbformat": 4, "nbformat_minor": 5, **body["notebook"]}), body["path"])
    # A notebook that is no file of this machine has no neighbours and no project: a folder that holds nothing.
    folder = Path(body["file"]).parent if body["file"] else Path("/nonexistent")
    config = load_config(folder)
    compilation = compile_program(notebook, folder, config.max_file_size, _RECENT)
    selection = make_selection(config.select, config.ignore, config.severity)
    return Compiled(compilation, tuple(selection.apply(compilation.diagnostics)), folder, config)
