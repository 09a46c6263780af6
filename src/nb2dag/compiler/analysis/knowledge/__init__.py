"""Tell what calls, methods and attributes of known libraries do to their arguments, to state, and to sharing.

The one face of the tables in this package: plain names and facts, none of the libraries is imported. What a table says
holds for the library's own objects; a notebook's own functions and classes are for the analysis to read.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, reduce

from nb2dag.compiler.analysis.knowledge import (
    attributes,
    builtins_,
    numpy_,
    others,
    pandas_,
    plotting,
    sklearn_,
    state,
    statsmodels_,
    stdlib,
    system,
)
from nb2dag.compiler.analysis.knowledge.facts import (
    MODE,
    MUTATES_SHARES,
    PURE_IMMUTABLE,
    PURE_SHARES,
    RECEIVER,
    CallFacts,
    MethodFacts,
    joined,
)

__all__ = [
    "MODE",
    "RECEIVER",
    "CallFacts",
    "MethodFacts",
    "attribute",
    "is_handed_over",
    "is_lost",
    "keeps_data",
    "method_call",
    "methods_in_turn",
    "module_call",
    "module_state",
]

_CALLS = joined(table.CALLS for table in (builtins_, stdlib, system, numpy_, pandas_, sklearn_, plotting, others))

# a name that several of these have is answered for an unknown receiver by the most cautious of them
_COMMON: dict[str, dict[str, MethodFacts]] = {
    "frame": pandas_.PANDAS,
    "array": numpy_.ARRAY,
    "list": builtins_.LIST,
    "dict": builtins_.DICT,
    "set": builtins_.SET,
    "str": builtins_.STR,
    "tuple": builtins_.TUPLE,
    "iterator": builtins_.ITERATOR,
    "plain iterator": builtins_.ITERATOR,
    "file": builtins_.FILE,
    "buffer": builtins_.FILE,
    "temporary": builtins_.FILE,
    "estimator": sklearn_.ESTIMATOR,
    "rng": numpy_.GENERATOR,
    "logger": system.LOGGER,
    "immutable": system.IMMUTABLES,
    "element": stdlib.ELEMENT,
}

# these speak for an unknown receiver only where none of the common kinds has a method of that name: `df.plot` and
# `text.replace` are far more often meant than `ax.plot` and `path.replace`
_RARE: dict[str, dict[str, MethodFacts]] = {
    "axes": plotting.AXES,
    "figure": plotting.FIGURE,
    "path": system.PATH,
    "connection": others.CLIENT,
    "client": others.CLIENT,
    "queue": system.THREAD,
    "thread": system.THREAD,
    "pool": system.POOL,
    "mock": {},
    "lock": system.THREAD,
    "styler": pandas_.STYLER,
    "torch": others.TORCH,
    "sampler": others.SAMPLER,
    "results": statsmodels_.RESULTS,
}

_BY_KIND = {
    **_COMMON,
    **_RARE,
    "series": pandas_.PANDAS,
    "index": pandas_.INDEX,
    "grouped": pandas_.PANDAS,
    statsmodels_.MODEL: statsmodels_.METHODS,
    "splitter": sklearn_.SPLITTER,
    "mapped file": numpy_.ARRAY,
    "defaultdict": builtins_.DICT,
    "async queue": system.ASYNC_QUEUE,
    "parser": system.PARSER,
    "settings": system.SETTINGS,
    # a receiver of which no more is known may be a date, a number, a text or a path
    "immutable": {**system.PATH, **builtins_.TUPLE, **builtins_.STR, **system.IMMUTABLES},
}

# `df.sample` is meant, not the old name of a drawing method
_MEANT = {"sample": pandas_.PANDAS["sample"]}
_PYLAB = ("matplotlib.pyplot", "numpy", "numpy.random", "numpy.linalg", "numpy.fft")
_PASSED_ON = {
    "pylab.": _PYLAB,
    "matplotlib.pylab.": _PYLAB,
    "seaborn.mpl.": ("matplotlib",),
    "seaborn.matplotlib.": ("matplotlib",),
    "seaborn.plt.": ("matplotlib.pyplot",),
}
_UNCHANGEABLE = frozenset({"immutable", "str"})
_DRAWN_ON = frozenset({"axes", "figure"})
_KEEPS = replace(MUTATES_SHARES, stores_args=True)
_CAUTION = {"immutable": 0, "fresh": 1, "receiver": 2, "shares": 3}


def module_call(path: str) -> CallFacts | None:
    """Return what is known of calling the function or class at a dotted path, None where nothing is.

    The path is the one a library documents (`numpy.random.seed`, `os.environ.update`, `builtins.sorted`), import
    aliases resolved.

    >>> module_call("random.shuffle").mutates, module_call("pandas.read_csv").path_read, module_call("mylib.f")
    ((0,), 0, None)
    """
    return (
        _CALLS.get(path)
        or sklearn_.estimator_call(path)
        or others.scipy_call(path)
        or statsmodels_.model_call(path)
        or _elsewhere(path)
    )


def _elsewhere(path: str) -> CallFacts | None:
    """Return what is known of a name by the module that it comes from, where another one passes it on."""
    for prefix, modules in _PASSED_ON.items():
        if path.startswith(prefix):
            name = path.removeprefix(prefix)
            return next((facts for module in modules if (facts := _CALLS.get(f"{module}.{name}"))), None)
    return None


def method_call(name: str, receiver_kind: str = "") -> MethodFacts | None:
    """Return what is known of a method by its bare name, None where nothing is.

    Where `receiver_kind` is empty or unheard of, the answer is that of the most cautious among the common types that
    have such a method.

    >>> method_call("pop").mutates_receiver, method_call("dropna").inplace_keyword, method_call("frobnicate")
    (True, True, None)
    """
    table = _BY_KIND.get(receiver_kind)
    if table is None:
        return _of_any_kind(name)
    facts = table.get(name)
    if facts is None and receiver_kind in _UNCHANGEABLE:
        return PURE_IMMUTABLE
    if facts is None and receiver_kind in _DRAWN_ON and name.startswith("get_"):
        return PURE_SHARES
    if facts is None and receiver_kind == statsmodels_.MODEL:
        # What it gives may be a frame, or any object of its own.
        return _of_any_kind(name) or statsmodels_.method_of_model(name)
    if facts is None and receiver_kind in _DRAWN_ON and name.startswith("set_"):
        # What these get is copied: ticks, labels, limits.
        return MUTATES_SHARES
    return facts or _by_prefix(name)


def methods_in_turn(called: str) -> frozenset[str]:
    """Return the methods that a known method calls of what its object is made of, or a function of what it is given.

    >>> [sorted(methods_in_turn(called) & {"fit"}) for called in ("predict", "sklearn.model_selection.cross_val_score")]
    [[], ['fit']]
    """
    return sklearn_.methods_called_by(called) if "." in called else sklearn_.methods_of_parts(called)


def keeps_data(path: str, *, uncopied: bool) -> bool:
    """Tell whether what a class makes keeps the data that it is fitted on; `uncopied` says that it was asked to.

    >>> keeps_data("sklearn.neighbors.NearestNeighbors", uncopied=False), keeps_data("sklearn.svm.SVC", uncopied=False)
    (True, False)
    """
    module, _, name = path.rpartition(".")
    return module.startswith("sklearn") and sklearn_.keeps_data(name, uncopied=uncopied)


_SHARED_PARTS = {"array": attributes.ARRAY_SHARES, "dict": attributes.DICT_SHARES}


def attribute(name: str, receiver_kind: str = "") -> str:
    """Return what reading an attribute gives: `immutable`, `fresh`, or `shares` (a part or a view of the receiver).

    >>> attribute("shape"), attribute("values"), attribute("T"), attribute("T", "frame")
    ('immutable', 'shares', 'shares', 'fresh')
    """
    if name in _SHARED_PARTS.get(receiver_kind, ()):
        return "shares"
    if name in attributes.IMMUTABLE:
        return "immutable"
    if name in attributes.FRESH or (receiver_kind == "frame" and name in attributes.FRAME_FRESH):
        return "fresh"
    return "shares"


def is_lost(name: str, receiver_kind: str) -> bool:
    """Tell whether an attribute of a value is another one after the value was handed over.

    >>> is_lost("__traceback__", ""), is_lost("base", "array"), is_lost("base", "")
    (True, True, False)
    """
    kinds = attributes.LOST.get(name, set())
    return "" in kinds or receiver_kind in kinds


@cache
def changes(name: str, kinds: tuple[str, ...]) -> bool:
    """Tell whether objects of one of some kinds have a method of this name that changes them.

    >>> changes("append", ("dict", "list")), changes("append", ("dict",))
    (True, False)
    """
    facts = (_BY_KIND[kind].get(name) for kind in kinds)
    return any(each is not None and each.mutates_receiver for each in facts)


def uses_files(name: str) -> bool:
    """Tell whether paths have a method of this name that reads or writes what they lead to.

    >>> uses_files("read_text"), uses_files("with_suffix")
    (True, False)
    """
    facts = system.PATH.get(name)
    return facts is not None and (facts.path_read is not None or facts.path_write is not None)


def is_handed_over(path: str) -> bool:
    """Tell whether the setting at a dotted path can be handed over, and need not be made anew in each task."""
    return state.is_handed_over(path)


def module_state(path: str) -> str | None:
    """Return the name of the state that an assignment to, or a mutation of, this dotted path changes.

    `<config>` is configuration that each task replays; the others are versions of state that readers depend on.

    >>> module_state("matplotlib.pyplot.rcParams"), module_state("numpy.random.seed")
    ('<config>', '<numpy.random>')
    """
    return state.state_of(path)


@cache
def _of_any_kind(name: str) -> MethodFacts | None:
    if name in _MEANT:
        return _MEANT[name]
    for kinds in (_COMMON, _RARE):
        found = [table[name] for table in kinds.values() if name in table]
        if found:
            return reduce(_more_cautious, found)
    return _by_prefix(name)


def _by_prefix(name: str) -> MethodFacts | None:
    """Answer for whole families: setters, adders and updaters change their receiver; the first two keep something."""
    if name.startswith(("set_", "add_")):
        return _KEEPS
    if name.startswith(("update_", "partial_fit", "fit_")):
        return MUTATES_SHARES
    return None


def _more_cautious(one: MethodFacts, other: MethodFacts) -> MethodFacts:
    """Return facts that hold for a receiver which may be of either kind."""
    mutates = one.mutates_receiver or other.mutates_receiver
    returns = max(one.returns, other.returns, key=_CAUTION.__getitem__)
    if "receiver" in (one.returns, other.returns) and one.returns != other.returns:
        returns = "shares"
    return MethodFacts(
        mutates_receiver=mutates,
        mutates_args=_union(one.mutates_args, other.mutates_args),
        returns=returns,
        inplace_keyword=not mutates and (one.inplace_keyword or other.inplace_keyword),
        kind=one.kind if one.kind == other.kind else "",
        path_read=one.path_read if one.path_read is not None else other.path_read,
        path_write=one.path_write if one.path_write is not None else other.path_write,
        touches_only_receiver=_touches_only(one) and _touches_only(other),
        stores_args=one.stores_args or other.stores_args,
        reads=tuple(sorted({*one.reads, *other.reads})),
        writes=tuple(sorted({*one.writes, *other.writes})),
        deterministic=one.deterministic and other.deterministic,
        seeded_by=_union(one.seeded_by, other.seeded_by),
        calls=_union(one.calls, other.calls),
        shallow=_stays_shallow(one) and _stays_shallow(other) and returns == "shares",
    )


def _touches_only(facts: MethodFacts) -> bool:
    return facts.touches_only_receiver or not (facts.mutates_receiver or facts.mutates_args)


def _stays_shallow(facts: MethodFacts) -> bool:
    return facts.returns != "shares" or facts.shallow


def _union(one: tuple[int | str, ...], other: tuple[int | str, ...]) -> tuple[int | str, ...]:
    return tuple(dict.fromkeys((*one, *other)))
