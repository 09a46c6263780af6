"""Evaluate a call in the abstract: what it returns, and which objects it may change.

What is known comes from three places, in this order: definitions of the notebook itself (their summaries), the
knowledge tables, and, for what nobody knows, the rule of the design: a method may change its receiver; the arguments of
a call may change when its result is thrown away.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from nb2dag.compiler.analysis import knowledge
from nb2dag.compiler.analysis.application import apply_summary, call_methods, change_local_classes, overridden
from nb2dag.compiler.analysis.arguments import Arguments, evaluate_arguments
from nb2dag.compiler.analysis.caches import CACHE_METHODS, call_cache, out_of_cache
from nb2dag.compiler.analysis.call_parts import with_handles
from nb2dag.compiler.analysis.callbacks import ask, call_free, call_functions, call_stored, passed_parts, use_around
from nb2dag.compiler.analysis.classes import is_cached
from nb2dag.compiler.analysis.decorating import registered_functions, through_wrappers
from nb2dag.compiler.analysis.effects import Draw, rebound
from nb2dag.compiler.analysis.file_calls import record_guessed_files
from nb2dag.compiler.analysis.filling import look_up
from nb2dag.compiler.analysis.in_place import change_if_marked
from nb2dag.compiler.analysis.instances import construct
from nb2dag.compiler.analysis.made_classes import MADE_CLASS, made_instance
from nb2dag.compiler.analysis.method_calls import call_method, call_own_method, call_super
from nb2dag.compiler.analysis.module_calls import call_module
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import IMMUTABLE, MAYBE_FOREIGN, Definition, Value, part_of, shares, union
from nb2dag.compiler.analysis.written_modules import of_module

_CONTAINERS = {f"builtins.{name}" for name in ("list", "dict", "set", "bytearray")} | {
    f"collections.{name}" for name in ("deque", "defaultdict", "OrderedDict", "Counter")
}
_OF_CLASS = {"fromkeys", "fromhex", "__new__"}
"""Methods that a type has, and not its objects."""
_DEFINED = {"definition", MAYBE_FOREIGN}
"""Kinds of functions and classes of the notebook, which a call as such does not change."""


def evaluate_call(evaluator: CallingEvaluator, node: ast.Call, *, discarded: bool) -> Value:
    """Return the value of a call and record what it does."""
    function = node.func
    if isinstance(function, ast.Attribute):
        if is_super(function.value):
            return call_super(evaluator, evaluate_arguments(evaluator, node), node, discarded=discarded)
        owner = evaluator.value(function.value)
        arguments = evaluate_arguments(evaluator, node)
        if owner.module:
            return _module_call(evaluator, f"{owner.module}.{function.attr}", arguments, node, discarded=discarded)
        if owner.kind == MADE_CLASS:
            return made_instance(owner, arguments)
        if owner.definition is not None and function.attr in CACHE_METHODS and is_cached(owner.definition):
            return call_cache(evaluator, owner.definition, function.attr, node)
        return call_method(evaluator, owner, arguments, node, discarded=discarded)
    callee = evaluator.value(function)
    arguments = evaluate_arguments(evaluator, node)
    if callee.definition is not None:
        return _definition_call(evaluator, callee.definition, arguments, node)
    if callee.module:
        return _module_call(evaluator, callee.module, arguments, node, discarded=discarded)
    if callee.kind == MADE_CLASS:
        return made_instance(callee, arguments)
    return _unknown_call(evaluator, callee, arguments, node, discarded=discarded)


def _module_call(
    evaluator: CallingEvaluator, path: str, arguments: Arguments, node: ast.Call, *, discarded: bool
) -> Value:
    if path.rpartition(".")[0] in _CONTAINERS and arguments.positional and path.rpartition(".")[2] not in _OF_CLASS:
        # The method of a type, given its object: `dict.pop(prices, "apple")`.
        owner, *others = arguments.positional
        function = ast.copy_location(ast.Attribute(node.args[0], path.rpartition(".")[2], ast.Load()), node)
        call = ast.copy_location(ast.Call(function, node.args[1:], node.keywords), node)
        nodes = {
            place - 1 if isinstance(place, int) else place: item for place, item in arguments.nodes.items() if place
        }
        given = replace(arguments, positional=others, nodes=nodes)
        return call_method(evaluator, owner, given, call, discarded=discarded)
    return of_module(evaluator, path, call_module(evaluator, path, arguments, node, discarded=discarded))


def call_bound(
    evaluator: CallingEvaluator, function: ast.Attribute, reachable: Sequence[Value], node: ast.Call, *, certain: bool
) -> Value:
    """Return what calling a bound method gives that a call was given: `map(seen.append, rows)`.

    Unless it is `certain` that it is called, an attribute of which nothing is known is data: `s.map(config.names)`.
    """
    owner = evaluator.value(function.value)
    if owner.module:
        return IMMUTABLE
    arguments = passed_parts(reachable)
    call = ast.copy_location(ast.Call(function, [], []), node)
    if certain or knowledge.method_call(function.attr, owner.kind) is not None:
        return call_method(evaluator, owner, arguments, call, discarded=False)
    return call_own_method(evaluator, owner, arguments, call) or part_of(owner)


def is_super(node: ast.expr) -> bool:
    """Tell whether an expression is a call of `super`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def _definition_call(
    evaluator: CallingEvaluator, definition: Definition, arguments: Arguments, node: ast.Call
) -> Value:
    call_functions(evaluator, arguments.all(), arguments.all(), node)
    if definition.is_class:
        return construct(evaluator, definition, arguments, node)
    result = apply_summary(
        evaluator, evaluator.resolver.summary(definition), replace(arguments, owner=definition), node
    )
    for registered in registered_functions(evaluator.resolver, definition):
        summary = evaluator.resolver.summary(registered)
        result = union([result, apply_summary(evaluator, summary, replace(arguments, owner=registered), node)])
    if is_cached(definition):
        result = out_of_cache(evaluator, definition, result, node)
    return through_wrappers(evaluator, definition, result, arguments, node)


def _unknown_call(
    evaluator: CallingEvaluator, callee: Value, arguments: Arguments, node: ast.Call, *, discarded: bool
) -> Value:
    """Evaluate the call of a value: an object with `__call__`, an element of a table of functions."""
    effects = evaluator.effects
    values = arguments.all()
    if callee.kind in _DEFINED and callee.carries and all(item.position >= 0 for item in callee.carries):
        # One of several definitions, of which a condition has chosen, or what an import has brought.
        several = sorted(callee.carries, key=lambda item: (item.position, getattr(item.node, "lineno", 0)))
        found = [_definition_call(evaluator, definition, arguments, node) for definition in several]
        if callee.kind == "definition":
            return union(found)
        for value in values if discarded else ():
            effects.mutate(value, node, deep=True)
        effects.unstable.setdefault(f"`{ast.unparse(node.func)[:40]}()`", node)
        return union([*found, shares(values)])
    own = [
        summary
        for definition in sorted(callee.carries, key=lambda item: item.position)
        for summary in (
            evaluator.resolver.methods(definition, "__call__")
            if definition.is_class
            else [evaluator.resolver.summary(definition)]
        )
    ]
    start = len(effects.events)
    returned = [apply_summary(evaluator, summary, arguments, node) for summary in own]
    change_local_classes(evaluator, callee, start, node)
    ask(evaluator, callee, values, node)
    look_up(evaluator, values, node)
    change_if_marked(evaluator, [callee], values, node)
    use_around(evaluator, callee, node)
    for state in sorted(callee.draws):
        if rebound(state) is not None:
            effects.add(Draw(state, node))
    # A bound method may be any method of its object.
    call_methods(evaluator, [callee, *values], ["*"], node)
    if evaluator.function:
        evaluator.effects.methods.add("__call__")
    for value in values if discarded else ():
        effects.mutate(value, node, deep=True)
        if callee.kind not in _DEFINED:
            # `put = rows.append` keeps what it is called with.
            effects.hold(callee, value)
    if evaluator.function:
        effects.ask(call_stored, [callee], values)
    found = [*returned, *call_free(evaluator, callee.free, values, node)]
    if (given := overridden(evaluator, callee, "__call__")) is not None:
        found.append(given)
    # To call an object is to call its method `__call__`, which may change it; so may a closure its variables.
    if callee.kind not in _DEFINED:
        effects.mutate(callee, node, deep=True)
    call_functions(evaluator, values, values, node)
    states = record_guessed_files(evaluator, replace(arguments, positional=[callee, *arguments.positional]), node)
    effects.unstable.setdefault(f"`{ast.unparse(node.func)[:40]}()`", node)
    return with_handles(shares([callee, *values, *found]), states)
