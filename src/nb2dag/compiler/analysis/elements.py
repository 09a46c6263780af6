"""Follow lists, dicts and sets that are elements of frames, in the few notebooks that change one.

What is made of a frame, and what is taken out of it, shares its elements. Numbers and texts cannot change, so that the
evaluation forgets who shares them, and only marks what may be an element. Where such a thing is changed, it does not
forget: `ELEMENTS_CHANGE` tells it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace

from nb2dag.compiler.analysis import knowledge
from nb2dag.compiler.analysis.effects import Effects
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import ELEMENT, ELEMENTS, FRAMES, Value, held, is_parameter

ELEMENTS_CHANGE = "<elements change>"
"""Stands for something where elements of frames change."""

_SET_OF_FRAMES = {"columns", "index", "name", "names", "values", "flags", "attrs", "freq"}
"""Attributes that are set of frames and of what belongs to them."""

_PLACES = {"loc", "iloc", "at", "iat"}


def elements_change(evaluator: CallingEvaluator) -> bool:
    """Tell whether the notebook changes elements of frames somewhere."""
    return evaluator.resolver.resolve(ELEMENTS_CHANGE).constant is not None


def with_elements(result: Value, values: Iterable[Value], *, itself: bool = False) -> Value:
    """Return what is made of some values, and may hold the elements that these hold, or be one `itself`."""
    if result.kind in FRAMES or result.immutable:
        return result
    marks = {ELEMENT, ELEMENTS}
    given = [value for value in values if value.kind in FRAMES or not marks.isdisjoint(value.draws)]
    if given:
        itself = itself and not result.kind and any(value.kind != "frame" for value in given)
        return replace(result, draws=result.draws | marks if itself else held(result.draws) | {ELEMENTS})
    if any(not value.kind and any(map(is_parameter, value.reaches)) for value in values):
        return replace(result, draws=result.draws | {ELEMENTS})
    return result


def changes_elements(name: str) -> bool:
    """Tell whether what frames may hold has a method of this name that changes it: lists, dicts, sets, estimators.

    >>> changes_elements("append"), changes_elements("set_title")
    (True, False)
    """
    return knowledge.changes(name, ("list", "dict", "set", "estimator"))


def alter_place(effects: Effects, owner: Value, target: ast.Attribute | ast.Subscript) -> None:
    """Record that the object changes which `target` is a place of; it may be an element of a frame."""
    if isinstance(target, ast.Attribute):
        name = target.attr
        (effects.mutate if name in _SET_OF_FRAMES else effects.alter)(owner, target)
        if name in ("name", "names") and _is_index(target.value, owner):
            # Frames share their indexes, as they share the objects in them.
            effects.alter_inside(replace(owner, draws=owner.draws | {ELEMENT}), target)
        return
    effects.alter(owner, target)
    key = target.slice.value if isinstance(target.slice, ast.Constant) else None
    of_array = owner.kind == "array" and isinstance(target.value, ast.Subscript) and isinstance(key, str)
    if of_array or (owner.kind in FRAMES and _is_one_element(target.value)):
        # A dictionary in an array, or a record of one; a list or dictionary in a frame, whose copy nothing else is.
        effects.alter_inside(owner, target)


def _is_one_element(node: ast.expr) -> bool:
    """Tell whether it may be one element of a frame: `df.loc[row, "tags"]`."""
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr in _PLACES
        and isinstance(node.slice, ast.Tuple)
        and not any(isinstance(part, ast.Slice) for part in node.slice.elts)
    )


def _is_index(node: ast.expr, owner: Value) -> bool:
    return owner.kind == "index" or (isinstance(node, ast.Attribute) and node.attr in ("index", "columns"))
