"""Find the modules that code imports, and the parts of modules that it names."""

from __future__ import annotations

import ast
from functools import lru_cache

from nb2dag.model.code import module_of_call, nodes_of


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
        elif (module := module_of_call(node)) is not None:
            found.add(module)
    return frozenset(found)


@lru_cache(maxsize=20_000)
def dotted_names(tree: ast.AST) -> frozenset[tuple[str, tuple[str, ...]]]:
    """Return the names that a tree takes attributes of, each with the attributes one after the other.

    >>> sorted(dotted_names(ast.parse("a.b.c(d.e)")))
    [('a', ('b', 'c')), ('d', ('e',))]
    """
    nodes = nodes_of(tree)
    inner = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    found: set[tuple[str, tuple[str, ...]]] = set()
    for node in nodes:
        if isinstance(node, ast.Attribute) and id(node) not in inner:
            attributes: list[str] = []
            part: ast.expr = node
            while isinstance(part, ast.Attribute):
                attributes.append(part.attr)
                part = part.value
            if isinstance(part, ast.Name):
                found.add((part.id, tuple(reversed(attributes))))
    return frozenset(found)
