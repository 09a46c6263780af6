"""Follow generators of numbers that an object draws from because it was made with them: `KFold(random_state=rng)`."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.marks import OWN_GENERATOR
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import NONE, Names, Value

_PLACE = "random_state"
_LOOKING = ("get_", "set_", "__")
"""Beginnings of the names of methods that draw nothing."""


def mark_of_generator(arguments: Arguments) -> Names:
    """Return the mark of what is made with a generator; a number to seed one anew each time is none."""
    given = arguments.get(_PLACE)
    return NONE if given is None or given.immutable else frozenset({OWN_GENERATOR})


def record_use(evaluator: CallingEvaluator, owner: Value, name: str, arguments: Arguments, node: ast.AST) -> None:
    """Record that calling a method moves on the generators of its object and of what it is given."""
    if not name.startswith(_LOOKING):
        move_on(evaluator, [owner, *arguments.all()], [], node)


def move_on(evaluator: CallingEvaluator, values: Sequence[Value], _given: Sequence[Value], node: ast.AST) -> None:
    """Record that the generators of some values move on; a function leaves it to its callers to find out whose."""
    for value in values:
        if OWN_GENERATOR in value.draws:
            evaluator.effects.mutate(value, node, deep=True)
    if evaluator.function:
        evaluator.effects.ask(move_on, values, [])
