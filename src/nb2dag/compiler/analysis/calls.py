"""Evaluate a call in the abstract: what it returns, and which objects it may change.

What is known comes from three places, in this order: definitions of the notebook itself (their summaries), the
knowledge tables, and, for what nobody knows, the rule of the design: a method may change its receiver; the arguments of
a call may change when its result is thrown away.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from nb2dag.compiler.analysis import knowledge
from nb2dag.compiler.analysis.effects import Bind, Draw, FileUse, Hold, Mutate, ReadState, Seed, Summary, WriteState
from nb2dag.compiler.analysis.knowledge.facts import CallFacts, MethodFacts
from nb2dag.compiler.analysis.values import FRESH, IMMUTABLE, Definition, Value, container, part_of, shares, union

if TYPE_CHECKING:
    from nb2dag.compiler.analysis.evaluation import Evaluator

_GENERATORS = {"<random>", "<numpy.random>", "<torch.random>"}
_DYNAMIC = {"exec", "eval", "globals", "locals", "__import__"}
_COPIES = {"frame", "series", "array"}


@dataclass(slots=True)
class Arguments:
    """The evaluated arguments of a call; `open` when `*` or `**` hides what goes where."""

    positional: list[Value] = field(default_factory=list)
    keywords: dict[str, Value] = field(default_factory=dict)
    nodes: dict[int | str, ast.expr] = field(default_factory=dict)
    open: bool = False
    rest: list[Value] = field(default_factory=list)

    def all(self) -> list[Value]:
        """Return every argument."""
        return [*self.positional, *self.keywords.values(), *self.rest]

    def get(self, place: int | str | None) -> Value | None:
        """Return the argument at a position or keyword, None where it is not given."""
        if isinstance(place, int):
            return self.positional[place] if place < len(self.positional) else None
        return self.keywords.get(place) if place is not None else None

    def given(self, places: Iterable[int | str]) -> bool:
        """Tell whether one of `places` is given and is not the constant None."""
        for place in places:
            node = self.nodes.get(place)
            if node is not None and not (isinstance(node, ast.Constant) and node.value is None):
                return True
        return False


def evaluate_call(evaluator: Evaluator, node: ast.Call, *, discarded: bool) -> Value:
    """Return the value of a call and record what it does."""
    function = node.func
    if isinstance(function, ast.Attribute):
        owner = evaluator.value(function.value)
        arguments = _arguments(evaluator, node)
        if owner.module:
            return _module_call(evaluator, f"{owner.module}.{function.attr}", arguments, node, discarded=discarded)
        return _method_call(evaluator, owner, function, arguments, node, discarded=discarded)
    callee = evaluator.value(function)
    arguments = _arguments(evaluator, node)
    if callee.definition is not None:
        return _definition_call(evaluator, callee.definition, arguments, node)
    if callee.module:
        return _module_call(evaluator, callee.module, arguments, node, discarded=discarded)
    return _unknown_call(evaluator, callee, arguments, node, discarded=discarded)


def _arguments(evaluator: Evaluator, node: ast.Call) -> Arguments:
    found = Arguments()
    for position, argument in enumerate(node.args):
        value = evaluator.value(argument)
        if isinstance(argument, ast.Starred):
            found.open = True
            found.rest.append(part_of(value))
        else:
            found.positional.append(value)
            found.nodes[position] = argument
    for keyword in node.keywords:
        value = evaluator.value(keyword.value)
        if keyword.arg is None:
            found.open = True
            found.rest.append(part_of(value))
        else:
            found.keywords[keyword.arg] = value
            found.nodes[keyword.arg] = keyword.value
    return found


# -- definitions of the notebook ---------------------------------------------------------------------------------


def _definition_call(evaluator: Evaluator, definition: Definition, arguments: Arguments, node: ast.Call) -> Value:
    summary = evaluator.resolver.summary(definition)
    _call_callables(evaluator, arguments.all(), arguments.all(), node, known=summary)
    if definition.is_class:
        made = Value(carries=frozenset({definition}))
        apply_summary(evaluator, summary, arguments, node, receiver=made)
        inside = container(arguments.all())
        return replace(inside, carries=inside.carries | {definition}, kind="")
    return apply_summary(evaluator, summary, arguments, node, function=definition)


def apply_summary(
    evaluator: Evaluator,
    summary: Summary,
    arguments: Arguments,
    node: ast.AST,
    *,
    receiver: Value | None = None,
    function: Definition | None = None,
) -> Value:
    """Record what a call of a notebook function does to these arguments, and return its value.

    A default that is not overridden is part of `function`, and lives as long as it.
    """
    passed = _passed(summary, arguments, receiver)
    if function is not None:
        for name in summary.changing_defaults:
            passed.setdefault(name, Value(part=frozenset({function.name})))
    effects = evaluator.effects
    for event in summary.effects.events:
        if isinstance(event, Mutate):
            if event.name.startswith("@"):
                effects.mutate(passed.get(event.name[1:], FRESH), node, deep=event.deep)
            else:
                _mutate_global(evaluator, event, node)
        elif isinstance(event, Hold):
            item = _translated(event.value, passed)
            if event.name.startswith("@"):
                effects.hold(passed.get(event.name[1:], FRESH), item)
            else:
                effects.add(Hold(event.name, item))
        elif isinstance(event, Bind):
            effects.add(Bind(event.name, _translated(event.value, passed)))
        else:
            effects.add(replace(event, why=node))
    for reason in summary.effects.unstable:
        effects.unstable.setdefault(reason, node)
    for reason in summary.effects.dynamic:
        effects.dynamic.setdefault(reason, node)
    effects.files.extend(replace(use, why=node) for use in summary.effects.files)
    effects.references |= summary.effects.references
    return _translated(summary.returns, passed)


def _mutate_global(evaluator: Evaluator, event: Mutate, node: ast.AST) -> None:
    evaluator.effects.add(Mutate(event.name, event.deep, node))


def _passed(summary: Summary, arguments: Arguments, receiver: Value | None) -> dict[str, Value]:
    positional = ([receiver] if receiver is not None else []) + arguments.positional
    passed = dict(zip(summary.parameters[: summary.positional], positional, strict=False))
    surplus = positional[summary.positional :]
    others = list(arguments.rest)
    for name, value in arguments.keywords.items():
        if name in summary.parameters:
            passed[name] = value
        else:
            others.append(value)
    if arguments.rest:
        hidden = union(arguments.rest)
        for name in summary.parameters:
            passed.setdefault(name, hidden)
    if summary.variadic:
        passed[summary.variadic] = container([*surplus, *arguments.rest], "tuple")
    if summary.keywords:
        passed[summary.keywords] = container(others, "dict")
    return passed


def _translated(value: Value, passed: dict[str, Value]) -> Value:
    """Return a summary's value with the caller's values in place of its parameters."""
    names = value.reaches
    if not any(name.startswith("@") for name in names):
        return value
    parts: list[Value] = []
    for name in sorted(value.same):
        parts.append(passed.get(name[1:], FRESH) if name[0] == "@" else Value(same=frozenset({name})))
    for name in sorted(value.part):
        parts.append(part_of(passed.get(name[1:], FRESH)) if name[0] == "@" else Value(part=frozenset({name})))
    for name in sorted(value.holds):
        parts.append(container([passed.get(name[1:], FRESH)]) if name[0] == "@" else Value(holds=frozenset({name})))
    result = union(parts)
    kind = value.kind if value.kind not in ("", "immutable") else result.kind
    return replace(
        result, kind=kind, carries=result.carries | value.carries, free=result.free | value.free, constant=None
    )


# -- methods -----------------------------------------------------------------------------------------------------


def _method_call(
    evaluator: Evaluator,
    owner: Value,
    function: ast.Attribute,
    arguments: Arguments,
    node: ast.Call,
    *,
    discarded: bool,
) -> Value:
    own = [
        summary
        for definition in sorted(owner.carries | _of(owner.definition), key=lambda item: item.position)
        if definition.is_class
        for summary in evaluator.resolver.methods(definition, function.attr)
    ]
    if own:
        unbound = owner.definition is not None
        return union(
            [apply_summary(evaluator, summary, arguments, node, receiver=None if unbound else owner) for summary in own]
        )
    if owner.immutable and not owner.carries:
        facts = knowledge.method_call(function.attr, "immutable") or knowledge.method_call(function.attr, "str")
        if facts is None or facts.mutates_receiver:
            _call_callables(evaluator, arguments.all(), arguments.all(), node)
            return IMMUTABLE
    else:
        facts = knowledge.method_call(function.attr, owner.kind)
    if facts is None:
        return _unknown_method(evaluator, owner, arguments, node, discarded=discarded)
    return _known_method(evaluator, owner, facts, arguments, node)


def _of(definition: Definition | None) -> frozenset[Definition]:
    return frozenset() if definition is None else frozenset({definition})


def _unknown_method(
    evaluator: Evaluator, owner: Value, arguments: Arguments, node: ast.Call, *, discarded: bool
) -> Value:
    effects = evaluator.effects
    everything = [owner, *arguments.all()]
    if owner.kind not in ("resource", "client", "logger"):
        effects.mutate(owner, node, deep=True)
        if discarded:
            for value in arguments.all():
                effects.mutate(value, node, deep=True)
                effects.hold(owner, value)
    _call_callables(evaluator, arguments.all(), everything, node)
    effects.unstable.setdefault(f"`.{_called(node)}()`", node)
    return shares(everything)


def _known_method(
    evaluator: Evaluator, owner: Value, facts: MethodFacts, arguments: Arguments, node: ast.Call
) -> Value:
    effects = evaluator.effects
    mutates = facts.mutates_receiver or (facts.inplace_keyword and _inplace(arguments))
    if facts.calls or any(_callable(value) for value in arguments.all()):
        _call_callables(evaluator, arguments.all(), [owner, *arguments.all()], node)
    if mutates:
        effects.mutate(owner, node)
    _mutate_places(evaluator, facts.mutates_args, arguments, node)
    if facts.stores_args:
        target = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        for value in arguments.all():
            if owner.kind not in _COPIES:
                evaluator.hold(target, owner, value)
    _state(evaluator, facts, arguments, node)
    _files(evaluator, facts.path_read, facts.path_write, arguments, node, receiver=owner)
    return _result(facts.returns, facts.kind, owner, arguments, shallow=facts.shallow)


def _result(returns: str, kind: str, owner: Value | None, arguments: Arguments, *, shallow: bool) -> Value:
    values = ([owner] if owner is not None else []) + arguments.all()
    made = frozenset(definition for value in values for definition in _made(value))
    if returns == "immutable":
        return replace(IMMUTABLE, kind="immutable")
    if returns == "receiver" and owner is not None:
        return owner
    if returns == "first" and arguments.positional:
        return arguments.positional[0]
    if returns == "shares":
        return container(values, kind) if shallow else shares(values, kind)
    return Value(kind=kind, carries=made)


def _made(value: Value) -> Iterable[Definition]:
    """Return the classes whose instances a function passed as an argument may leave in a result."""
    carried = value.carries if value.definition is None else value.carries | {value.definition}
    return [definition for definition in carried if definition.is_class or value.definition is not None]


def _inplace(arguments: Arguments) -> bool:
    node = arguments.nodes.get("inplace")
    return arguments.open or (node is not None and not (isinstance(node, ast.Constant) and node.value is False))


# -- functions of modules ----------------------------------------------------------------------------------------


def _module_call(evaluator: Evaluator, path: str, arguments: Arguments, node: ast.Call, *, discarded: bool) -> Value:
    effects = evaluator.effects
    name = path.rpartition(".")[2]
    if path.startswith("builtins.") and name in _DYNAMIC:
        effects.dynamic.setdefault(name, node)
    if path == "builtins.id":
        for value in arguments.all():
            effects.identity.update(value.reaches)
    facts = knowledge.module_call(path)
    if facts is None:
        return _unknown_function(evaluator, path, arguments, node, discarded=discarded)
    if facts.calls or any(_callable(value) for value in arguments.all()):
        _call_callables(evaluator, arguments.all(), arguments.all(), node)
    _mutate_places(evaluator, facts.mutates, arguments, node)
    if facts.mutates and facts.stores and arguments.positional:
        for value in arguments.positional[1:]:
            evaluator.hold(node.args[0], arguments.positional[0], value)
    if facts.consumes:
        for value in arguments.all():
            if value.kind in ("generator", "iterator", "file"):
                effects.mutate(value, node)
    effects.configures = effects.configures or facts.configures
    effects.opens = effects.opens or facts.opens
    _state(evaluator, facts, arguments, node)
    _files(evaluator, facts.path_read, facts.path_write, arguments, node)
    kind = "resource" if facts.opens else facts.kind
    returns = "shares" if facts.returns == "fresh" and _copy_is_false(arguments) else facts.returns
    result = _result(returns, kind, None, arguments, shallow=facts.shallow)
    if path in ("pathlib.Path", "pathlib.PurePath", "builtins.str", "os.fspath") and arguments.positional:
        return replace(result, constant=_joined(arguments.positional))
    if path == "os.path.join":
        return replace(result, constant=_joined(arguments.positional))
    if path in ("builtins.zip", "builtins.enumerate", "builtins.range") and all(v.immutable for v in arguments.all()):
        return replace(result, part=frozenset(), holds=frozenset())
    return result


def _joined(values: Sequence[Value]) -> str | None:
    texts = [value.constant for value in values]
    if any(text is None for text in texts):
        return None
    return "/".join(str(text).rstrip("/") if index < len(texts) - 1 else str(text) for index, text in enumerate(texts))


def _copy_is_false(arguments: Arguments) -> bool:
    node = arguments.nodes.get("copy")
    return isinstance(node, ast.Constant) and node.value is False


def _unknown_function(
    evaluator: Evaluator, path: str, arguments: Arguments, node: ast.Call, *, discarded: bool
) -> Value:
    effects = evaluator.effects
    name = path.rpartition(".")[2]
    state = knowledge.module_state(path)
    if state == "<config>":
        effects.configures = True
        return FRESH
    if state:
        effects.add(WriteState(state, node))
        return FRESH
    _call_callables(evaluator, arguments.all(), arguments.all(), node)
    if path.startswith("builtins.") and name[:1].isupper():
        return container(arguments.all())
    constructor = name[:1].isupper()
    if discarded and not constructor:
        for value in arguments.all():
            effects.mutate(value, node, deep=True)
    effects.unstable.setdefault(f"`{path.removeprefix('builtins.')}()`", node)
    return container(arguments.all()) if constructor else shares(arguments.all())


# -- anything else -----------------------------------------------------------------------------------------------


def _unknown_call(
    evaluator: Evaluator, callee: Value, arguments: Arguments, node: ast.Call, *, discarded: bool
) -> Value:
    """Evaluate the call of a value: an object with `__call__`, an element of a table of functions."""
    effects = evaluator.effects
    values = arguments.all()
    own = [
        summary
        for definition in sorted(callee.carries, key=lambda item: item.position)
        for summary in (
            evaluator.resolver.methods(definition, "__call__")
            if definition.is_class
            else [evaluator.resolver.summary(definition)]
        )
    ]
    for summary in own:
        apply_summary(evaluator, summary, arguments, node, receiver=None)
    if discarded:
        for value in [*values, Value(part=callee.free)] if callee.free else values:
            effects.mutate(value, node, deep=True)
    if callee.carries or discarded:
        effects.mutate(callee, node, deep=True)
    _call_callables(evaluator, values, values, node)
    effects.unstable.setdefault(f"`{ast.unparse(node.func)[:40]}()`", node)
    return shares([callee, *values])


def _callable(value: Value) -> bool:
    return value.definition is not None or value.kind == "function"


def _call_callables(
    evaluator: Evaluator,
    values: Sequence[Value],
    reachable: Sequence[Value],
    node: ast.AST,
    *,
    known: Summary | None = None,
) -> None:
    """Record what notebook functions among the arguments may do when the callee calls them."""
    del known
    for value in values:
        definition = value.definition
        if value.changes_arguments:
            for item in reachable:
                if item is not value:
                    evaluator.effects.mutate(item, node, deep=True)
        if definition is None or definition.is_class:
            continue
        summary = evaluator.resolver.summary(definition)
        passed = Arguments(rest=[part_of(item) for item in reachable if item.definition is None], open=True)
        apply_summary(evaluator, summary, passed, node)


def _mutate_places(
    evaluator: Evaluator, places: tuple[int | str, ...], arguments: Arguments, node: ast.AST
) -> None:
    for place in places:
        value = arguments.get(place)
        if value is not None:
            evaluator.effects.mutate(value, node)
    if places:
        for value in arguments.rest:
            evaluator.effects.mutate(value, node, deep=True)


def _state(evaluator: Evaluator, facts: CallFacts | MethodFacts, arguments: Arguments, node: ast.AST) -> None:
    """Record state without a name that a call reads and writes."""
    effects = evaluator.effects
    seeds = isinstance(facts, CallFacts) and facts.seeds
    pinned = arguments.given(facts.seeded_by) if facts.seeded_by else False
    if seeds and (pinned or not facts.seeded_by):
        for state in facts.writes:
            effects.add(Seed(state, node))
        return
    if pinned:
        return
    for state in dict.fromkeys([*facts.reads, *facts.writes]):
        if state == "<config>":
            effects.configures = True
        elif state in _GENERATORS:
            effects.add(Draw(state, node))
            effects.unstable.setdefault(state, node)
        elif state in ("<clock>", "<entropy>", "<network>", "<files>"):
            effects.unstable.setdefault(state, node)
        elif state in facts.writes:
            effects.add(WriteState(state, node))
        else:
            effects.add(ReadState(state, node))
    if not facts.deterministic:
        effects.unstable.setdefault(f"`{_called(node)}()`", node)


def _files(
    evaluator: Evaluator,
    read: int | str | None,
    write: int | str | None,
    arguments: Arguments,
    node: ast.AST,
    receiver: Value | None = None,
) -> None:
    """Record which file a call reads or writes, where its path is known."""
    for place, writes in ((read, False), (write, True)):
        if place is None:
            continue
        if place == "mode":
            if writes == _opens_for_writing(arguments, receiver is None):
                _file(evaluator, arguments.get(0) or arguments.get("file") or receiver, node, writes=writes)
            continue
        value = receiver if place == "receiver" else arguments.get(place) or _first_path(arguments)
        _file(evaluator, value, node, writes=writes)


def _first_path(arguments: Arguments) -> Value | None:
    for name in ("path", "path_or_buf", "filepath_or_buffer", "fname", "file", "io", "excel_writer", "buf"):
        if name in arguments.keywords:
            return arguments.keywords[name]
    return None


def _file(evaluator: Evaluator, value: Value | None, node: ast.AST, *, writes: bool) -> None:
    if value is not None and value.constant is not None:
        evaluator.effects.files.append(FileUse(value.constant, writes, node))


def _opens_for_writing(arguments: Arguments, is_function: bool) -> bool:
    mode = arguments.keywords.get("mode") or arguments.get(1 if is_function else 0)
    return mode is not None and mode.constant is not None and any(letter in mode.constant for letter in "wax+")


def _called(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        function = node.func
        return function.attr if isinstance(function, ast.Attribute) else ast.unparse(function)[:40]
    return ast.unparse(node)[:40]
