"""Keep what `from m import *` may bind: any name that is not bound after it."""

from __future__ import annotations

import functools
import importlib
import math
import sys

from nb2dag.compiler.analysis import knowledge

STARS = "<star imports>"
"""State without a name: what all star imports up to here have bound."""

_NOT_TO_IMPORT = {"this", "antigravity", "idlelib", "turtledemo"}
"""Modules of the standard library that do something when they are imported."""


class StarImports:
    """The star imports of a notebook, as (position of the statement, module); `last` is the last one's."""

    def __init__(self, modules: tuple[tuple[int, str], ...] = ()) -> None:
        self._modules = modules

    @property
    def last(self) -> int:
        """The position of the last star import so far, -1 where there is none."""
        return self._modules[-1][0] if self._modules else -1

    @property
    def first(self) -> float:
        """The position of the first star import, beyond all positions where there is none."""
        return self._modules[0][0] if self._modules else math.inf

    def module_of(self, name: str) -> str:
        """Return the path of a function that a star import brought, as far as the knowledge tables tell; else ""."""
        for _, module in reversed(self._modules):
            for path in (f"{module}.{name}", *(f"{part}.{name}" for part in _PARTS.get(module, ()))):
                if knowledge.module_call(path) is not None:
                    return path
        return ""

    @property
    def modules(self) -> list[str]:
        """The modules, the last first."""
        return [module for _, module in reversed(self._modules)]

    def may_rebind(self, name: str, start: int, end: int) -> list[tuple[int, str]]:
        """Return the star imports between two positions that may bind `name`, as (position, module)."""
        return [
            (position, module)
            for position, module in self._modules
            if start < position < end and name in (_public_names(module) or {name})
        ]


_PARTS = {"pylab": ("numpy", "matplotlib.pyplot"), "matplotlib.pylab": ("numpy", "matplotlib.pyplot")}


@functools.cache
def _public_names(module: str) -> frozenset[str] | None:
    """Return what a star import of a module of the standard library binds, None for any other module.

    Only these are imported: to compile must not run anybody's code.
    """
    root = module.partition(".")[0]
    if root not in sys.stdlib_module_names or root in _NOT_TO_IMPORT or root.startswith("_"):
        return None
    try:
        found = importlib.import_module(module)
    except ImportError:
        return None
    names = getattr(found, "__all__", None)
    return frozenset(names if names is not None else (name for name in vars(found) if not name.startswith("_")))
