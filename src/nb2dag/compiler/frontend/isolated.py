"""Find what code that runs in a function of its own (`%timeit`) reads and changes outside it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from nb2dag.model.code import index_of_escape

_OWN_SCOPE = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)
_SETTERS = {ast.Attribute: "__setattr__", ast.Subscript: "__setitem__"}


def outside_reads(statements: Iterable[ast.stmt]) -> tuple[tuple[ast.expr, ...], tuple[str, ...]]:
    """Return the expressions over outside names that the statements evaluate, and the outside names they bind.

    The statements' own names stand as `None` in the expressions. A change of an outside object by assignment
    becomes the call that Python makes of it. Outside names are bound by `global` only.

    >>> reads, binds = outside_reads(ast.parse("y = f(x); box[0] = y; total += 1").body)
    >>> [ast.unparse(read) for read in reads]
    ['f(x)', 'box.__setitem__(0, None)']
    """
    body = list(statements)
    outside = {name for node in _in_scope(body) if isinstance(node, ast.Global) for name in node.names}
    bound = {name for node in _in_scope(body) for name in _names_bound(node)}
    collector = _Collector(frozenset(bound - outside))
    collector.visit_all(body)
    return tuple(collector.found), tuple(sorted(bound & outside))


class _Collector(ast.NodeVisitor):
    """Collect the outermost expressions of statements, the own names taken out."""

    def __init__(self, own: frozenset[str]) -> None:
        self.own = own
        self.found: list[ast.expr] = []

    def visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self._collect_scope(node)
            return
        if not isinstance(node, ast.expr):
            self.generic_visit(node)
            return
        context = getattr(node, "ctx", None)
        if isinstance(context, (ast.Store, ast.Del)):
            self._collect_change(node)
        else:
            self._add(node)

    def _collect_scope(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.visit_all(child for child in ast.iter_child_nodes(node) if child not in node.body)
        inner = {name for child in _in_scope(node.body) for name in _names_bound(child)}
        if not isinstance(node, ast.ClassDef):
            inner |= {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
        collector = _Collector(self.own | inner)
        collector.visit_all(node.body)
        self.found += collector.found

    def _collect_change(self, target: ast.expr) -> None:
        if isinstance(target, (ast.Attribute, ast.Subscript)):
            key = target.slice if isinstance(target, ast.Subscript) else ast.Constant(target.attr)
            setter = ast.Attribute(target.value, _SETTERS[type(target)], ast.Load())
            self._add(ast.Call(setter, [key, ast.Constant(None)], []))
        else:
            self.generic_visit(target)

    def _add(self, expression: ast.expr) -> None:
        stripped = _OwnNamesAway(self.own).visit(expression)
        if any(isinstance(node, ast.Name) for node in ast.walk(stripped)):
            self.found.append(stripped)


class _OwnNamesAway(ast.NodeTransformer):
    """Replace own names and escapes by None, and an assignment expression by its value."""

    def __init__(self, own: frozenset[str]) -> None:
        self.own = own

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(None) if node.id in self.own and isinstance(node.ctx, ast.Load) else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return ast.Constant(None) if index_of_escape(node) is not None else self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        visited: ast.AST = self.visit(node.value)
        return visited


def _in_scope(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes that bind their names in the scope of `nodes`: not those inside functions and comprehensions."""
    for node in nodes:
        yield node
        if not isinstance(node, _OWN_SCOPE):
            yield from _in_scope(ast.iter_child_nodes(node))


def _names_bound(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
        return [node.id]
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.alias):
        return [(node.asname or node.name).partition(".")[0]]
    if isinstance(node, ast.ExceptHandler) and node.name:
        return [node.name]
    return []
