"""Run cells that hold IPython syntax in this process, in a shell without kernel, history or displayhook."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


def in_shell(namespace: dict[str, Any]) -> Callable[[str], None]:
    """Return a function that runs a cell's source in a shell on `namespace`, the dict of `__main__`.

    What the cell raises is raised again; options lines and tags are the cell's own matter.
    """
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    shell = InteractiveShell(config=config, user_module=sys.modules["__main__"], user_ns=namespace)
    shell.showtraceback = lambda *args, **kwargs: None
    if "" not in sys.path:
        sys.path.insert(0, "")

    def execute(source: str) -> None:
        lines = source.split("\n")
        while lines and lines[0].startswith("#| "):
            lines = lines[1:]
        result = shell.run_cell("\n".join(lines), silent=True)
        result.raise_error()

    return execute
