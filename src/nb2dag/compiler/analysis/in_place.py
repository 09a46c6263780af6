"""Tell which calls share or change what they are given because an argument says so: `copy=False`, `defaults=[[]]`.

What it says of the result, for later calls, is kept as a mark (see `marks`).
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.knowledge.facts import CallFacts
from nb2dag.compiler.analysis.marks import IN_PLACE, mark_of_view
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import NONE, Names, Value

_COPY = ("copy", "copy_X", "copy_x")
_TRANSFORMS = {"transform", "fit_transform", "inverse_transform"}
_TRANSFORMERS = {
    "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "Normalizer", "Binarizer", "PowerTransformer",
    "QuantileTransformer", "SimpleImputer",
}  # fmt: skip
"""Those that work in place if they are told to, by `**options` perhaps."""

_FUNCTIONS = {f"sklearn.preprocessing.{name}scale" for name in ("", "maxabs_", "minmax_", "robust_")} | {
    f"sklearn.preprocessing.{name}" for name in ("binarize", "normalize", "power_transform", "quantile_transform")
}
"""Functions that do, too."""

_FAMILIES = ("sklearn.", "imblearn.")
_VIEWS = {f"numpy.{name}" for name in ("frombuffer", "asarray", "asanyarray", "ascontiguousarray", "ndarray")}


def mark_of_result(path: str, arguments: Arguments) -> Names:
    """Return the mark of what a function or class gives, if it has one."""
    name = path.rpartition(".")[2]
    hidden = arguments.open and name in _TRANSFORMERS
    if path.startswith(_FAMILIES) and name[:1].isupper() and (hidden or _keeps_no_copy(arguments)):
        return frozenset({IN_PLACE})
    return mark_of_view(arguments.all()) if path in _VIEWS else NONE


def record_function(
    evaluator: CallingEvaluator, path: str, facts: CallFacts, arguments: Arguments, node: ast.AST
) -> None:
    """Record that a function changes its arguments where they say so, or where one of them is marked."""
    if facts.kind == "estimator":
        # It only puts estimators together.
        return
    changes = path == "numpy.nan_to_num" or path.startswith(_FAMILIES)
    hidden = arguments.open and path in _FUNCTIONS
    if hidden or (changes and _keeps_no_copy(arguments)) or _overwrites(arguments):
        _change(evaluator, arguments.all(), node)
    else:
        change_if_marked(evaluator, arguments.all(), arguments.all(), node)


def record_method(evaluator: CallingEvaluator, owner: Value, name: str, arguments: Arguments, node: ast.AST) -> None:
    """Record that a method changes its arguments where its object is marked or they say so; `set_params` may mark."""
    if name == "set_params" and _keeps_no_copy(arguments):
        evaluator.effects.hold(owner, Value(draws=frozenset({IN_PLACE})))
    elif name in _TRANSFORMS and _keeps_no_copy(arguments):
        _change(evaluator, arguments.all(), node)
    elif not name.startswith(("get_", "set_")):
        change_if_marked(evaluator, [owner], arguments.all(), node)


def change_if_marked(
    evaluator: CallingEvaluator, values: Sequence[Value], given: Sequence[Value], node: ast.AST
) -> None:
    """Record that what is given to something changes where that is marked; a function leaves it to its callers."""
    if any(IN_PLACE in value.draws for value in values):
        _change(evaluator, given, node)
    elif evaluator.function and given:
        evaluator.effects.ask(change_if_marked, values, given)


def _change(evaluator: CallingEvaluator, given: Sequence[Value], node: ast.AST) -> None:
    for value in given:
        evaluator.effects.mutate(value, node)


def _keeps_no_copy(arguments: Arguments) -> bool:
    """Tell whether the data may be worked on in place: `copy` is given, and is not plainly True."""
    found = (arguments.nodes[place] for place in arguments.nodes if str(place).rpartition("__")[2] in _COPY)
    return any(not (isinstance(node, ast.Constant) and node.value is True) for node in found)


def _overwrites(arguments: Arguments) -> bool:
    """Tell whether scipy or numpy may use an argument as scratch memory: `overwrite_a=True`, `overwrite_input=True`."""
    found = (arguments.nodes[place] for place in arguments.nodes if str(place).startswith("overwrite_"))
    return any(not (isinstance(node, ast.Constant) and node.value is False) for node in found)
