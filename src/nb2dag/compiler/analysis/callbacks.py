"""Say what a function does by calling what it is given: functions, closures, bound methods, objects with `__call__`."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from nb2dag.compiler.analysis.application import apply_summary, call_methods
from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.classes import is_cached, methods_of
from nb2dag.compiler.analysis.consuming import STAND_STILL, consume
from nb2dag.compiler.analysis.decorating import through_wrappers
from nb2dag.compiler.analysis.effects import Depth, Draw, FileAccess, rebound
from nb2dag.compiler.analysis.file_calls import use_file
from nb2dag.compiler.analysis.instances import construct
from nb2dag.compiler.analysis.knowledge.facts import ANY
from nb2dag.compiler.analysis.made_classes import MADE_CLASS
from nb2dag.compiler.analysis.marks import CHANGES, CHANGES_INSIDE, asked_by
from nb2dag.compiler.analysis.own_generators import draw_from_process
from nb2dag.compiler.analysis.places import is_file_state, place_in
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import MOVES, MOVING, NONE, Definition, Names, Value, part_of, shares

_STORED = "<stored>"
"""Says of a function, in `CallingEvaluator.active`, that it is being called because an object holds it."""

_DATA = {"list", "dict", "set", "tuple", "frame", "series", "array", "str", "immutable"}
"""Kinds of what may be given where a function is: names of columns, a table of functions. Calling changes none."""


_STORING = frozenset({"append", "appendleft", "insert", "add", "setdefault", "put", "put_nowait", "push"})
"""Methods that keep an argument and do not look into it."""


def is_function(value: Value) -> bool:
    """Tell whether a value certainly is a function of the notebook."""
    return value.definition is not None or value.kind in ("function", "closure")


_PASSED = {"frame": "series", "grouped": "frame"}
"""Kinds of what is taken out of some kinds to be passed to a function."""


def call_functions(
    evaluator: CallingEvaluator, values: Sequence[Value], reachable: Sequence[Value], node: ast.AST
) -> list[Value]:
    """Record what notebook functions among the arguments of a call may do when the callee calls them.

    Args:
        evaluator: Whose effects they become.
        values: The arguments.
        reachable: What the callee may call them with.
        node: The node to show.

    Returns:
        What they may return.
    """
    found: list[Value] = []
    for value in values:
        if value.gives:
            found.append(Value(part=value.gives))
        found += ask(evaluator, value, [item for item in reachable if item is not value], node)
        if value.changes_arguments:
            for item in reachable:
                if item is not value:
                    evaluator.effects.mutate(item, node, deep=True)
                    if CHANGES_INSIDE in value.draws:
                        evaluator.effects.note_altered(item, Depth.INSIDE)
        if value.kind == "closure":
            found.append(_call_closure(evaluator, value, reachable, node))
        elif value.definition is not None and not value.definition.is_class:
            found.append(_call_definition(evaluator, value.definition, passed_parts(reachable), node))
    return found


def ask(evaluator: CallingEvaluator, function: Value, given: Sequence[Value], node: ast.AST) -> list[Value]:
    """Record what a function asks of what it is called with, and return what it may be told."""
    if CHANGES in function.draws:
        for item in given:
            evaluator.effects.alter_inside(item, node, Depth.INSIDE)
    names = asked_by([function])
    return call_methods(evaluator, [*given, *map(part_of, given)], names, node, given) if names else []


def call_stored(
    evaluator: CallingEvaluator, holders: Sequence[Value], given: Sequence[Value], node: ast.AST
) -> list[Value]:
    """Record what functions in objects do if a method of these calls them, or is one; return what they may return."""
    if evaluator.function:
        evaluator.effects.ask(call_stored, holders, given)
    for holder in holders:
        draw_from_process(evaluator, holder, node)
    own = dict.fromkeys(item for holder in holders for item in _functions_in(holder))
    found = [value for item in own for value in _call_once(evaluator, item, given, node)]
    free = NONE.union(*(holder.free for holder in holders))
    return [*found, *call_free(evaluator, free, given, node)]


def _functions_in(holder: Value) -> list[Definition]:
    """Return the functions of the notebook that an object may hold, in the order of the notebook."""
    functions = [item for item in holder.carries if not item.is_class]
    return sorted(functions, key=lambda item: (item.position, item.name))


def _places_called(places: tuple[int | str, ...], arguments: Arguments) -> list[int | str]:
    """Return the places of arguments that are called, those of all keywords where any may be."""
    return list(dict.fromkeys([*places, *arguments.keywords])) if ANY in places else list(places)


def call_free(evaluator: CallingEvaluator, free: Names, given: Sequence[Value], node: ast.AST) -> list[Value]:
    """Record what a function may do with the names it uses: call what is a function, change what is none."""
    found: list[Value] = []
    for name in sorted(free):
        used = evaluator.resolver.resolve(name)
        if used.module and used.definition is None:
            continue
        if used.kind == MADE_CLASS:
            # Methods of its instances are functions that it was made with.
            found += [value for item in _functions_in(used) for value in _call_once(evaluator, item, given, node)]
        elif used.definition is not None and not used.definition.is_class and not is_cached(used.definition):
            found += _call_once(evaluator, used.definition, given, node)
        else:
            place = Value(part=frozenset({name}))
            evaluator.effects.mutate(place, node, deep=True)
            found.append(place)
    return found


def call_objects(
    evaluator: CallingEvaluator,
    places: tuple[int | str, ...],
    arguments: Arguments,
    reachable: Sequence[Value],
    node: ast.Call,
) -> list[Value]:
    """Record what a known function does by calling the arguments at `places` that are no functions by themselves.

    A bound method does to its object what calling it does, an object what its `__call__` does, and what is given
    instead of one (a name of a column, a table) nothing. A class makes instances.

    Returns:
        What they may return.
    """
    found: list[Value] = []
    for place in _places_called(places, arguments):
        value, argument = arguments.get(place), arguments.nodes.get(place)
        if value is None or argument is None or value.module or isinstance(argument, ast.Lambda):
            continue
        if value.definition is not None:
            if value.definition.is_class:
                found.append(construct(evaluator, value.definition, passed_parts(reachable), node))
        elif isinstance(argument, ast.Attribute) and value.kind != "closure":
            certain = not _may_be_data(node)
            found.append(evaluator.call_bound(argument, reachable, node, certain=certain))
        elif not (value.immutable and not value.carries and not value.free):
            found += call_methods(evaluator, [value], ["__call__"], node, [*map(part_of, reachable)])
            # Functions in a table of them, or in an object that was made of one.
            found += [each for item in _functions_in(value) for each in _call_once(evaluator, item, reachable, node)]
            if value.kind not in _DATA and (value.carries or value.free or not _may_be_data(node)):
                found.append(_call_closure(evaluator, value, reachable, node))
    return found


def call_bound_methods(
    evaluator: CallingEvaluator,
    places: tuple[int | str, ...],
    arguments: Arguments,
    reachable: Sequence[Value],
    node: ast.Call,
) -> list[Value]:
    """Record what a function does by calling methods of the notebook's objects that it is given: `default=self.enc`.

    Those at `places` are called by `call_objects`.
    """
    called = _places_called(places, arguments)
    found: list[Value] = []
    for place, argument in arguments.nodes.items():
        value = arguments.get(place)
        if value is None or not value.carries:
            continue
        owners = [item for item in value.carries if item.is_class]
        methods = [part for part in _written(argument) if isinstance(part, ast.Attribute)]
        found += [
            evaluator.call_bound(part, reachable, node, certain=False)
            for part in methods
            if not (part is argument and place in called)
            and any(methods_of(evaluator.resolver, owner, part.attr) for owner in owners)
        ]
    return found


def _written(argument: ast.expr) -> list[ast.expr]:
    """Return an argument, or what stands in it where it is a table or list of functions."""
    if isinstance(argument, ast.Dict):
        return argument.values
    return argument.elts if isinstance(argument, (ast.List, ast.Tuple)) else [argument]


def call_instances(
    evaluator: CallingEvaluator, values: Sequence[Value], reachable: Sequence[Value], node: ast.AST
) -> None:
    """Record what objects of the notebook's classes do if they are called: a key to group by, a function in a model."""
    if evaluator.function:
        evaluator.effects.ask(call_instances, values, reachable)
    for value in values:
        own = {item for item in value.carries if item.is_class and evaluator.resolver.methods(item, "__call__")}
        if own and value.definition is None:
            instance = replace(value, carries=frozenset(own), free=NONE)
            call_methods(evaluator, [instance], ["__call__"], node, [*map(part_of, reachable)])


def go_through(evaluator: CallingEvaluator, value: Value, node: ast.AST) -> None:
    """Record that something is gone through: an iterator moves on, and calls the function that it was made with."""
    consume(evaluator, value, node)
    if value.kind in MOVING:
        for function in _functions_in(value):
            _call_once(evaluator, function, [value], node)


def go_through_given(evaluator: CallingEvaluator, name: str, values: Sequence[Value], node: ast.AST) -> None:
    """Record that a library's function or method called `name` may go through what it is given."""
    for value in values if name not in _STORING else ():
        go_through(evaluator, value, node)
        if MOVES in value.draws and value.kind in STAND_STILL:
            # What is in a list may be gone through as well: `pd.DataFrame({"a": iterator})`.
            evaluator.effects.mutate(value, node, deep=True)


def go_through_by_method(
    evaluator: CallingEvaluator, owner: Value, name: str, values: Sequence[Value], node: ast.AST
) -> None:
    """Record that a library's method goes through what it is given, and what its object was made with."""
    go_through_given(evaluator, name, values, node)
    if owner.kind not in MOVING and not name.startswith("get"):
        consume(evaluator, owner, node)


def call_tables(evaluator: CallingEvaluator, values: Sequence[Value], node: ast.AST) -> None:
    """Record what functions in tables of them do if a library calls them: `converters={"a": clean}`."""
    for value in values:
        if value.kind in ("dict", "list", "tuple"):
            for function in _functions_in(value):
                _call_once(evaluator, function, [], node)


def _call_closure(evaluator: CallingEvaluator, value: Value, given: Sequence[Value], node: ast.AST) -> Value:
    """Let a call change what a closure encloses: variables of the function that made it, and globals."""
    evaluator.effects.mutate(value, node, deep=True)
    use_around(evaluator, value, node)
    found = call_free(evaluator, value.free, given, node)
    for state in sorted(value.draws):
        if rebound(state) is not None:
            evaluator.effects.add(Draw(state, node))
    return shares([value, *found])


def use_around(evaluator: CallingEvaluator, closure: Value, node: ast.AST) -> None:
    """Record what a function made by another one draws from, and which files it writes."""
    draw_from_process(evaluator, closure, node)
    for state in sorted(filter(is_file_state, closure.draws)) if closure.kind == "closure" else ():
        use_file(evaluator, place_in(state), FileAccess.CHANGE, node)


def _call_once(
    evaluator: CallingEvaluator, definition: Definition, given: Sequence[Value], node: ast.AST
) -> list[Value]:
    """Call a function with parts of what is given, once for each such thing while one call is looked at.

    What it is called with may hold it again (`self.frame = step(self.frame)`), and functions that hold one another
    would be called in each of their orders.
    """
    passed = passed_parts(given)
    call = (definition, _STORED, NONE, NONE.union(*(value.reaches for value in passed.rest)))
    if call[:2] in evaluator.active:
        return evaluator.look.known(*call) or []

    def find() -> list[Value]:
        evaluator.active.add(call[:2])
        try:
            return [_call_definition(evaluator, definition, passed, node)]
        finally:
            evaluator.active.discard(call[:2])

    with evaluator.look.opened():
        return evaluator.look.once(*call, find)


def _call_definition(evaluator: CallingEvaluator, definition: Definition, passed: Arguments, node: ast.AST) -> Value:
    passed = replace(passed, owner=definition)
    result = apply_summary(evaluator, evaluator.resolver.summary(definition), passed, node)
    if isinstance(node, ast.Call):
        result = through_wrappers(evaluator, definition, result, passed, node)
    return result


def passed_parts(reachable: Sequence[Value]) -> Arguments:
    """Return arguments of which only is known what they may be taken from."""
    return Arguments(rest=[_passed(item) for item in reachable if item.definition is None], open=True)


def _passed(value: Value) -> Value:
    """Return what a callee passes of a value: of a frame it is rows, columns or the frame itself, not elements."""
    return part_of(value, _PASSED.get(value.kind, ""))


def _may_be_data(node: ast.Call) -> bool:
    """Tell whether a call takes a mapping where others take a function: `series.map(names)`."""
    return isinstance(node.func, ast.Attribute) and node.func.attr in ("agg", "aggregate", "map", "transform")
