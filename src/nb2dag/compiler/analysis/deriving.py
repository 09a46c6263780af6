"""Tell which classes a class statement only derives from: whatever state they have by then is not needed to make it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.statements import Statement
from nb2dag.compiler.analysis.uses import only_derives, runs_when_derived
from nb2dag.compiler.analysis.values import Definition


def plain_bases(flow: Flow, statement: Statement) -> dict[str, Definition]:
    """Return the notebook's classes, by their names, that a class statement names as bases and for nothing else.

    Making the class runs no code of theirs, so that a task may make it before it gets what they keep.
    """
    node = statement.node
    if not isinstance(node, ast.ClassDef) or not only_derives(node):
        return {}
    read = {child.id for part in _made_at_once(node) for child in ast.walk(part) if isinstance(child, ast.Name)}
    found: dict[str, Definition] = {}
    for base in node.bases:
        definition = _class(flow, base, statement.position)
        if definition is not None and isinstance(base, ast.Name) and base.id not in read:
            found[base.id] = definition
    return found if all(_is_quiet(flow, definition) for definition in found.values()) else {}


def _made_at_once(node: ast.ClassDef) -> Iterator[ast.AST]:
    for part in node.body:
        yield part.args if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) else part


def _class(flow: Flow, base: ast.expr, position: int) -> Definition | None:
    snapshot = flow.timeline.before(base.id, position) if isinstance(base, ast.Name) else None
    definition = None if snapshot is None else snapshot.definition
    return definition if definition is not None and definition.is_class else None


def _is_quiet(flow: Flow, definition: Definition) -> bool:
    """Tell whether neither a class nor one that it is derived from does anything when another is derived from it."""
    if runs_when_derived(definition.node):
        return False
    bases = getattr(definition.node, "bases", ())
    found = (_class(flow, base, definition.position) for base in bases)
    return all(each is None or _is_quiet(flow, each) for each in found)
