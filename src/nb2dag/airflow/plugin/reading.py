"""Read and parse a kept notebook, and remember the last few: a page asks for the parts of one notebook one by one."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from typing import Any

from nb2dag.airflow.plugin.cells import NotNotebook
from nb2dag.airflow.plugin.finding import Found

_REMEMBERED = 60_000_000
"""Bytes of notebooks, as files, that are remembered at most."""


class Reader:
    """Gives the parsed notebook of a place; for any number of threads."""

    def __init__(self) -> None:
        self._notebooks: OrderedDict[tuple[object, object], tuple[int, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, found: Found) -> Any:
        """Return the JSON value of a notebook.

        Raises:
            NotNotebook: The file is no JSON, perhaps because it is just being written.
            OSError: It cannot be read.
            OutsideStore: A link leads elsewhere.
        """
        key = (found.notebook, found.stamp)
        with self._lock:
            if key in self._notebooks:
                self._notebooks.move_to_end(key)
                return self._notebooks[key][1]
        content = found.notebook.read()
        try:
            notebook = json.loads(content)
        except (ValueError, RecursionError):
            raise NotNotebook("it is no JSON, or just being written") from None
        self._remember(key, len(content), notebook)
        return notebook

    def _remember(self, key: tuple[object, object], size: int, notebook: Any) -> None:
        with self._lock:
            # What a live notebook was a moment ago is of no more use.
            for other in [each for each in self._notebooks if each[0] == key[0]]:
                del self._notebooks[other]
            self._notebooks[key] = (size, notebook)
            while sum(each for each, _ in self._notebooks.values()) > _REMEMBERED:
                self._notebooks.popitem(last=False)
