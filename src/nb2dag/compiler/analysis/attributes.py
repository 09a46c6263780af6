"""Tell what an attribute of an object surely holds, by all that the class of the object stores in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from nb2dag.compiler.analysis.classes import family, path_of
from nb2dag.compiler.analysis.resolver import Resolver
from nb2dag.compiler.analysis.values import Definition

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_DISPLAYS = ast.Constant | ast.List | ast.Dict | ast.Set | ast.Tuple | ast.ListComp | ast.DictComp | ast.SetComp
_PASSED_THROUGH = {"copy", "deepcopy", "clone", "replace", "cast", "getattr", "next", "loads", "load", "partial"}
"""Functions that may return what they are given, or part of it."""


def holds_foreign(resolver: Resolver, definition: Definition, attribute: str) -> bool:
    """Tell whether all that a class stores in an attribute is made by libraries, and so no instance of its own."""
    stores = [store for part in family(resolver, definition) for store in _stores(part.node).get(attribute, ())]
    return bool(stores) and all(_is_foreign(resolver, store) for store in stores)


@lru_cache(maxsize=1024)
def _stores(node: ast.AST) -> dict[str, list[ast.expr | None]]:
    """Return what the methods of a class assign to attributes of their objects, by their names; None if not known."""
    found: dict[str, list[ast.expr | None]] = {}
    for method in getattr(node, "body", ()):
        if isinstance(method, _Function):
            for name, value in _assigned(method):
                found.setdefault(name, []).append(value)
        elif isinstance(method, ast.Assign | ast.AnnAssign):
            # An attribute of the class, or a field.
            for target in method.targets if isinstance(method, ast.Assign) else [method.target]:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(None if isinstance(method, ast.AnnAssign) else method.value)
    return found


def _assigned(method: _Function) -> Iterator[tuple[str, ast.expr | None]]:
    for node in ast.walk(method):
        if isinstance(node, ast.Assign):
            pairs: list[tuple[ast.expr, ast.expr | None]] = [(target, node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            pairs = [(node.target, node.value)]
        else:
            # A loop, a context: what it gives is not known.
            pairs = []
        for target, value in pairs:
            parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
            values = value.elts if isinstance(value, ast.Tuple | ast.List) and len(parts) > 1 else [value]
            known = values if len(values) == len(parts) else [None] * len(parts)
            for part, item in zip(parts, known, strict=True):
                if isinstance(part, ast.Attribute):
                    yield part.attr, item


def _is_foreign(resolver: Resolver, value: ast.expr | None) -> bool:
    if isinstance(value, _DISPLAYS):
        return True
    if not isinstance(value, ast.Call):
        return False
    path = path_of(resolver, value.func)
    return bool(path) and path.rpartition(".")[2] not in _PASSED_THROUGH
