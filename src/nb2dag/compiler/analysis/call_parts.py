"""Hold what all kinds of calls have in common: the result that facts tell of, functions that are called in turn."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.callbacks import call_bound_methods, call_functions, call_objects, is_function
from nb2dag.compiler.analysis.effects import Draw
from nb2dag.compiler.analysis.knowledge.facts import CallFacts, MethodFacts
from nb2dag.compiler.analysis.marks import alike
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import IMMUTABLE, NONE, Definition, Value, container, part_of, shares, union

_GENERATORS = ("<numpy.random>", "<random>")
_DRAWN_ON = {"ax", "axes", "fig", "figure"}
_RETURNED = {"out", "ax"}
"""Arguments that a call returns, or parts of them, if it changes them."""
_CHANCE = re.compile(
    r"rand|sample|simul|generat|shuffl|permut|bootstrap|noise|draw|jitter|fake|synth|split|fit|train|rvs"
)


def call_given(
    evaluator: CallingEvaluator,
    places: tuple[int | str, ...],
    arguments: Arguments,
    reachable: Sequence[Value],
    node: ast.Call,
) -> list[Value]:
    """Record what a known function does by calling what it is given; return what the result may contain of that."""
    returned = call_bound_methods(evaluator, places, arguments, reachable, node)
    if places or any(is_function(value) for value in arguments.all()):
        returned += call_functions(evaluator, arguments.all(), reachable, node)
        returned += call_objects(evaluator, places, arguments, reachable, node)
    return [value for value in returned if not value.immutable] if "key" not in places else []


def mutate_places(
    evaluator: CallingEvaluator, places: tuple[int | str, ...], arguments: Arguments, node: ast.AST
) -> None:
    """Record that a call changes the arguments at some places."""
    for place in places:
        value = arguments.get(place)
        if value is not None:
            # What is drawn on is no element of a frame.
            (evaluator.effects.mutate if place in _DRAWN_ON else evaluator.effects.alter)(value, node)
    if places:
        for value in arguments.rest:
            evaluator.effects.mutate(value, node, deep=True)


def returned_place(result: Value, places: tuple[int | str, ...], arguments: Arguments) -> Value:
    """Return the result of a call that returns what it is given to write or draw to: `np.cumsum(a, out=a)`."""
    if not _RETURNED.intersection(places):
        return result
    given = [value for place in places if (value := arguments.get(place)) is not None and not value.immutable]
    return union([result, *given, *map(part_of, given)]) if given else result


def may_draw(evaluator: CallingEvaluator, name: str, node: ast.Call) -> None:
    """Let a call that nothing is known of draw from the global generators, if its name says that chance is in it.

    Only a notebook that seeds a generator sees anything of that: the numbers below depend on how many were drawn.
    """
    if _CHANCE.search(name.lower()):
        for state in _GENERATORS:
            evaluator.effects.add(Draw(state, node))


def result_of(returns: str, kind: str, owner: Value | None, arguments: Arguments, *, shallow: bool) -> Value:
    """Return the result that facts tell of a call."""
    values = ([owner] if owner is not None else []) + arguments.all()
    made = frozenset(definition for value in values for definition in _made(value))
    if returns == "immutable":
        return replace(IMMUTABLE, kind="immutable")
    if returns == "receiver" and owner is not None:
        return owner
    if returns == "first" and arguments.positional:
        return arguments.positional[0]
    if returns == "shares":
        return container(values, kind) if shallow else shares(values, kind)
    return Value(kind=kind, carries=made, draws=NONE if kind else alike(values))


def may_leave_uncopied(arguments: Arguments) -> bool:
    """Tell whether `copy` is given and is not plainly True: the result may be, or view, what the call is given."""
    node = arguments.nodes.get("copy")
    return node is not None and not (isinstance(node, ast.Constant) and node.value is True)


def _made(value: Value) -> Iterable[Definition]:
    """Return the classes whose instances a function passed as an argument may leave in a result."""
    carried = value.carries if value.definition is None else value.carries | {value.definition}
    return [definition for definition in carried if definition.is_class or value.definition is not None]


def with_given(result: Value, facts: CallFacts | MethodFacts, given: list[Value]) -> Value:
    """Return a result that may contain what the functions return which the callee called."""
    if not given or result.immutable:
        return result
    if facts.returns != "shares":
        classes = frozenset(each for value in given for each in value.carries if each.is_class)
        return replace(result, carries=result.carries | classes) if classes else result
    found = [result, *given]
    return container(found, result.kind) if facts.shallow else shares(found, result.kind)


def with_handles(result: Value, states: frozenset[str]) -> Value:
    """Return the result of a call that opened files to write: to use it is to change them."""
    return replace(result, draws=result.draws | states) if states and not result.immutable else result


def constants(values: Iterable[Value]) -> list[str | None]:
    """Return what is known at compile time of some values."""
    return [value.constant for value in values]
