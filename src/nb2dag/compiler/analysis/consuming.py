"""Follow what going through it moves on: iterators, and streams such as a `StringIO`, which stand somewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import MOVES, MOVING, Value, part_of

_STAND_STILL = frozenset(
    {"list", "dict", "set", "tuple", "defaultdict", "frame", "series", "array", "immutable", "str"}
)
"""Kinds that are gone through without a trace, whatever they hold."""

_STORING = frozenset({"append", "appendleft", "insert", "add", "setdefault", "put", "put_nowait", "push"})
"""Methods that keep an argument and do not look into it."""


def consume(evaluator: CallingEvaluator, value: Value, node: ast.AST) -> None:
    """Record that something is gone through: an iterator is another one afterwards.

    Of what a function was given, its callers know what it is.
    """
    if value.kind in MOVING:
        evaluator.effects.mutate(value, node)
    elif MOVES in value.draws and value.kind not in _STAND_STILL:
        evaluator.effects.mutate(value, node, deep=True)
    if evaluator.function:
        evaluator.effects.consumed |= {
            (name, name in value.same) for name in value.same | value.part if name.startswith("@")
        }


def consume_given(evaluator: CallingEvaluator, name: str, values: Iterable[Value], node: ast.AST) -> None:
    """Record that a library's function or method called `name` may go through what it is given."""
    for value in values if name not in _STORING else ():
        consume(evaluator, value, node)
        if MOVES in value.draws and value.kind in _STAND_STILL:
            # What is in a list may be gone through as well: `pd.DataFrame({"a": iterator})`.
            evaluator.effects.mutate(value, node, deep=True)


def consume_by_method(
    evaluator: CallingEvaluator, owner: Value, name: str, values: Iterable[Value], node: ast.AST
) -> None:
    """Record that a library's method goes through what it is given, and what its object was made with."""
    consume_given(evaluator, name, values, node)
    if owner.kind not in MOVING and not name.startswith("get"):
        consume(evaluator, owner, node)


def consume_for(evaluator: CallingEvaluator, given: Value, node: ast.AST, *, itself: bool) -> None:
    """Record that a function which is called goes through what it is given `itself`, or through something in it."""
    consume(evaluator, given if itself else part_of(given), node)
