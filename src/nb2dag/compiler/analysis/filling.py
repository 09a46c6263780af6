"""Follow dicts that fill in what is missing: to look something up in a `defaultdict` may change it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import FILLS, FILLS_INSIDE, Names, Value

FILLING = "<fills in>"
"""Stands for that the notebook has dicts which fill in what is missing."""

_KIND = "defaultdict"
_PLAIN = {"list", "dict", "set", "int", "float", "str", "bool", "tuple", "Counter", "deque", "complex", "bytes"}
"""What makes values that fill in nothing."""


def has_filling(source: str) -> bool:
    """Tell whether code may make dicts that fill in what is missing."""
    return _KIND in source


def marks_of_filling(factory: ast.expr | None) -> Names:
    """Return the marks of the dict that a call of `defaultdict` makes with a factory.

    >>> [len(marks_of_filling(ast.parse(text, mode="eval").body)) for text in ("list", "lambda: defaultdict(list)")]
    [1, 2]
    """
    plain = factory is None or (isinstance(factory, ast.Name) and factory.id in _PLAIN)
    return frozenset({FILLS}) if plain else frozenset({FILLS, FILLS_INSIDE})


def look_up(evaluator: CallingEvaluator, values: Iterable[Value], node: ast.AST) -> None:
    """Record that something is looked up in values by a key: one that fills in what is missing may change."""
    for value in values:
        if value.kind == _KIND or FILLS in value.draws:
            evaluator.effects.mutate(value, node)
        elif evaluator.function and not value.immutable and evaluator.resolver.resolve(FILLING).constant is not None:
            evaluator.effects.ask(_answer, [value], [])


def found_in(owner: Value, part: Value) -> Value:
    """Return what was looked up in a dict, which fills in nothing itself unless there may be such dicts in it."""
    plain = owner.kind == _KIND and FILLS_INSIDE not in owner.draws
    return replace(part, draws=part.draws - {FILLS}) if plain else part


def _answer(evaluator: CallingEvaluator, values: Sequence[Value], _given: Sequence[Value], node: ast.AST) -> None:
    look_up(evaluator, values, node)
