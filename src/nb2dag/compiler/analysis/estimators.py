"""Evaluate what an estimator calls in turn: the steps of a pipeline, the methods that one of the notebook's own has."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from nb2dag.compiler.analysis import knowledge
from nb2dag.compiler.analysis.application import call_methods, overridden
from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.marks import IN_PLACE, KEEPS_DATA
from nb2dag.compiler.analysis.outside import called_name
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import NONE, Names, Value, container, part_of, union

_FITS = ("fit", "partial_fit")
_GIVING = {"fit_transform": ("fit_transform", "transform"), "fit_predict": ("fit_predict", "predict")}
"""Methods that may return what another one does."""


def call_parts(evaluator: CallingEvaluator, owner: Value, arguments: Arguments, node: ast.Call) -> list[Value]:
    """Call the notebook's own parts of a pipeline as that does, and return what they may return.

    An estimator of the notebook's own may inherit the method: `fit_transform` calls `fit` and `transform`.
    """
    names = knowledge.methods_in_turn(called_name(node))
    if not names or not (owner.carries or evaluator.function):
        return []
    found = call_methods(evaluator, [owner], names, node, arguments.all())
    for name in _GIVING.get(called_name(node), (called_name(node),)):
        if (below := overridden(evaluator, owner, name)) is not None:
            found.append(below)
    return [value for value in found if not value.immutable]


def mark_of_keeping(path: str, arguments: Arguments) -> Names:
    """Return the mark of an estimator that keeps the data it is fitted on, if it is one."""
    uncopied = arguments.given(("copy_X_train",)) or arguments.open
    return frozenset({KEEPS_DATA}) if knowledge.keeps_data(path, uncopied=uncopied) else NONE


def fitted(evaluator: CallingEvaluator, owner: Value, result: Value, arguments: Arguments, node: ast.Call) -> Value:
    """Return the result of a method, and let an estimator that it fits hold the data if it keeps them."""
    if not called_name(node).startswith(_FITS):
        return result
    hold_data(evaluator, [owner], arguments.all(), node)
    if KEEPS_DATA not in owner.draws or result.immutable:
        return result
    return replace(result, holds=result.holds | container(arguments.all()).holds)


def transformed(owner: Value, result: Value, arguments: Arguments, node: ast.Call) -> Value:
    """Return the result of a method: a transformer that changes the data, or calls a function, may return these."""
    calls = owner.free or any(not each.is_class for each in owner.carries)
    if owner.kind == "estimator" and called_name(node).endswith("transform") and (calls or IN_PLACE in owner.draws):
        return union([result, *arguments.all(), *map(part_of, arguments.all())])
    return result


def hold_data(evaluator: CallingEvaluator, owners: Sequence[Value], given: Sequence[Value], _node: ast.AST) -> None:
    """Let estimators that keep the data they are fitted on hold them; a function leaves it to its callers."""
    for owner in owners:
        if KEEPS_DATA in owner.draws:
            for value in given:
                evaluator.effects.hold(owner, value)
    if evaluator.function:
        evaluator.effects.ask(hold_data, owners, given)
