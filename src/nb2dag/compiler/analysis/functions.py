r"""Find the global names a function's body uses, through every scope nested in it.

>>> names = function_names(ast.parse("def f(a):\n    b = a\n    return [b + c for c in d if e(c)]").body[0])
>>> sorted(names.free)
['d', 'e']
>>> sorted(function_names(ast.parse("def f():\n    global n\n    n += 1").body[0]).binds)
['n']
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import lru_cache

from nb2dag.compiler.analysis.scopes import (
    FunctionNode,
    Scope,
    ScopeKind,
    all_arguments,
    function_scope,
    local_names,
    type_parameters,
)
from nb2dag.compiler.analysis.walk_expressions import Rules
from nb2dag.compiler.analysis.walk_statements import NameWalker


@dataclass(slots=True)
class FunctionNames:
    """`free`: globals read when the body runs, with the first node; `binds`: globals it assigns or deletes.

    A global that is only assigned is among `free` too: what a caller finds there depends on the path taken.
    `nested` are the free globals of functions and lambdas defined inside: they may leave with a returned value.
    """

    free: dict[str, ast.AST] = field(default_factory=dict)
    binds: set[str] = field(default_factory=set)
    nested: set[str] = field(default_factory=set)


def function_names(node: FunctionNode) -> FunctionNames:
    """Return the global names that calling `node` may read or bind."""
    walker = NameWalker(Rules(), function_scope(node), (Scope(ScopeKind.FUNCTION, type_parameters(node)),))
    if isinstance(node, ast.Lambda):
        walker.expression(node.body)
    else:
        walker.body(node.body)
    stores = walker.called_stores | walker.stores
    return FunctionNames(
        free=stores | walker.deferred | walker.reads,
        binds=set(stores) | walker.deletes,
        nested=walker.nested,
    )


__all__ = ["FunctionNames", "FunctionNode", "all_arguments", "function_names", "local_names"]


@lru_cache(maxsize=1024)
def methods_in(node: ast.AST) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, ...]:
    """Return the functions that stand in the body of a class, nothing for anything else."""
    return tuple(item for item in getattr(node, "body", ()) if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef))
