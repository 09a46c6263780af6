"""Evaluate what has to do with the cache that the standard library keeps for a function."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from nb2dag.compiler.analysis.classes import CACHE_COUNTS, cached_method, does_more_than_return, keeps_answers
from nb2dag.compiler.analysis.effects import CLEARED, READ, Effects, FileUse, ReadState, Remembered, Summary
from nb2dag.compiler.analysis.free_names import free_names
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
    if name == "cache_clear":
        evaluator.effects.remembered.add(Remembered(definition.name, definition.node, CLEARED))
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


def note_answers(
    summary: Summary, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, owner: Definition | None
) -> None:
    """Note of a function, or of a method of the class `owner`, what its answers follow from, if they are cached."""
    if isinstance(node, ast.Lambda) or not keeps_answers(node):
        return
    effects = summary.effects
    if does_more_than_return(node, effects, own=node.name if owner is None else ""):
        # What each call does is state of the function itself.
        return
    named = free_names(node).union(*(free_names(called.node) for called in effects.references))
    name = owner.name if owner is not None else node.name
    effects.remembered |= {Remembered(name, node, each) for each in named}
    effects.remembered |= {Remembered(name, node, f"@{each}", given=True) for each in _used(node, summary)}
    effects.remembered |= {Remembered(name, node, each) for each in _surroundings(effects)}


def _used(node: ast.AST, summary: Summary) -> set[str]:
    """Return the parameters of a function that it does use."""
    loaded = {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}
    return loaded.intersection(summary.parameters)


def _surroundings(effects: Effects) -> Iterator[str]:
    for event in effects.events:
        if isinstance(event, ReadState):
            yield event.state
        elif isinstance(event, FileUse):
            yield READ


def _acts(evaluator: CallingEvaluator, definition: Definition) -> bool:
    return does_more_than_return(definition.node, evaluator.resolver.summary(definition).effects, own=definition.name)
