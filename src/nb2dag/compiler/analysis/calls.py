"""Evaluate a call in the abstract: what it returns, and which objects it may change.

What is known comes from three places, in this order: definitions of the notebook itself (their summaries), the
knowledge tables, and, for what nobody knows, the rule of the design: a method may change its receiver; the arguments of
a call may change when its result is thrown away.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nb2dag.compiler.analysis import knowledge
from nb2dag.compiler.analysis.application import apply_summary, call_methods, overridden
from nb2dag.compiler.analysis.arguments import Arguments, evaluate_arguments
from nb2dag.compiler.analysis.callbacks import (
    call_functions,
    call_instances,
    call_objects,
    is_function,
    passed_parts,
)
from nb2dag.compiler.analysis.classes import does_more_than_return, is_cached
from nb2dag.compiler.analysis.effects import PICKLED, Draw, Hold, Summary, WriteState, rebound
from nb2dag.compiler.analysis.file_access import KnownCall
from nb2dag.compiler.analysis.file_calls import (
    is_backed,
    record_database,
    record_files,
    record_guessed_files,
    touch_files,
)
from nb2dag.compiler.analysis.in_place import OWN_DEFAULTS, mark_of_result, record_function, record_method
from nb2dag.compiler.analysis.instances import class_of, construct, through_wrappers
from nb2dag.compiler.analysis.knowledge.facts import CallFacts, MethodFacts
from nb2dag.compiler.analysis.local_state import changed_arguments, states_at
from nb2dag.compiler.analysis.outside import (
    GENERATORS,
    called_name,
    record_attribute,
    record_given_generators,
    record_log_keeping,
    record_setting,
    record_state,
)
from nb2dag.compiler.analysis.receivers import guessed_kind
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.texts import ANY, joined_path
from nb2dag.compiler.analysis.values import (
    FRESH,
    IMMUTABLE,
    NONE,
    Definition,
    Value,
    container,
    part_of,
    shares,
    union,
)

_DYNAMIC = {f"builtins.{name}" for name in ("exec", "eval", "globals", "locals", "__import__")}
_DYNAMIC_ALONE = {"builtins.vars", "builtins.dir"}
_ASKING = {f"builtins.{name}" for name in ("isinstance", "issubclass", "id", "super", "type", "callable", "vars")}
"""Functions that call no method of what they are given."""
_CONTAINERS = {"list", "dict", "set", "tuple", "defaultdict", "frame", "series", "array"}
"""Kinds whose methods are their own, whatever is in them."""
_STATE_OBJECTS = {"decimal.getcontext": "decimal.current_context"}
"""Functions that return an object which is state of a module: to set its attributes is to set that state."""
_COPIES = {"frame", "series", "array"}
_VIEWS_OF_ONE = {"numpy.einsum"}
"""Functions that give a view where they are called with one array: `np.einsum("ii->i", m)`."""
_VIEWED = {"frame", "series", "array", ""}
_CONSUMED = {"generator", "iterator", "plain iterator", "file"}
_PLAIN = {"list", "tuple", "immutable", "plain iterator"}
"""Kinds of which pickle keeps an iterator, and where it stands."""
_ITERATORS = {f"builtins.{name}" for name in ("enumerate", "zip", "reversed", "iter", "map", "filter")}
_PATHS = {"pathlib.Path", "pathlib.PurePath", "builtins.str", "os.fspath", "os.path.join"}
_GENERATORS = ("<numpy.random>", "<random>")
_FITS = ("fit", "train")
"""Methods that are known of estimators, but draw in some libraries that are not."""

_CHANCE = re.compile(
    r"rand|sample|simul|generat|shuffl|permut|bootstrap|noise|draw|jitter|fake|synth|split|fit|train|rvs"
)
_WHERE = {"os.getcwd", "pathlib.Path.cwd"}
_ENGINES = {"sqlalchemy.create_engine"}
_CONNECTS = {"cursor", "connect", "begin", "execute", "executemany", "executescript", "raw_connection", "__enter__"}
"""Methods of a connection that give something to go on using it with."""

_LOGGER_SETTINGS = {"setLevel", "addHandler", "removeHandler", "addFilter", "removeFilter"}
_TRACES = {
    f"traceback.{name}"
    for name in ("print_exception", "format_exception", "print_tb", "format_tb", "extract_tb", "TracebackException")
}
"""Functions that look at the traceback of an exception."""
_GETTERS = {"builtins.getattr", "builtins.hasattr"}
_SETTERS = {"builtins.setattr", "builtins.delattr"}
_LOOKING = ("builtins.", "copy.", "pickle.", "joblib.")
"""Beginnings of the paths of functions that draw no number from a generator which they are given."""
_LOGS_TO = {"logging.StreamHandler", "logging.basicConfig"}
_SAVING = {"write", "save", "read", "load", "dump", "export"}
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_COUNTERS = {"builtins.zip", "builtins.enumerate", "builtins.range"}
_WHOLE = "%whole"
_MADE_CLASS = "made class"
"""The kind of a class that a call makes: `namedtuple("P", "x y")`. Its instances are pickled by its name."""
_CHANGING = (ast.List, ast.Dict, ast.Set, ast.Call)
_PICKLERS = {"pickle", "joblib", "dill", "cloudpickle", "torch", "pandas"}
_WRITES_PICKLES = {"dump", "dumps", "save"}
_READS_PICKLES = {"load", "loads", "read_pickle"}
_CLASS_MAKERS = {
    "collections.namedtuple", "typing.NamedTuple", "typing.NewType", "dataclasses.make_dataclass", "builtins.type",
    "types.new_class", "enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag",
}  # fmt: skip


def evaluate_call(evaluator: CallingEvaluator, node: ast.Call, *, discarded: bool) -> Value:
    """Return the value of a call and record what it does."""
    function = node.func
    if isinstance(function, ast.Attribute):
        if _is_super(function.value):
            return _super_call(evaluator, evaluate_arguments(evaluator, node), node, discarded=discarded)
        owner = evaluator.value(function.value)
        arguments = evaluate_arguments(evaluator, node)
        if owner.module:
            return _module_call(evaluator, f"{owner.module}.{function.attr}", arguments, node, discarded=discarded)
        if owner.kind == _MADE_CLASS:
            return _made_instance(owner, arguments)
        return _method_call(evaluator, owner, arguments, node, discarded=discarded)
    callee = evaluator.value(function)
    arguments = evaluate_arguments(evaluator, node)
    if callee.definition is not None:
        return _definition_call(evaluator, callee.definition, arguments, node)
    if callee.module:
        return _module_call(evaluator, callee.module, arguments, node, discarded=discarded)
    if callee.kind == _MADE_CLASS:
        return _made_instance(callee, arguments)
    return _unknown_call(evaluator, callee, arguments, node, discarded=discarded)


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
        return _method_call(evaluator, owner, arguments, call, discarded=False)
    return _own_method(evaluator, owner, arguments, call) or part_of(owner)


# -- definitions of the notebook ---------------------------------------------------------------------------------


def _definition_call(
    evaluator: CallingEvaluator, definition: Definition, arguments: Arguments, node: ast.Call
) -> Value:
    call_functions(evaluator, arguments.all(), arguments.all(), node)
    if definition.is_class:
        return construct(evaluator, definition, arguments, node)
    result = apply_summary(
        evaluator, evaluator.resolver.summary(definition), replace(arguments, owner=definition), node
    )
    if is_cached(definition):
        own = Value(same=frozenset({definition.name}))
        if not result.immutable:
            result = union([result, replace(own, same=NONE, part=own.same)])
        if does_more_than_return(definition.node, evaluator.resolver.summary(definition).effects, own=definition.name):
            # Whether it does anything the next time depends on its cache, which does not cross.
            evaluator.effects.mutate(own, node)
    return through_wrappers(evaluator, definition, result, arguments, node)


# -- methods -----------------------------------------------------------------------------------------------------


def _method_call(
    evaluator: CallingEvaluator,
    owner: Value,
    arguments: Arguments,
    node: ast.Call,
    *,
    discarded: bool,
) -> Value:
    function = node.func
    assert isinstance(function, ast.Attribute)
    for state in sorted(owner.draws):
        evaluator.effects.add(Draw(state, node))
    own = None if owner.kind in _CONTAINERS else _own_method(evaluator, owner, arguments, node)
    if own is not None:
        return own
    if owner.carries and call_methods(evaluator, [owner], ["__getattr__", "__getattribute__"], node, [owner]):
        # What answers for attributes that it does not have may answer with those of any object it holds.
        return _unknown_method(evaluator, owner, arguments, node, discarded=discarded)
    if function.attr == "__enter__" and not owner.kind:
        # A `with` block leaves the context again; by hand, the process stays in it.
        evaluator.effects.configures = True
    touch_files(evaluator.effects, arguments.all(), node)
    if owner.immutable and not owner.carries:
        facts = knowledge.method_call(function.attr, "immutable") or knowledge.method_call(function.attr, "str")
        if function.attr in _LOGGER_SETTINGS:
            record_setting(evaluator.effects, function.attr, node)
            record_log_keeping(evaluator, arguments, node)
        if facts is None or facts.mutates_receiver:
            call_functions(evaluator, arguments.all(), arguments.all(), node)
            return IMMUTABLE
    else:
        kind = owner.kind or guessed_kind(function.value)
        facts = knowledge.method_call(function.attr, kind) or knowledge.method_call(function.attr, owner.kind)
    record_given_generators(evaluator, facts, arguments, node)
    record_method(evaluator.effects, owner, function.attr, arguments, node)
    if facts is None:
        return _unknown_method(evaluator, owner, arguments, node, discarded=discarded)
    if not owner.kind and function.attr.startswith(_FITS):
        _may_draw(evaluator, function.attr, node)
    return _known_method(evaluator, owner, facts, arguments, node)


def _own_method(evaluator: CallingEvaluator, owner: Value, arguments: Arguments, node: ast.Call) -> Value | None:
    """Call the method that notebook classes among the owner's have; None where there is no such method."""
    name = called_name(node)
    if evaluator.function:
        evaluator.effects.methods.add(name)
    found: list[Value] = []
    for definition in sorted(owner.carries | _of(owner.definition), key=lambda item: item.position):
        if definition.is_class and (definition, name) not in evaluator.active:
            evaluator.active.add((definition, name))
            for summary in evaluator.resolver.methods(definition, name):
                given = _as_method(definition, summary, owner, arguments)
                found.append(apply_summary(evaluator, summary, given, node))
            evaluator.active.discard((definition, name))
    if not found:
        return None
    result = union(found)
    # A class below may have another method of that name.
    below = overridden(evaluator, owner, name)
    if below is None:
        return result
    return below if result.immutable else union([result, below])


def _super_call(evaluator: CallingEvaluator, arguments: Arguments, node: ast.Call, *, discarded: bool) -> Value:
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


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


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
    if owner.kind not in ("resource", "client", "logger", "connection"):
        effects.mutate(owner, node, deep=True)
        if discarded:
            for value in arguments.all():
                effects.mutate(value, node, deep=True)
                effects.hold(owner, value)
    call_functions(evaluator, arguments.all(), everything, node)
    _may_draw(evaluator, called_name(node), node)
    states = record_guessed_files(evaluator, arguments, node)
    effects.unstable.setdefault(f"`.{called_name(node)}()`", node)
    result = shares(everything)
    if (own := overridden(evaluator, owner, called_name(node))) is not None:
        result = union([result, own])
    return _with_handles(result, states)


def _known_method(
    evaluator: CallingEvaluator, owner: Value, facts: MethodFacts, arguments: Arguments, node: ast.Call
) -> Value:
    effects = evaluator.effects
    call_methods(evaluator, [owner, *arguments.all()], ["__*__"], node, arguments.all())
    mutates = facts.mutates_receiver or (facts.inplace_keyword and _inplace(arguments))
    given = _call_given(evaluator, facts.calls, arguments, [owner, *arguments.all()], node)
    if not facts.stores_args:
        callers = [owner] if owner.kind == "estimator" else []
        call_instances(evaluator, [*callers, *arguments.all()], [owner, *arguments.all()], node)
    if mutates and not is_backed(owner):
        effects.mutate(owner, node)
    _mutate_places(evaluator, facts.mutates_args, arguments, node)
    if facts.stores_args:
        target = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        for value in arguments.all():
            if owner.kind not in _COPIES:
                evaluator.hold(target, owner, value)
    if is_backed(owner):
        # What it gives depends on the file alone, which the draws above have recorded.
        effects.opens = effects.opens or called_name(node) == "cursor"
        return replace(owner, same=NONE, part=NONE, holds=NONE) if called_name(node) in _CONNECTS else FRESH
    record_state(evaluator, facts, arguments, node, called_name(node))
    states = record_files(evaluator, KnownCall(facts, arguments, node, called_name(node), owner))
    if not owner.kind and called_name(node) in _SAVING:
        # A stream is meant as a rule, but an object of a library's own may take a path.
        record_guessed_files(evaluator, arguments, node)
    result = _result(facts.returns, facts.kind, owner, arguments, shallow=facts.shallow)
    result = _with_given(result, facts, given)
    return _with_handles(_with_path(called_name(node), result, owner, arguments), states)


def _with_handles(result: Value, states: frozenset[str]) -> Value:
    """Return the result of a call that opened files to write: to use it is to change them."""
    return replace(result, draws=result.draws | states) if states and not result.immutable else result


def _with_path(name: str, result: Value, owner: Value, arguments: Arguments) -> Value:
    """Return a path or text made from one, with what is known of it."""
    if name == "joinpath":
        return replace(result, constant=joined_path([owner.constant, *_constants(arguments.positional)]))
    if name in ("resolve", "absolute", "as_posix", "expanduser") and owner.constant is not None:
        return replace(result, constant=owner.constant)
    if name == "format" and owner.constant is not None:
        return replace(result, constant=_PLACEHOLDER.sub(ANY, owner.constant))
    return result


def _constants(values: Iterable[Value]) -> list[str | None]:
    return [value.constant for value in values]


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


def _call_given(
    evaluator: CallingEvaluator,
    places: tuple[int | str, ...],
    arguments: Arguments,
    reachable: Sequence[Value],
    node: ast.Call,
) -> list[Value]:
    """Record what a known function does by calling what it is given; return what the result may contain of that."""
    if not places and not any(is_function(value) for value in arguments.all()):
        return []
    returned = call_functions(evaluator, arguments.all(), reachable, node)
    returned += call_objects(evaluator, places, arguments, reachable, node)
    return [value for value in returned if not value.immutable] if "key" not in places else []


def _with_given(result: Value, facts: CallFacts | MethodFacts, given: list[Value]) -> Value:
    """Return a result that may contain what the functions return which the callee called."""
    if not given or facts.returns != "shares":
        return result
    found = [result, *given]
    return container(found, result.kind) if facts.shallow else shares(found, result.kind)


def _made(value: Value) -> Iterable[Definition]:
    """Return the classes whose instances a function passed as an argument may leave in a result."""
    carried = value.carries if value.definition is None else value.carries | {value.definition}
    return [definition for definition in carried if definition.is_class or value.definition is not None]


def _inplace(arguments: Arguments) -> bool:
    node = arguments.nodes.get("inplace")
    return arguments.open or (node is not None and not (isinstance(node, ast.Constant) and node.value is False))


# -- functions of modules ----------------------------------------------------------------------------------------


def _module_call(
    evaluator: CallingEvaluator, path: str, arguments: Arguments, node: ast.Call, *, discarded: bool
) -> Value:
    effects = evaluator.effects
    name = path.rpartition(".")[2]
    if path in _DYNAMIC or (path in _DYNAMIC_ALONE and not arguments.all()):
        effects.dynamic.setdefault(name, node)
    if (special := _special(path, arguments)) is not None:
        return special
    _record_asked(evaluator, path, arguments, node)
    facts = knowledge.module_call(path)
    if not path.startswith(_LOOKING):
        record_given_generators(evaluator, facts, arguments, node)
    if path not in _ASKING:
        names = ["__*__"] if facts is not None else ["__*__", "*"]
        call_methods(evaluator, arguments.all(), names, node, arguments.all())
    if facts is None or name[:1].islower():
        for state in sorted({state for value in arguments.all() for state in value.draws}):
            effects.add(Draw(state, node))
    if facts is None:
        return _unknown_function(evaluator, path, arguments, node, discarded=discarded)
    given = _call_given(evaluator, facts.calls, arguments, arguments.all(), node)
    if name[:1].islower() and not path.startswith(_LOOKING):
        call_instances(evaluator, arguments.all(), arguments.all(), node)
        record_function(effects, path, facts, arguments, node)
    mark = mark_of_result(path, arguments)
    states = _known_effects(evaluator, facts, arguments, node, path)
    pickled = _pickled(evaluator, path, arguments)
    kind = _kind_of_result(path, facts, arguments)
    views = (facts.views and _may_be_viewed(arguments)) or _is_false(arguments, "copy")
    views = views or (path in _VIEWS_OF_ONE and len(arguments.positional) == 2)
    returns = "shares" if facts.returns == "fresh" and (views or mark) else facts.returns
    result = _result(returns, kind, None, arguments, shallow=facts.shallow)
    result = _with_given(result, facts, given)
    apart = facts.returns == "fresh" and not facts.unpacks and not mark
    result = replace(result, apart=apart, elements=_unpacked(facts), draws=result.draws | mark)
    if facts.draws and not arguments.given(facts.seeded_by):
        result = replace(result, draws=result.draws | frozenset(facts.draws))
    result = _with_handles(_with_constant(path, result, arguments), states)
    return result if pickled is None else replace(result, carries=pickled.carries, free=pickled.free, kind="")


def _record_asked(evaluator: CallingEvaluator, path: str, arguments: Arguments, node: ast.Call) -> None:
    """Record what a call asks of an object that no handoff keeps, and which attribute it reads by name."""
    effects, values = evaluator.effects, arguments.all()
    if path in _GETTERS and len(values) > 1 and values[1].constant is not None:
        call_methods(evaluator, values[:1], [f"property {values[1].constant}"], node)
    if path == "builtins.id":
        effects.identity.update(name for value in values for name in value.reaches)
    if path in _TRACES:
        effects.lost |= {(name, "__traceback__") for value in values for name in value.reaches}


def _unpacked(facts: CallFacts) -> tuple[Value, ...] | None:
    """Return the elements of a tuple of known kinds, which are parts of one thing: a figure and its axes."""
    whole = frozenset({_WHOLE})
    return tuple(Value(part=whole, kind=kind) for kind in facts.unpacks) or None


def _pickled(evaluator: CallingEvaluator, path: str, arguments: Arguments) -> Value | None:
    """Note what a call pickles; return what a pickle that it reads may hold, None where it reads none."""
    module, _, name = path.rpartition(".")
    if module not in _PICKLERS:
        return None
    if name in _WRITES_PICKLES and arguments.positional:
        value = arguments.positional[0]
        if not value.immutable or value.carries or value.free:
            evaluator.effects.add(Hold(PICKLED, value))
    return evaluator.resolver.resolve(PICKLED) if name in _READS_PICKLES else None


def _kind_of_result(path: str, facts: CallFacts, arguments: Arguments) -> str:
    if facts.opens:
        return "resource"
    if facts.kind == "frame" and arguments.given(("chunksize", "iterator")):
        return "iterator"
    if facts.kind == "temporary" and _is_false(arguments, "delete"):
        return "file"
    if path in _ITERATORS and all(value.kind in _PLAIN or is_function(value) for value in arguments.all()):
        return "plain iterator"
    return facts.kind


def _special(path: str, arguments: Arguments) -> Value | None:
    """Return the value of a call that gives more than a result: state of a module, the class of its argument."""
    if path in _STATE_OBJECTS:
        return Value(module=_STATE_OBJECTS[path])
    if path == "builtins.type" and len(arguments.all()) == 1:
        return union([part_of(arguments.all()[0]), class_of(arguments.all()[0])])
    if path in _CLASS_MAKERS and len(arguments.positional) > 1:
        return _made_class(arguments)
    return None


def _made_class(arguments: Arguments) -> Value:
    """Return the class that a call makes; whoever gets an instance needs the class by the name it was given."""
    name = arguments.positional[0].constant
    inside = container(arguments.all(), _MADE_CLASS)
    defaults = arguments.nodes.get("defaults")
    if defaults is not None and any(isinstance(node, _CHANGING) for node in list(ast.walk(defaults))[1:]):
        inside = replace(inside, draws=inside.draws | {OWN_DEFAULTS})
    return inside if name is None else replace(inside, free=inside.free | {name})


def _made_instance(made: Value, arguments: Arguments) -> Value:
    """Return an instance of a class that a call made."""
    inside = container(arguments.all())
    own = made.reaches if OWN_DEFAULTS in made.draws else made.holds
    return replace(
        inside, holds=inside.holds | own, free=inside.free | made.free, carries=inside.carries | made.carries
    )


def _known_effects(
    evaluator: CallingEvaluator, facts: CallFacts, arguments: Arguments, node: ast.Call, path: str
) -> frozenset[str]:
    """Record what a function that the tables know does to its arguments and outside of them.

    Returns:
        The states of the files that the result is a handle of.
    """
    effects = evaluator.effects
    _mutate_places(evaluator, facts.mutates, arguments, node)
    if facts.mutates and facts.stores and arguments.positional:
        for value in arguments.positional[1:]:
            evaluator.hold(node.args[0], arguments.positional[0], value)
    if path in _SETTERS and len(arguments.positional) > 1 and arguments.positional[0].module:
        owner, attribute = arguments.positional[:2]
        if attribute.constant is not None:
            record_attribute(effects, f"{owner.module}.{attribute.constant}", node)
    if facts.consumes:
        for value in arguments.all():
            if value.kind in _CONSUMED:
                effects.mutate(value, node)
    effects.configures = effects.configures or (facts.configures and not knowledge.is_handed_over(path))
    effects.opens = effects.opens or facts.opens
    if path in _LOGS_TO:
        record_log_keeping(evaluator, arguments, node)
    record_state(evaluator, facts, arguments, node, path)
    if path in _ENGINES:
        return record_database(evaluator, KnownCall(facts, arguments, node, path))
    return record_files(evaluator, KnownCall(facts, arguments, node, path))


def _with_constant(path: str, result: Value, arguments: Arguments) -> Value:
    """Return the result with what is known of it at compile time: a path's text, or that it holds numbers only."""
    if path == "decimal.getcontext":
        # The context itself, whose attributes are settings.
        return Value(module="decimal.context")
    if path in _PATHS and any(value.kind == "temporary" for value in arguments.positional):
        return replace(result, kind="temporary")
    if path in _PATHS and arguments.positional:
        return replace(result, constant=joined_path(_constants(arguments.positional)))
    if path in _WHERE:
        return replace(result, constant=".")
    if path in _COUNTERS and all(value.immutable for value in arguments.all()):
        return replace(result, part=frozenset(), holds=frozenset())
    return result


def _is_false(arguments: Arguments, name: str) -> bool:
    node = arguments.nodes.get(name)
    return isinstance(node, ast.Constant) and node.value is False


def _may_be_viewed(arguments: Arguments) -> bool:
    """Tell whether the first argument may be an array or a frame: a copy that is asked for is made in any version."""
    first = arguments.get(0) or arguments.get("data")
    copied = arguments.nodes.get("copy")
    asked = isinstance(copied, ast.Constant) and copied.value is True
    return first is not None and first.kind in _VIEWED and not asked


def _changed_state(path: str) -> str | None:
    """Return the state of a module that calling `path` changes: `sys.path.append`, `plt.rcParams.update`."""
    owner, _, name = path.rpartition(".")
    facts = knowledge.method_call(name)
    return knowledge.module_state(owner) if facts is not None and facts.mutates_receiver else None


def _unknown_function(
    evaluator: CallingEvaluator, path: str, arguments: Arguments, node: ast.Call, *, discarded: bool
) -> Value:
    effects = evaluator.effects
    name = path.rpartition(".")[2]
    state = _changed_state(path)
    if state == "<config>":
        record_setting(effects, path, node)
        return FRESH
    if state:
        effects.add(WriteState(state, node))
        return FRESH
    if knowledge.module_state(path) in GENERATORS:
        effects.add(Draw(str(knowledge.module_state(path)), node))
    for place, keyword in changed_arguments(evaluator.resolver, path):
        value = arguments.get(place) or arguments.get(keyword)
        effects.mutate(value or union(arguments.rest), node, deep=True)
    kept = states_at(evaluator.resolver, path)
    for each in kept:
        effects.add(Draw(each, node))
        for value in arguments.all():
            effects.hold(Value(same=frozenset({each})), value)
    call_functions(evaluator, arguments.all(), arguments.all(), node)
    if path.startswith("builtins.") and name[:1].isupper():
        return container(arguments.all())
    constructor = name[:1].isupper()
    for value in arguments.all() if not constructor else ():
        if value.kind == "estimator":
            # What takes a model that it does not know may fit it, whatever it returns: a test, a plot, a search.
            effects.mutate(value, node)
    if discarded and not constructor:
        for value in arguments.all():
            effects.mutate(value, node, deep=True)
    _may_draw(evaluator, name, node)
    states = record_guessed_files(evaluator, arguments, node) | frozenset(kept)
    effects.unstable.setdefault(f"`{path.removeprefix('builtins.')}()`", node)
    return _with_handles(container(arguments.all()) if constructor else shares(arguments.all()), states)


def _may_draw(evaluator: CallingEvaluator, name: str, node: ast.Call) -> None:
    """Let a call that nothing is known of draw from the global generators, if its name says that chance is in it.

    Only a notebook that seeds a generator sees anything of that: the numbers below depend on how many were drawn.
    """
    if _CHANCE.search(name.lower()):
        for state in _GENERATORS:
            evaluator.effects.add(Draw(state, node))


# -- anything else -----------------------------------------------------------------------------------------------


def _unknown_call(
    evaluator: CallingEvaluator, callee: Value, arguments: Arguments, node: ast.Call, *, discarded: bool
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
        apply_summary(evaluator, summary, arguments, node)
    for state in sorted(callee.draws):
        if rebound(state) is not None:
            effects.add(Draw(state, node))
    # A bound method may be any method of its object.
    call_methods(evaluator, [callee, *values], ["*"], node)
    if evaluator.function:
        evaluator.effects.methods.add("__call__")
    if discarded:
        for value in values:
            effects.mutate(value, node, deep=True)
    effects.mutate(Value(part=callee.free), node, deep=True)
    # To call an object is to call its method `__call__`, which may change it; so may a closure its variables.
    if callee.kind != "definition":
        effects.mutate(callee, node, deep=True)
    call_functions(evaluator, values, values, node)
    states = record_guessed_files(evaluator, arguments, node)
    effects.unstable.setdefault(f"`{ast.unparse(node.func)[:40]}()`", node)
    return _with_handles(shares([callee, *values]), states)


def _mutate_places(
    evaluator: CallingEvaluator, places: tuple[int | str, ...], arguments: Arguments, node: ast.AST
) -> None:
    for place in places:
        value = arguments.get(place)
        if value is not None:
            evaluator.effects.mutate(value, node)
    if places:
        for value in arguments.rest:
            evaluator.effects.mutate(value, node, deep=True)
