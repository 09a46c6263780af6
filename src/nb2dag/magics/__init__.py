"""The IPython extension: tagged cells run as untagged ones do, and `%%airflow_task?` prints its options."""

from __future__ import annotations

from nb2dag.magics.extension import load_ipython_extension, unload_ipython_extension

__all__ = ["load_ipython_extension", "unload_ipython_extension"]
