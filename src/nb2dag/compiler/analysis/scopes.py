"""Say which names a function, class or comprehension has for itself: the part of scoping that no flow decides."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class ScopeKind(Enum):
    """Whose body is walked: names are found in another way in each."""

    MODULE = "module"
    CLASS = "class"
    FUNCTION = "function"


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope: `local` are the names bound in it, `outer` those it declares `global`."""

    kind: ScopeKind
    local: frozenset[str] = frozenset()
    outer: frozenset[str] = frozenset()


MODULE = Scope(ScopeKind.MODULE)
CLASS_NAMES = frozenset({"__module__", "__qualname__"})
"""Names that every class body finds bound."""


def function_scope(node: FunctionNode) -> Scope:
    """Return the scope of a function's or lambda's body."""
    outer = frozenset() if isinstance(node, ast.Lambda) else _declared(node.body, ast.Global)
    return Scope(ScopeKind.FUNCTION, frozenset(local_names(node)), outer)


def class_scope(node: ast.ClassDef) -> Scope:
    """Return the scope of a class body; its methods do not see it."""
    outer = _declared(node.body, ast.Global)
    bound = frozenset(_bound(node.body)) - outer - _declared(node.body, ast.Nonlocal)
    return Scope(ScopeKind.CLASS, bound | CLASS_NAMES, outer)


def local_names(node: FunctionNode) -> set[str]:
    r"""Return the names local to a function: parameters and everything it binds, `global` names left out.

    >>> sorted(local_names(ast.parse("def f(a):\n    b: int\n    [c for d in a if (e := d)]").body[0]))
    ['a', 'b', 'e']
    """
    names = {argument.arg for argument in all_arguments(node.args)}
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    return (names | _bound(body)) - _declared(body, ast.Global) - _declared(body, ast.Nonlocal)


def all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    """Return every parameter in signature order, `*args` and `**kwargs` last."""
    extra = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *extra]


def defaults(arguments: ast.arguments) -> list[ast.expr]:
    """Return the default values of a signature, evaluated where the function is defined."""
    return [default for default in [*arguments.defaults, *arguments.kw_defaults] if default is not None]


def signature_annotations(node: FunctionNode) -> list[ast.expr]:
    """Return the annotations of a signature, the returned type last."""
    found = [argument.annotation for argument in all_arguments(node.args) if argument.annotation is not None]
    returned = None if isinstance(node, ast.Lambda) else node.returns
    return found if returned is None else [*found, returned]


def type_parameters(node: ast.AST) -> frozenset[str]:
    """Return the names of `def f[T]`, `class C[T]` and `type X[T]`; none before Python 3.12."""
    return frozenset(parameter.name for parameter in getattr(node, "type_params", ()))


def lazy_parts(node: ast.AST) -> list[ast.expr]:
    """Return the bounds and defaults of type parameters, which are evaluated when somebody asks for them."""
    parts = [
        getattr(parameter, name, None)
        for parameter in getattr(node, "type_params", ())
        for name in ("bound", "default_value")
    ]
    return [part for part in parts if part is not None]


def target_names(node: ast.expr) -> set[str]:
    """Return the names that an assignment target binds."""
    return {child.id for child in ast.walk(node) if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store)}


def _declared(body: Iterable[ast.AST], kind: type[ast.Global] | type[ast.Nonlocal]) -> frozenset[str]:
    return frozenset(name for node in _own_nodes(body) if isinstance(node, kind) for name in node.names)


def _bound(body: Iterable[ast.AST]) -> set[str]:
    return {name for node in _own_nodes(body) for name in _names_bound(node)}


def _names_bound(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name):
        return [] if isinstance(node.ctx, ast.Load) else [node.id]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, _DEFINITIONS):
        return [node.name]
    if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        return [node.name] if node.name else []
    return [node.rest] if isinstance(node, ast.MatchMapping) and node.rest else []


def _own_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes that stand in the scope of `body` itself, with what nested definitions evaluate at once."""
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            waiting += [*node.decorator_list, *defaults(node.args), *signature_annotations(node)]
        elif isinstance(node, ast.ClassDef):
            waiting += [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]
        elif isinstance(node, ast.Lambda):
            waiting += defaults(node.args)
        elif isinstance(node, COMPREHENSIONS):
            waiting += _walrus_targets(node)
        else:
            waiting += ast.iter_child_nodes(node)


def _walrus_targets(node: ast.AST) -> list[ast.AST]:
    """Return the names that a comprehension binds around itself."""
    found: list[ast.AST] = []
    waiting = [node]
    while waiting:
        child = waiting.pop()
        if isinstance(child, ast.NamedExpr):
            found.append(child.target)
        if isinstance(child, ast.Lambda):
            waiting += defaults(child.args)
        else:
            waiting += ast.iter_child_nodes(child)
    return found


@dataclass(slots=True)
class Paths:
    """What the paths that arrive at a point have bound: `must` on every one of them, `may` on some."""

    must: set[str] = field(default_factory=set)
    may: set[str] = field(default_factory=set)

    def copy(self) -> Paths:
        """Return a copy to go on with."""
        return Paths(set(self.must), set(self.may))


def join(left: Paths | None, right: Paths | None) -> Paths | None:
    """Return what is bound where two paths meet; one that does not arrive (None) says nothing."""
    if left is None or right is None:
        arriving = right if left is None else left
        return None if arriving is None else arriving.copy()
    return Paths(left.must & right.must, left.may | right.may)
