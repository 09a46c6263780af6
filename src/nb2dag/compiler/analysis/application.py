"""Apply the summary of a notebook function to the arguments of one call."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache, partial

from nb2dag.compiler.analysis import knowledge, marks
from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.classes import descriptors_of, hooks, methods_of, own_variables
from nb2dag.compiler.analysis.consuming import consume_for
from nb2dag.compiler.analysis.effects import (
    Bind,
    Draw,
    Effects,
    Event,
    FileUse,
    Hold,
    Lend,
    Mutate,
    ReadState,
    Seed,
    Summary,
    WriteState,
)
from nb2dag.compiler.analysis.file_calls import use_guessed
from nb2dag.compiler.analysis.passing import passed_to
from nb2dag.compiler.analysis.places import file_state, is_file_state, place_in, place_of
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.texts import filled, has_parameter
from nb2dag.compiler.analysis.values import (
    FRESH,
    IMMUTABLE,
    NONE,
    Definition,
    Value,
    container,
    is_local,
    is_parameter,
    kept,
    part_of,
    union,
    without_locals,
)

_ANSWERING = ("__getattr__", "__getattribute__")
_OF_DESCRIPTORS = {"property": ("__get__",), "set": ("__set__", "__delete__")}


def apply_summary(evaluator: CallingEvaluator, summary: Summary, arguments: Arguments, node: ast.AST) -> Value:
    """Record what a call of a notebook function does to these arguments, and return its value."""
    with evaluator.look.opened():
        return _applied(evaluator, summary, arguments, node)


def _applied(evaluator: CallingEvaluator, summary: Summary, arguments: Arguments, node: ast.AST) -> Value:
    passed = _passed_with_results(evaluator, summary, arguments, node)
    effects = evaluator.effects
    common = _Common(passed)
    start = len(effects.events)
    for event in summary.effects.events:
        if isinstance(event, Hold):
            common.hold(effects, event)
        else:
            _apply_event(evaluator, event, passed, node)
    _answer_asked(evaluator, summary, passed, node)
    _take_over(evaluator, summary, passed, node)
    result = common.tied(summary.returned, translated(summary.returns, passed))
    if summary.lazy:
        result = Value(kind=summary.lazy) if result.immutable else result
        result = replace(result, draws=result.draws | marks.running(changed_since(effects, start)))
    if summary.elements is None:
        return result
    return replace(result, elements=tuple(translated(item, passed) for item in summary.elements))


def _passed_with_results(
    evaluator: CallingEvaluator, summary: Summary, arguments: Arguments, node: ast.AST
) -> dict[str, Value]:
    """Return what each parameter stands for, and what the methods return that the function calls on any of them."""
    passed = passed_to(evaluator.resolver, summary, arguments)
    if summary.effects.methods:
        values = list(passed.values())
        call_methods(evaluator, values, summary.effects.methods - summary.effects.results, node, values)
        for name in sorted(summary.effects.results):
            given = call_methods(evaluator, values, [name], node, values)
            given += _returned(evaluator, values, node) if name == "__call__" else []
            own = overridden(evaluator, union(values), name)
            passed[f".{name}"] = union([*given, *([own] if own is not None else [])]) if given or own else IMMUTABLE
    return passed


def _returned(evaluator: CallingEvaluator, values: Sequence[Value], node: ast.AST) -> list[Value]:
    """Return what the notebook's functions among some values return if they are called with parts of the others."""
    found = [Value(part=value.gives) for value in values if value.gives]
    for value in values:
        definition = value.definition
        if definition is not None and not definition.is_class:
            given = Arguments(rest=[part_of(other) for other in values if other.definition is None], open=True)
            reached = NONE.union(*(other.reaches for other in given.rest))
            summary = evaluator.resolver.summary(definition)
            once = partial(_called_with, evaluator, summary, given, node)
            found += evaluator.look.once(definition, "<returned>", NONE, reached, once)
    return found


def _called_with(evaluator: CallingEvaluator, summary: Summary, arguments: Arguments, node: ast.AST) -> list[Value]:
    return [_applied(evaluator, summary, arguments, node)]


def changed_since(effects: Effects, start: int) -> set[str]:
    """Return the names whose objects change by what was recorded from a place on."""
    names = {event.name for event in effects.events[start:] if isinstance(event, Mutate)}
    return {name for name in names if name[0] not in "<%"}


def change_local_classes(evaluator: CallingEvaluator, value: Value, start: int, node: ast.AST) -> None:
    """Record that classes which a function made change with what was recorded from a place on.

    Such a class, and what its methods enclose, is known by the names that it was given, and by its instances.
    """
    local = [item.node for item in value.carries if item.is_class and item.position < 0]
    if local and not changed_since(evaluator.effects, start).isdisjoint(NONE.union(*map(own_variables, local))):
        evaluator.effects.mutate(value, node, deep=True)


def _apply_event(
    evaluator: CallingEvaluator,
    event: Mutate | Lend | Bind | Draw | Seed | ReadState | WriteState | FileUse,
    passed: dict[str, Value],
    node: ast.AST,
) -> None:
    effects = evaluator.effects
    if isinstance(event, Mutate | Lend) and event.name.startswith("@"):
        given = passed.get(event.name[1:], FRESH)
        if isinstance(event, Mutate):
            effects.mutate(given, node, deep=event.deep)
            if given.module and (state := knowledge.module_state(given.module)) and not given.draws:
                # The function was given `os.environ`, or `sys.path`.
                effects.add(WriteState(state, node))
        else:
            effects.lend(given, itself=event.itself)
    elif isinstance(event, Mutate):
        effects.add(Mutate(event.name, event.deep, node))
    elif isinstance(event, Lend):
        effects.add(event)
    else:
        effects.add(_event_of_call(event, passed, node, certain=evaluator.certain))


def _take_over(evaluator: CallingEvaluator, summary: Summary, passed: dict[str, Value], node: ast.AST) -> None:
    """Record what a function does that has no order."""
    effects, done = evaluator.effects, summary.effects
    for text, access in sorted(done.guessed, key=lambda guess: (guess[0], guess[1].value)):
        use_guessed(evaluator, filled_text(text, passed), access, node)
    for reason in done.unstable:
        effects.unstable.setdefault(reason, node)
    for reason in done.dynamic:
        effects.dynamic.setdefault(reason, node)
    for name, itself in sorted(done.consumed):
        consume_for(evaluator, passed.get(name[1:], FRESH), node, itself=itself)
    for name, depth in sorted(done.altered):
        if name.startswith("@"):
            effects.note_altered(passed.get(name[1:], FRESH), depth)
        else:
            effects.altered.add((name, depth))
    effects.identity |= _reached(done.identity, passed)
    effects.lost |= {(name, part) for own, part in done.lost for name in _reached([own], passed)}
    effects.remembered |= {
        replace(each, name=name) for each in done.remembered for name in _reached([each.name], passed)
    }
    effects.thrown |= _reached(done.thrown, passed)
    effects.references |= done.references
    effects.raised |= done.raised
    effects.unpickled |= done.unpickled


def _answer_asked(evaluator: CallingEvaluator, summary: Summary, passed: dict[str, Value], node: ast.AST) -> None:
    """Record what a function left to its callers to find out, or leave it to the next ones.

    What is found out may call functions that leave the same to be found out: each is, once while one call is looked at.
    """
    # Many questions are about the same values.
    translate = cache(lambda value: marks.without_elements(translated(value, passed)))
    for (answer, asker), used in summary.effects.asked.items():
        known = translate(asker)
        if evaluator.function or known.carries or known.free or known.draws:
            given = translate(used)
            if evaluator.look.is_new((answer, known, given)):
                answer(evaluator, [known], [given], node)


def _reached(names: Iterable[str], passed: dict[str, Value]) -> set[str]:
    """Return the global names that a function's own names stand for or reach."""
    found: set[str] = set()
    for name in names:
        if name.startswith("@"):
            found |= passed.get(name[1:], FRESH).reaches
        elif not is_local(name):
            found.add(name)
    return found


def overridden(evaluator: CallingEvaluator, owner: Value, name: str) -> Value | None:
    """Return what stands for the result of a method whose class only the callers of a function know.

    It is a parameter of the function like any other, `@.name`, which a call fills in with what the methods of the
    classes that it is given return. None where the object is not one that the function was given.
    """
    if not evaluator.function or not any(item.startswith("@") for item in owner.reaches):
        return None
    evaluator.effects.results.add(name)
    return Value(part=frozenset({f"@.{name}"}))


DISPLAYS = (
    "__repr__", "__str__", "_ipython_display_", "_repr_html_", "_repr_jpeg_", "_repr_json_", "_repr_latex_",
    "_repr_markdown_", "_repr_mimebundle_", "_repr_pdf_", "_repr_png_", "_repr_pretty_", "_repr_svg_",
)  # fmt: skip
"""Methods that IPython calls of an object which it displays."""


def call_methods(
    evaluator: CallingEvaluator,
    values: Iterable[Value],
    names: Iterable[str],
    node: ast.AST,
    given: Iterable[Value] = (),
) -> list[Value]:
    """Record what methods of notebook classes may do that are called on `values`, and return what they may return.

    Args:
        evaluator: Whose effects they become. In a function's body, where what it is given is not known, `names` are
            kept for its callers.
        values: What the methods are called on: instances, or what contains them.
        names: `name` for a method, `property name` for an attribute read, `set name` for one that is set or deleted,
            `super name` for the method of a base, `__*__` for every operator method, `*` for every method, of which
            only what it does to other objects counts. `__call__` calls functions among the values too.
        node: The node to show.
        given: What they may be called with.
    """
    values, names, given = list(values), sorted(names), list(given)
    if evaluator.function:
        evaluator.effects.methods.update(names)
    if "__call__" in names:
        for value in values:
            evaluator.effects.mutate(Value(part=value.free), node, deep=True)
    carried = {item for value in values for item in value.carries}
    if evaluator.function:
        # What a method does to its own object is its callers' to find out, who know the object.
        carried.discard(evaluator.owner)
    if not carried:
        return []
    with evaluator.look.opened():
        return _called_methods(evaluator, values, names, given, carried, node)


def _called_methods(  # noqa: PLR0913, PLR0917 - what `call_methods` has found out
    evaluator: CallingEvaluator,
    values: list[Value],
    names: list[str],
    given: list[Value],
    carried: set[Definition],
    node: ast.AST,
) -> list[Value]:
    found: list[Value] = []
    for definition in sorted(carried, key=lambda item: (item.position, item.name)):
        holders = [value for value in values if definition in value.carries]
        receiver = union([*holders, *map(part_of, holders)])
        arguments = Arguments(receiver=receiver, rest=given, open=True, owner=definition)
        for name in names:
            found += _call_method(evaluator, definition, name, arguments, node)
    return found


def _call_method(
    evaluator: CallingEvaluator, definition: Definition, name: str, arguments: Arguments, node: ast.AST
) -> list[Value]:
    """Apply the methods that a name stands for, once for the same objects while one call is looked at."""
    return evaluator.look.once(
        definition,
        name,
        (arguments.receiver or FRESH).reaches,
        NONE.union(*(value.reaches for value in arguments.rest)),
        lambda: _found_of_method(evaluator, definition, name, arguments, node),
    )


def _found_of_method(
    evaluator: CallingEvaluator, definition: Definition, name: str, arguments: Arguments, node: ast.AST
) -> list[Value]:
    receiver = arguments.receiver or FRESH
    if name == "*":
        arguments = replace(arguments, receiver=FRESH, rest=[])
    resolver = evaluator.resolver
    found = [
        apply_summary(evaluator, summary, without_receiver(definition, summary, arguments), node)
        for summary in methods_of(resolver, definition, name)
    ]
    if not found and name.isidentifier() and not name.startswith("__") and definition.is_class:
        answering = [item for way in _ANSWERING for item in resolver.methods(definition, way)]
        if answering:
            # What answers for attributes that it does not have may answer with those of any object it holds.
            evaluator.effects.mutate(receiver, node, deep=True)
            found = [part_of(receiver), *(apply_summary(evaluator, item, arguments, node) for item in answering)]
    if name == "__setattr__":
        found += [
            apply_summary(evaluator, summary, without_receiver(definition, summary, arguments), node)
            for hook in hooks(resolver, definition)
            for summary in resolver.methods(definition, hook)
        ]
    kind, _, attribute = name.partition(" ")
    for descriptor in descriptors_of(resolver, definition, attribute) if kind in _OF_DESCRIPTORS else ():
        # It stands in the class, and is given the object.
        place = Value(part=frozenset({definition.name}))
        given = replace(arguments, receiver=place, rest=[receiver, *arguments.rest], owner=descriptor)
        summaries = [item for method in _OF_DESCRIPTORS[kind] for item in resolver.methods(descriptor, method)]
        found += [apply_summary(evaluator, summary, given, node) for summary in summaries]
    return found


def without_receiver(definition: Definition, summary: Summary, arguments: Arguments) -> Arguments:
    """Return the arguments of a method as it gets them: a function and a static method get no object before them."""
    if summary.static or not definition.is_class:
        return replace(arguments, receiver=None)
    if summary.of_class:
        return replace(arguments, receiver=Value(same=frozenset({definition.name})))
    return arguments


def _event_of_call(
    event: Bind | Draw | Seed | ReadState | WriteState | FileUse,
    passed: dict[str, Value],
    node: ast.AST,
    *,
    certain: bool,
) -> Event:
    """Return what an event of a function's body is where the function is called; `certain` says that it surely is."""
    if isinstance(event, Bind):
        return replace(event, value=translated(event.value, passed))
    if isinstance(event, FileUse):
        text = filled_text(event.text, passed)
        return replace(event, text=text, certain=event.certain and certain, why=node)
    if isinstance(event, Draw):
        return Draw(filled_state(event.state, passed), node)
    if isinstance(event, WriteState):
        return replace(event, why=node, text=event.text if certain else None)
    if isinstance(event, Seed):
        return Seed(event.state, node, event.certain and certain)
    return replace(event, why=node)


class _Common:
    """Ties what a function puts into several places where it has no name: `log.append(self)` and the new instance."""

    def __init__(self, passed: dict[str, Value]) -> None:
        self._passed = passed
        self._holders: dict[str, Value] = {}

    def tied(self, markers: Iterable[str], value: Value) -> Value:
        """Return `value`, and that it may be part of whatever already holds one of `markers`."""
        holders = [self._holders[marker] for marker in sorted(markers) if marker in self._holders]
        return union([value, *map(part_of, holders)]) if holders else value

    def hold(self, effects: Effects, event: Hold) -> None:
        """Record that a function puts something into another thing."""
        item = self.tied(event.value.reaches, translated(event.value, self._passed))
        if event.as_key and not (item.carries or item.definition or any(map(is_parameter, item.reaches))):
            return
        if event.name.startswith("@"):
            holder = self._passed.get(event.name[1:], FRESH)
            if holder.definition is not None and holder.definition.is_class:
                # Under which name the function puts it there, only its callers may know.
                item = marks.put(item, "*")
            effects.hold(holder, item, as_key=event.as_key)
        else:
            holder = Value(same=frozenset({event.name}))
            effects.add(Hold(event.name, item, event.as_key))
        self.note(event.value.reaches, holder)

    def note(self, markers: Iterable[str], holder: Value) -> None:
        """Remember that `holder` holds what `markers` stand for: new objects, which no name reaches."""
        for marker in markers:
            if holder.reaches and (is_local(marker) or (marker[0] == "@" and self._is_new(marker[1:]))):
                self._holders.setdefault(marker, holder)

    def _is_new(self, parameter: str) -> bool:
        value = self._passed.get(parameter, FRESH)
        return not (value.same or value.part or value.immutable)


def receiver_of(summary: Summary) -> frozenset[str]:
    """Return the parameter (`@name`) that stands for the object a method is called on."""
    return frozenset(f"@{name}" for name in summary.parameters[:1])


def kept_by_receiver(evaluator: CallingEvaluator, summary: Summary, arguments: Arguments, node: ast.AST) -> list[Value]:
    """Return what a method leaves in the object it is called on: `self.log = log`, a default that is not overridden."""
    passed = _passed_with_results(evaluator, summary, arguments, node)
    found = [
        (event, without_locals(translated(event.value, passed)))
        for event in summary.effects.events
        if isinstance(event, Hold) and event.name in receiver_of(summary)
    ]
    return [value for event, value in found if not event.as_key or value.carries]


def translated(value: Value, passed: dict[str, Value]) -> Value:
    """Return a summary's value with the caller's values in place of its parameters."""
    copied = marks.copied_parameters(value.draws)
    if copied:
        value = _of_copied(value, [passed.get(name[1:], FRESH) for name in copied])
    constant = None if value.constant is None else filled_text(value.constant, passed)
    draws = frozenset(filled_state(state, passed) for state in value.draws) if value.draws else NONE
    given = {name: passed.get(name[1:], FRESH) for name in value.reaches if name.startswith("@")}
    if not given:
        same = constant == value.constant and draws == value.draws
        return value if same else replace(value, constant=constant, draws=draws)
    own = frozenset(given)
    rest = Value(value.same - own, value.part - own, value.holds - own)
    parts = [rest] if rest.reaches else []
    parts += [given[name] for name in sorted(value.same & own)]
    parts += [part_of(given[name]) for name in sorted(value.part & own)]
    parts += [container([kept(given[name])]) for name in sorted(value.holds & own)]
    result = union(parts)
    kind = value.kind if value.kind not in ("", "immutable") else result.kind
    return replace(
        result,
        kind=kind,
        carries=result.carries | value.carries,
        free=result.free | value.free,
        draws=marks.settled(result.draws | draws, given.values()),
        constant=constant,
    )


def _of_copied(value: Value, given: list[Value]) -> Value:
    """Return a value with the classes of what the caller gave in place of the marks of parameters it is a copy of."""
    inside = container(given)
    draws = marks.without_copied(value.draws) | marks.alike(given)
    return replace(value, carries=value.carries | inside.carries, free=value.free | inside.free, draws=draws)


def filled_text(text: str, passed: dict[str, Value]) -> str:
    """Return a known text with what is known of the arguments in place of the parameters."""
    return filled(text, lambda name: passed[name].constant if name in passed else None) if has_parameter(text) else text


def filled_state(state: str, passed: dict[str, Value]) -> str:
    """Return the name of a file's state with what is known of the arguments in place of the parameters."""
    if not (is_file_state(state) and has_parameter(state)):
        return state
    text = filled_text(place_in(state), passed)
    return file_state(text if has_parameter(text) else place_of(text) or "")
