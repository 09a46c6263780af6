"""Describe what an expression may give: which named objects it may be, contain or be part of.

A value never names an object directly, only through the names that reach it: `same` are names whose very object it
may be, `part` names from whose object it may have been taken (an element, a view, an attribute), `holds` names whose
objects a new container may contain. Sharing is always a *may*: a name too many costs an edge, a name too few would
cost correctness.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

Names = frozenset[str]
NONE: Names = frozenset()
_ALIKE = {"axes"}
"""Kinds of which a part is changed by the same methods: an array of axes, axes, a line in them."""

MOVING = frozenset({"generator", "iterator", "plain iterator", "file", "buffer"})
"""Kinds of what going through it moves on."""

FILLS = "<fills in what is missing>"
"""Marks, among `Value.draws`, a dict that may change when something is looked up in it, and what may hold one."""

FILLS_INSIDE = "<fills in what is missing inside>"
"""Marks such a dict in which there may be others."""

MOVES = "<moves on>"
"""Marks, among `Value.draws`, what may hold something of these kinds."""


FRAMES = frozenset({"frame", "series", "array"})
"""Kinds whose elements are numbers and texts as a rule, but may be objects that change."""

ELEMENT = "<element of a frame>"
"""Marks, among `Value.draws`, what may be such an object."""

ELEMENTS = "<elements of a frame>"
"""Marks what may hold such objects without being of these kinds: a list of the values of a column."""

HOLDS_FRAMES = "<holds frames>"
"""Marks what may hold frames, and by them their elements: a list of frames, an object with one in an attribute."""


OF_ONE_PROCESS = frozenset({
    "resource", "client", "file", "connection", "lock", "thread", "pool", "mock", "queue", "process", "server",
    "temporary", "weak reference", "context variable", "generator", "coroutine", "hash", "window", "exit stack",
    "future", "place in an array", "ufunc", "solver", "mapped file", "address", "parser", "thread-local", "patcher",
})  # fmt: skip
"""Kinds of what no handoff takes to another process, wherever it is kept."""

_KEEPS = "<keeps of one process "


def keeping(kind: str, attribute: str = "") -> str:
    """Return the mark, among `Value.draws`, of what keeps something of such a kind, in an attribute if it is one.

    >>> kept_in(frozenset({keeping("lock", "guard"), "<random>"})), kept_in(frozenset({keeping("open file")}))
    (('lock', 'guard'), ('open file', ''))
    """
    return f"{_KEEPS}{kind}:{attribute}>"


def is_keeping(state: str) -> bool:
    """Tell whether `keeping` gave this mark."""
    return state.startswith(_KEEPS)


def kept_in(draws: Iterable[str]) -> tuple[str, str] | None:
    """Return the kind of something that is kept, and in which attribute, None where nothing is."""
    mark = min(filter(is_keeping, draws), default=None)
    if mark is None:
        return None
    kind, _, attribute = mark[len(_KEEPS) : -1].partition(":")
    return kind, attribute


@dataclass(frozen=True, slots=True)
class Definition:
    """A function, lambda or class bound to a name in the notebook, by the statement at `position`.

    `own_cache` says that what decorates it by the name of a cache of the standard library is the notebook's own,
    `called_by_default` which functions and callables of libraries are the defaults of which parameters.
    """

    name: str
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
    position: int
    own_cache: bool = False
    called_by_default: tuple[tuple[str, Value], ...] = ()

    def __hash__(self) -> int:
        return hash((self.name, self.position))

    @property
    def is_class(self) -> bool:
        """Whether it is a class."""
        return isinstance(self.node, ast.ClassDef)


# Not frozen, although nothing ever changes one: several are made for every expression, and a frozen dataclass takes
# three times as long to make.
@dataclass(slots=True, unsafe_hash=True)
class Value:
    """What an expression may give.

    `kind` is a kind of the knowledge tables (`frame`, `array`, `list` ...) when certain, `immutable` for what cannot
    change. `carries` are notebook definitions that may be inside it, `free` the globals that functions without a name
    inside it use. `module` is the dotted path of a module or of something in one. `definition` is set for a reference
    to a notebook definition. `draws` are the global generators that its methods draw from (an estimator without
    `random_state`). `constant` is the text of a string known at compile time. `changes_arguments` is set for a lambda
    that changes what it is given, and `gives` are the names that what it returns reaches. `apart` says that the
    elements of a result share nothing with each other, `elements` what each of them is.
    """

    same: Names = NONE
    part: Names = NONE
    holds: Names = NONE
    kind: str = ""
    carries: frozenset[Definition] = frozenset()
    free: Names = NONE
    module: str = ""
    definition: Definition | None = None
    constant: str | None = None
    changes_arguments: bool = False
    draws: Names = NONE
    apart: bool = False
    elements: tuple[Value, ...] | None = None
    gives: Names = NONE

    @property
    def reaches(self) -> Names:
        """Every name whose objects may be reached through the value."""
        return self.same | self.part | self.holds

    @property
    def immutable(self) -> bool:
        """Whether nothing can change it or through it."""
        return self.kind == "immutable"


IMMUTABLE = Value(kind="immutable")
FRESH = Value()


MAYBE_FOREIGN = "definition or import"
"""The kind of a function or class that the notebook defines where an import fails."""


def union(values: Iterable[Value]) -> Value:
    """Return a value that may be any of `values`."""
    items = list(values)
    if not items:
        return FRESH
    first = items[0]
    if len(items) == 1:
        return first
    kinds = {value.kind for value in items}
    constants = {value.constant for value in items}
    definitions = {value.definition for value in items}
    definition = first.definition if len(definitions) == 1 else None
    carried = frozenset(each for each in definitions if each is not None and definition is None)
    return Value(
        same=NONE.union(*(value.same for value in items)),
        part=NONE.union(*(value.part for value in items)),
        holds=NONE.union(*(value.holds for value in items)),
        kind=first.kind if len(kinds) == 1 else "",
        carries=carried.union(*(value.carries for value in items)),
        definition=definition,
        free=NONE.union(*(value.free for value in items)),
        draws=NONE.union(*((value.draws if len(kinds) == 1 else _moving(value)) for value in items)),
        constant=first.constant if len(constants) == 1 else None,
    )


def held(draws: Names) -> Names:
    """Return what something draws that holds what draws this: it is no element of a frame, but has some."""
    return draws - {ELEMENT} | {ELEMENTS} if ELEMENT in draws else draws


def _moving(value: Value) -> Names:
    """Return what a value draws that is one of several: it is not known any more that it moves, or is a frame."""
    draws = value.draws | {MOVES} if value.kind in MOVING else value.draws
    draws = held(draws)
    if value.kind == "weak reference":
        # Often it is one of two: `ref(parent) if parent else None`.
        draws |= {keeping(value.kind)}
    return draws | {HOLDS_FRAMES} if value.kind in ("frame", "series") else draws


def kept(value: Value, attribute: str = "") -> Value:
    """Return a value as something that keeps it holds it: an iterator in a list, or in an attribute of this name."""
    draws = _moving(value)
    if value.kind in OF_ONE_PROCESS and not any(map(is_keeping, value.draws)):
        draws |= {keeping(value.kind, attribute)}
    return value if draws is value.draws else replace(value, draws=draws)


def _taken_out(draws: Names) -> Names:
    """Return what something draws that is taken out of what draws this: it does not keep what that keeps."""
    return frozenset(state for state in draws if not is_keeping(state)) if any(map(is_keeping, draws)) else draws


_ITERATORS = ("generator", "iterator", "plain iterator")


def gone_through(value: Value) -> Value:
    """Return what has the elements of a value, which was gone through: iterators end there."""
    kept_ones = tuple(keeping(kind)[:-1] for kind in _ITERATORS)
    draws = frozenset(state for state in value.draws if not state.startswith(kept_ones))
    kind = "" if value.kind in _ITERATORS else value.kind
    return value if draws == value.draws and kind == value.kind else replace(value, kind=kind, draws=draws)


def elements_of(value: Value) -> Value:
    """Return the elements of a value as what keeps these holds them, and not the value itself."""
    return value if value.immutable else replace(part_of(value), draws=gone_through(value).draws)


def container(values: Iterable[Value], kind: str = "") -> Value:
    """Return a new object that may contain `values`."""
    reaches, carries, free, draws = _inside(values)
    return Value(holds=reaches, kind=kind, carries=carries, free=free, draws=held(draws))


def part_of(value: Value, kind: str = "") -> Value:
    """Return something taken out of `value`: an element, an attribute, a view; of a class, one of its instances."""
    if value.definition is not None:
        value = container([value])
    if value.immutable:
        return replace(IMMUTABLE, carries=value.carries, free=value.free) if value.carries or value.free else IMMUTABLE
    kind = kind or (value.kind if value.kind in _ALIKE else "")
    draws = _taken_out(value.draws)
    if not kind and (value.kind in FRAMES or ELEMENTS in draws):
        draws |= {ELEMENT}
    elif value.kind == "grouped":
        draws |= {ELEMENTS}
    return Value(part=value.reaches, kind=kind, carries=value.carries, free=value.free, draws=draws)


def shares(values: Iterable[Value], kind: str = "") -> Value:
    """Return a result of which nothing is known but that it may be or contain any of `values`."""
    reaches, carries, free, draws = _inside(values)
    return Value(part=reaches, kind=kind, carries=carries, free=free, draws=_taken_out(draws))


def _inside(values: Iterable[Value]) -> tuple[Names, frozenset[Definition], Names, Names]:
    """Return what values reach together, the definitions they carry or are, their free names and what they draw."""
    reaches, free, draws = NONE, NONE, NONE
    carries: frozenset[Definition] = frozenset()
    for value in values:
        if value.kind != "immutable":
            reaches |= value.reaches
        if value.carries:
            carries |= value.carries
        if value.definition is not None:
            carries |= {value.definition}
        if value.free:
            free |= value.free
        if value.draws:
            draws |= value.draws
    return reaches, carries, free, draws


def is_local(name: str) -> bool:
    """Tell whether a name stands for an object that a function made itself (`%name`), unknown outside of it."""
    return name.startswith("%")


def is_parameter(name: str) -> bool:
    """Tell whether a name stands for what a function is given (`@name`), which its callers know."""
    return name.startswith("@")


def without_locals(value: Value) -> Value:
    """Return `value` as the caller of a function sees it: what the function made itself is simply new."""
    if not any(map(is_local, value.reaches)):
        return value
    same, part, holds = (
        frozenset(name for name in names if not is_local(name)) for names in (value.same, value.part, value.holds)
    )
    return replace(value, same=same, part=part, holds=holds)


def without_names(value: Value) -> Value:
    """Return what is carried by a value that is copied into something: the classes of its elements."""
    return replace(value, same=NONE, part=NONE, holds=NONE)


def linked(values: Sequence[Value], names: Sequence[str | None]) -> list[Value]:
    """Return the elements of a tuple for the names they are bound to in turn, tied where they share an object.

    >>> same = Value(same=frozenset({"%x"}))
    >>> [sorted(value.same) for value in linked([same, same], ["p", "q"])]
    [[], ['p']]
    """
    first: dict[str, tuple[str, bool]] = {}
    found: list[Value] = []
    for value, name in zip(values, names, strict=True):
        ties = [without_locals(value)]
        plain = not ties[0].reaches and bool(value.same)
        for marker in sorted(filter(is_local, value.reaches)):
            if marker in first:
                other, exact = first[marker]
                same = exact and marker in value.same
                tied = frozenset({other})
                tie = Value(same=tied, kind=value.kind) if same else Value(part=tied, kind=value.kind)
                ties = [tie] if plain and same else [*ties, tie]
            elif name is not None:
                first[marker] = (name, marker in value.same)
        found.append(union(ties))
    return found
