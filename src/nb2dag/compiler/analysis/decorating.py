"""Evaluate what the notebook's own decorators do: once, where they decorate, and at each call of what they wrap."""

from __future__ import annotations

import ast
from dataclasses import replace

from nb2dag.compiler.analysis.application import apply_summary
from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.decorators import (
    calls_what_it_is_given,
    gives_back,
    keeps_state,
    made_by_factories,
    makes_context,
    paths_of_decorators,
    wrappers,
    wrapping,
    wraps_by_object,
)
from nb2dag.compiler.analysis.effects import Bind, Draw, Hold, Mutate, Summary, is_surrounding
from nb2dag.compiler.analysis.local_state import is_remembering, states_at
from nb2dag.compiler.analysis.resolver import CallingEvaluator, Resolver
from nb2dag.compiler.analysis.values import NONE, Definition, Names, Value, is_local, is_parameter, part_of, union

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_CALLED = ("__call__", "__enter__", "__exit__")


def through_wrappers(
    evaluator: CallingEvaluator, definition: Definition, result: Value, arguments: Arguments, node: ast.Call
) -> Value:
    """Record what the notebook's own decorators of a definition do at each call, and return what they may return."""
    own = Value(same=frozenset({definition.name}))
    remembered = [part_of(own)] if wrapped(evaluator, definition, own, arguments.all(), node) else []
    return union([result, *remembered, *_kept_outside(evaluator.resolver, definition)])


def _kept_outside(resolver: Resolver, definition: Definition) -> list[Value]:
    """Return what wrappers may give of what is neither theirs nor passed to them: of a cache of the notebook's own."""
    summaries = [each for decorator in wrapping(resolver, definition) for each in _at_each_call(resolver, decorator)]
    names = NONE.union(*(summary.returns.reaches for summary in summaries))
    kept = frozenset(name for name in names if not name.startswith("@") and not is_local(name))
    return [Value(part=kept)] if kept else []


def wrapped(evaluator: CallingEvaluator, definition: Definition, own: Value, given: list[Value], node: ast.AST) -> bool:
    """Record what decorators of a function or method do at a call; tell whether they may remember something of it.

    What they remember is kept in `own`: the function itself, or the class of the method.
    """
    resolver = evaluator.resolver
    found = wrapping(resolver, definition)
    for decorator in found:
        hidden = Arguments(rest=given, open=True, receiver=own if decorator.is_class else None)
        for summary in _at_each_call(resolver, decorator):
            apply_summary(evaluator, summary, hidden, node)
    paths = paths_of_decorators(resolver, definition)
    for state in sorted({state for path in paths for state in states_at(resolver, path)}):
        # What a local module put around it may change what that keeps.
        evaluator.effects.add(Draw(state, node))
    remembers = (
        any(map(keeps_state, found))
        or wraps_by_object(resolver, definition)
        or any(is_remembering(resolver, path) for path in paths)
    )
    if remembers:
        evaluator.effects.mutate(own, node, deep=True)
    return remembers


def _at_each_call(resolver: Resolver, decorator: Definition) -> list[Summary]:
    if decorator.is_class:
        # One that is derived from `ContextDecorator` enters its context at each call.
        return [summary for name in _CALLED for summary in resolver.methods(decorator, name)]
    if makes_context(decorator):
        # Its body runs around each call.
        return [replace(resolver.summary(decorator), lazy="")]
    return [resolver.summary(wrapper) for wrapper in wrappers(decorator)]


def apply_decorator(evaluator: CallingEvaluator, decorator: Value, made: Value, name: str, node: ast.AST) -> None:
    """Record what calling `decorator` with a definition does; a library's decorators only wrap it.

    Args:
        evaluator: Whose effects they become.
        decorator: What the decorator stands for.
        made: The definition.
        name: What keeps the result: the name of the function, or the class of the method.
        node: The node to show.
    """
    if decorator.definition is not None:
        summary = evaluator.resolver.summary(decorator.definition)
        given = _with_its_name(made, name)
        result = apply_summary(evaluator, summary, Arguments([given], owner=decorator.definition), node)
        if result.reaches - {name} and not gives_back(decorator.definition):
            # What it gives may hold on to what others hold: `cache = caches.setdefault(function.__name__, {})`.
            evaluator.effects.add(Hold(name, Value(part=result.reaches)))
    for state in sorted(decorator.draws):
        if is_surrounding(state):
            # A registry of a local module.
            evaluator.effects.add(Draw(state, node))
            evaluator.effects.add(Hold(state, made))
    if decorator.kind == "closure" or any(item.is_class for item in decorator.carries):
        # It may keep it in what it encloses, or in its object: the one whose method it is, or whose method made it.
        enclosed = Value(part=decorator.reaches)
        evaluator.effects.mutate(enclosed, node)
        evaluator.effects.hold(enclosed, made)
        if enclosed.reaches:
            evaluator.effects.add(Hold(name, enclosed))
    kept = made
    if made.definition is not None:
        _run_at_once(evaluator, decorator, made.definition, node)
    if decorator.free and made.definition is not None:
        # What a registry keeps may be the wrapper, which changes what it changes whoever calls it.
        kept = replace(made, free=made.free | _changed_by_wrappers(evaluator.resolver, made.definition))
    for free in sorted(decorator.free):
        evaluator.effects.add(Mutate(free, True, node))
        evaluator.effects.add(Hold(free, kept))


def keep_decorated(evaluator: CallingEvaluator, owner: Value, made: Value, node: ast.AST) -> None:
    """Record that an object of a module's may keep what one of its methods decorates: `@bus.on`, `@app.get("/")`."""
    is_own = owner.definition is not None or any(item.is_class for item in owner.carries)
    if not (is_own or owner.module or owner.immutable):
        evaluator.effects.mutate(owner, node)
        evaluator.effects.hold(owner, made)


def _with_its_name(made: Value, name: str) -> Value:
    """Return a definition as what its name stands for, so that who keeps it or puts something on it keeps that one."""
    is_it = made.definition is not None and made.definition.name == name
    return replace(made, same=made.same | {name}) if is_it else made


def _changed_by_wrappers(resolver: Resolver, definition: Definition) -> Names:
    """Return the globals that the wrappers change which decorators made by factories put around a definition."""
    made = [wrapper for decorator in made_by_factories(resolver, definition) for wrapper in wrappers(decorator)]
    events = (event for wrapper in made for event in resolver.summary(wrapper).effects.events)
    names = (event.name for event in events if isinstance(event, Mutate | Hold | Bind))
    return frozenset(name for name in names if not is_local(name) and not is_parameter(name))


def _run_at_once(evaluator: CallingEvaluator, decorator: Value, made: Definition, node: ast.AST) -> None:
    """Record what a definition does that its decorator calls: `results[name] = function()`."""
    callers = made_by_factories(evaluator.resolver, made) if decorator.definition is None else [decorator.definition]
    if any(map(calls_what_it_is_given, callers)):
        evaluator.effects.run.add(made)
        if decorator.definition is None and not made.is_class:
            summary = evaluator.resolver.summary(made)
            result = apply_summary(evaluator, summary, Arguments(open=True, owner=made), node)
            evaluator.effects.hold(Value(same=decorator.free), result)


def registered_with(decorator: ast.expr) -> ast.expr | None:
    """Return what `@f.register` or `@f.register(int)` registers with, None for any other decorator."""
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    return target.value if isinstance(target, ast.Attribute) and target.attr == "register" else None


def registered_functions(resolver: Resolver, definition: Definition) -> list[Definition]:
    """Return the notebook's functions that a call of a function of `functools.singledispatch` may run instead of it."""
    nodes = getattr(definition.node, "decorator_list", ())
    if not any(ast.unparse(node).rpartition(".")[2] == "singledispatch" for node in nodes):
        return []
    held = resolver.resolve(definition.name).carries
    return sorted((each for each in held if not each.is_class), key=lambda each: each.position)


def keep_registered(evaluator: CallingEvaluator, dispatcher: Value, made: Value, node: ast.AST) -> None:
    """Record that a function of the notebook's, made by `functools.singledispatch`, keeps another one, and its type."""
    if dispatcher.definition is None or dispatcher.definition.is_class:
        return
    evaluator.effects.mutate(dispatcher, node)
    evaluator.effects.hold(dispatcher, made)
    if isinstance(node, ast.FunctionDef):
        calls = [decorator for decorator in node.decorator_list if isinstance(decorator, ast.Call)]
        given = [item for call in calls for item in call.args]
        for kind in [*given, *(argument.annotation for argument in node.args.args[:1] if argument.annotation)]:
            evaluator.effects.hold(dispatcher, evaluator.value(kind))
