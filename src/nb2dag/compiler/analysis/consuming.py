"""Follow what going through it moves on: iterators, and streams such as a `StringIO`, which stand somewhere."""

from __future__ import annotations

import ast
from dataclasses import replace

from nb2dag.compiler.analysis.marks import run_by, without_runs
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import IMMUTABLE, MOVES, MOVING, Value, part_of

STAND_STILL = frozenset({"list", "dict", "set", "tuple", "defaultdict", "frame", "series", "array", "immutable", "str"})
"""Kinds that are gone through without a trace, whatever they hold."""

_AWAITED = {"coroutine", "future"}
"""Kinds of what is awaited, and not of what that gives."""


def consume(evaluator: CallingEvaluator, value: Value, node: ast.AST) -> None:
    """Record that something is gone through: an iterator is another one afterwards.

    Of what a function was given, its callers know what it is.
    """
    run_lazy(evaluator, value, node)
    if value.kind in MOVING:
        evaluator.effects.mutate(value, node)
    elif MOVES in value.draws and value.kind not in STAND_STILL:
        evaluator.effects.mutate(value, node, deep=True)
    if evaluator.function:
        evaluator.effects.consumed |= {
            (name, name in value.same) for name in value.same | value.part if name.startswith("@")
        }


def run_lazy(evaluator: CallingEvaluator, value: Value, node: ast.AST) -> None:
    """Record what a generator, a coroutine or a context does that was made before, and that runs now."""
    for name in run_by(value):
        evaluator.effects.mutate(Value(same=frozenset({name})), node, deep=True)


def awaited(value: Value) -> Value:
    """Return what a coroutine, a task or a future gives that ran to its end: it does nothing any more."""
    if value.kind not in _AWAITED:
        return without_runs(value)
    return without_runs(replace(value, kind="")) if value.reaches or value.carries or value.free else IMMUTABLE


def consume_for(evaluator: CallingEvaluator, given: Value, node: ast.AST, *, itself: bool) -> None:
    """Record that a function which is called goes through what it is given `itself`, or through something in it."""
    consume(evaluator, given if itself else part_of(given), node)
