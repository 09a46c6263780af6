"""The Jupyter server extension: the compiler behind the panel of JupyterLab and Notebook 7."""

from __future__ import annotations

from typing import Any

__all__ = ["labextension_paths", "load_server_extension", "server_extension_points"]


def server_extension_points() -> list[dict[str, str]]:
    """Tell Jupyter where the server extension is (`_jupyter_server_extension_points`)."""
    return [{"module": "nb2dag.server"}]


def labextension_paths() -> list[dict[str, str]]:
    """Tell `jupyter-builder develop` where the built front end is (`_jupyter_labextension_paths`)."""
    return [{"src": "labextension", "dest": "nb2dag"}]


def load_server_extension(server_app: Any) -> None:
    """Add nb2dag's routes to a running Jupyter server (`_load_jupyter_server_extension`)."""
    from nb2dag.server.extension import load

    load(server_app)


_load_jupyter_server_extension = load_server_extension
