"""What a task imports: load and save cells, the store behind them, and the engine that runs a task notebook.

Load and save cells call `load`, `save`, `load_files`, `save_files` and `save_return`, under Airflow's own operator
`begin` and `publish`, and the first cell of a pulled notebook `connect`; `import_parts` stands where a task uses what
another one imports. They come from other modules on first use, so that importing this package while Airflow parses a
DAG file costs nothing.
"""

from __future__ import annotations

from typing import Any

__all__ = ["begin", "connect", "import_parts", "load", "load_files", "publish", "save", "save_files", "save_return"]


def __getattr__(name: str) -> Any:
    if name == "connect":
        from nb2dag.runtime import pulled

        return pulled.connect
    if name == "import_parts":
        from nb2dag.runtime import imported_parts

        return imported_parts.import_parts
    if name in ("begin", "publish"):
        from nb2dag.runtime import own_job

        return getattr(own_job, name)
    if name in __all__:
        from nb2dag.runtime import commit

        return getattr(commit, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
