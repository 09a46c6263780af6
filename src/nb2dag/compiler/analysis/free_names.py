"""Find the global names that the bodies of a definition use."""

from __future__ import annotations

import ast
from functools import lru_cache

from nb2dag.compiler.analysis.functions import function_names
from nb2dag.compiler.analysis.names import statement_names
from nb2dag.model.code import nodes_of


@lru_cache(maxsize=4096)
def free_names(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef) -> frozenset[str]:
    """Return the globals that the bodies of a definition use."""
    if isinstance(node, ast.ClassDef):
        # A lambda that its statement gives to a call, `field(default_factory=lambda: ...)`, may be called later, too.
        made = [part for part in node.body if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]
        given = [part for statement in made for part in nodes_of(statement) if isinstance(part, ast.Lambda)]
        return frozenset(statement_names(node).deferred).union(*(function_names(part).free for part in given))
    # So may one that is a default.
    arguments = [default for default in (*node.args.defaults, *node.args.kw_defaults) if default is not None]
    given = [part for default in arguments for part in nodes_of(default) if isinstance(part, ast.Lambda)]
    return frozenset(function_names(node).free).union(*(function_names(part).free for part in given))
