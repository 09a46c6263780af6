"""Spell the private names inside of a class as Python stores them: `__x` in the methods of `C` is `_C__x`."""

from __future__ import annotations

import ast
import copy
from functools import lru_cache

from nb2dag.compiler.analysis.scopes import FunctionNode
from nb2dag.model.code import nodes_of


def spelled(name: str, owner: str) -> str:
    """Return a name that stands inside of a class as Python stores it.

    >>> spelled("__total", "_Shop"), spelled("__init__", "Shop"), spelled("_x", "Shop"), spelled("__x", "__")
    ('_Shop__total', '__init__', '_x', '__x')
    """
    owner = owner.lstrip("_")
    is_private = name.startswith("__") and not name.endswith("__")
    return f"_{owner}{name}" if is_private and owner else name


@lru_cache(maxsize=1024)
def with_private_names(method: FunctionNode, owner: str) -> FunctionNode:
    """Return a method of the class `owner` with its private names spelled out; itself where it has none."""
    if not any(_of_node(node, owner) for node in nodes_of(method)):
        return method
    spelled_out = copy.deepcopy(method)
    for node in ast.walk(spelled_out):
        if isinstance(node, ast.Name):
            node.id = spelled(node.id, owner)
        elif isinstance(node, ast.arg):
            node.arg = spelled(node.arg, owner)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            node.names = [spelled(name, owner) for name in node.names]
    return spelled_out


def _of_node(node: ast.AST, owner: str) -> bool:
    names = node.names if isinstance(node, ast.Global) else [node.id] if isinstance(node, ast.Name) else []
    return any(spelled(name, owner) != name for name in names)
