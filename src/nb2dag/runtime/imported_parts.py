"""Import parts of packages that a task uses by their dotted names, and that other cells of the notebook import."""

from __future__ import annotations

import importlib


def import_parts(*paths: str) -> None:
    """Import what `import package` alone does not: `xml.etree.ElementTree`.

    The last attributes of a path may be no module but something in one; then its beginning is imported. A package that
    is missing, or cannot be imported, is left to the statement that imports it.

    >>> import_parts("xml.etree.ElementTree", "json.decoder.JSONDecoder", "no.such.module")
    """
    for path in paths:
        while path:
            try:
                importlib.import_module(path)
            except ImportError:
                path = path.rpartition(".")[0]
            else:
                break
