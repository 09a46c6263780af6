"""Find whether code changes lists, dicts or sets that are elements of a frame, as few notebooks do.

What is made of a frame, and what is taken out of it, shares its elements. Numbers and texts cannot change, so that it
matters to these few notebooks only, of which `ELEMENTS` tells the evaluation.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from nb2dag.compiler.analysis.resolver import CallingEvaluator

ELEMENTS = "<elements of frames>"
"""Stands for something where elements of frames change."""

_CHANGE = {
    "append", "extend", "insert", "add", "update", "setdefault", "discard", "remove", "clear", "sort", "reverse",
    "appendleft", "popitem",
}  # fmt: skip
_PLACES = {"loc", "iloc", "at", "iat", "values"}
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


def elements_change(evaluator: CallingEvaluator) -> bool:
    """Tell whether the notebook changes elements of frames somewhere."""
    return evaluator.resolver.resolve(ELEMENTS).constant is not None


def changes_elements(nodes: Iterable[ast.AST]) -> bool:
    """Tell whether code changes what it took out of a place in a frame, or gets from a loop, a lambda's caller.

    >>> [changes_elements(ast.walk(ast.parse(code))) for code in ("df.at[0, 'x'].append(1)", "rows[key].append(1)")]
    [True, False]
    >>> [changes_elements(ast.walk(ast.parse(code))) for code in ("s.map(lambda v: v.sort())", "for v in s: v[0] = 1")]
    [True, True]
    """
    found = list(nodes)
    owners = [owner for node in found for owner in _changed(node)]
    if not owners:
        return False
    passed = {name for node in found for name in _passed(node)}
    rows = {
        name for node in found if isinstance(node, ast.For) and _gives_rows(node.iter) for name in _names(node.target)
    }
    return any(_is_element(owner, passed, rows) for owner in owners)


def _changed(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what a node changes: the receiver of a method, the owner of a place that is assigned to."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGE:
        yield node.func.value
    elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        yield node.value


def _passed(node: ast.AST) -> Iterable[str]:
    """Return the names that something gives to a loop or a lambda, one after the other."""
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return _names(node.target)
    if isinstance(node, _COMPREHENSIONS):
        return [name for generator in node.generators for name in _names(generator.target)]
    return [argument.arg for argument in node.args.args] if isinstance(node, ast.Lambda) else []


def _names(target: ast.expr) -> list[str]:
    return [each.id for each in ast.walk(target) if isinstance(each, ast.Name)]


def _gives_rows(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "itertuples"


def _is_element(owner: ast.expr, passed: set[str], rows: set[str]) -> bool:
    """Tell whether an expression may be an element: `df.at[0, "x"]`, `df["x"][0]`, `s[0]`, `row.x`, or `v` of a loop.

    `rows[key]` is one of a dictionary of lists, as a rule.
    """
    if isinstance(owner, ast.Subscript):
        inner = owner.value
        if isinstance(inner, ast.Name):
            return isinstance(owner.slice, ast.Constant) and isinstance(owner.slice.value, int)
        return isinstance(inner, ast.Subscript) or (isinstance(inner, ast.Attribute) and inner.attr in _PLACES)
    if isinstance(owner, ast.Attribute):
        return isinstance(owner.value, ast.Name) and owner.value.id in rows
    return isinstance(owner, ast.Name) and owner.id in passed
