"""Follow accessors of the notebook's own: `df.geo` is an instance of the class that was registered as `geo`."""

from __future__ import annotations

import ast

from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.effects import ACCESSORS, Effects, Hold
from nb2dag.compiler.analysis.instances import construct
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import Definition, Value

_REGISTERS = ("register_dataframe_accessor", "register_series_accessor", "register_index_accessor")


def register(effects: Effects, definition: Definition) -> None:
    """Record that a class is registered as an accessor, if a decorator says so."""
    if _accessor_name(definition.node):
        effects.add(Hold(ACCESSORS, Value(carries=frozenset({definition}))))


def accessed(evaluator: CallingEvaluator, owner: Value, node: ast.Attribute) -> list[Value]:
    """Return what reading an attribute makes, where classes are registered under its name: instances on the owner."""
    registered = evaluator.resolver.resolve(ACCESSORS).carries
    if not registered or owner.immutable or owner.definition is not None:
        return []
    call = ast.copy_location(ast.Call(node, [], []), node)
    classes = [item for item in registered if _accessor_name(item.node) == node.attr]
    return [construct(evaluator, item, Arguments([owner]), call) for item in sorted(classes, key=lambda c: c.position)]


def _accessor_name(node: ast.AST) -> str | None:
    """Return the name that a class is registered under, None where it is no accessor."""
    for decorator in getattr(node, "decorator_list", ()):
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).rpartition(".")[2] in _REGISTERS:
            for argument in decorator.args[:1]:
                return str(argument.value) if isinstance(argument, ast.Constant) else None
    return None
