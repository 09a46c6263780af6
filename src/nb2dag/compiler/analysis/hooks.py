"""Find functions of the notebook's that a module is given to call them: `warnings.showwarning = show`."""

from __future__ import annotations

import ast

from nb2dag.compiler.analysis.effects import Bind, Mutate, WriteState
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import Value


def record_hook(evaluator: CallingEvaluator, item: Value, node: ast.AST) -> None:
    """Record that an attribute of a module becomes a function that changes objects which it is not given.

    Whoever calls the module does not say that it calls the function.
    """
    if _changes_what_is_around(evaluator, item):
        evaluator.effects.add(WriteState("<hook>", node))


def _changes_what_is_around(evaluator: CallingEvaluator, item: Value) -> bool:
    definition = item.definition
    if definition is not None and not definition.is_class:
        events = evaluator.resolver.summary(definition).effects.events
        return any(isinstance(event, Bind | Mutate) and event.name[0] not in "@%" for event in events)
    # Libraries and builtins are nothing of the notebook's.
    own = any(not evaluator.resolver.resolve(name).module for name in item.free)
    return item.kind in ("function", "closure") and (own or bool(item.reaches))
