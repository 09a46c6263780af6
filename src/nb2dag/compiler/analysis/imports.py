"""Find the modules that code imports."""

from __future__ import annotations

import ast
from functools import lru_cache

from nb2dag.model.code import nodes_of


@lru_cache(maxsize=20_000)
def imported_modules(tree: ast.AST) -> frozenset[str]:
    """Return the dotted modules that a tree imports; `from a import b` may mean the module `a.b`."""
    found: set[str] = set()
    for node in nodes_of(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*")
    return frozenset(found)
