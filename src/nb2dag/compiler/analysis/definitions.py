"""Recognise a definition again after an edit that says nothing new: a comment, a docstring, another number."""

from __future__ import annotations

import ast

from nb2dag.compiler.analysis.values import Definition
from nb2dag.compiler.memo import Memo
from nb2dag.model.code import escape_of

_MOST = 20_000
_MOST_ALIKE = 4


class Definitions:
    """Keeps the definitions that were seen, so that one that says the same stays the same object."""

    def __init__(self) -> None:
        self._seen: Memo[tuple[str, int], list[Definition]] = Memo(_MOST)

    def same(self, definition: Definition) -> Definition:
        """Return the definition, or one of its name and position that was seen before and says the same."""
        seen = self._seen.get((definition.name, definition.position), list)
        alike = [other for other in seen if _same_around(other, definition)]
        for other in alike:
            if other.node is definition.node:
                return other
        mine = shape(definition.node) if alike else None
        for other in alike:
            if shape(other.node) == mine:
                return other
        seen.insert(0, definition)
        del seen[_MOST_ALIKE:]
        return definition


def _same_around(one: Definition, other: Definition) -> bool:
    return one.own_cache == other.own_cache and one.called_by_default == other.called_by_default


def shape(node: object) -> object:
    r"""Return all that the analysis looks at in a tree: neither where it stands, nor docstrings, nor which numbers.

    >>> one, two = (ast.parse(text) for text in ("def f(x): return x + 2", "def f(x):  # more\n  return x + 3"))
    >>> shape(one) == shape(two), shape(ast.parse("f(0)")) == shape(ast.parse("f(False)"))
    (True, False)
    """
    if isinstance(node, ast.Constant):
        value = node.value
        is_number = isinstance(value, (int, float, complex)) and not isinstance(value, bool)
        return (type(value), None if is_number else value)
    if isinstance(node, ast.AST):
        escape = escape_of(node)
        if escape is not None:
            # Its number says nothing; one that reads other names has another text.
            return (escape.kind, escape.name, escape.text, escape.body, len(escape.reads), escape.script)
        return (type(node), *(shape(getattr(node, name, None)) for name in node._fields))
    if isinstance(node, list):
        return tuple(shape(item) for item in node if not _is_text(item))
    return node


def _is_text(node: object) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
