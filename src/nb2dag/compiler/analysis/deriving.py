"""Tell what a class statement may be made of as it was before tasks changed it: bases, and what registers the class."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from nb2dag.compiler.analysis.decorators import gives_back
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.free_names import free_names
from nb2dag.compiler.analysis.statements import Statement
from nb2dag.compiler.analysis.uses import only_derives
from nb2dag.compiler.analysis.values import Definition

_REGISTERS = "__init_subclass__"


def parts_as_they_were(flow: Flow, statement: Statement) -> frozenset[str]:
    """Return the names of which a class statement may be made in an older state than it found them in.

    These are the notebook's classes that it is derived from, and what registers it, a decorator or
    `__init_subclass__`, with all that this uses. Either runs no code of these that the class could remember, so that a
    task may make the class before it gets what they keep.
    """
    node = statement.node
    if not isinstance(node, ast.ClassDef) or not _is_plain(node):
        return frozenset()
    found = {base.id for base in node.bases if isinstance(base, ast.Name)}
    family = [*_family(flow, node, statement.position)]
    registrars = [*_registrars(flow, node, statement.position)]
    if any(each is None or not gives_back(each) for each in registrars):
        return frozenset()
    if any(_has_metaclass(part) or not _registers_only(part) for part, _ in family):
        return frozenset()
    replaced = [each for part, position in family for each in _registrars(flow, part, position)]
    if any(each is None or not gives_back(each) for each in replaced):
        # The base may be something else than its statement says.
        return frozenset()
    classes = [part for part, _ in family]
    found |= {part.name for part in classes}
    found |= {name for part in classes for name in free_names(part)} if any(map(_registrar, classes)) else set()
    for each in registrars:
        if each is not None:
            found |= {each.name, *free_names(each.node)}
    if registrars or any(map(_registrar, classes)):
        # What is registered there already.
        found |= {name for name in statement.use.names if _is_class(flow, name, statement.position)}
    read = {child.id for part in _made_at_once(node) for child in ast.walk(part) if isinstance(child, ast.Name)}
    return frozenset(found - read)


def as_it_was(flow: Flow, name: str, position: int, replayable: dict[int, bool]) -> int | None:
    """Return the position of the last version of a name before `position` that may be replayed, with all before it."""
    versions: list[int] = []
    version = flow.timeline.version(name, position)
    while version is not None:
        versions.append(version)
        version = flow.timeline.version(name, version)
    found: int | None = None
    for version in reversed(versions):
        if not replayable[flow.statements.standing(version).position]:
            break
        found = version
    return found


@lru_cache(maxsize=1024)
def _is_plain(node: ast.ClassDef) -> bool:
    """Tell whether making a class calls nothing but its decorators, with constants, and what its bases have for it."""
    given = [
        part for each in node.decorator_list if isinstance(each, ast.Call) for part in [*each.args, *each.keywords]
    ]
    values = [part.value if isinstance(part, ast.keyword) else part for part in [*given, *node.keywords]]
    return only_derives(node, registered=True) and all(isinstance(value, ast.Constant) for value in values)


def _made_at_once(node: ast.ClassDef) -> Iterator[ast.AST]:
    for part in node.body:
        yield part.args if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) else part


def _definition(flow: Flow, node: ast.expr, position: int) -> Definition | None:
    snapshot = flow.timeline.before(node.id, position) if isinstance(node, ast.Name) else None
    return None if snapshot is None else snapshot.definition


def _is_class(flow: Flow, name: str, position: int) -> bool:
    snapshot = flow.timeline.before(name, position)
    return snapshot is not None and snapshot.definition is not None and snapshot.definition.is_class


def _family(flow: Flow, node: ast.ClassDef, position: int) -> Iterator[tuple[ast.ClassDef, int]]:
    """Yield the notebook's classes that a class is derived from, each with the position of its statement."""
    for base in node.bases:
        definition = _definition(flow, base, position)
        if definition is not None and isinstance(definition.node, ast.ClassDef):
            yield definition.node, definition.position
            yield from _family(flow, definition.node, definition.position)


def _registrars(flow: Flow, node: ast.ClassDef, position: int) -> Iterator[Definition | None]:
    """Yield what decorates a class, None for what is not the notebook's own."""
    for part in node.decorator_list:
        yield _definition(flow, part.func if isinstance(part, ast.Call) else part, position)


def _has_metaclass(node: ast.ClassDef) -> bool:
    return any(keyword.arg == "metaclass" for keyword in node.keywords)


def _registrar(node: ast.ClassDef) -> ast.FunctionDef | None:
    found = (part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == _REGISTERS)
    return next(found, None)


def _registers_only(node: ast.ClassDef) -> bool:
    """Tell whether what runs when a class is derived sets nothing on it but constants and what it is given."""
    method = _registrar(node)
    if method is None:
        return True
    given = [argument.arg for argument in [*method.args.posonlyargs, *method.args.args, *method.args.kwonlyargs]]
    for child in ast.walk(method):
        targets = child.targets if isinstance(child, ast.Assign) else []
        targets = [child.target] if isinstance(child, ast.AugAssign | ast.AnnAssign) else targets
        if not any(isinstance(part, ast.Attribute) and _is_name(part.value, given[:1]) for part in targets):
            continue
        if not isinstance(child, ast.Assign) or not (
            isinstance(child.value, ast.Constant) or _is_name(child.value, given[1:])
        ):
            return False
    calls = (child.func for child in ast.walk(method) if isinstance(child, ast.Call))
    return not any(isinstance(called, ast.Name) and called.id in ("setattr", "next") for called in calls)


def _is_name(node: ast.expr | None, names: list[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names
