"""Tell which package a class comes from."""

from __future__ import annotations


def package_of(kind: type) -> str:
    """Return the name of the top package of a class's module, "" where the class does not say it.

    A class made in C may give each of its instances a `__module__` of its own and have none itself, as functions that
    Cython compiled do: what the class says then is a descriptor.

    >>> import datetime
    >>> package_of(datetime.date), package_of(type("Odd", (), {"__module__": property()}))
    ('datetime', '')
    """
    module = kind.__module__
    return module.partition(".")[0] if isinstance(module, str) else ""
