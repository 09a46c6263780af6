"""Read `f = library.wrap(f, option=1)` as the definition that it is: `f` with one decorator more."""

from __future__ import annotations

import ast
import copy
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from nb2dag.compiler.analysis.free_names import free_names
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import Definition

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = TypeVar("_Definition", ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_CACHES = {"functools.lru_cache", "functools.cache"}


@dataclass(frozen=True, slots=True)
class DecoratedByCall:
    """What `f = library.wrap(f, option=1)` defines: `node`, as if `decorator` stood above it; `given` goes into it."""

    node: _Function | ast.ClassDef
    decorator: ast.expr
    given: Sequence[ast.expr]


def decorated_by_call(evaluator: CallingEvaluator, node: ast.Assign) -> DecoratedByCall | None:
    """Return what an assignment defines that decorates a definition under its own name, and None for any other one.

    What is given beside `f` may be an option, but nothing that calls of the result could change.

    Args:
        evaluator: One whose effects count for nothing.
        node: An assignment at the top of a cell.
    """
    target, call = node.targets[0], node.value
    if len(node.targets) > 1 or not isinstance(target, ast.Name) or not isinstance(call, ast.Call):
        return None
    if len(call.args) != 1 or not isinstance(call.args[0], ast.Name | ast.Lambda):
        return None
    wrapper = evaluator.value(call.func.func if isinstance(call.func, ast.Call) else call.func).module
    if not wrapper or any(evaluator.value(each.value).reaches for each in call.keywords):
        return None
    wrapped = _wrapped(evaluator, call.args[0])
    if wrapped is None or (wrapped.name != target.id and not (wrapper in _CACHES and _matters(evaluator, wrapped))):
        return None
    if evaluator.value(call).immutable:
        # A text or number that says something of it.
        return None
    own = _with_name(wrapped.node, target.id)
    kept = [call.args[0]] if _keeps_defaults(own) else []
    return DecoratedByCall(_with_decorator(own, call.func), call.func, kept)


def _wrapped(evaluator: CallingEvaluator, node: ast.Name | ast.Lambda) -> Definition | None:
    """Return the definition that a name or a lambda stands for."""
    if isinstance(node, ast.Lambda):
        return Definition("", node, -1)
    definition = evaluator.value(node).definition
    return definition if definition is not None and definition.name == node.id else None


def _matters(evaluator: CallingEvaluator, definition: Definition) -> bool:
    """Tell whether it matters what a cache of a function keeps: what it gave before, or objects that can change."""
    resolver = evaluator.resolver
    known = (resolver.resolve(name) for name in free_names(definition.node))
    uses_variables = not all(value.module or value.definition is not None for value in known)
    returns = resolver.summary(definition).returns
    return uses_variables or returns.kind not in ("", "immutable") or bool(returns.carries)


@functools.lru_cache(maxsize=1024)
def _with_name(node: _Function | ast.Lambda | ast.ClassDef, name: str) -> _Function | ast.ClassDef:
    """Return a definition under a name, a lambda as a function that says the same, with the same trees inside."""
    if not isinstance(node, ast.Lambda):
        if node.name == name:
            return node
        named = copy.copy(node)
        named.name = name
        return named
    (function,) = ast.parse("def f(): return 0").body
    assert isinstance(function, ast.FunctionDef)
    assert isinstance(function.body[0], ast.Return)
    function.name, function.args, function.body[0].value = name, node.args, node.body
    for made in (function, function.body[0]):
        ast.copy_location(made, node)
    return function


def _keeps_defaults(node: _Function | ast.ClassDef) -> bool:
    """Tell whether a function keeps objects as defaults, or a class as attributes, that whoever wraps it reaches."""
    if isinstance(node, ast.ClassDef):
        return True
    defaults = [*node.args.defaults, *node.args.kw_defaults]
    return not all(default is None or isinstance(default, ast.Constant) for default in defaults)


@functools.lru_cache(maxsize=1024)
def _with_decorator(node: _Definition, decorator: ast.expr) -> _Definition:
    """Return a definition with one decorator more; what is inside stays the same trees."""
    decorated = copy.copy(node)
    decorated.decorator_list = [decorator, *node.decorator_list]
    return decorated
