"""Find what cannot be handed over inside a value: a lock in a list, a connection in an attribute of an instance."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from nb2dag.compiler.analysis import knowledge
from nb2dag.compiler.analysis.flow import BUILTIN_NAMES, Flow
from nb2dag.compiler.analysis.statements import Statement
from nb2dag.model.code import nodes_of

OWN_WAY = {
    "__getstate__",
    "__reduce__",
    "__reduce_ex__",
    "__getnewargs__",
    "__getnewargs_ex__",
    "__slots__",
    "__new__",
}
"""What a class defines to be pickled in a way of its own."""


def enclosed_kind(flow: Flow, made: Statement, name: str, kinds: Collection[str]) -> tuple[str, str] | None:
    """Return the way to, and the kind of, something among `kinds` that is plainly inside what a statement binds.

    Looked into are displays and comprehensions of containers, and the attributes that the `__init__` of a notebook
    class sets whatever it is given.
    """
    return next(_enclosed(flow, made, name, kinds), None)


def kept_kind(flow: Flow, made: Statement, name: str, kinds: Collection[str]) -> tuple[str, str] | None:
    """Return what `enclosed_kind` does as far as it is still there after the object changed.

    That is an attribute which only the `__init__` of its class sets.
    """
    return next((found for found in _enclosed(flow, made, name, kinds) if _stays(flow, found[0])), None)


def _enclosed(flow: Flow, made: Statement, name: str, kinds: Collection[str]) -> Iterator[tuple[str, str]]:
    value = _bound_to(made.node, name)
    if value is not None:
        for way, inner in _inside(flow, value, made.position):
            if (kind := _kind(flow, inner, made.position)) in kinds:
                yield f"{name}{way}", kind


def _stays(flow: Flow, way: str) -> bool:
    """Tell whether a way such as `store.lock` leads to an attribute that the notebook sets at one place only."""
    _, _, attribute = way.partition(".")
    return attribute.isidentifier() and stores_of(flow, attribute) == 1


def stores_of(flow: Flow, attribute: str) -> int:
    """Return at how many places the notebook sets an attribute of this name, or deletes it."""
    return sum(
        sets(node, attribute)
        for statement in flow.statements
        for node in nodes_of(flow.statements[statement.position].node)
    )


def is_emptied(flow: Flow, name: str) -> bool:
    """Tell whether the notebook takes anything out of what a name stands for, by this name."""
    nodes = (node for statement in flow.statements for node in nodes_of(statement.node))
    return any(_root(part) == name for node in nodes for part in _emptied(node))


def _emptied(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _EMPTYING:
        yield node.func.value
    elif isinstance(node, ast.Delete):
        yield from node.targets
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant | ast.List | ast.Dict):
        yield from (target for target in node.targets if isinstance(target, ast.Subscript))


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def sets(node: ast.AST, attribute: str) -> bool:
    """Tell whether a node sets or deletes an attribute of this name."""
    return isinstance(node, ast.Attribute) and node.attr == attribute and not isinstance(node.ctx, ast.Load)


def _bound_to(node: ast.AST, name: str) -> ast.expr | None:
    """Return what a plain assignment binds to a name, be it inside of a `with` block; None where there is none."""
    if isinstance(node, ast.With):
        return next((value for part in reversed(node.body) if (value := _bound_to(part, name)) is not None), None)
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and _is_name(node.targets[0], name):
        return node.value
    return None


_DEEPEST = 4
_EMPTYING = {"clear", "pop", "popitem", "popleft", "remove", "discard"}


def _inside(flow: Flow, node: ast.expr, position: int, depth: int = 0) -> Iterator[tuple[str, ast.expr]]:
    """Yield what is inside of a value, with the way to it, at any depth."""
    for step, member in _members(flow, node, position):
        yield step, member
        if depth < _DEEPEST:
            yield from ((f"{step}{way}", inner) for way, inner in _inside(flow, member, position, depth + 1))


def _members(flow: Flow, node: ast.expr, position: int) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        yield from ((f"[{number}]", item) for number, item in enumerate(node.elts))
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Call):
                yield ".keys()", key
            yield (f"[{key.value!r}]" if isinstance(key, ast.Constant) else "[...]"), value
    elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp)):
        element = node.value if isinstance(node, ast.DictComp) else node.elt
        # A name may be one of the comprehension's own.
        if isinstance(element, (ast.Call, ast.GeneratorExp)):
            yield "[...]", element
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        snapshot = flow.timeline.before(node.func.id, position)
        definition = snapshot.definition if snapshot is not None else None
        if definition is not None and isinstance(definition.node, ast.ClassDef) and not definition.node.decorator_list:
            yield from _attributes(definition.node)


def _attributes(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    """Yield the attributes that every instance gets in `__init__`, the last value of each."""
    defined = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
    defined |= {target.id for item in node.body if isinstance(item, ast.Assign) for target in _names(item.targets)}
    init = next((item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"), None)
    if init is None or defined & OWN_WAY or not init.args.args:
        return
    given = {argument.arg for argument in ast.walk(init.args) if isinstance(argument, ast.arg)}
    found: dict[str, ast.expr] = {}
    for statement in init.body:
        for target in statement.targets if isinstance(statement, ast.Assign) else ():
            if isinstance(target, ast.Attribute) and _is_name(target.value, init.args.args[0].arg):
                assert isinstance(statement, ast.Assign)
                found[target.attr] = statement.value
    for name, value in found.items():
        # What a call makes is of the same kind whatever it is given.
        decides = value.func if isinstance(value, ast.Call) else value
        if not any(isinstance(child, ast.Name) and child.id in given for child in ast.walk(decides)):
            yield f".{name}", value


def _names(targets: list[ast.expr]) -> Iterator[ast.Name]:
    return (target for target in targets if isinstance(target, ast.Name))


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _kind(flow: Flow, node: ast.expr, position: int) -> str:
    """Return the kind of a generator, of a name, or of what a known call makes; an empty string for the rest."""
    if isinstance(node, ast.GeneratorExp):
        return "generator"
    if isinstance(node, ast.Name):
        snapshot = flow.timeline.before(node.id, position)
        return snapshot.kind if snapshot is not None and not snapshot.module else ""
    if not isinstance(node, ast.Call):
        return ""
    facts = knowledge.module_call(_path(flow, node.func, position))
    if facts is not None:
        return facts.kind if not facts.opens or facts.kind == "pool" else "resource"
    made = knowledge.method_call(node.func.attr) if isinstance(node.func, ast.Attribute) else None
    return made.kind if made is not None else ""


def _path(flow: Flow, node: ast.expr, position: int) -> str:
    """Return the dotted path of a function of a module, with import aliases resolved."""
    if isinstance(node, ast.Attribute):
        owner = _path(flow, node.value, position)
        return f"{owner}.{node.attr}" if owner else ""
    if not isinstance(node, ast.Name):
        return ""
    snapshot = flow.timeline.before(node.id, position)
    if snapshot is None:
        return f"builtins.{node.id}" if node.id in BUILTIN_NAMES else ""
    return snapshot.module
