"""Compile tagged Jupyter notebooks to Airflow DAGs that compute what the notebook computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nb2dag.compiler.pipeline import check_notebook, compile_notebook
    from nb2dag.magics import load_ipython_extension, unload_ipython_extension

__version__ = "0.1.0"
__all__ = [
    "__version__",
    "check_notebook",
    "compile_notebook",
    "load_ipython_extension",
    "unload_ipython_extension",
]

_HOMES = {
    "check_notebook": "nb2dag.compiler.pipeline",
    "compile_notebook": "nb2dag.compiler.pipeline",
    "load_ipython_extension": "nb2dag.magics",
    "unload_ipython_extension": "nb2dag.magics",
}
_JUPYTER = {
    "_jupyter_labextension_paths": "labextension_paths",
    "_jupyter_server_extension_points": "server_extension_points",
}
"""What Jupyter looks for in a package, and what it is called in `nb2dag.server`."""


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name) if name not in _JUPYTER else "nb2dag.server"
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), _JUPYTER.get(name, name))
