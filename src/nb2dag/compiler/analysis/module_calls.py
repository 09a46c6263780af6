"""Evaluate the call of a function of a module, known to the tables or not."""

from __future__ import annotations

import ast
from dataclasses import replace

from nb2dag.compiler.analysis import knowledge
from nb2dag.compiler.analysis.application import DISPLAYS, apply_summary, call_methods
from nb2dag.compiler.analysis.arguments import Arguments
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
    go_through_given,
    is_function,
)
from nb2dag.compiler.analysis.classes import metaclasses
from nb2dag.compiler.analysis.effects import PICKLED, Draw, Hold, WriteState
from nb2dag.compiler.analysis.elements import changes_containers, elements_change, with_elements
from nb2dag.compiler.analysis.estimators import mark_of_keeping
from nb2dag.compiler.analysis.file_access import KnownCall
from nb2dag.compiler.analysis.file_calls import record_database, record_files, record_guessed_files, use_file
from nb2dag.compiler.analysis.filling import marks_of_filling
from nb2dag.compiler.analysis.getters import mark_of_getter
from nb2dag.compiler.analysis.in_memory import is_in_memory, mark_of_memory
from nb2dag.compiler.analysis.in_place import mark_of_result, record_function
from nb2dag.compiler.analysis.instances import class_of
from nb2dag.compiler.analysis.knowledge.facts import CallFacts
from nb2dag.compiler.analysis.local_state import changed_arguments, held_by_module, states_at, used_files, variable_at
from nb2dag.compiler.analysis.made_classes import made_class
from nb2dag.compiler.analysis.marks import ARCHIVE, LENT, alike, with_put
from nb2dag.compiler.analysis.modes import writes_through
from nb2dag.compiler.analysis.outside import (
    GENERATORS,
    record_attribute,
    record_given_generators,
    record_log_keeping,
    record_setting,
    record_state,
)
from nb2dag.compiler.analysis.own_generators import mark_of_generator, move_on
from nb2dag.compiler.analysis.pyplot_state import drawn
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.texts import joined_path
from nb2dag.compiler.analysis.values import (
    ELEMENTS,
    FRESH,
    MOVES,
    MOVING,
    NONE,
    Names,
    Value,
    container,
    gone_through,
    kept,
    part_of,
    shares,
    union,
)
from nb2dag.model.code import module_of_call

_DYNAMIC = {f"builtins.{name}" for name in ("exec", "eval", "globals", "locals", "__import__")} | {"copyreg.pickle"}
"""What may do anything, and what says for the whole process what a pickle keeps."""
_DYNAMIC_ALONE = {"builtins.vars", "builtins.dir", "doctest.testmod", "unittest.main"}
"""What looks into the whole namespace, if it is given nothing else."""
_OWN_NAMES = {"builtins.locals", "builtins.vars"}
"""Functions that give the variables of the function they are called in."""
_ASKING = {f"builtins.{name}" for name in ("isinstance", "issubclass", "id", "super", "type", "callable", "vars")}
"""Functions that call no method of what they are given."""
_STATE_OBJECTS = {"decimal.getcontext": "decimal.current_context"}
"""Functions that return an object which is state of a module: to set its attributes is to set that state."""
_VIEWS_OF_ONE = {"numpy.einsum"}
"""Functions that give a view where they are called with one array: `np.einsum("ii->i", m)`."""
_VIEWED = {"frame", "series", "array", ""}
_MAKES = ("cls", "Loader", "Dumper")
"""Keywords for a class that a function makes an instance of, to call its methods: `json.dumps(x, cls=Encoder)`."""
_PLAIN = {"list", "tuple", "immutable", "plain iterator"}
"""Kinds of which pickle keeps an iterator, and where it stands."""
_ITERATORS = {f"builtins.{name}" for name in ("enumerate", "zip", "reversed", "iter", "map", "filter")} | {
    "itertools.count"
}
_PATHS = {"pathlib.Path", "pathlib.PurePath", "builtins.str", "os.fspath", "os.path.join"}
_WHERE = {"os.getcwd", "pathlib.Path.cwd"}
_ENGINES = {"sqlalchemy.create_engine"}
_SIZED = {"frame", "series"}
"""Kinds whose size is that of what is in them."""
_TRACES = {
    f"traceback.{name}"
    for name in ("print_exception", "format_exception", "print_tb", "format_tb", "extract_tb", "TracebackException")
}
"""Functions that look at the traceback of an exception."""
_COPYING = {"copy.copy", "copy.deepcopy"}
_GETTERS = {"builtins.getattr", "builtins.hasattr"}
_SETTERS = {"builtins.setattr", "builtins.delattr"}
_OF_ELEMENTS = ("pandas.", "numpy.", "copy.")
"""What makes containers of the elements that it is given; pandas copies none of them, however deep."""
_PICKING = ("builtins.", "functools.", "heapq.", "operator.", "random.")
"""Beginnings of the paths of functions that may return an element of what they are given."""
_LOOKING = ("builtins.", "copy.", "pickle.", "joblib.")
"""Beginnings of the paths of functions that draw no number from a generator which they are given."""
_WORKS_ON = {"scipy.spatial.KDTree", "scipy.spatial.cKDTree"}
"""Classes whose objects, which are no arrays, work on the memory of the array that they are given."""
_ARCHIVES = {"zipfile.ZipFile", "tarfile.open", "tarfile.TarFile", "tarfile.TarFile.open"}
_LOGS_TO = {"logging.StreamHandler", "logging.basicConfig"}
_CLASS_ASKED = {"builtins.isinstance": "__instancecheck__", "builtins.issubclass": "__subclasscheck__"}
_MAPPING = {"builtins.dict", "collections.OrderedDict", "collections.ChainMap", "types.SimpleNamespace"}
"""What asks a mapping for its keys."""
_COUNTERS = {"builtins.zip", "builtins.enumerate", "builtins.range"}
_WHOLE = "%whole"
_PICKLERS = {"pickle", "joblib", "dill", "cloudpickle", "torch", "pandas"}
_WRITES_PICKLES = {"dump", "dumps", "save"}
_READS_PICKLES = {"load", "loads", "read_pickle"}
_CLASS_MAKERS = {
    "collections.namedtuple", "typing.NamedTuple", "typing.NewType", "dataclasses.make_dataclass", "builtins.type",
    "types.new_class", "enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag",
}  # fmt: skip


def call_module(
    evaluator: CallingEvaluator, path: str, arguments: Arguments, node: ast.Call, *, discarded: bool
) -> Value:
    """Return the value of calling what stands at `path` in a module, and record what it does."""
    effects = evaluator.effects
    name = path.rpartition(".")[2]
    if evaluator.function and path in _OWN_NAMES and not arguments.all():
        return container(evaluator.locals.values(), "dict")
    if path in _DYNAMIC or (path in _DYNAMIC_ALONE and not arguments.all()):
        effects.dynamic.setdefault(name, node)
    if path == "builtins.type":
        _derive(evaluator, arguments, node)
    if (special := _special(path, arguments, node)) is not None:
        return special
    _record_asked(evaluator, path, arguments, node)
    facts = knowledge.module_call(path)
    if not path.startswith(_LOOKING):
        record_given_generators(evaluator, facts, arguments, node)
    if path not in _ASKING:
        names = ["__*__", *knowledge.methods_in_turn(path)] if facts is not None else ["__*__", "*"]
        names += DISPLAYS if path == "builtins.display" else ["keys"] if path in _MAPPING else ()
        if path in _COPYING:
            # What it hands to the second is a dict of its own.
            call_methods(evaluator, arguments.all(), ["__copy__", "__deepcopy__"], node)
        call_methods(evaluator, arguments.all(), names, node, arguments.all())
    _use_given_classes(evaluator, arguments, node)
    if facts is None or name[:1].islower():
        for state in sorted({state for value in arguments.all() for state in value.draws}):
            effects.add(Draw(state, node))
    if facts is None:
        return _unknown_function(evaluator, path, arguments, node, discarded=discarded)
    return _known_function(evaluator, path, facts, arguments, node)


def _derive(evaluator: CallingEvaluator, arguments: Arguments, node: ast.Call) -> None:
    """Record what `type("Made", (Base,), {})` calls, as a class statement does."""
    for item in dict.fromkeys(item for value in arguments.positional[1:2] for item in value.carries if item.is_class):
        made = Arguments(receiver=Value(part=frozenset({item.name})), open=True, owner=item)
        for summary in evaluator.resolver.methods(item, "__init_subclass__"):
            apply_summary(evaluator, summary, made, node)


def _known_function(
    evaluator: CallingEvaluator, path: str, facts: CallFacts, arguments: Arguments, node: ast.Call
) -> Value:
    called = (0,) if path == "builtins.iter" and len(arguments.positional) > 1 else facts.calls
    # What is only put somewhere does not run there: `setattr(C, "area", area)`.
    puts = facts.stores and not called
    given = [] if puts else call_given(evaluator, called, arguments, arguments.all(), node)
    if path.rpartition(".")[2][:1].islower() and not path.startswith(_LOOKING):
        call_instances(evaluator, arguments.all(), arguments.all(), node)
        call_tables(evaluator, arguments.all(), node)
        record_function(evaluator, path, facts, arguments, node)
        move_on(evaluator, arguments.all(), [], node)
    states = _known_effects(evaluator, facts, arguments, node, path)
    pickled = _pickled(evaluator, path, arguments)
    result = _result(evaluator, path, facts, arguments, node, given)
    result = with_handles(
        _with_constant(path, drawn(evaluator, path, facts, result, arguments, node), arguments), states
    )
    if pickled is None:
        return result
    draws = result.draws | alike([pickled])
    return replace(result, draws=draws, carries=pickled.carries, free=pickled.free, kind="")


def _result(  # noqa: PLR0913, PLR0917 - what `_known_function` has found out
    evaluator: CallingEvaluator,
    path: str,
    facts: CallFacts,
    arguments: Arguments,
    node: ast.Call,
    given: list[Value],
) -> Value:
    """Return what a function gives of which the tables tell; `given` is what functions that it calls return."""
    mark = _marks(path, facts, arguments)
    kind = _kind_of_result(path, facts, arguments)
    views = facts.returns == "fresh" and (mark or _views(evaluator, path, facts, arguments))
    returns = "shares" if views else facts.returns
    result = result_of(returns, kind, None, arguments, shallow=facts.shallow)
    result = with_elements(result, arguments.all(), itself=path.startswith(_PICKING) and not facts.shallow)
    if path.startswith("pandas."):
        result = _made_by_pandas(evaluator, result, arguments)
    result = returned_place(with_given(result, facts, given), facts.mutates, arguments)
    result = _looking_into(evaluator, result, node) if returns == "shares" and path.startswith("numpy.") else result
    if kind == "array" and _keeps_objects(arguments):
        # It is an array of its own, but the objects are those that it is given.
        result = union([result, container(map(part_of, arguments.all()), kind)])
    if path in _ITERATORS:
        # To take from it is to take from the iterators that it goes through: `zip(it, it)`.
        result = union([result, *(part_of(value, kind) for value in arguments.all() if value.kind in MOVING)])
    if facts.consumes and kind not in MOVING:
        result = gone_through(result)
    apart = facts.returns == "fresh" and not facts.unpacks and not mark
    drawing = frozenset(facts.draws) if facts.draws and not arguments.given(facts.seeded_by) else NONE
    return replace(result, apart=apart, elements=_unpacked(facts), draws=result.draws | mark | drawing)


def _made_by_pandas(evaluator: CallingEvaluator, result: Value, arguments: Arguments) -> Value:
    """Return what a function of pandas gives, whose elements are those of what it is given."""
    for value in arguments.all():
        evaluator.effects.lend(value)
    if result.kind or result.immutable:
        return result
    return replace(result, draws=result.draws | {ELEMENTS})


def _marks(path: str, facts: CallFacts, arguments: Arguments) -> Names:
    """Return what is to be remembered of a result for the calls of its methods."""
    made = path.rpartition(".")[2][:1].isupper() and facts.returns == "shares"
    generator = mark_of_generator(arguments) if made else NONE
    keeping = mark_of_keeping(path, arguments)
    moves = frozenset({MOVES}) if made and any(value.kind in MOVING for value in arguments.all()) else NONE
    mark = mark_of_result(path, arguments) | mark_of_getter(path, arguments) | mark_of_memory(path, arguments)
    archive = frozenset({ARCHIVE}) if path in _ARCHIVES else NONE
    fills = marks_of_filling(arguments.nodes.get(0)) if path == "collections.defaultdict" else NONE
    return mark | generator | keeping | moves | archive | fills


def _use_given_classes(evaluator: CallingEvaluator, arguments: Arguments, node: ast.Call) -> None:
    for keyword in _MAKES:
        value = arguments.get(keyword)
        if value is not None and value.definition is not None and value.definition.is_class:
            made = Value(carries=frozenset({value.definition}))
            call_methods(evaluator, [made], ["*"], node, arguments.all())


def _record_asked(evaluator: CallingEvaluator, path: str, arguments: Arguments, node: ast.Call) -> None:
    """Record what a call asks of an object that no handoff keeps, and which attribute it reads by name."""
    effects, values = evaluator.effects, arguments.all()
    if path in _GETTERS and len(values) > 1:
        asked = values[1].constant or ""
        call_methods(evaluator, values[:1], [f"property {asked if asked.isidentifier() else '*'}"], node)
    if path in _CLASS_ASKED and len(values) > 1:
        asker, given = _CLASS_ASKED[path], values[1]
        metas = [] if given.definition is None else metaclasses(evaluator.resolver, given.definition)
        for summary in [found for meta in metas for found in evaluator.resolver.methods(meta, asker)]:
            apply_summary(evaluator, summary, Arguments(receiver=values[1], rest=values[:1], open=True), node)
    if path == "builtins.id":
        effects.identity.update(name for value in values for name in value.reaches)
    if path == "sys.getsizeof":
        effects.lost |= {(name, "__sizeof__") for value in values for name in value.reaches if value.kind not in _SIZED}
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
    if name not in _READS_PICKLES:
        return None
    # What the same statement pickles counts as well: `pickle.loads(pickle.dumps(x))`.
    here = [event.value for event in evaluator.effects.events if isinstance(event, Hold) and event.name == PICKLED]
    pickled = union([evaluator.resolver.resolve(PICKLED), *map(part_of, here)])
    # Without these it cannot be read at all.
    evaluator.effects.unpickled |= pickled.carries
    return pickled


def _kind_of_result(path: str, facts: CallFacts, arguments: Arguments) -> str:
    if facts.opens:
        # The methods of a pool call what they are given.
        return facts.kind if facts.kind == "pool" else "resource"
    if facts.kind == "frame" and arguments.given(("chunksize", "iterator")):
        return "iterator"
    if facts.kind == "temporary" and _is_false(arguments, "delete"):
        return "file"
    if writes_through(path, arguments):
        return "mapped file"
    if path in _ITERATORS and all(value.kind in _PLAIN or is_function(value) for value in arguments.all()):
        return "plain iterator"
    return facts.kind


def _special(path: str, arguments: Arguments, node: ast.Call) -> Value | None:
    """Return the value of a call that gives more than a result: state of a module, the class of its argument."""
    if path in _STATE_OBJECTS:
        return Value(module=_STATE_OBJECTS[path])
    if path == "importlib.import_module" and (module := module_of_call(node)) is not None:
        return Value(kind="module", module=module)
    if path == "builtins.type" and len(arguments.all()) == 1:
        return union([part_of(arguments.all()[0]), class_of(arguments.all()[0])])
    if path in _CLASS_MAKERS and len(arguments.positional) > 1:
        return made_class(path, arguments)
    return None


def _known_effects(
    evaluator: CallingEvaluator, facts: CallFacts, arguments: Arguments, node: ast.Call, path: str
) -> frozenset[str]:
    """Record what a function that the tables know does to its arguments and outside of them.

    Returns:
        The states of the files that the result is a handle of.
    """
    effects = evaluator.effects
    mutate_places(evaluator, facts.mutates, arguments, node)
    if facts.mutates and facts.stores and arguments.positional:
        owner, name = arguments.positional[0], arguments.get(1) if path in _SETTERS else None
        for value in arguments.positional[1:]:
            item = value if name is None else with_put(value, owner, name.constant or "*")
            evaluator.hold(node.args[0], owner, item)
    if path in _SETTERS and len(arguments.positional) > 1 and arguments.positional[0].module:
        owner, attribute = arguments.positional[:2]
        if attribute.constant is not None:
            record_attribute(effects, f"{owner.module}.{attribute.constant}", node)
    if facts.consumes or not path.startswith(_LOOKING) or path.count(".") > 1:
        go_through_given(evaluator, path, arguments.all(), node)
    effects.configures = effects.configures or (facts.configures and not knowledge.is_handed_over(path))
    effects.opens = effects.opens or facts.opens
    if path in _WORKS_ON and arguments.all():
        effects.hold(arguments.all()[0], Value(draws=frozenset({LENT})))
    if path in _LOGS_TO:
        record_log_keeping(evaluator, arguments, node)
    if not is_in_memory(arguments.all()):
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
        return replace(result, constant=joined_path(constants(arguments.positional)))
    if path in _WHERE:
        return replace(result, constant=".")
    if path == "functools.partial":
        # It may be the path that the function is called with.
        return replace(result, constant=next((text for text in constants(arguments.positional[1:]) if text), None))
    if path in _COUNTERS and all(value.immutable for value in arguments.all()):
        return replace(result, part=frozenset(), holds=frozenset())
    return result


def _is_false(arguments: Arguments, name: str) -> bool:
    node = arguments.nodes.get(name)
    return isinstance(node, ast.Constant) and node.value is False


def _views(evaluator: CallingEvaluator, path: str, facts: CallFacts, arguments: Arguments) -> bool:
    """Tell whether what a function makes anew as a rule is a view of what it is given."""
    if path in _VIEWS_OF_ONE:
        return len(arguments.positional) == 2
    if path.startswith(_OF_ELEMENTS) and elements_change(evaluator):
        return True
    return (facts.views and _may_be_viewed(arguments)) or may_leave_uncopied(arguments)


def _keeps_objects(arguments: Arguments) -> bool:
    """Tell whether an array is made of objects: `np.array(cells, dtype=object)`."""
    dtype = arguments.nodes.get("dtype") or arguments.nodes.get(1)
    said = dtype is not None and ast.unparse(dtype).strip("\"'") in ("object", "O")
    return said or any(item.is_class for value in arguments.positional[:1] for item in value.carries)


def _looking_into(evaluator: CallingEvaluator, result: Value, node: ast.Call) -> Value:
    """Return an array with the frame that it looks into, where it is made from a part of one: `np.asarray(df["x"])`."""
    return union([result, *(part_of(evaluator.lender(given, result), result.kind) for given in node.args[:1])])


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


def _changed_variable(evaluator: CallingEvaluator, path: str) -> str:
    """Return the variable of a module that a call of its method changes: `settings.rows.append`, `app.add`.

    Of any module where lists, dicts and sets have such a method; of one beside the notebook, whatever it is called.
    """
    owner, _, name = path.rpartition(".")
    facts = knowledge.method_call(name)
    known = facts is not None and not facts.mutates_receiver
    if found := variable_at(evaluator.resolver, path, own=known):
        return found
    # `list.append(rows, 1)` changes what it is given.
    is_kept = "." in owner and changes_containers(name) and knowledge.module_call(owner) is None
    return owner if is_kept else ""


def _changed_by_method(evaluator: CallingEvaluator, path: str, arguments: Arguments, node: ast.Call) -> Value | None:
    """Return what a method gives that changes something a module keeps; None for any other call."""
    state = _changed_state(path)
    if state == "<config>":
        record_setting(evaluator.effects, path, node)
        return FRESH
    if state:
        evaluator.effects.add(WriteState(state, node))
        return FRESH
    if not (owner := _changed_variable(evaluator, path)):
        return None
    held = held_by_module(evaluator.resolver, path)
    record_attribute(evaluator.effects, owner, node, container(arguments.all()))
    call_functions(evaluator, arguments.all(), arguments.all(), node)
    call_stored(evaluator, [held], arguments.all(), node)
    return shares([*arguments.all(), held])


def _unknown_function(
    evaluator: CallingEvaluator, path: str, arguments: Arguments, node: ast.Call, *, discarded: bool
) -> Value:
    effects = evaluator.effects
    name = path.rpartition(".")[2]
    if (changed := _changed_by_method(evaluator, path, arguments, node)) is not None:
        return changed
    if name == "register":
        # A class that a library's abstract class shall know as its own: `Sequence.register(Rows)`.
        record_setting(effects, path, node)
        return union(arguments.all())
    if knowledge.module_state(path) in GENERATORS:
        effects.add(Draw(str(knowledge.module_state(path)), node))
    for place, keyword in changed_arguments(evaluator.resolver, path):
        value = arguments.get(place) or arguments.get(keyword)
        effects.mutate(value or union(arguments.rest), node, deep=True)
    for access, text in used_files(evaluator.resolver, path):
        use_file(evaluator, text, access, node)
    keeping = states_at(evaluator.resolver, path)
    for each in keeping:
        effects.add(Draw(each, node))
        for value in arguments.all():
            effects.hold(Value(same=frozenset({each})), value)
    held = held_by_module(evaluator.resolver, path)
    call_stored(evaluator, [held], arguments.all(), node)
    call_functions(evaluator, arguments.all(), arguments.all(), node)
    call_bound_methods(evaluator, (), arguments, arguments.all(), node)
    call_tables(evaluator, arguments.all(), node)
    if path.startswith("builtins.") and name[:1].isupper():
        return container(arguments.all())
    constructor = name[:1].isupper()
    go_through_given(evaluator, path, arguments.all(), node)
    if not constructor:
        _use_given(evaluator, arguments, node)
    if discarded and not constructor:
        for value in arguments.all():
            effects.mutate(value, node, deep=True)
    may_draw(evaluator, name, node)
    states = record_guessed_files(evaluator, arguments, node) | frozenset(keeping)
    effects.unstable.setdefault(f"`{path.removeprefix('builtins.')}()`", node)
    made = container(map(kept, arguments.all())) if constructor else shares([*arguments.all(), held])
    return with_handles(made, states)


def _use_given(evaluator: CallingEvaluator, arguments: Arguments, node: ast.AST) -> None:
    """Record that a function of which nothing is known may fit a model, and draw from a generator in what it is given.

    Whatever it returns: it may be a test, a plot, a search.
    """
    move_on(evaluator, arguments.all(), [], node)
    for value in arguments.all():
        if value.kind == "estimator":
            evaluator.effects.mutate(value, node)
