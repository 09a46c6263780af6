r"""Find the names one statement reads, binds, may bind and deletes, before anything is known about values.

The walk is the interpreter's own order of evaluation. A name counts as read when some path reaches it before the
statement itself has bound it; it counts as bound when every path that ends normally binds it, and as maybe bound when
only some do. Bodies of functions do not run here: the globals they use are *deferred*, and count where the function
is referenced.

>>> facts = statement_names(ast.parse("if c:\n    x = y\nelse:\n    x = z").body[0])
>>> sorted(facts.reads), sorted(facts.binds), sorted(facts.maybe)
(['c', 'y', 'z'], ['x'], [])
>>> facts = statement_names(ast.parse("def f(a=n): return a + offset").body[0])
>>> sorted(facts.reads), sorted(facts.binds), sorted(facts.deferred)
(['n'], ['f'], ['offset'])
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from nb2dag.compiler.analysis.functions import FunctionNames, function_names
from nb2dag.model.code import ESCAPE_NAME, Escape

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(slots=True)
class NameFacts:
    """What one statement does with global names.

    `reads`, `deferred` map a name to the first node that reads it. `binds` are bound on every path, `maybe` on some.
    `stars` are the modules of `from m import *`. `inline` are names that lambdas and generators inside the statement
    use: they may run at once, so they are among `reads` too. `deferred` are those of `def` bodies and of methods.
    """

    reads: dict[str, ast.AST] = field(default_factory=dict)
    deferred: dict[str, ast.AST] = field(default_factory=dict)
    binds: dict[str, ast.AST] = field(default_factory=dict)
    maybe: dict[str, ast.AST] = field(default_factory=dict)
    deletes: set[str] = field(default_factory=set)
    stars: list[str] = field(default_factory=list)

    @property
    def touched(self) -> set[str]:
        """Every name the statement may bind or delete."""
        return set(self.binds) | set(self.maybe) | self.deletes


def statement_names(statement: ast.stmt, escapes: tuple[Escape, ...] = ()) -> NameFacts:
    """Return the name facts of one top-level statement of a cell."""
    walker = _Walker(escapes)
    walker.statement(statement)
    return walker.result()


class _Walker:
    """Walks one statement; `bound` holds what is certainly bound so far, None where no path arrives."""

    def __init__(self, escapes: tuple[Escape, ...]) -> None:
        self.escapes = escapes
        self.facts = NameFacts()
        self.bound: set[str] | None = set()
        self.stores: dict[str, ast.AST] = {}
        self.local: list[set[str]] = []
        self.in_class = 0

    def result(self) -> NameFacts:
        facts = self.facts
        certain = self.bound if self.bound is not None else set(self.stores)
        for name, node in self.stores.items():
            (facts.binds if name in certain else facts.maybe)[name] = node
        return facts

    # -- names ---------------------------------------------------------------------------------------------------

    def read(self, name: str, node: ast.AST) -> None:
        if any(name in scope for scope in self.local):
            return
        if self.bound is None or name not in self.bound:
            self.facts.reads.setdefault(name, node)

    def bind(self, name: str, node: ast.AST) -> None:
        self.stores.setdefault(name, node)
        if self.bound is not None:
            self.bound.add(name)

    def defer(self, names: FunctionNames, *, inline: bool) -> None:
        for name, node in names.free.items():
            if inline:
                self.read(name, node)
            elif not any(name in scope for scope in self.local):
                self.facts.deferred.setdefault(name, node)

    # -- statements ----------------------------------------------------------------------------------------------

    def body(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        method = getattr(self, f"on_{type(node).__name__}", None)
        if method is not None:
            method(node)
        else:
            self.children(node)

    def branches(self, *branches: list[ast.stmt]) -> None:
        """Walk alternatives: bound afterwards is what every alternative that goes on has bound."""
        before = self.bound
        after: set[str] | None = None
        for branch in branches:
            self.bound = None if before is None else set(before)
            self.body(branch)
            after = _join(after, self.bound)
        self.bound = after

    def on_If(self, node: ast.If) -> None:
        self.expression(node.test)
        self.branches(node.body, node.orelse)

    def on_While(self, node: ast.While) -> None:
        self.expression(node.test)
        self.loop(node.body, node.orelse)

    def on_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.expression(node.iter)
        before = None if self.bound is None else set(self.bound)
        self.target(node.target)
        self.body(node.body)
        self.bound = before
        self.body(node.orelse)
        self.bound = before

    on_AsyncFor = on_For

    def loop(self, body: list[ast.stmt], orelse: list[ast.stmt]) -> None:
        before = None if self.bound is None else set(self.bound)
        self.body(body)
        self.bound = None if before is None else set(before)
        self.body(orelse)
        self.bound = before

    def on_Try(self, node: ast.Try) -> None:
        before = None if self.bound is None else set(self.bound)
        self.body(node.body)
        self.body(node.orelse)
        after = self.bound
        for handler in node.handlers:
            self.bound = None if before is None else set(before)
            if handler.type is not None:
                self.expression(handler.type)
            if handler.name:
                self.bind(handler.name, handler)
            self.body(handler.body)
            if handler.name and self.bound is not None:
                self.bound.discard(handler.name)
            after = _join(after, self.bound)
        self.bound = None if before is None else set(before)
        ahead = self.bound
        self.body(node.finalbody)
        if self.bound is None and ahead is not None:
            return
        if after is None:
            self.bound = None
        else:
            self.bound = after | (self.bound or set())

    on_TryStar = on_Try

    def on_With(self, node: ast.With | ast.AsyncWith) -> None:
        swallows = False
        for item in node.items:
            self.expression(item.context_expr)
            swallows = swallows or _may_swallow(item.context_expr)
            if item.optional_vars is not None:
                self.target(item.optional_vars)
        before = None if self.bound is None else set(self.bound)
        self.body(node.body)
        if swallows:
            self.bound = _join(before, self.bound)

    on_AsyncWith = on_With

    def on_Match(self, node: ast.Match) -> None:
        self.expression(node.subject)
        before = self.bound
        after: set[str] | None = None
        exhaustive = False
        for case in node.cases:
            self.bound = None if before is None else set(before)
            self.pattern(case.pattern)
            if case.guard is not None:
                self.expression(case.guard)
            self.body(case.body)
            after = _join(after, self.bound)
            exhaustive = exhaustive or (case.guard is None and _irrefutable(case.pattern))
        self.bound = after if exhaustive else _join(after, None if before is None else set(before))

    def pattern(self, node: ast.AST) -> None:
        for child in ast.walk(node):
            if isinstance(child, (ast.MatchAs, ast.MatchStar)) and child.name:
                self.bind(child.name, child)
            elif isinstance(child, ast.MatchMapping) and child.rest:
                self.bind(child.rest, child)
            elif isinstance(child, ast.Name):
                self.read(child.id, child)

    def on_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.expression(decorator)
        self.signature(node.args)
        if node.returns is not None:
            self.expression(node.returns)
        self.defer(function_names(node), inline=False)
        self.bind(node.name, node)

    on_AsyncFunctionDef = on_FunctionDef

    def signature(self, arguments: ast.arguments) -> None:
        for default in [*arguments.defaults, *arguments.kw_defaults]:
            if default is not None:
                self.expression(default)
        for argument in _all_arguments(arguments):
            if argument.annotation is not None:
                self.expression(argument.annotation)

    def on_ClassDef(self, node: ast.ClassDef) -> None:
        for expression in [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]:
            self.expression(expression)
        self.class_body(node)
        self.bind(node.name, node)

    def class_body(self, node: ast.ClassDef) -> None:
        """Walk a class body: it runs at once in a scope of its own, which its methods do not see."""
        inner = _Walker(self.escapes)
        inner.in_class = self.in_class + 1
        inner.local = [*self.local, {"__module__", "__qualname__", *_type_parameters(node)}]
        inner.body(node.body)
        declared = _declared_global(node.body)
        for name, place in inner.facts.reads.items():
            self.read(name, place)
        for name, place in inner.facts.deferred.items():
            if name != "__class__":
                self.facts.deferred.setdefault(name, place)
        for name in declared & set(inner.stores):
            self.bind(name, inner.stores[name])

    def on_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.bind(alias.asname or alias.name.partition(".")[0], node)

    def on_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.facts.stars.append("." * node.level + (node.module or ""))
            else:
                self.bind(alias.asname or alias.name, node)

    def on_Assign(self, node: ast.Assign) -> None:
        self.expression(node.value)
        for target in node.targets:
            self.target(target)

    def on_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.read(node.target.id, node.target)
            self.expression(node.value)
            self.bind(node.target.id, node.target)
        else:
            self.target(node.target)
            self.expression(node.value)

    def on_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.expression(node.annotation)
        if node.value is not None:
            self.expression(node.value)
            self.target(node.target)
        elif not isinstance(node.target, ast.Name):
            self.target(node.target)

    def on_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.read(target.id, target)
                self.facts.deletes.add(target.id)
                if self.bound is not None:
                    self.bound.discard(target.id)
            else:
                self.target(target)

    def on_TypeAlias(self, node: ast.stmt) -> None:
        name = node.name  # type: ignore[attr-defined]
        self.bind(name.id, name)

    def on_Raise(self, node: ast.Raise) -> None:
        self.children(node)
        self.bound = None

    def on_Return(self, node: ast.Return) -> None:
        self.children(node)
        self.bound = None

    def on_Break(self, _: ast.stmt) -> None:
        self.bound = None

    on_Continue = on_Break

    def on_Global(self, _: ast.Global) -> None:
        """A `global` statement at the top of a cell has no effect."""

    on_Nonlocal = on_Global

    # -- expressions ---------------------------------------------------------------------------------------------

    def children(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.expression(child)
            elif isinstance(child, ast.stmt):
                self.statement(child)
            elif not isinstance(child, (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)):
                self.children(child)

    def expression(self, node: ast.expr) -> None:
        if isinstance(node, ast.Name):
            self.read(node.id, node)
        elif isinstance(node, ast.Constant):
            pass
        elif isinstance(node, ast.Lambda):
            self.signature(node.args)
            self.defer(function_names(node), inline=True)
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
            self.comprehension(node.generators, [node.elt])
        elif isinstance(node, ast.DictComp):
            self.comprehension(node.generators, [node.key, node.value])
        elif isinstance(node, ast.NamedExpr):
            self.expression(node.value)
            self.bind(node.target.id, node.target)
        elif isinstance(node, ast.BoolOp):
            self.expression(node.values[0])
            self.sometimes(node.values[1:])
        elif isinstance(node, ast.IfExp):
            self.expression(node.test)
            self.sometimes([node.body])
            self.sometimes([node.orelse])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == ESCAPE_NAME:
            self.escape(node)
        else:
            self.children(node)

    def sometimes(self, nodes: list[ast.expr]) -> None:
        before = None if self.bound is None else set(self.bound)
        for node in nodes:
            self.expression(node)
        self.bound = before

    def comprehension(self, generators: list[ast.comprehension], elements: list[ast.expr]) -> None:
        self.expression(generators[0].iter)
        before = None if self.bound is None else set(self.bound)
        self.local.append(set())
        for position, generator in enumerate(generators):
            if position:
                self.expression(generator.iter)
            self.local[-1].update(_target_names(generator.target))
            self.target_reads(generator.target)
            for condition in generator.ifs:
                self.expression(condition)
        for element in elements:
            self.expression(element)
        self.local.pop()
        self.bound = before

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

    def target_reads(self, node: ast.expr) -> None:
        for child in ast.walk(node):
            if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load):
                self.read(child.id, child)

    def escape(self, node: ast.Call) -> None:
        argument = node.args[0]
        assert isinstance(argument, ast.Constant)
        escape = self.escapes[int(str(argument.value))]
        for expression in escape.reads:
            for child in ast.walk(expression):
                ast.copy_location(child, node) if not hasattr(child, "lineno") else None
            self.expression(expression)
        for name in escape.binds:
            self.bind(name, node)


def _join(left: set[str] | None, right: set[str] | None) -> set[str] | None:
    """Return what both paths have bound; a path that does not arrive says nothing."""
    if left is None:
        return right
    if right is None:
        return left
    return left & right


def _may_swallow(context: ast.expr) -> bool:
    """Tell whether a context manager is known to end its block early without an exception: `suppress`, `raises`."""
    function = context.func if isinstance(context, ast.Call) else context
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in {"suppress", "raises", "skip", "ignored"}


def _irrefutable(pattern: ast.AST) -> bool:
    return isinstance(pattern, ast.MatchAs) and (pattern.pattern is None or _irrefutable(pattern.pattern))


def _all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    extra = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *extra]


def _type_parameters(node: ast.AST) -> list[str]:
    return [parameter.name for parameter in getattr(node, "type_params", ())]


def _target_names(node: ast.expr) -> set[str]:
    return {child.id for child in ast.walk(node) if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store)}


def _declared_global(body: list[ast.stmt]) -> set[str]:
    return {name for statement in body if isinstance(statement, ast.Global) for name in statement.names}
