"""Say why what a task takes from another one cannot cross from process to process."""

from __future__ import annotations

import ast

from nb2dag.compiler.analysis.classes import has_cached_methods, is_cached, is_named_tuple
from nb2dag.compiler.analysis.demand import Demand
from nb2dag.compiler.analysis.enclosed import OWN_WAY, enclosed_kind, is_emptied, kept_kind, sets, stores_of
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.made_classes import MADE_CLASS, is_known_by_name
from nb2dag.compiler.analysis.marks import DEFINED_IN, IN_MEMORY, LOOKS_INTO, OWN_DEFAULTS
from nb2dag.compiler.analysis.own_pickling import hashed_attributes, notes_as_key, own_way_of_pickling, puts_under_keys
from nb2dag.compiler.analysis.statements import Statement
from nb2dag.compiler.analysis.timeline import Snapshot
from nb2dag.compiler.analysis.values import OF_ONE_PROCESS, Definition, kept_in
from nb2dag.model.code import nodes_of

RESOURCES = {
    "resource": "a connection, client or pool", "client": "a connection or client", "file": "an open file",
    "connection": "a connection", "lock": "a lock", "thread": "a thread or pool", "pool": "a pool", "mock": "a mock",
    "queue": "a queue of threads",
    "process": "a running process", "server": "a running server", "temporary": "a temporary file or folder",
    "weak reference": "a weak reference", "context variable": "a context variable",
    "generator": "a generator", "coroutine": "a coroutine", "iterator": "an iterator", "module": "a module",
    "hash": "a hash that is being computed", "window": "a window on memory of this process",
    "exit stack": "a stack of contexts, which end in the process where they began",
    "future": "a future of a thread or process", "place in an array": "an iterator over an array",
    "ufunc": "a ufunc made of a function", "solver": "a factorised matrix",
    "mapped file": "an array that lies on a file",
    "address": "the address of an object, which is another one in each process",
    "parser": "a parser of arguments", "thread-local": "what each thread has of its own",
    "patcher": "a patch, which lasts in the process that began it",
}  # fmt: skip
"""Kinds of what is bound to one process, in a user's words."""

_DEFINED_IN = "a namespace in which executed code defined functions"
_LIVE = "the dict in which an object keeps its attributes, and these change"
_IN_MEMORY = "a database in the memory of one process"

_LOST = {
    "__traceback__": "a traceback", "base": "what an array is a view of", "strides": "the way an array lies in memory",
    "resize": "the memory that an array can resize, because it is its own",
    "__sizeof__": "the size of an object in memory, which is another one where it is made anew",
}  # fmt: skip

_MAKING = ("__init__", "__post_init__", "__new__")
"""Methods that make an instance what it is."""

Obstacle = tuple[str, tuple[tuple[str, str], ...]]
"""The name of a rule, and what its message says besides the name and the tasks."""


def find_obstacle(flow: Flow, demand: Demand, name: str, source: int, reader: int) -> Obstacle | None:
    """Return the rule about what a task takes from the statement at `source` and that cannot cross, if there is one."""
    snapshot = flow.timeline.before(name, reader)
    if snapshot is None:
        return None
    # A class that a function made is defined nowhere, and crosses itself.
    definition = snapshot.definition if snapshot.definition is None or snapshot.definition.position >= 0 else None
    if snapshot.kind == MADE_CLASS and source != snapshot.bound and OWN_DEFAULTS in flow.timeline.drawn(name, reader):
        return "definition-state", ()
    defined = snapshot.bound in demand.replays or snapshot.bound in demand.positions
    if snapshot.kind == MADE_CLASS and not defined and is_known_by_name(snapshot.constant):
        return "definition-needs-value", ()
    if definition is not None and source != snapshot.bound:
        return None if _can_restore(demand, definition) else ("definition-state", ())
    if definition is not None and definition.is_class:
        return "definition-needs-value", ()
    replaced = snapshot.module and flow.timeline.version(f"<{snapshot.module}>", reader) is not None
    if replaced and not _from_written_module(flow.statements[source]):
        return "cannot-hand-over", (("kind", "what stood in a module before the notebook replaced it"),)
    if (part := _lost_part(flow, demand, name, source, reader)) is not None:
        return "cannot-hand-over", (("kind", _LOST[part]), ("inside", f"{name}.{part}"))
    if (own := _pickled_in_own_way(flow, name, reader)) is not None:
        return "cannot-hand-over", (("kind", own),)
    if _is_live(flow, demand, name, snapshot, reader):
        return "cannot-hand-over", (("kind", _LIVE),)
    return _obstacle_of_object(flow, name, source, reader, snapshot)


def _obstacle_of_object(flow: Flow, name: str, source: int, reader: int, snapshot: Snapshot) -> Obstacle | None:
    """Return the rule about what is known of the object that a task takes, if it cannot cross."""
    drawn = flow.timeline.drawn(name, reader)
    if DEFINED_IN in drawn and snapshot.kind == "dict":
        return "cannot-hand-over", (("kind", _DEFINED_IN),)
    if LOOKS_INTO in drawn:
        return "cannot-hand-over", (("kind", "an array in the memory of an object that is no array"),)
    maker = flow.statements[source]
    # A module that a file imported which `%run` ran is handed over by its name, like one inside of a value.
    if snapshot.kind in RESOURCES and not (snapshot.kind == "module" and maker.scripts):
        in_memory = snapshot.kind == "resource" and IN_MEMORY in drawn
        return "cannot-hand-over", (("kind", _IN_MEMORY if in_memory else RESOURCES[snapshot.kind]),)
    found = _obstacle_of_maker(flow, name, snapshot, maker)
    if found is not None or (inside := _kept_inside(flow, name, reader, snapshot)) is None:
        return found
    kind, attribute = inside
    return "cannot-hand-over", (
        ("kind", RESOURCES[kind]),
        ("inside", f"{name}.{attribute}" if attribute else f"{name}[...]"),
    )


def _obstacle_of_maker(flow: Flow, name: str, snapshot: Snapshot, maker: Statement) -> Obstacle | None:
    """Return the rule about what the statement that makes a value makes it of, if it cannot cross."""
    if _from_written_module(maker):
        return "cannot-hand-over", (("kind", "a part of a module that the notebook itself wrote"),)
    if maker.position == snapshot.bound and _makes_coroutine(flow, maker):
        return "cannot-hand-over", (("kind", "a coroutine"),)
    if maker.position == snapshot.bound:
        found = enclosed_kind(flow, maker, name, OF_ONE_PROCESS)
    else:
        found = kept_kind(flow, flow.statements[snapshot.bound], name, OF_ONE_PROCESS)
    if found is None:
        return None
    return "cannot-hand-over", (("kind", RESOURCES[found[1]]), ("inside", found[0]))


def _makes_coroutine(flow: Flow, maker: Statement) -> bool:
    """Tell whether a statement calls an `async def` of the notebook's and does not await it."""
    call = maker.node.value if isinstance(maker.node, ast.Assign) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return False
    called = flow.timeline.before(call.func.id, maker.position)
    return (
        called is not None
        and called.definition is not None
        and isinstance(called.definition.node, ast.AsyncFunctionDef)
    )


def _can_restore(demand: Demand, definition: Definition) -> bool:
    """Tell whether a task can take the state of a class or function.

    It must run the class statement again; a function is handed over, but not what the standard library caches for it.
    """
    if is_named_tuple(definition):
        # Its defaults are kept where no handoff looks: in the function that makes its instances.
        return False
    if definition.is_class:
        if has_cached_methods(definition.node):
            # What is cached stays behind.
            return False
        return definition.position in demand.replays or definition.position in demand.positions
    return not is_cached(definition)


def _from_written_module(maker: Statement) -> bool:
    """Tell whether a statement takes names out of a module whose file the notebook wrote: others cannot import it."""
    names = maker.use.names
    takes = isinstance(maker.node, ast.ImportFrom) or bool(maker.facts.modules)
    return takes and any(name.startswith("<file:") for name in names)


def _lost_part(flow: Flow, demand: Demand, name: str, source: int, reader: int) -> str | None:
    """Return an attribute that a task asks of what it takes by a name, or of a part of it, and that does not cross."""
    found: set[str] = set()
    taken: frozenset[int] | None = None
    for position in demand.positions:
        for owner, part in flow.statements[position].effects.lost:
            if owner == name:
                found.add(part)
            elif owner not in demand.inputs and part in _LOST:
                if taken is None:
                    reached = flow.timeline.reach(name, reader)
                    taken = frozenset(number for number in reached if flow.timeline.made_at(number) <= source)
                asked = (flow.timeline.reach(owner, at) for at in (position, position + 1))
                found |= {part for regions in asked if not taken.isdisjoint(regions)}
    return min(found, default=None)


def _is_bound_to_one(flow: Flow, name: str, reader: int, definition: Definition) -> bool:
    """Tell whether a name was bound to an instance of a class itself, which is no key of anything that is loaded."""
    snapshot = flow.timeline.before(name, reader)
    node = flow.statements.standing(snapshot.bound).node if snapshot is not None else None
    value = node.value if isinstance(node, ast.Assign) else None
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == definition.name


def _pickled_in_own_way(flow: Flow, name: str, reader: int) -> str | None:
    """Return what a name may reach that a handoff does something to which the notebook does not."""
    waiting, seen = [*flow.timeline.carried(name, reader)], set[str]()
    while waiting:
        definition = waiting.pop()
        method = own_way_of_pickling(definition.node)
        if method is None and notes_as_key(definition.node) and not _is_bound_to_one(flow, name, reader, definition):
            method = "__hash__"
        if method is not None:
            own = f"whose `{method}` does something of its own, which a handoff would do once more"
            return f"an instance of `{definition.name}`, {own}"
        attribute = _changing_hash(flow, definition)
        if attribute is not None:
            own = f"whose hash changes with `{attribute}`, while a dict or set that is loaded hashes it anew"
            return f"an instance of `{definition.name}`, {own}"
        for base in getattr(definition.node, "bases", ()):
            found = flow.timeline.before(base.id, definition.position) if isinstance(base, ast.Name) else None
            if found is not None and found.definition is not None and found.definition.name not in seen:
                seen.add(found.definition.name)
                waiting.append(found.definition)
    return None


def _changing_hash(flow: Flow, definition: Definition) -> str | None:
    """Return an attribute that changes the hash of an instance, where the notebook may have any as a key."""
    found = (each for each in sorted(hashed_attributes(definition.node)) if _is_set_later(flow, definition, each))
    attribute = next(found, None)
    if attribute is None or not any(puts_under_keys(each.node) for each in flow.statements):
        return None
    return attribute


def _is_set_later(flow: Flow, definition: Definition, attribute: str) -> bool:
    """Tell whether the notebook sets an attribute of this name elsewhere than where instances of a class are made."""
    makers = [each for each in definition.node.body if getattr(each, "name", "") in _MAKING]  # type: ignore[union-attr]
    there = sum(sets(node, attribute) for maker in makers for node in nodes_of(maker))
    return stores_of(flow, attribute) > there


def _kept_inside(flow: Flow, name: str, reader: int, snapshot: Snapshot) -> tuple[str, str] | None:
    """Return the kind of what a name's very object was found to keep that is bound to its process, and where.

    The object is certainly the one that was given it, and no code of the notebook takes it away again.
    """
    found = [kept_in(flow.timeline.draws_at(number, reader)) for number in snapshot.own]
    first = next(iter(found), None)
    if first is None or None in found or any(map(_says_what_is_kept, flow.timeline.carried(name, reader))):
        return None
    if first[1]:
        return first if stores_of(flow, first[1]) == 1 else None
    return None if is_emptied(flow, name) else first


def _says_what_is_kept(definition: Definition) -> bool:
    names = {getattr(part, "name", "") for part in getattr(definition.node, "body", ())}
    return not names.isdisjoint(OWN_WAY)


def _is_live(flow: Flow, demand: Demand, name: str, snapshot: Snapshot, reader: int) -> bool:
    """Tell whether a name stands for the attributes of an object, and these may still change: `v = vars(settings)`."""
    node = flow.statements.standing(snapshot.bound).node
    value = node.value if isinstance(node, ast.Assign) else None
    called = isinstance(value, ast.Call) and getattr(value.func, "id", "") == "vars" and bool(value.args)
    if not called and getattr(value, "attr", "") != "__dict__":
        return False
    return any(flow.timeline.changed_from(number, demand.first) for number in flow.timeline.reach(name, reader))
