"""Follow generators of numbers that an object draws from because it was made with them: `KFold(random_state=rng)`."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import lru_cache

from nb2dag.compiler.analysis import knowledge
from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.effects import Draw
from nb2dag.compiler.analysis.marks import OF_PROCESS, OWN_GENERATOR
from nb2dag.compiler.analysis.outside import GENERATORS
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
        draw_from_process(evaluator, value, node)
    if evaluator.function:
        evaluator.effects.ask(move_on, values, [])


def draw_from_process(evaluator: CallingEvaluator, value: Value, node: ast.AST) -> None:
    """Record that what is or keeps `random`, or a function of it, draws from the generator of the whole process."""
    for state in sorted(value.draws & GENERATORS) if OF_PROCESS in value.draws else ():
        evaluator.effects.add(Draw(state, node))
        evaluator.effects.unstable.setdefault(state, node)


@lru_cache(maxsize=4096)
def generators_of(path: str) -> Names:
    """Return the marks of a module or function that draws from the generator of the whole process; none of others.

    >>> [sorted(generators_of(path) - {OF_PROCESS}) for path in ("random", "numpy.random.rand", "math.sin")]
    [['<random>'], ['<numpy.random>'], []]
    """
    state = knowledge.module_state(path)
    if state in GENERATORS and f"<{path}>" == state:
        return frozenset({state, OF_PROCESS})
    facts = knowledge.module_call(path)
    # A class says when it is called whether what it makes draws.
    is_class = path.rpartition(".")[2][:1].isupper()
    found = NONE if facts is None or facts.seeds or is_class else GENERATORS.intersection(facts.reads)
    return found | {OF_PROCESS} if found else NONE
