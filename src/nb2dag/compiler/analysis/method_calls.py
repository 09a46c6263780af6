"""Evaluate the call of a method: the notebook's own, one that the tables know, or one that nobody knows."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from nb2dag.compiler.analysis import knowledge
from nb2dag.compiler.analysis.application import (
    apply_summary,
    call_methods,
    change_local_classes,
    kept_by_receiver,
    overridden,
    receiver_of,
)
from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.attributes import holds_foreign
from nb2dag.compiler.analysis.caches import out_of_method_cache
from nb2dag.compiler.analysis.call_parts import (
    call_given,
    constants,
    may_draw,
    may_leave_uncopied,
    mutate_places,
    result_of,
    returned_place,
    with_given,
    with_handles,
)
from nb2dag.compiler.analysis.callbacks import (
    call_bound_methods,
    call_functions,
    call_instances,
    call_stored,
    call_tables,
    go_through_by_method,
    is_function,
)
from nb2dag.compiler.analysis.classes import has_foreign_base, rewrites_trees
from nb2dag.compiler.analysis.effects import LOG_HANDLERS, PATCH, Depth, Draw, FileAccess, Summary, WriteState
from nb2dag.compiler.analysis.elements import (
    alter_container,
    changes_elements,
    elements_change,
    is_in_frame,
    is_own_container,
    with_elements,
)
from nb2dag.compiler.analysis.estimators import call_parts, fitted, transformed
from nb2dag.compiler.analysis.file_access import KnownCall
from nb2dag.compiler.analysis.file_calls import (
    is_backed,
    record_files,
    record_guessed_files,
    text_of,
    touch_files,
    use_file,
)
from nb2dag.compiler.analysis.filling import look_up
from nb2dag.compiler.analysis.in_memory import is_in_memory, only_reads, write_to_database
from nb2dag.compiler.analysis.in_place import record_method
from nb2dag.compiler.analysis.instances import class_of, construct_otherwise
from nb2dag.compiler.analysis.knowledge.facts import MethodFacts
from nb2dag.compiler.analysis.marks import ARCHIVE, DEFINED_IN, KEEPS_DEFAULTS, OWN_GENERATOR, with_generator
from nb2dag.compiler.analysis.outside import (
    called_name,
    record_given_generators,
    record_log_keeping,
    record_setting,
    record_state,
)
from nb2dag.compiler.analysis.own_generators import record_use
from nb2dag.compiler.analysis.pyplot_state import DRAWING, drawn_by_method
from nb2dag.compiler.analysis.receivers import draws_data, guessed_kind, moves_file, moves_path
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.spelled_out import DEFINES
from nb2dag.compiler.analysis.texts import ANY, joined_path
from nb2dag.compiler.analysis.values import (
    FRAMES,
    FRESH,
    IMMUTABLE,
    NONE,
    OF_ONE_PROCESS,
    Definition,
    Value,
    container,
    elements_of,
    kept,
    shares,
    union,
    without_names,
)

_CONTAINERS = {"list", "dict", "set", "tuple", "defaultdict", "frame", "series", "array"}
"""Kinds whose methods are their own, whatever is in them."""
_CHANGES_ELEMENT = {"append", "extend", "discard", "remove", "setdefault", "reverse", "clear"}
"""Methods that an element of a frame has if it is a list, a dict or a set, and that frames have not or no longer."""
_LOOKS_INTO = {"to_numpy", "__array__", "ravel", "view"}
"""Methods that make an array in the memory of a frame."""
_FITS = ("fit", "train")
"""Methods that are known of estimators, but draw in some libraries that are not."""
_CONNECTS = {"cursor", "connect", "begin", "execute", "executemany", "executescript", "raw_connection", "__enter__"}
"""Methods of a connection that give something to go on using it with."""
_PUTS_IN = {"write", "add"}
"""Methods of an archive that read a file."""
_GOES_THROUGH = {"extend", "extendleft", "update", "writelines", "union", "subtract"}
"""Methods that keep the elements of what they are given, and not that itself."""
_REWRITES = {"visit", "generic_visit"}
"""Methods of a `NodeTransformer` that change the tree which they are given."""
_LOOK_UP = {"format", "format_map", "substitute", "safe_substitute", "map", "__getitem__"}
"""Methods that look something up by a key: in their object, or in what they are given."""
_LOG_HANDLERS = {"addHandler", "removeHandler", "addFilter", "removeFilter"}
_LOGGER_SETTINGS = _LOG_HANDLERS | {"setLevel"}
_OUTSIDE = {"resource", "pool", "client", "logger", "connection"}
"""Kinds of what stands for something outside of the process."""
_SAVING = {"write", "save", "read", "load", "dump", "export"}
_ASKED_BY_TEXT = re.compile(r"\{\w*\.(\w+)")
_RUNS = {"start", "join"}
_PICKING = {"choice", "choices", "sample"}
"""Methods by which generators of numbers pick elements."""
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def call_method(
    evaluator: CallingEvaluator, owner: Value, arguments: Arguments, node: ast.Call, *, discarded: bool
) -> Value:
    """Return the value of calling a method of `owner`, and record what it does."""
    function = node.func
    assert isinstance(function, ast.Attribute)
    if function.attr in _LOOKS_INTO:
        owner = evaluator.lender(function.value, owner)
    _change_element(evaluator, owner, function, node)
    if function.attr == DEFINES:
        evaluator.effects.hold(owner, Value(draws=frozenset({DEFINED_IN})))
    for state in sorted(owner.draws):
        evaluator.effects.add(Draw(state, node))
    own = None if owner.kind in _CONTAINERS else _own_method(evaluator, owner, arguments, node)
    parts = [] if owner.kind in _CONTAINERS else call_parts(evaluator, owner, arguments, node)
    if own is not None and not _may_be_another(evaluator, owner, function.attr):
        return union([own, *parts]) if parts else own
    # The method of a pipeline is the library's, whatever its steps have.
    parts = parts if own is None else [*parts, own]
    _call_hooks(evaluator, owner, own, arguments, node)
    stored = [*parts]
    if owner.kind not in _CONTAINERS:
        # An attribute may hold a function, which the method may be, or call.
        stored += call_stored(evaluator, [owner], arguments.all(), node)
    if owner.carries and call_methods(evaluator, [owner], ["__getattr__", "__getattribute__"], node, [owner]):
        # What answers for attributes that it does not have may answer with those of any object it holds.
        result = _unknown_method(evaluator, owner, arguments, node, discarded=discarded)
        return shares([result, *stored]) if stored else result
    _begin(evaluator, owner, function.attr, node)
    _use_what_is_given(evaluator, owner, function.attr, arguments, node)
    if owner.immutable and not owner.carries:
        facts = _facts_of_immutable(evaluator, function.attr, arguments, node)
        if facts is None:
            return IMMUTABLE
    else:
        kind = owner.kind or ("path" if moves_file(node) else guessed_kind(function.value))
        kind = kind or ("axes" if function.attr in DRAWING and draws_data(node) else "")
        facts = knowledge.method_call(function.attr, kind) or knowledge.method_call(function.attr, owner.kind)
    record_given_generators(evaluator, facts, arguments, node)
    record_method(evaluator, owner, function.attr, arguments, node)
    record_use(evaluator, owner, function.attr, arguments, node)
    go_through_by_method(evaluator, owner, function.attr, arguments.all(), node)
    if facts is None:
        result = _unknown_method(evaluator, owner, arguments, node, discarded=discarded)
        return shares([result, *stored]) if stored else result
    if not owner.kind and function.attr.startswith(_FITS):
        may_draw(evaluator, function.attr, node)
    result = _known_method(evaluator, owner, facts, arguments, node)
    return union([result, *parts]) if parts else result


def _holds_foreign(evaluator: CallingEvaluator, function: ast.Attribute) -> bool:
    """Tell whether a method is one of what a library made for the object: `self.model.fit(X)`.

    The class of the object may have a method of the same name.
    """
    place = function.value
    if evaluator.owner is None or not isinstance(place, ast.Attribute) or not isinstance(place.value, ast.Name):
        return False
    if place.value.id != evaluator.first or not holds_foreign(evaluator.resolver, evaluator.owner, place.attr):
        return False
    # An instance of a derived class may hold something else, whose methods its callers know.
    evaluator.effects.methods.add(function.attr)
    return True


def _begin(evaluator: CallingEvaluator, owner: Value, name: str, node: ast.Call) -> None:
    """Record what the methods do that begin something."""
    if name in _RUNS and owner.kind in ("", "thread"):
        # What it was made with runs: `Thread(target=rows.append)`.
        evaluator.effects.mutate(owner, node, deep=True)
    if name == "__enter__" and not owner.kind:
        # A `with` block leaves the context again; by hand, the process stays in it.
        evaluator.effects.configures = True


def _own_method(evaluator: CallingEvaluator, owner: Value, arguments: Arguments, node: ast.Call) -> Value | None:
    """Return what a method gives that notebook classes among the owner's have; None where it is a library's."""
    function = node.func
    assert isinstance(function, ast.Attribute)
    if _holds_foreign(evaluator, function):
        return None
    return call_own_method(evaluator, owner, arguments, node)


def _may_be_another(evaluator: CallingEvaluator, owner: Value, name: str) -> bool:
    """Tell whether a method that a class of the notebook has may be one of a library's all the same.

    What is known as a part of an object may be a list: `self.xs.pop()`. And what a method surely calls under its own
    name is not itself.
    """
    if owner.kind == "estimator":
        return True
    if owner.same or not owner.part:
        return False
    return knowledge.method_call(name) is not None or (evaluator.certain and evaluator.method == name)


def _use_what_is_given(
    evaluator: CallingEvaluator, owner: Value, name: str, arguments: Arguments, node: ast.AST
) -> None:
    """Record which files and databases a method may use that it is given, or whose path it is given."""
    if name in ("format", "format_map") and owner.immutable:
        # `"{0.total}".format(cart)` reads an attribute.
        asked = _ASKED_BY_TEXT.findall(owner.constant or "")
        call_methods(evaluator, arguments.all(), [f"property {attribute}" for attribute in asked], node)
    touch_files(evaluator.effects, arguments.all(), node)
    if ARCHIVE in owner.draws and name in _PUTS_IN:
        use_file(evaluator, text_of(arguments.get(0)), FileAccess.READ, node)
    write_to_database(evaluator, name, arguments, node)
    if owner.kind == "patcher" and name in ("start", "stop"):
        evaluator.effects.add(WriteState(PATCH, node))
    if name in _LOOK_UP:
        look_up(evaluator, [owner] if name == "__getitem__" else arguments.all(), node)


def _facts_of_immutable(
    evaluator: CallingEvaluator, name: str, arguments: Arguments, node: ast.AST
) -> MethodFacts | None:
    """Return what is known of a method of something immutable, None if it gives something immutable again."""
    if isinstance(node, ast.Call) and moves_path(node):
        return knowledge.method_call(name, "path")
    facts = knowledge.method_call(name, "immutable") or knowledge.method_call(name, "str")
    if name in _LOGGER_SETTINGS:
        if name in _LOG_HANDLERS:
            evaluator.effects.add(WriteState(LOG_HANDLERS, node))
        else:
            record_setting(evaluator.effects, name, node)
        record_log_keeping(evaluator, arguments, node)
    if facts is None or facts.mutates_receiver:
        call_functions(evaluator, arguments.all(), arguments.all(), node)
        return None
    return facts


def _change_element(evaluator: CallingEvaluator, owner: Value, function: ast.Attribute, node: ast.Call) -> None:
    """Record that a method which frames have not changes a list in one: `df.loc[0, "tags"].append("x")`.

    And that one of an array asks for memory of its own.
    """
    if function.attr == "resize" and owner.kind == "array":
        # An array that was loaded looks into the memory of what was read.
        evaluator.effects.lost |= {(name, "resize") for name in owner.reaches}
    in_frame = owner.kind in FRAMES or (is_in_frame(owner) and not is_own_container(evaluator, function.value))
    if function.attr in _CHANGES_ELEMENT and in_frame:
        evaluator.effects.alter_inside(evaluator.lender(function.value, owner), node, Depth.IN_FRAME)


def _call_hooks(
    evaluator: CallingEvaluator, owner: Value, own: Value | None, arguments: Arguments, node: ast.AST
) -> None:
    """Record that a method of a library's class may call any that the notebook's class has in place of its own."""
    derived = frozenset(item for item in owner.carries if has_foreign_base(evaluator.resolver, item))
    if derived and own is None and not _is_part_of_class(evaluator, owner):
        evaluator.effects.mutate(owner, node, deep=True)
        instance = replace(owner, carries=derived, free=NONE)
        call_methods(evaluator, [instance], ["*"], node, [owner, *arguments.all()])
        if called_name(node) in _REWRITES and any(map(rewrites_trees, derived)):
            for value in arguments.all():
                evaluator.effects.mutate(value, node, deep=True)


def _is_part_of_class(evaluator: CallingEvaluator, owner: Value) -> bool:
    """Tell whether something is an attribute of a class of the notebook, `Base.metadata`, and no instance of it."""
    holders = [evaluator.resolver.resolve(name).definition for name in owner.part]
    return not owner.same and bool(holders) and all(item is not None and item.is_class for item in holders)


def call_own_method(evaluator: CallingEvaluator, owner: Value, arguments: Arguments, node: ast.Call) -> Value | None:
    """Call the method that notebook classes among the owner's have; None where there is no such method."""
    name = called_name(node)
    if evaluator.function:
        evaluator.effects.methods.add(name)
    found: list[Value] = []
    for definition in sorted(owner.carries | _of(owner.definition), key=lambda item: item.position):
        if definition.is_class and (definition, name) not in evaluator.active:
            evaluator.active.add((definition, name))
            start = len(evaluator.effects.events)
            for summary in evaluator.resolver.methods(definition, name):
                given = _as_method(definition, summary, owner, arguments)
                result = apply_summary(evaluator, summary, given, node)
                if not owner.same and receiver_of(summary) & summary.returns.same:
                    # A new object that has no name yet: `s = Search().run(start)`.
                    held = kept_by_receiver(evaluator, summary, given, node)
                    result = union([result, container(map(kept, held))]) if held else result
                found.append(out_of_method_cache(evaluator, definition, name, summary, result, node))
            change_local_classes(evaluator, owner, start, node)
            evaluator.active.discard((definition, name))
    if not found:
        return construct_otherwise(evaluator, owner, name, arguments, node)
    result = union(found)
    # A class below may have another method of that name.
    below = overridden(evaluator, owner, name)
    if below is None:
        return result
    if result.kind in OF_ONE_PROCESS:
        # It will give the same kind of thing: a connection, another way.
        below = replace(below, kind=result.kind)
    return below if result.immutable else union([result, below])


def call_super(evaluator: CallingEvaluator, arguments: Arguments, node: ast.Call, *, discarded: bool) -> Value:
    """Call the method of a base class: the notebook's own, or a library's, which may change the object."""
    owner, name = evaluator.first_argument(), called_name(node)
    found = call_methods(evaluator, [owner], [f"super {name}"], node, arguments.all())
    if found:
        return union(found)
    if name in ("__init__", "__init_subclass__", "__new__", "__setattr__", "__post_init__"):
        effects = evaluator.effects
        for value in arguments.all():
            effects.hold(owner, value)
        return owner
    return _unknown_method(evaluator, owner, arguments, node, discarded=discarded)


def _as_method(definition: Definition, summary: Summary, owner: Value, arguments: Arguments) -> Arguments:
    """Return a method's arguments with what it gets before them: the object, or its class."""
    arguments = replace(arguments, owner=definition)
    if summary.static or (owner.definition is not None and not summary.of_class):
        return arguments
    if summary.of_class and owner.definition is None:
        return replace(arguments, receiver=class_of(owner))
    return replace(arguments, receiver=owner)


def _of(definition: Definition | None) -> frozenset[Definition]:
    return frozenset() if definition is None else frozenset({definition})


def _unknown_method(
    evaluator: CallingEvaluator, owner: Value, arguments: Arguments, node: ast.Call, *, discarded: bool
) -> Value:
    effects = evaluator.effects
    everything = [owner, *arguments.all()]
    call_methods(evaluator, arguments.all(), ["__*__", "*"], node, everything)
    if owner.kind not in _OUTSIDE:
        effects.mutate(owner, node, deep=True)
        if discarded:
            for value in arguments.all():
                if value.kind not in _OUTSIDE:
                    effects.mutate(value, node, deep=True)
                effects.hold(owner, value)
    call_functions(evaluator, arguments.all(), everything, node)
    call_bound_methods(evaluator, (), arguments, everything, node)
    may_draw(evaluator, called_name(node), node)
    states = record_guessed_files(evaluator, arguments, node)
    effects.unstable.setdefault(f"`.{called_name(node)}()`", node)
    result = shares(everything)
    if (own := overridden(evaluator, owner, called_name(node))) is not None:
        result = union([result, own])
    return with_handles(result, states)


def _known_method(
    evaluator: CallingEvaluator, owner: Value, facts: MethodFacts, arguments: Arguments, node: ast.Call
) -> Value:
    effects = evaluator.effects
    call_methods(evaluator, [owner, *arguments.all()], ["__*__"], node, arguments.all())
    if not facts.stores_args:
        call_tables(evaluator, arguments.all(), node)
    asked = _inplace(arguments) if facts.inplace_keyword else "inplace" in arguments.keywords and _inplace(arguments)
    reads = only_reads(owner, called_name(node), arguments)
    mutates = (facts.mutates_receiver and not reads) or asked
    given = call_given(evaluator, facts.calls, arguments, [owner, *arguments.all()], node)
    if not facts.stores_args:
        callers = [owner] if owner.kind == "estimator" else []
        call_instances(evaluator, [*callers, *arguments.all()], [owner, *arguments.all()], node)
    if mutates and not is_backed(owner):
        _change_receiver(evaluator, owner, node)
    mutate_places(evaluator, facts.mutates_args, arguments, node)
    kept = _stored(arguments) if facts.stores_args or (mutates and owner.kind in FRAMES) else []
    if called_name(node) in _GOES_THROUGH:
        kept = [*map(elements_of, kept)]
    if mutates and not (facts.stores_args or facts.calls or owner.kind in FRAMES):
        # What is set with a function calls it later: `parser.add_argument("--x", type=own)`.
        kept = [value for value in arguments.all() if is_function(value)]
    _keep(evaluator, owner, [*kept, *_defaults(owner, arguments, called_name(node))], node)
    if reads:
        return replace(owner, same=NONE, part=NONE, holds=NONE)
    if is_backed(owner):
        # What it gives depends on the file alone, which the draws above have recorded.
        effects.opens = effects.opens or called_name(node) == "cursor"
        return replace(owner, same=NONE, part=NONE, holds=NONE) if called_name(node) in _CONNECTS else FRESH
    if not (facts.seeded_by and OWN_GENERATOR in owner.draws) and not is_in_memory([owner, *arguments.all()]):
        record_state(evaluator, facts, arguments, node, called_name(node))
    states = record_files(evaluator, KnownCall(facts, arguments, node, called_name(node), owner))
    if not owner.kind and called_name(node) in _SAVING:
        # A stream is meant as a rule, but an object of a library's own may take a path.
        record_guessed_files(evaluator, arguments, node)
    returns = _returns(evaluator, owner, facts, arguments)
    if called_name(node) in DRAWING and not owner.kind:
        # The axes' method returns a part of them.
        returns = "shares"
    result = result_of(returns, facts.kind, owner, arguments, shallow=facts.shallow)
    if called_name(node) in _PICKING and owner.kind in ("rng", ""):
        # One of what it is given, or several.
        given_to_it = [value for value in arguments.all() if value.kind not in ("array", "frame", "series")]
        result = union([result, shares(given_to_it)])
    result = with_elements(result, [owner], itself=returns == "shares" and not facts.shallow)
    result = returned_place(with_given(result, facts, given), facts.mutates_args, arguments)
    result = drawn_by_method(evaluator, owner, result, arguments, node)
    result = fitted(evaluator, owner, transformed(owner, result, arguments, node), arguments, node)
    return with_handles(_with_path(called_name(node), result, owner, arguments), states)


def _keep(evaluator: CallingEvaluator, owner: Value, kept: list[Value], node: ast.Call) -> None:
    """Record that the object of a method keeps some values."""
    target = node.func.value if isinstance(node.func, ast.Attribute) else node.func
    for value in kept:
        if owner.kind not in FRAMES or elements_change(evaluator):
            evaluator.hold(target, owner, value)
        else:
            evaluator.effects.lend(value, itself=True)
            evaluator.hold(target, owner, without_names(value))


def _change_receiver(evaluator: CallingEvaluator, owner: Value, node: ast.Call) -> None:
    if changes_elements(called_name(node)):
        alter_container(evaluator, owner, node.func.value if isinstance(node.func, ast.Attribute) else node.func, node)
    else:
        evaluator.effects.mutate(owner, node)


def _defaults(owner: Value, arguments: Arguments, name: str) -> list[Value]:
    """Return the defaults that can change which a parser of arguments is given, with its mark."""
    if owner.kind != "parser" or name not in ("add_argument", "set_defaults"):
        return []
    given = [value for key, value in arguments.keywords.items() if key == "default" or name == "set_defaults"]
    found = [value for value in given if not value.immutable]
    return [*found, Value(draws=frozenset({KEEPS_DEFAULTS}))] if found else []


def _stored(arguments: Arguments) -> list[Value]:
    """Return the arguments as the receiver keeps them: `set_params(random_state=rng)`."""
    named = [with_generator(value, name) for name, value in arguments.keywords.items()]
    return [*arguments.positional, *named, *arguments.rest]


def _returns(evaluator: CallingEvaluator, owner: Value, facts: MethodFacts, arguments: Arguments) -> str:
    """Return what a method returns: something new may be the object yet, or hold the elements that it holds."""
    if facts.returns != "fresh":
        return facts.returns
    if KEEPS_DEFAULTS in owner.draws:
        return "shares"
    holds_elements = owner.kind in FRAMES or not owner.kind
    return "shares" if may_leave_uncopied(arguments) or (holds_elements and elements_change(evaluator)) else "fresh"


def _with_path(name: str, result: Value, owner: Value, arguments: Arguments) -> Value:
    """Return a path or text made from one, with what is known of it."""
    if name == "joinpath":
        return replace(result, constant=joined_path([owner.constant, *constants(arguments.positional)]))
    if name in ("resolve", "absolute", "as_posix", "expanduser") and owner.constant is not None:
        return replace(result, constant=owner.constant)
    if name == "format" and owner.constant is not None:
        return replace(result, constant=_PLACEHOLDER.sub(ANY, owner.constant))
    return result


def _inplace(arguments: Arguments) -> bool:
    node = arguments.nodes.get("inplace")
    return arguments.open or (node is not None and not (isinstance(node, ast.Constant) and node.value is False))
