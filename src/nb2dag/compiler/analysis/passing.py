"""Tell what each parameter of a function of the notebook's stands for in a call."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.effects import Hold, Mutate, Summary
from nb2dag.compiler.analysis.resolver import CallingEvaluator, Resolver
from nb2dag.compiler.analysis.values import Definition, Value, container, kept, union


def passed_to(resolver: Resolver, summary: Summary, arguments: Arguments) -> dict[str, Value]:
    """Return what each parameter stands for; a default that is not overridden lives as long as its function."""
    positional = ([arguments.receiver] if arguments.receiver is not None else []) + arguments.positional
    passed = dict(zip(summary.parameters[: summary.positional], positional, strict=False))
    surplus = positional[summary.positional :]
    others = list(arguments.rest)
    for name, value in arguments.keywords.items():
        if name in summary.parameters:
            passed[name] = value
        else:
            others.append(value)
    unsure = frozenset(summary.parameters) - passed.keys() if arguments.rest else frozenset[str]()
    if arguments.rest:
        passed |= dict.fromkeys(unsure, union(arguments.rest))
    for name, value in called_by_default(resolver, arguments.owner):
        passed[name] = union([passed[name], value]) if name in unsure else passed.get(name, value)
    # What is unpacked into a call may leave any parameter to its default: `f(**options)`.
    left_out = summary.changing_defaults - passed.keys() | summary.changing_defaults & unsure
    if arguments.owner is not None and left_out:
        function = resolver.resolve(arguments.owner.name)
        kept_by_it = Value(part=frozenset({arguments.owner.name}), carries=function.carries, draws=function.draws)
        for name in left_out:
            passed[name] = union([passed[name], kept_by_it]) if name in passed else kept_by_it
    if summary.variadic:
        passed[summary.variadic] = container(map(kept, [*surplus, *arguments.rest]), "tuple")
    if summary.keywords:
        passed[summary.keywords] = container(map(kept, others), "dict")
    return passed


def called_by_default(resolver: Resolver, owner: Definition | None) -> Iterator[tuple[str, Value]]:
    """Yield the parameters whose defaults are functions, with these: `def total(xs, key=len)`.

    What a function does to what goes by its own name is known of the one that has that name now.
    """
    for name, value in owner.called_by_default if owner is not None else ():
        function = value.definition
        if (
            function is None
            or resolver.resolve(function.name).definition == function
            or not any(
                isinstance(event, Mutate | Hold) and event.name == function.name
                for event in resolver.summary(function).effects.events
            )
        ):
            yield name, value


def _keeps_anything(definition: Definition) -> bool:
    """Tell whether a class, or a function with objects as defaults, has state that a call by another name changes."""
    if isinstance(definition.node, ast.ClassDef):
        return True
    arguments = definition.node.args
    known = {name for name, _ in definition.called_by_default}
    return any(argument.arg not in known for argument, _ in changing_defaults(arguments))


def changing_defaults(arguments: ast.arguments) -> list[tuple[ast.arg, ast.expr]]:
    """Return the parameters with defaults that are no constants."""
    places = [*arguments.posonlyargs, *arguments.args]
    pairs = [
        *zip(places[len(places) - len(arguments.defaults) :], arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return [(argument, default) for argument, default in pairs if default and not isinstance(default, ast.Constant)]


def functions_as_defaults(evaluator: CallingEvaluator, arguments: ast.arguments) -> tuple[tuple[str, Value], ...]:
    """Return the parameters whose defaults are functions or a library's callables, with their values as these are now.

    Args:
        evaluator: One whose effects count for nothing.
        arguments: The parameters of a function that is being defined.
    """
    found = []
    for argument, default in changing_defaults(arguments):
        value = evaluator.value(default) if isinstance(default, ast.Name | ast.Attribute) else None
        if value is None or value.draws:
            # What draws from a generator says so by a mark of the function that has it as a default.
            continue
        if value.module and value.kind != "module":
            found.append((argument.arg, Value(module=value.module)))
        elif value.definition is not None and not _keeps_anything(value.definition):
            carried = frozenset({value.definition})
            found.append((argument.arg, Value(kind=value.kind, definition=value.definition, carries=carried)))
    return tuple(found)
