"""Follow `from __future__ import annotations`: from there on, annotations are texts that somebody may evaluate later.

IPython keeps it for all cells below. A name in an annotation is then one that a handoff has to bring if it is there
(`get_type_hints`, pydantic), and that may as well be missing, or bound further down.
"""

from __future__ import annotations

import ast
import builtins

from nb2dag.compiler.analysis.scopes import signature_annotations
from nb2dag.compiler.analysis.spelled_out import mark_optional
from nb2dag.model.code import copied, nodes_of

_Annotated = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def makes_lazy(node: ast.stmt) -> bool:
    """Tell whether a statement is `from __future__ import annotations`."""
    return (
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
    )


def with_lazy_annotations(node: ast.stmt) -> ast.stmt:
    """Return a statement in which the names of annotations may be missing; itself where it has none.

    They are read where they stand, if they are there, and by whoever uses the definition. A class that its own
    annotations name is not there yet.
    """
    if not any(map(_annotations, nodes_of(node))):
        return node
    lazy = copied(node)
    for part in nodes_of(lazy):
        if isinstance(part, _Definition):
            inner = [annotation for child in nodes_of(part) for annotation in _annotations(child)]
            _leave_out(part.name, inner)
    for part in nodes_of(lazy):
        annotations = _annotations(part)
        for annotation in annotations:
            mark_optional(annotation)
        if isinstance(part, _Annotated) and (names := _names(annotations)):
            part.body.insert(0, _reading(names, part))
        elif isinstance(part, ast.ClassDef):
            own = [annotation for child in part.body for annotation in _annotations(child) if not _is_function(child)]
            if names := _names(own):
                part.body.append(_annotate(names, part))
    return lazy


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, _Annotated)


def _annotations(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.AnnAssign):
        return [node.annotation]
    return signature_annotations(node) if isinstance(node, _Annotated) else []


def _leave_out(name: str, annotations: list[ast.expr]) -> None:
    for child in (child for annotation in annotations for child in nodes_of(annotation)):
        if isinstance(child, ast.Name) and child.id == name:
            child.id = "object"


def _names(annotations: list[ast.expr]) -> list[str]:
    found = (child.id for annotation in annotations for child in nodes_of(annotation) if isinstance(child, ast.Name))
    return [name for name in dict.fromkeys(found) if not hasattr(builtins, name)]


def _reading(names: list[str], place: ast.stmt) -> ast.stmt:
    """Return a statement that only reads names, at a place in the text."""
    reading = ast.Expr(ast.Tuple([ast.Name(name, ast.Load()) for name in names], ast.Load()))
    mark_optional(reading)
    for node in nodes_of(reading):
        ast.copy_location(node, place)
    return reading


def _annotate(names: list[str], place: ast.stmt) -> ast.stmt:
    """Return a method that reads names, called as the one that Python 3.14 makes of the annotations of a class."""
    method = ast.parse("def __annotate__(): pass").body[0]
    assert isinstance(method, ast.FunctionDef)
    method.body = [_reading(names, place)]
    return ast.copy_location(method, place)
