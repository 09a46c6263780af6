"""Evaluate what has to do with the cache that the standard library keeps for a function."""

from __future__ import annotations

import ast
from dataclasses import replace

from nb2dag.compiler.analysis.classes import CACHE_COUNTS, cached_method, does_more_than_return
from nb2dag.compiler.analysis.effects import Summary
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import IMMUTABLE, NONE, Definition, Value, union

CACHE_METHODS = frozenset({CACHE_COUNTS, "cache_clear", "cache_parameters"})
"""Methods of a cached function."""


def out_of_cache(evaluator: CallingEvaluator, definition: Definition, result: Value, node: ast.Call) -> Value:
    """Return what a cached function gives: what it returns, now or the first time."""
    own = Value(same=frozenset({definition.name}))
    if not result.immutable:
        result = union([result, replace(own, same=NONE, part=own.same)])
    if _acts(evaluator, definition):
        # Whether it does anything the next time depends on its cache, which does not cross.
        evaluator.effects.mutate(own, node)
    return result


def call_cache(evaluator: CallingEvaluator, definition: Definition, name: str, node: ast.Call) -> Value:
    """Evaluate a method of a cached function.

    Each task begins with an empty cache: to empty it shows only where a call does more than to return something.
    """
    if name == CACHE_COUNTS:
        evaluator.effects.lost.add((definition.name, CACHE_COUNTS))
    if name == "cache_clear" and _acts(evaluator, definition):
        evaluator.effects.mutate(Value(same=frozenset({definition.name})), node)
    return IMMUTABLE


def out_of_method_cache(  # noqa: PLR0913, PLR0917 - a call and what it gave
    evaluator: CallingEvaluator, definition: Definition, name: str, summary: Summary, result: Value, node: ast.AST
) -> Value:
    """Return what a method of a class gives; one whose results are cached keeps them in the class."""
    method = cached_method(evaluator.resolver, definition, name)
    if method is None:
        return result
    own = frozenset({definition.name})
    if does_more_than_return(method, summary.effects):
        evaluator.effects.mutate(Value(same=own), node)
    return result if result.immutable else union([result, Value(part=own)])


def _acts(evaluator: CallingEvaluator, definition: Definition) -> bool:
    return does_more_than_return(definition.node, evaluator.resolver.summary(definition).effects, own=definition.name)
