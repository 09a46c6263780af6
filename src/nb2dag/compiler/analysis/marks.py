"""Hold what is known of an object for later calls as marks among what it draws from (`Value.draws`).

A mark stays with whatever the object is put into: a pipeline for one, or a list of functions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from nb2dag.compiler.analysis.texts import has_parameter
from nb2dag.compiler.analysis.values import (
    ELEMENT,
    ELEMENTS,
    FILLS,
    FILLS_INSIDE,
    HOLDS_FRAMES,
    MOVES,
    NONE,
    Names,
    Value,
    is_keeping,
    is_parameter,
)

IN_PLACE = "<in place>"
"""Marks an estimator that changes the data which its methods are given: `StandardScaler(copy=False)`."""

LOOKS_INTO = "<memory of another>"
"""Marks an array in the memory of an object that is no array: `np.frombuffer(bytearray(8))`."""

LENT = "<memory in use by another>"
"""Marks an array whose memory an object that is no array works on: `KDTree(points)`, `model.tree_.value`.

No handoff keeps that: once the array changes, neither can cross.
"""

OWN_DEFAULTS = "<own defaults>"
"""Marks a class that a call made with defaults that can change: `namedtuple("P", "xs", defaults=[[]])`."""

_MAY_LOOK_INTO = "<memory of what is given>"
"""Marks an array in the memory of what a function was given, of which only its callers know what it is."""

CHANGES = "<changes what it is given>"
"""Marks a function that may change what it is called with: `operator.methodcaller("sort")`."""

CHANGES_INSIDE = "<changes what is in what it is given>"
"""Marks a lambda that is out to change what it gets, or something in it: `lambda row: row.tags.append(0)`."""

OWN_GENERATOR = "<own generator>"
"""Marks what draws from a generator that it was given: `KFold(shuffle=True, random_state=rng)`."""

OF_PROCESS = "<generator of the process>"
"""Marks what is or keeps `random`, `np.random` or a function of them."""

KEEPS_DATA = "<keeps data>"
"""Marks an estimator that keeps the very data which it is fitted on: the neighbours are looked up there."""

IN_MEMORY = "<database in memory>"
"""Marks a connection to a database that lives in the memory of its process: `sqlite3.connect(":memory:")`."""

DEFINED_IN = "<namespace of functions>"
"""Marks a dict in which executed code defined functions, `exec(text, names)`: they go on looking into that very one."""

KEEPS_DEFAULTS = "<keeps defaults>"
"""Marks a parser of arguments with a default that can change, which is in what it parses: `default=[]`."""

ARCHIVE = "<archive>"
"""Marks an open archive, whose methods are given the paths of files to put into it: `zipfile.ZipFile("a.zip", "w")`."""

_RUNS = "<runs "
_MADE_IN = "<made in "
_ASKS = "<asks "
_PUTS = "<puts "
_LIKE = "<like "
_WRAPPED = "wrapped "
_MARKS = {
    CHANGES, CHANGES_INSIDE, OWN_GENERATOR, OF_PROCESS, KEEPS_DATA, LENT, IN_MEMORY, DEFINED_IN, ARCHIVE,
    KEEPS_DEFAULTS, FILLS, FILLS_INSIDE, MOVES, ELEMENT, ELEMENTS, HOLDS_FRAMES,
}  # fmt: skip
_OF_FRAMES = {ELEMENT, ELEMENTS, HOLDS_FRAMES}
_MEMORY = {"memory", "window"}


def without_elements(value: Value) -> Value:
    """Return a value without the marks of frames and their elements, which answer no question."""
    draws = value.draws - _OF_FRAMES
    return value if len(draws) == len(value.draws) else replace(value, draws=draws)


def mark_of_view(values: Iterable[Value]) -> Names:
    """Return the mark of an array in the memory of one of `values`, if it is no array."""
    found = list(values)
    if any(value.kind in _MEMORY for value in found):
        return frozenset({LOOKS_INTO})
    return frozenset({_MAY_LOOK_INTO}) if any(map(_is_given, found)) else NONE


def settled(draws: Names, given: Iterable[Value]) -> Names:
    """Return marks that a function has put to what it was given, where its caller says what that is."""
    return draws - {_MAY_LOOK_INTO} | mark_of_view(given) if _MAY_LOOK_INTO in draws else draws


def with_generator(value: Value, place: str = "") -> Value:
    """Return a value as an object keeps it at a place of this name: one that is given a generator draws from it."""
    if value.kind == "rng" or (place.endswith("random_state") and not value.immutable):
        return replace(value, draws=value.draws | {OWN_GENERATOR})
    return value


def asking(names: Iterable[str]) -> Names:
    """Return the marks of a function that asks what it is called with for these, spelled as `call_methods` takes them.

    >>> marks = asking(["property t"])
    >>> sorted(marks), asked_by([Value(draws=marks)]), is_mark("<random>")
    (['<asks property t>'], ['property t'], False)
    """
    return frozenset(f"{_ASKS}{name}>" for name in names)


def asked_by(functions: Iterable[Value]) -> list[str]:
    """Return what functions may ask of what they are called with."""
    states = {state for value in functions for state in value.draws if state.startswith(_ASKS)}
    return sorted(state[len(_ASKS) : -1] for state in states)


def running(names: Iterable[str]) -> Names:
    """Return the marks of what changes the objects of these names once it is gone through: a generator, a coroutine.

    >>> sorted(run_by(Value(draws=running(["xs"]))))
    ['xs']
    """
    return frozenset(f"{_RUNS}{name}>" for name in names)


def run_by(value: Value) -> list[str]:
    """Return the names whose objects change once a value is gone through."""
    return sorted(state[len(_RUNS) : -1] for state in value.draws if state.startswith(_RUNS))


def without_runs(value: Value) -> Value:
    """Return a value without the marks of what going through it would change: it has been gone through.

    >>> without_runs(Value(draws=running(["xs"]))) == Value()
    True
    """
    return replace(value, draws=frozenset(mark for mark in value.draws if not mark.startswith(_RUNS)))


def made_in(module: str) -> Names:
    """Return the mark of an object that a module of this name made.

    >>> modules_in(made_in("rows")), is_mark("<made in rows>")
    (['rows'], True)
    """
    return frozenset({f"{_MADE_IN}{module}>"})


def modules_in(draws: Iterable[str]) -> list[str]:
    """Return the modules that something was made in."""
    return [state[len(_MADE_IN) : -1] for state in draws if state.startswith(_MADE_IN)]


def with_put(item: Value, owner: Value, attribute: str) -> Value:
    """Return what is assigned to an attribute, marked where it is a function that is put on a class: `C.add = add`."""
    is_class = (owner.definition is not None and owner.definition.is_class) or any(map(is_parameter, owner.same))
    return put(item, attribute) if is_class else item


def put(item: Value, attribute: str) -> Value:
    """Return what is an attribute of a class, marked where it is a function, or holds some."""
    attribute = "*" if has_parameter(attribute) else attribute
    if item.definition is not None and not item.definition.is_class:
        return replace(item, carries=item.carries | {item.definition}, draws=item.draws | {f"{_PUTS}{attribute}>"})
    if item.free or item.kind == "closure" or any(not each.is_class for each in item.carries):
        return replace(item, draws=item.draws | {f"{_PUTS}{_WRAPPED}{attribute}>"})
    return item


def has_put(draws: Names) -> bool:
    """Tell whether a class has functions as attributes that are no methods of its statement."""
    return any(state.startswith(_PUTS) for state in draws)


def is_put(draws: Names, attribute: str, *, wrapped: bool = False) -> bool:
    """Tell whether a function was put on a class under a name, by what the class draws; `*` is any name.

    `wrapped` asks for what is no plain function of the notebook's: `classmethod(add)`, `property(add)`, a lambda.

    >>> is_put(frozenset({"<puts add>"}), "add"), is_put(frozenset({"<puts add>"}), "add", wrapped=True)
    (True, False)
    """
    kind = f"{_PUTS}{_WRAPPED}" if wrapped else _PUTS
    return f"{kind}{attribute}>" in draws or f"{kind}*>" in draws


def alike(values: Iterable[Value]) -> Names:
    """Return the marks of a copy of what a function was given: its callers know of which classes that is.

    >>> sorted(alike([Value(same=frozenset({"@row", "rows"}))]))
    ['<like @row>']
    """
    return frozenset(f"{_LIKE}{name}>" for value in values for name in value.reaches if is_parameter(name))


def copied_parameters(draws: Names) -> list[str]:
    """Return the parameters (`@name`) that a value is a copy of, or may hold copies of."""
    return sorted(state[len(_LIKE) : -1] for state in draws if state.startswith(_LIKE))


def without_copied(draws: Names) -> Names:
    """Return what a value draws without the marks of copies."""
    return frozenset(state for state in draws if not state.startswith(_LIKE))


def is_mark(state: str) -> bool:
    """Tell whether a state says what its object does to other objects, and is none that using it would change."""
    return state in _MARKS or state.startswith((_ASKS, _RUNS, _MADE_IN, _PUTS, _LIKE)) or is_keeping(state)


def _is_given(value: Value) -> bool:
    return any(map(is_parameter, value.reaches))
