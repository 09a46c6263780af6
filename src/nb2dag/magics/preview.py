"""`%airflow_preview [PATH]`: show the DAG of the notebook's file below the cell, in any front end."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2dag.errors import Nb2dagError

if TYPE_CHECKING:
    from nb2dag.preview.document import SavedNotebook

NAME = "airflow_preview"


class PreviewError(Nb2dagError):
    """There is nothing to preview; the message says what to do."""

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows in place of a traceback."""
        return [f"PreviewError: {self}"]


def register_preview(shell: Any) -> None:
    """Register the magic."""
    shell.register_magic_function(_magic(shell), magic_kind="line", magic_name=NAME)


def unregister_preview(shell: Any) -> None:
    """Take back what `register_preview` did."""
    shell.magics_manager.magics["line"].pop(NAME, None)


def _magic(shell: Any) -> Callable[[str], None]:
    from IPython.core.magic import no_var_expand

    def airflow_preview(line: str) -> None:
        """Show the DAG of this notebook: graph, findings, generated code, Export.

        %airflow_preview            of the file of this notebook, as it was last saved
        %airflow_preview PATH       of another notebook file
        """
        preview(shell, line.strip().strip("\"'"))

    return no_var_expand(airflow_preview)  # type: ignore[no-any-return]


def preview(shell: Any, argument: str) -> None:
    """Display graph and, where ipywidgets and a front end for it are, the panel.

    Raises:
        PreviewError: The kernel does not know its notebook's file, or the file is no notebook.
    """
    # The compiler is loaded by whoever previews, not by everybody who loads the extension.
    from nb2dag.preview.document import SavedNotebook

    notebook = SavedNotebook(find_file(argument, shell.user_ns, os.environ))
    try:
        document, code = notebook.panel(), notebook.code()
    except Nb2dagError as error:
        raise PreviewError(str(error)) from None
    if getattr(shell, "kernel", None) is None:
        print(_bundle(document, notebook)["text/plain"])  # noqa: T201 - a terminal
        return
    _show(notebook, document, code)


def find_file(argument: str, namespace: Mapping[str, Any], environment: Mapping[str, str]) -> Path:
    """Return the file to preview: the one named, else the one that the front end told the kernel at its start.

    Jupyter's server names it in the environment (JPY_SESSION_NAME), VS Code in a variable (`__vsc_ipynb_file__`).

    Raises:
        PreviewError: Nobody told, or what was told is no file.
    """
    if argument:
        return Path(argument).expanduser().absolute()
    told = namespace.get("__vsc_ipynb_file__") or environment.get("JPY_SESSION_NAME")
    if not isinstance(told, str) or not told.endswith(".ipynb"):
        raise PreviewError(f"this front end does not tell which file the notebook is: name it, %{NAME} path.ipynb")
    # A server may tell the path from its own root; the kernel starts in the notebook's folder.
    for path in (Path(told), Path(Path(told).name)):
        if path.is_file():
            return path.absolute()
    raise PreviewError(
        f"{told}, which the notebook was when its kernel started, is not there (any more): save it, restart the "
        f"kernel after a rename, or name the file, %{NAME} path.ipynb"
    )


def _show(notebook: SavedNotebook, document: Mapping[str, Any], code: Mapping[str, Any]) -> None:
    from IPython.display import display

    # The picture is an output of its own: it stays in the saved notebook, where no widget lives.
    picture = display(_bundle(document, notebook), raw=True, display_id=True)
    if find_spec("ipywidgets") is None:
        return
    from nb2dag.preview.widget import PreviewPanel

    panel = PreviewPanel(notebook, lambda newer: picture.update(_bundle(newer, notebook), raw=True))
    panel.show(document, code)
    display(panel.widget)


def _bundle(document: Mapping[str, Any], notebook: SavedNotebook) -> dict[str, str]:
    from nb2dag.preview.svg import graph_svg
    from nb2dag.preview.text import preview_text

    saved = datetime.fromtimestamp(notebook.path.stat().st_mtime).astimezone()
    source = f"{notebook.path.name} as saved at {saved:%H:%M:%S}"
    bundle = {"text/plain": preview_text(document, source)}
    graph = document["graph"]
    if graph is not None and graph["tasks"]:
        bundle["image/svg+xml"] = graph_svg(graph, f"{document['dag_id']}, {source}")
    return bundle
