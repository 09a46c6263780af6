"""Find the attributes that a notebook gives its own objects, under names that libraries use as well.

`shape`, `name`, `parent` of a library's object are texts and numbers; an object of the notebook's may keep in them
another object that changes. `OWN_ATTRIBUTES` tells the evaluation which names the notebook uses so.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from nb2dag.compiler.analysis import knowledge
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.model.code import nodes_of

OWN_ATTRIBUTES = "<own attributes>"
"""Stands for the names, each between spaces."""

_ANY = "*"
"""Stands for every name: attributes are set by names that only the run knows."""

_BY_KEYWORD = {"SimpleNamespace", "Namespace", "Bunch", "Munch", "AttrDict"}
_BY_TEXT = {"namedtuple", "NamedTuple", "make_dataclass", "setattr", "__setattr__"}
_ACCESS = {"__getattr__", "__getattribute__", "__dict__"}


def is_own(evaluator: CallingEvaluator, name: str) -> bool:
    """Tell whether the notebook gives objects of its own an attribute of this name."""
    names = evaluator.resolver.resolve(OWN_ATTRIBUTES).constant or ""
    return f" {name} " in names or f" {_ANY} " in names


def own_attributes(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the names of attributes that code sets or declares, of those that libraries use as well.

    >>> sorted(own_attributes(ast.walk(ast.parse("class A: size: int = 0; parent = None"))))
    ['parent', 'size']
    """
    return {name for node in nodes for name in _set_by(node) if name == _ANY or _is_known(name)}


def _set_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute):
        if not isinstance(node.ctx, ast.Load):
            yield node.attr
        elif node.attr in _ACCESS:
            yield _ANY
    elif isinstance(node, ast.ClassDef):
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef):
                # A method, which is a part of its object.
                yield statement.name
            targets = [statement.target] if isinstance(statement, ast.AnnAssign) else getattr(statement, "targets", [])
            yield from (each.id for target in targets for each in nodes_of(target) if isinstance(each, ast.Name))
    elif isinstance(node, ast.FunctionDef):
        if node.name in _ACCESS:
            yield _ANY
    elif isinstance(node, ast.Call):
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if called in _BY_KEYWORD:
            yield from (keyword.arg or _ANY for keyword in node.keywords)
        elif called in _BY_TEXT:
            texts = [each.value for each in nodes_of(node) if isinstance(each, ast.Constant)]
            found = [name for text in texts if isinstance(text, str) for name in text.replace(",", " ").split()]
            yield from found or [_ANY]


def _is_known(name: str) -> bool:
    return knowledge.attribute(name) != "shares"
