"""Evaluate what the notebook's own classes do: making instances, and what runs when a class is made."""

from __future__ import annotations

import ast
from dataclasses import replace

from nb2dag.compiler.analysis.application import apply_summary, kept_by_receiver, receiver_of, without_receiver
from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.classes import (
    bases,
    default_factories,
    hooks,
    is_enumeration,
    metaclasses,
    replaces_dict,
    shares_state,
    told_their_names,
)
from nb2dag.compiler.analysis.decorating import through_wrappers
from nb2dag.compiler.analysis.knowledge.facts import CLOCK
from nb2dag.compiler.analysis.marks import has_put
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import FRESH, Definition, Value, container, kept, union


def construct(evaluator: CallingEvaluator, definition: Definition, arguments: Arguments, node: ast.Call) -> Value:
    """Return a new instance of a notebook class; what it shares with its class, it holds."""
    resolver = evaluator.resolver
    inside = container(map(kept, arguments.all()))
    own = frozenset({definition.name})
    holds = inside.holds | own if shares_state(resolver, definition) else inside.holds
    known = resolver.resolve(definition.name)
    functions = [item for item in known.carries if not item.is_class] if has_put(known.draws) else []
    made = replace(inside, carries=inside.carries.union({definition}, functions), kind="", holds=holds)
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
            found.append(container(map(kept, kept_by_receiver(evaluator, summary, given, node))))
    for name in hooks(resolver, definition):
        for summary in resolver.methods(definition, name):
            apply_summary(
                evaluator, replace(summary, returns=FRESH), without_receiver(definition, summary, opened), node
            )
    if is_enumeration(resolver, definition):
        asked = replace(arguments, receiver=Value(same=own))
        found += [apply_summary(evaluator, item, asked, node) for item in resolver.methods(definition, "_missing_")]
    found.append(container(_made_by_factories(evaluator, definition, node)))
    for meta in metaclasses(resolver, definition):
        for summary in resolver.methods(meta, "__call__"):
            receiver = Value(same=own, part=frozenset({meta.name}))
            found.append(apply_summary(evaluator, summary, replace(arguments, receiver=receiver, owner=meta), node))
    result = replace(union(found), kind="")
    for summary in resolver.methods(definition, "__del__"):
        # It may end at any moment from here on.
        apply_summary(evaluator, summary, Arguments(receiver=result, owner=definition), node)
    return through_wrappers(evaluator, definition, result, arguments, node)


_FROM_CLOCK = {"today", "now", "utcnow"}
_OTHER_CONSTRUCTORS = _FROM_CLOCK | {
    "_make", "fromkeys", "from_iterable", "from_bytes", "fromhex", "from_float", "from_decimal", "fromtimestamp",
    "utcfromtimestamp", "fromordinal", "fromisoformat", "fromisocalendar",
    "combine", "strptime", "cwd", "home", "from_uri", "from_dict", "from_records",
}  # fmt: skip
"""Class methods of the library's classes that make an instance of the class they are called on, and change nothing."""


def construct_otherwise(
    evaluator: CallingEvaluator, owner: Value, name: str, arguments: Arguments, node: ast.Call
) -> Value | None:
    """Return what an inherited constructor makes, `Row._make(parts)`, `Day.fromisoformat(text)`; None for others."""
    definition = owner.definition
    if definition is None or not definition.is_class or name not in _OTHER_CONSTRUCTORS:
        return None
    if name in _FROM_CLOCK:
        evaluator.effects.unstable.setdefault(CLOCK, node)
    return construct(evaluator, definition, Arguments(rest=arguments.all(), open=True), node)


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
        elif isinstance(factory, ast.Attribute):
            found.append(evaluator.value(ast.copy_location(ast.Call(factory, [], []), factory)))
    return list(map(kept, found))


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
    for descriptor in told_their_names(resolver, definition):
        given = Arguments(receiver=Value(part=frozenset({definition.name})), rest=[made], open=True, owner=descriptor)
        for summary in resolver.methods(descriptor, "__set_name__"):
            apply_summary(evaluator, summary, given, node)
    for meta in metaclasses(resolver, definition):
        receiver = Value(same=frozenset({meta.name}))
        for name in ("__prepare__", "__new__", "__init__"):
            for summary in resolver.methods(meta, name):
                given = Arguments(receiver=receiver, rest=[made, parents], open=True, owner=meta)
                apply_summary(evaluator, summary, given, node)
