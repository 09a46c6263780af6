"""Walk expressions in the interpreter's order of evaluation, and note which global names they read and bind."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nb2dag.compiler.analysis.private_names import spelled
from nb2dag.compiler.analysis.scopes import (
    MODULE,
    Paths,
    Scope,
    ScopeKind,
    defaults,
    function_scope,
    join,
    target_names,
)
from nb2dag.model.code import Escape, EscapeKind, escape_of

if TYPE_CHECKING:
    from typing_extensions import Self

Frame = tuple[frozenset[str], bool]
"""Names of a comprehension or of type parameters, and whether the class around is seen from inside."""

_METHOD_NAMES = Scope(ScopeKind.FUNCTION, frozenset({"__class__"}))


@dataclass(slots=True)
class Rules:
    """What a walk goes by, shared by the scopes of a cell.

    With `eager`, lambdas count as run where they stand. `lazy_annotations` are those of `from __future__`.
    """

    eager: bool = True
    lazy_annotations: bool = False


class ExpressionWalker:
    """Walks expressions of one scope; names that belong to no function around it are global.

    `reads` are global names read before the scope itself has certainly bound them, `stores` those it binds, each
    with the first node. `deferred` and `called_stores` are the same of the bodies of functions defined here.
    `paths` is None where no path arrives.
    """

    def __init__(self, rules: Rules, scope: Scope = MODULE, around: tuple[Scope, ...] = (), private: str = "") -> None:
        self.rules = rules
        self.scope = scope
        self.around = around
        self.private = private
        self.reads: dict[str, ast.AST] = {}
        self.stores: dict[str, ast.AST] = {}
        self.deferred: dict[str, ast.AST] = {}
        self.called_stores: dict[str, ast.AST] = {}
        self.nested: set[str] = set()
        self.deletes: set[str] = set()
        self.stars: list[str] = []
        self.late: list[tuple[str, ast.AST]] = []
        self.paths: Paths | None = Paths()
        self.bound_log: list[str] = []
        self.deleted_log: list[str] = []
        self.frames: list[Frame] = []

    # -- names ---------------------------------------------------------------------------------------------------

    def read(self, name: str, node: ast.AST) -> None:
        if any(name in names for names, _ in self.frames):
            return
        scope = self.scope
        if scope.kind is ScopeKind.CLASS and all(transparent for _, transparent in self.frames) and name in scope.local:
            # A class looks in itself, then at once among the globals.
            found = self.certain(name)
        elif name in scope.outer or scope.kind is ScopeKind.MODULE:
            found = False
        else:
            found = (scope.kind is ScopeKind.FUNCTION and name in scope.local) or self.found_around(name)
        if not found:
            self.read_global(name, node)

    def found_around(self, name: str) -> bool:
        for scope in reversed(self.around):
            if name in scope.outer:
                return False
            if name in scope.local:
                return True
        return False

    def read_global(self, name: str, node: ast.AST) -> None:
        name = self.spelled(name)
        own = self.scope.kind is ScopeKind.MODULE or name in self.scope.outer
        if not (own and self.certain(name)):
            self.note(self.reads, name, node)

    def note(self, names: dict[str, ast.AST], name: str, node: ast.AST) -> None:
        """Keep a name's first node: the first to be evaluated, or the first in the text where a cell is read."""
        known = names.get(name)
        if known is None or (not self.rules.eager and place_of(node) < place_of(known)):
            names[name] = node

    def certain(self, name: str) -> bool:
        """Tell whether the scope has bound the name on every path; code that is never reached is believed."""
        return name in self.bound_log if self.paths is None else name in self.paths.must

    def bind(self, name: str, node: ast.AST) -> None:
        kind = self.scope.kind
        name = self.spelled(name)
        if kind is ScopeKind.MODULE or name in self.scope.outer:
            self.note(self.stores, name, node)
        elif kind is ScopeKind.FUNCTION:
            return
        self.bound_log.append(name)
        if self.paths is not None:
            self.paths.must.add(name)
            self.paths.may.add(name)

    def unbind(self, name: str) -> None:
        name = self.spelled(name)
        self.deleted_log.append(name)
        if self.paths is not None:
            self.paths.must.discard(name)
            self.paths.may.discard(name)

    def delete(self, name: str, node: ast.AST) -> None:
        self.read(name, node)
        self.end(name)

    def end(self, name: str) -> None:
        """Take a name away, as `del` does and the end of an `except ... as`."""
        if self.scope.kind is ScopeKind.MODULE or name in self.scope.outer:
            self.deletes.add(self.spelled(name))
        self.unbind(name)

    def spelled(self, name: str) -> str:
        """Return a name as Python stores it: `__x` inside a class `C` is `_C__x`."""
        return spelled(name, self.private) if self.private else name

    def inner_scopes(self) -> tuple[Scope, ...]:
        """Return the scopes that a function defined here sees: not those of classes."""
        frames = tuple(Scope(ScopeKind.FUNCTION, names) for names, _ in self.frames)
        own = (self.scope,) if self.scope.kind is ScopeKind.FUNCTION else ()
        return (*self.around, *own, *frames)

    # -- expressions ---------------------------------------------------------------------------------------------

    def children(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.expression(child)
            elif not isinstance(child, (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)):
                self.children(child)

    def expressions(self, nodes: Iterable[ast.expr]) -> None:
        for node in nodes:
            self.expression(node)

    def expression(self, node: ast.expr) -> None:
        if isinstance(node, ast.Name):
            self.read(node.id, node)
        elif isinstance(node, ast.Constant):
            pass
        elif isinstance(node, ast.Lambda):
            self.lambda_(node)
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
            self.comprehension(node.generators, [node.elt])
        elif isinstance(node, ast.DictComp):
            self.comprehension(node.generators, [node.key, node.value])
        elif isinstance(node, ast.NamedExpr):
            self.expression(node.value)
            self.bind(node.target.id, node.target)
        elif isinstance(node, ast.BoolOp) or (isinstance(node, ast.Compare) and len(node.ops) > 1):
            self.paths = join(*self.test(node))
        elif isinstance(node, ast.IfExp):
            self.if_expression(node)
        elif isinstance(node, ast.Call) and (escape := escape_of(node)) is not None:
            self.escape(node, escape)
        else:
            self.children(node)

    def lambda_(self, node: ast.Lambda) -> None:
        self.expressions(defaults(node.args))
        child = self.child(function_scope(node))
        child.expression(node.body)
        self.defer(child, inline=self.rules.eager)

    def child(self, scope: Scope, private: str = "") -> Self:
        """Return a walker of a scope defined here."""
        around = self.inner_scopes()
        if self.scope.kind is ScopeKind.CLASS and scope.kind is ScopeKind.FUNCTION:
            around += (_METHOD_NAMES,)
        return type(self)(self.rules, scope, around, private or self.private)

    def defer(self, child: Self, *, inline: bool = False) -> None:
        """Take over what the body of a function does; with `inline` it may run where it stands."""
        self.nested.update(child.reads, child.deferred)
        for name, node in child.reads.items():
            if inline:
                self.read_global(name, node)
            else:
                self.note(self.deferred, name, node)
        self.take(child)
        for name, node in child.stores.items():
            self.note(self.called_stores, name, node)

    def take(self, child: Self) -> None:
        """Take over what the functions inside a scope defined here do."""
        self.nested |= child.nested
        for name, node in child.deferred.items():
            self.note(self.deferred, name, node)
        for name, node in child.called_stores.items():
            self.note(self.called_stores, name, node)

    def if_expression(self, node: ast.IfExp) -> None:
        met, failed = self.test(node.test)
        self.paths = met
        self.expression(node.body)
        met = self.paths
        self.paths = failed
        self.expression(node.orelse)
        self.paths = join(met, self.paths)

    def test(self, node: ast.expr) -> tuple[Paths | None, Paths | None]:
        """Walk a condition and return the paths on which it holds and on which it does not.

        A condition that is always false is treated as any other: what it keeps from running may be wanted later.
        """
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            met, failed = self.test(node.operand)
            return failed, met
        if isinstance(node, ast.BoolOp):
            return self.all_or_any(node)
        if isinstance(node, ast.Compare):
            self.expressions([node.left, node.comparators[0]])
            failed = _copy(self.paths)
            for comparator in node.comparators[1:]:
                self.expression(comparator)
                failed = join(failed, self.paths)
            return _copy(self.paths), failed
        self.expression(node)
        always = isinstance(node, ast.Constant) and bool(node.value)
        return _copy(self.paths), None if always else _copy(self.paths)

    def all_or_any(self, node: ast.BoolOp) -> tuple[Paths | None, Paths | None]:
        stopped: Paths | None = None
        conjunction = isinstance(node.op, ast.And)
        for value in node.values:
            met, failed = self.test(value)
            self.paths, ended = (met, failed) if conjunction else (failed, met)
            stopped = join(stopped, ended)
        going_on = _copy(self.paths)
        return (going_on, stopped) if conjunction else (stopped, going_on)

    def comprehension(self, generators: list[ast.comprehension], elements: list[ast.expr]) -> None:
        self.expression(generators[0].iter)
        before = _copy(self.paths)
        own = frozenset().union(*(target_names(generator.target) for generator in generators))
        self.frames.append((own, False))
        for position, generator in enumerate(generators):
            if position:
                self.expression(generator.iter)
            self.target_reads(generator.target)
            for condition in generator.ifs:
                self.paths, _ = self.test(condition)
        self.expressions(elements)
        self.frames.pop()
        self.paths = join(before, self.paths)

    def target_reads(self, node: ast.expr) -> None:
        """Read what the targets `a.b` and `a[i]` name."""
        if isinstance(node, (ast.Tuple, ast.List)):
            for element in node.elts:
                self.target_reads(element)
        elif isinstance(node, ast.Starred):
            self.target_reads(node.value)
        elif not isinstance(node, ast.Name):
            self.children(node)

    def target(self, node: ast.expr) -> None:
        """Bind what an assignment target binds; what `a.b = ` and `a[i] = ` name is read."""
        if isinstance(node, ast.Name):
            self.bind(node.id, node)
        elif isinstance(node, (ast.Tuple, ast.List)):
            for element in node.elts:
                self.target(element)
        elif isinstance(node, ast.Starred):
            self.target(node.value)
        else:
            self.children(node)

    def escape(self, node: ast.Call, escape: Escape) -> None:
        self.expressions(escape.reads)
        for name in escape.binds:
            if escape.kind is EscapeKind.CELL_MAGIC and not self.rules.eager:
                # `%%capture out` binds when the body below it has run.
                self.late.append((name, node))
            else:
                self.bind(name, node)


def place_of(node: ast.AST) -> tuple[int, int]:
    """Return the line and the column (in bytes) where a node begins."""
    return node.lineno, node.col_offset  # type: ignore[attr-defined]


def _copy(paths: Paths | None) -> Paths | None:
    return None if paths is None else paths.copy()
