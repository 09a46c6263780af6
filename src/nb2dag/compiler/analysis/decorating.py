"""Evaluate what the notebook's own decorators do: once, where they decorate, and at each call of what they wrap."""

from __future__ import annotations

import ast
import copy
import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from nb2dag.compiler.analysis.application import apply_summary
from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.classes import family, named
from nb2dag.compiler.analysis.effects import Bind, Draw, Hold, Mutate, Summary, is_surrounding
from nb2dag.compiler.analysis.free_names import free_names
from nb2dag.compiler.analysis.resolver import CallingEvaluator, Resolver
from nb2dag.compiler.analysis.values import NONE, Definition, Names, Value, is_local, is_parameter, part_of, union

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = TypeVar("_Definition", ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_CACHES = {"functools.lru_cache", "functools.cache"}
_CALLED = ("__call__", "__enter__", "__exit__")
_CONTEXT_MAKERS = {"contextmanager", "asynccontextmanager"}


def through_wrappers(
    evaluator: CallingEvaluator, definition: Definition, result: Value, arguments: Arguments, node: ast.Call
) -> Value:
    """Record what the notebook's own decorators of a definition do at each call, and return what they may return."""
    own = Value(same=frozenset({definition.name}))
    remembered = [part_of(own)] if wrapped(evaluator, definition, own, arguments.all(), node) else []
    return union([result, *remembered, *_kept_outside(evaluator.resolver, definition)])


def _kept_outside(resolver: Resolver, definition: Definition) -> list[Value]:
    """Return what wrappers may give of what is neither theirs nor passed to them: of a cache of the notebook's own."""
    summaries = [each for decorator in decorators(resolver, definition) for each in _at_each_call(resolver, decorator)]
    names = NONE.union(*(summary.returns.reaches for summary in summaries))
    kept = frozenset(name for name in names if not name.startswith("@") and not is_local(name))
    return [Value(part=kept)] if kept else []


def wrapped(evaluator: CallingEvaluator, definition: Definition, own: Value, given: list[Value], node: ast.AST) -> bool:
    """Record what decorators of a function or method do at a call; tell whether they may remember something of it.

    What they remember is kept in `own`: the function itself, or the class of the method.
    """
    resolver = evaluator.resolver
    found = decorators(resolver, definition)
    for decorator in found:
        hidden = Arguments(rest=given, open=True, receiver=own if decorator.is_class else None)
        for summary in _at_each_call(resolver, decorator):
            apply_summary(evaluator, summary, hidden, node)
    remembers = any(map(keeps_state, found)) or wraps_by_object(resolver, definition)
    if remembers:
        evaluator.effects.mutate(own, node, deep=True)
    return remembers


def _at_each_call(resolver: Resolver, decorator: Definition) -> list[Summary]:
    if decorator.is_class:
        # One that is derived from `ContextDecorator` enters its context at each call.
        return [summary for name in _CALLED for summary in resolver.methods(decorator, name)]
    if _makes_context(decorator):
        # Its body runs around each call.
        return [replace(resolver.summary(decorator), lazy="")]
    return [resolver.summary(wrapper) for wrapper in wrappers(decorator)]


def _makes_context(decorator: Definition) -> bool:
    """Tell whether a function is decorated by `contextlib.contextmanager`, whose result decorates as well."""
    nodes = getattr(decorator.node, "decorator_list", ())
    return any(ast.unparse(node).rpartition(".")[2] in _CONTEXT_MAKERS for node in nodes)


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
        result = apply_summary(evaluator, summary, Arguments([made], owner=decorator.definition), node)
        if result.reaches - {name}:
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


@dataclass(frozen=True, slots=True)
class DecoratedByCall:
    """What `f = library.wrap(f, option=1)` defines: `node`, as if `decorator` stood above it; `given` goes into it."""

    node: _Function | ast.ClassDef
    decorator: ast.expr
    given: Sequence[ast.expr]


def decorated_by_call(evaluator: CallingEvaluator, node: ast.Assign) -> DecoratedByCall | None:
    """Return what an assignment defines that decorates a definition under its own name, and None for any other one.

    What is given beside `f` may be an option, but nothing that calls of the result could change.

    Args:
        evaluator: One whose effects count for nothing.
        node: An assignment at the top of a cell.
    """
    target, call = node.targets[0], node.value
    if len(node.targets) > 1 or not isinstance(target, ast.Name) or not isinstance(call, ast.Call):
        return None
    if len(call.args) != 1 or not isinstance(call.args[0], ast.Name):
        return None
    given = call.args[0].id
    definition = evaluator.value(call.args[0]).definition
    if definition is None or definition.name != given:
        return None
    wrapper = evaluator.value(call.func.func if isinstance(call.func, ast.Call) else call.func).module
    if not wrapper or any(evaluator.value(each.value).reaches for each in call.keywords):
        return None
    if given != target.id and not (wrapper in _CACHES and _uses_variables(evaluator.resolver, definition)):
        return None
    if evaluator.value(call).immutable:
        # A text or number that says something of it.
        return None
    own = _with_name(definition.node, target.id)
    kept = [call.args[0]] if _keeps_defaults(own) else []
    return DecoratedByCall(_with_decorator(own, call.func), call.func, kept)


def _uses_variables(resolver: Resolver, definition: Definition) -> bool:
    """Tell whether a function uses variables of the notebook: a cache may keep what these no longer give."""
    known = (resolver.resolve(name) for name in free_names(definition.node))
    return not all(value.module or value.definition is not None for value in known)


@functools.lru_cache(maxsize=1024)
def _with_name(node: _Function | ast.Lambda | ast.ClassDef, name: str) -> _Function | ast.ClassDef:
    """Return a definition under a name, a lambda as a function that says the same, with the same trees inside."""
    if not isinstance(node, ast.Lambda):
        if node.name == name:
            return node
        named = copy.copy(node)
        named.name = name
        return named
    (function,) = ast.parse("def f(): return 0").body
    assert isinstance(function, ast.FunctionDef)
    assert isinstance(function.body[0], ast.Return)
    function.name, function.args, function.body[0].value = name, node.args, node.body
    for made in (function, function.body[0]):
        ast.copy_location(made, node)
    return function


def _keeps_defaults(node: _Function | ast.ClassDef) -> bool:
    """Tell whether a function keeps objects as defaults, or a class as attributes, that whoever wraps it reaches."""
    if isinstance(node, ast.ClassDef):
        return True
    defaults = [*node.args.defaults, *node.args.kw_defaults]
    return not all(default is None or isinstance(default, ast.Constant) for default in defaults)


@functools.lru_cache(maxsize=1024)
def _with_decorator(node: _Definition, decorator: ast.expr) -> _Definition:
    """Return a definition with one decorator more; what is inside stays the same trees."""
    decorated = copy.copy(node)
    decorated.decorator_list = [decorator, *node.decorator_list]
    return decorated


def _changed_by_wrappers(resolver: Resolver, definition: Definition) -> Names:
    """Return the globals that the wrappers change which decorators made by factories put around a definition."""
    made = [wrapper for decorator in _made_by_factories(resolver, definition) for wrapper in wrappers(decorator)]
    events = (event for wrapper in made for event in resolver.summary(wrapper).effects.events)
    names = (event.name for event in events if isinstance(event, Mutate | Hold | Bind))
    return frozenset(name for name in names if not is_local(name) and not is_parameter(name))


def _made_by_factories(resolver: Resolver, definition: Definition) -> list[Definition]:
    """Return the functions inside the notebook's functions that decorate a definition: `@register("name")`."""
    factories = [each for each in decorators(resolver, definition) if not each.is_class]
    return [decorator for factory in factories for decorator in wrappers(factory)]


def _run_at_once(evaluator: CallingEvaluator, decorator: Value, made: Definition, node: ast.AST) -> None:
    """Record what a definition does that its decorator calls: `results[name] = function()`."""
    callers = _made_by_factories(evaluator.resolver, made) if decorator.definition is None else [decorator.definition]
    if any(map(_calls_what_it_is_given, callers)):
        evaluator.effects.run.add(made)
        if decorator.definition is None and not made.is_class:
            summary = evaluator.resolver.summary(made)
            result = apply_summary(evaluator, summary, Arguments(open=True, owner=made), node)
            evaluator.effects.hold(Value(same=decorator.free), result)


def _calls_what_it_is_given(decorator: Definition) -> bool:
    """Tell whether a function calls its first parameter, and not only in a function that it makes."""
    arguments = decorator.node.args if isinstance(decorator.node, _Function) else None
    first = next(iter([*arguments.posonlyargs, *arguments.args] if arguments is not None else ()), None)
    calls = [node.func for node in ast.walk(decorator.node) if isinstance(node, ast.Call)]
    later = {id(node) for wrapper in wrappers(decorator) for node in ast.walk(wrapper.node)}
    named = [node for node in calls if isinstance(node, ast.Name) and first is not None and node.id == first.arg]
    return any(id(node) not in later for node in named)


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


def decorators(resolver: Resolver, definition: Definition) -> list[Definition]:
    """Return the notebook's own functions and classes that decorate a definition, `@retry(3)` included."""
    nodes = getattr(definition.node, "decorator_list", [])
    return list(named(resolver, [node.func if isinstance(node, ast.Call) else node for node in nodes]))


def keeps_state(decorator: Definition) -> bool:
    """Tell whether what a decorator returns may remember something from call to call.

    A class does, and a function that binds variables of its own (`cache = {}`) or sets attributes (`w.calls = 0`).
    """
    return decorator.is_class or _remembers(decorator.node)


def wrappers(decorator: Definition) -> list[Definition]:
    """Return the functions that a decorator makes inside, as definitions of their own."""
    inner = [node for node in ast.walk(decorator.node) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [Definition(node.name, node, decorator.position) for node in inner if node is not decorator.node]


def wraps_by_object(resolver: Resolver, definition: Definition) -> bool:
    """Tell whether an object of the notebook's wraps a definition: `@timer`, `@stats.counted`, `@app.timed("x")`."""
    return any(_wraps(resolver, node) for node in getattr(definition.node, "decorator_list", ()))


def _wraps(resolver: Resolver, decorator: ast.expr) -> bool:
    called = isinstance(decorator, ast.Call)
    method = decorator.func if isinstance(decorator, ast.Call) else decorator
    owner = method.value if isinstance(method, ast.Attribute) else method
    value = resolver.resolve(owner.id) if isinstance(owner, ast.Name) else None
    if value is None or value.definition is not None:
        return False
    name = method.attr if isinstance(method, ast.Attribute) else "__call__"
    parts = [part.node for item in value.carries if item.is_class for part in family(resolver, item)]
    makers = [item for part in parts for item in getattr(part, "body", ()) if getattr(item, "name", "") == name]
    if called:
        # What it gives is the decorator.
        makers = [inner for maker in makers for inner in ast.walk(maker) if inner is not maker]
    return any(isinstance(maker, _Function) and _holds_function(maker) for maker in makers)


@functools.lru_cache(maxsize=1024)
def _remembers(node: ast.AST) -> bool:
    return any(
        isinstance(child, ast.Nonlocal)
        or (isinstance(child, ast.Attribute | ast.Subscript) and isinstance(child.ctx, ast.Store))
        or (isinstance(child, ast.Assign | ast.AnnAssign) and not _is_inside_wrapper(node, child))
        for child in ast.walk(node)
    )


def _is_inside_wrapper(decorator: ast.AST, statement: ast.AST) -> bool:
    """Tell whether a statement is run at each call of the wrapper, and not when the decorator is."""
    inner = [node for node in ast.walk(decorator) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(statement in ast.walk(node) and node is not decorator and not _holds_function(node) for node in inner)


def _holds_function(node: ast.AST) -> bool:
    """Tell whether a function makes another one: then it is a decorator itself, made by a factory."""
    return any(isinstance(child, _Function) for child in ast.walk(node) if child is not node)
