"""Tell which calls share or change what they are given because an argument says so: `copy=False`, `defaults=[[]]`.

What is known of an object for later calls is a mark among what it draws from (`Value.draws`): it stays with whatever
the object is put into, a pipeline for one.
"""

from __future__ import annotations

import ast

from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.effects import Effects
from nb2dag.compiler.analysis.knowledge.facts import CallFacts
from nb2dag.compiler.analysis.values import NONE, Names, Value

IN_PLACE = "<in place>"
"""Marks an estimator that changes the data which its methods are given: `StandardScaler(copy=False)`."""

LOOKS_INTO = "<memory of another>"
"""Marks an array in the memory of an object that is no array: `np.frombuffer(bytearray(8))`."""

OWN_DEFAULTS = "<own defaults>"
"""Marks a class that a call made with defaults that can change: `namedtuple("P", "xs", defaults=[[]])`."""

_COPY = ("copy", "copy_X", "copy_x")
_TRANSFORMS = {"transform", "fit_transform", "inverse_transform"}
_TRANSFORMERS = {
    "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "Normalizer", "Binarizer", "PowerTransformer",
    "QuantileTransformer", "SimpleImputer",
}  # fmt: skip
"""Those that work in place if they are told to, by `**options` perhaps."""

_FAMILIES = ("sklearn.", "imblearn.")
_VIEWS = {f"numpy.{name}" for name in ("frombuffer", "asarray", "asanyarray", "ascontiguousarray", "ndarray")}
_MEMORY = {"memory", "window"}


def mark_of_result(path: str, arguments: Arguments) -> Names:
    """Return the mark of what a function or class gives, if it has one."""
    name = path.rpartition(".")[2]
    hidden = arguments.open and name in _TRANSFORMERS
    if path.startswith(_FAMILIES) and name[:1].isupper() and (hidden or _keeps_no_copy(arguments)):
        return frozenset({IN_PLACE})
    if path in _VIEWS and any(value.kind in _MEMORY for value in arguments.all()):
        return frozenset({LOOKS_INTO})
    return NONE


def record_function(effects: Effects, path: str, facts: CallFacts, arguments: Arguments, node: ast.AST) -> None:
    """Record that a function changes its arguments where they say so, or where one of them is marked."""
    if facts.kind == "estimator":
        # It only puts estimators together.
        return
    changes = path == "numpy.nan_to_num" or path.startswith(_FAMILIES)
    told = (changes and _keeps_no_copy(arguments)) or _overwrites(arguments)
    if told or any(IN_PLACE in value.draws for value in arguments.all()):
        _change(effects, arguments, node)


def record_method(effects: Effects, owner: Value, name: str, arguments: Arguments, node: ast.AST) -> None:
    """Record that a method changes its arguments where its object is marked or they say so; `set_params` may mark."""
    if name == "set_params" and _keeps_no_copy(arguments):
        effects.hold(owner, Value(draws=frozenset({IN_PLACE})))
    elif (IN_PLACE in owner.draws and not name.startswith(("get_", "set_"))) or (
        name in _TRANSFORMS and _keeps_no_copy(arguments)
    ):
        _change(effects, arguments, node)


def _change(effects: Effects, arguments: Arguments, node: ast.AST) -> None:
    for value in arguments.all():
        effects.mutate(value, node)


def _keeps_no_copy(arguments: Arguments) -> bool:
    """Tell whether the data may be worked on in place: `copy` is given, and is not plainly True."""
    found = (arguments.nodes[place] for place in arguments.nodes if str(place).rpartition("__")[2] in _COPY)
    return any(not (isinstance(node, ast.Constant) and node.value is True) for node in found)


def _overwrites(arguments: Arguments) -> bool:
    """Tell whether scipy or numpy may use an argument as scratch memory: `overwrite_a=True`, `overwrite_input=True`."""
    found = (arguments.nodes[place] for place in arguments.nodes if str(place).startswith("overwrite_"))
    return any(not (isinstance(node, ast.Constant) and node.value is False) for node in found)
