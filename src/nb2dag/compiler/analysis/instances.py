"""Evaluate what the notebook's own classes and decorators do: making instances, calls through wrappers, registries."""

from __future__ import annotations

import ast
from dataclasses import replace

from nb2dag.compiler.analysis.application import apply_summary, kept_by_receiver, receiver_of
from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.classes import (
    bases,
    decorators,
    default_factories,
    is_enumeration,
    keeps_state,
    metaclasses,
    replaces_dict,
    shares_state,
    wrappers,
)
from nb2dag.compiler.analysis.effects import Draw, Hold, Mutate, is_surrounding
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import FRESH, Definition, Value, container, is_local, part_of, union


def construct(evaluator: CallingEvaluator, definition: Definition, arguments: Arguments, node: ast.Call) -> Value:
    """Return a new instance of a notebook class; what it shares with its class, it holds."""
    resolver = evaluator.resolver
    inside = container(arguments.all())
    own = frozenset({definition.name})
    holds = inside.holds | own if shares_state(resolver, definition) else inside.holds
    made = replace(inside, carries=inside.carries | {definition}, kind="", holds=holds)
    if replaces_dict(definition) or is_enumeration(resolver, definition):
        made = replace(made, part=made.part | own)
    found = [made]
    for summary in resolver.methods(definition, "__new__"):
        given = replace(arguments, receiver=Value(same=own), owner=definition)
        found.append(apply_summary(evaluator, summary, given, node))
    plain = replace(arguments, receiver=made, owner=definition)
    opened = Arguments(rest=arguments.all(), open=True, receiver=made, owner=definition)
    for name, given in (("__init__", plain), ("__post_init__", opened)):
        for summary in resolver.methods(definition, name):
            itself = replace(summary, returns=FRESH, returned=receiver_of(summary), elements=None)
            found.append(apply_summary(evaluator, itself, given, node))
            found.append(container(kept_by_receiver(summary, given)))
    found.append(container(_made_by_factories(evaluator, definition, node)))
    for meta in metaclasses(resolver, definition):
        for summary in resolver.methods(meta, "__call__"):
            receiver = Value(same=own, part=frozenset({meta.name}))
            found.append(apply_summary(evaluator, summary, replace(arguments, receiver=receiver, owner=meta), node))
    result = replace(union(found), kind="")
    return through_wrappers(evaluator, definition, result, arguments, node)


def _made_by_factories(evaluator: CallingEvaluator, definition: Definition, node: ast.AST) -> list[Value]:
    """Record what the factories of default values do, and return what they may give to a new instance."""
    found: list[Value] = []
    for factory in default_factories(evaluator.resolver, definition):
        if isinstance(factory, ast.Lambda):
            # Its effects are recorded as if it ran here.
            found.append(Value(same=evaluator.value(factory).gives))
        elif isinstance(factory, ast.Name):
            maker = evaluator.resolver.resolve(factory.id).definition
            if maker is not None and maker is not definition:
                summary = evaluator.resolver.summary(maker)
                found.append(apply_summary(evaluator, summary, Arguments(owner=maker), node))
    return found


def through_wrappers(
    evaluator: CallingEvaluator, definition: Definition, result: Value, arguments: Arguments, node: ast.Call
) -> Value:
    """Record what the notebook's own decorators of a definition do at each call, and return what they may return."""
    own = Value(same=frozenset({definition.name}))
    for decorator in decorators(evaluator.resolver, definition):
        if decorator.is_class:
            summaries = evaluator.resolver.methods(decorator, "__call__")
        else:
            summaries = [evaluator.resolver.summary(wrapper) for wrapper in wrappers(decorator)]
        hidden = Arguments(rest=arguments.all(), open=True, receiver=own if decorator.is_class else None)
        for summary in summaries:
            apply_summary(evaluator, summary, hidden, node)
        kept = frozenset(name for summary in summaries for name in summary.returns.reaches if not _is_passed(name))
        if kept:
            # A cache of the notebook's own.
            result = union([result, Value(part=kept)])
        if keeps_state(decorator):
            evaluator.effects.mutate(own, node, deep=True)
            result = union([result, part_of(own)])
    return result


def _is_passed(name: str) -> bool:
    """Tell whether a name in a summary stands for an argument, or for what the function makes itself."""
    return name.startswith("@") or is_local(name)


def apply_decorator(evaluator: CallingEvaluator, decorator: Value, made: Value, node: ast.AST) -> None:
    """Record what calling `decorator` with a definition does; a library's decorators only wrap it."""
    if decorator.definition is not None:
        apply_summary(evaluator, evaluator.resolver.summary(decorator.definition), Arguments([made]), node)
    for state in sorted(decorator.draws):
        if is_surrounding(state):
            # A registry of a local module.
            evaluator.effects.add(Draw(state, node))
            evaluator.effects.add(Hold(state, made))
    if decorator.kind == "closure":
        # It may keep it in what it encloses: the object whose method made the decorator.
        enclosed = Value(part=decorator.reaches)
        evaluator.effects.mutate(enclosed, node)
        evaluator.effects.hold(enclosed, made)
    for name in sorted(decorator.free):
        evaluator.effects.add(Mutate(name, True, node))
        evaluator.effects.add(Hold(name, made))


def class_of(instance: Value) -> Value:
    """Return the notebook classes that something may be an instance of."""
    return Value(same=frozenset(item.name for item in instance.carries if item.is_class))


def apply_class_statement(evaluator: CallingEvaluator, definition: Definition, made: Value, node: ast.AST) -> None:
    """Record what making a class calls: `__init_subclass__` of bases, `__new__` and `__init__` of metaclasses."""
    resolver = evaluator.resolver
    parents = Value(part=frozenset(base.name for base in bases(resolver, definition)))
    # What keeps the class, a registry, needs its definition.
    made = replace(made, carries=made.carries | {definition})
    for base in bases(resolver, definition):
        for summary in resolver.methods(base, "__init_subclass__"):
            apply_summary(evaluator, summary, Arguments(receiver=union([made, parents]), open=True, owner=base), node)
    for meta in metaclasses(resolver, definition):
        receiver = Value(same=frozenset({meta.name}))
        for name in ("__prepare__", "__new__", "__init__"):
            for summary in resolver.methods(meta, name):
                given = Arguments(receiver=receiver, rest=[made, parents], open=True, owner=meta)
                apply_summary(evaluator, summary, given, node)
