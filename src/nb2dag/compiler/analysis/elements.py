"""Follow lists, dicts and sets that are elements of frames, in the few notebooks that change one.

What is made of a frame, and what is taken out of it, shares its elements. Numbers and texts cannot change, so that the
evaluation forgets who shares them, and only marks what may be an element. Where such a thing is changed, it does not
forget: `ELEMENTS_CHANGE` tells it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from nb2dag.compiler.analysis import knowledge
from nb2dag.compiler.analysis.effects import Depth
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import ELEMENT, ELEMENTS, FRAMES, HOLDS_FRAMES, Value, held, is_parameter
from nb2dag.model.code import nodes_of

ELEMENTS_CHANGE = "<elements change>"
"""Stands for something where elements of frames change."""

_SET_OF_FRAMES = {"columns", "index", "name", "names", "values", "flags", "attrs", "freq"}
"""Attributes that are set of frames and of what belongs to them."""

_CONTAINERS = {"list", "dict", "set", "defaultdict", "deque", "Counter", "OrderedDict"}
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


def changes_containers(name: str) -> bool:
    """Tell whether lists, dicts or sets have a method of this name that changes them."""
    return knowledge.changes(name, ("list", "dict", "set"))


def alter_container(evaluator: CallingEvaluator, owner: Value, node: ast.expr, why: ast.AST) -> None:
    """Record that the container which `node` gives changes; it may be an element of a frame.

    One that an object of the notebook's makes for itself is an element only as far as the object is.
    """
    if is_own_container(evaluator, node):
        evaluator.effects.mutate(owner, why)
        evaluator.effects.note_altered(evaluator.first_argument())
    else:
        evaluator.effects.alter(owner, why)


def is_own_container(evaluator: CallingEvaluator, node: ast.expr) -> bool:
    """Tell whether it is `self.rows` in a method of a class that makes a list, dict or set for each object of it."""
    if evaluator.owner is None or not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
        return False
    is_self = evaluator.locals.get(node.value.id) is evaluator.first_argument()
    return is_self and node.attr in _own_containers(evaluator.owner.node)


@lru_cache(maxsize=1024)
def _own_containers(node: ast.AST) -> frozenset[str]:
    """Return the attributes that the methods of a class set to containers they make, and to nothing else."""
    nodes = nodes_of(node)
    made = [
        target
        for child in nodes
        if isinstance(child, (ast.Assign, ast.AnnAssign)) and _makes_container(child.value)
        for target in (child.targets if isinstance(child, ast.Assign) else [child.target])
        if isinstance(target, ast.Attribute)
    ]
    known = {*map(id, made), *(id(child.target) for child in nodes if isinstance(child, ast.AugAssign))}
    others = {
        child.attr
        for child in nodes
        if isinstance(child, ast.Attribute) and not isinstance(child.ctx, ast.Load) and id(child) not in known
    }
    shared = {child.id for child in nodes if isinstance(child, ast.Name) and not isinstance(child.ctx, ast.Load)}
    return frozenset(target.attr for target in made) - others - shared


def _makes_container(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id in _CONTAINERS
    return isinstance(value, (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp))


def alter_place(evaluator: CallingEvaluator, owner: Value, target: ast.Attribute | ast.Subscript) -> None:
    """Record that the object changes which `target` is a place of; it may be an element of a frame."""
    effects = evaluator.effects
    if isinstance(target, ast.Attribute):
        name = target.attr
        (effects.mutate if name in _SET_OF_FRAMES else effects.alter)(owner, target)
        if name in ("name", "names") and _is_index(target.value, owner):
            # Frames share their indexes, as they share the objects in them.
            effects.alter_inside(replace(owner, draws=owner.draws | {ELEMENT}), target, Depth.IN_FRAME)
        return
    alter_container(evaluator, owner, target.value, target)
    key = target.slice.value if isinstance(target.slice, ast.Constant) else None
    of_array = owner.kind == "array" and isinstance(target.value, ast.Subscript) and isinstance(key, str)
    in_frame = owner.kind in FRAMES or is_in_frame(owner)
    if of_array or (in_frame and _is_one_element(target.value)) or (is_in_frame(owner) and _is_deep(target.value)):
        # A dictionary in an array, or a record of one; a list or dictionary in a frame, whose copy nothing else is.
        effects.alter_inside(owner, target, Depth.IN_FRAME)


def is_in_frame(value: Value) -> bool:
    """Tell whether it may be in a frame that something holds, as far as that is known where a function is called."""
    return not value.kind and (HOLDS_FRAMES in value.draws or any(map(is_parameter, value.part)))


def _is_deep(node: ast.expr) -> bool:
    """Tell whether it is taken out of what was taken out: `frames[0]["tags"]`, of which only an element can change."""
    return isinstance(node, ast.Subscript) and isinstance(node.value, ast.Subscript)


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
