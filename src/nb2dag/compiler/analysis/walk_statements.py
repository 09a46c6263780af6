"""Walk statements in the interpreter's order, along every path, and note which global names they read and bind."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from nb2dag.compiler.analysis.scopes import (
    CLASS_NAMES,
    FunctionNode,
    Paths,
    Scope,
    ScopeKind,
    class_scope,
    defaults,
    function_scope,
    join,
    lazy_parts,
    signature_annotations,
    type_parameters,
)
from nb2dag.compiler.analysis.walk_expressions import ExpressionWalker
from nb2dag.model.code import Escape


@dataclass(slots=True)
class _Loop:
    """The paths that leave a loop's body early; `handlers` were open around the loop."""

    handlers: int = 0
    breaks: Paths | None = None
    continues: Paths | None = None


class NameWalker(ExpressionWalker):
    """Walks the statements of one scope; see `ExpressionWalker` for what it notes."""

    loops: tuple[_Loop, ...] = ()
    handled: tuple[str, ...] = ()

    def body(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        method = getattr(self, f"on_{type(node).__name__}", None)
        if method is not None:
            method(node)
        else:
            self.children(node)

    # -- definitions ---------------------------------------------------------------------------------------------

    def on_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.expressions(node.decorator_list)
        self.expressions(defaults(node.args))
        parameters = type_parameters(node)
        self.frames.append((parameters, True))
        if not self.rules.lazy_annotations:
            self.expressions(signature_annotations(node))
        self.lazily(node, lazy_parts(node))
        self.function_body(node)
        self.frames.pop()
        self.bind(node.name, node)

    on_AsyncFunctionDef = on_FunctionDef

    def function_body(self, node: FunctionNode) -> None:
        """Walk a function's body for what calling it does."""
        child = self.child(function_scope(node))
        if isinstance(node, ast.Lambda):
            child.expression(node.body)
        else:
            child.body(node.body)
        self.defer(child)

    def lazily(self, node: ast.AST, expressions: list[ast.expr]) -> None:
        """Walk what is evaluated later in an annotation scope, which sees the class around it."""
        local = type_parameters(node)
        if self.scope.kind is ScopeKind.CLASS:
            local |= self.scope.local
        child = self.child(Scope(ScopeKind.FUNCTION, local))
        child.expressions(expressions)
        self.defer(child)

    def on_ClassDef(self, node: ast.ClassDef) -> None:
        self.expressions(node.decorator_list)
        self.frames.append((type_parameters(node), True))
        self.expressions([*node.bases, *(keyword.value for keyword in node.keywords)])
        self.lazily(node, lazy_parts(node))
        child = self.child(class_scope(node), node.name)
        child.paths = Paths(set(CLASS_NAMES))
        child.body(node.body)
        self.frames.pop()
        for name, place in child.reads.items():
            self.read_global(name, place)
        self.take(child)
        for name, place in child.stores.items():
            if child.paths is not None and name in child.paths.must:
                self.bind_global(name, place)
            else:
                self.called_stores.setdefault(name, place)
        self.bind(node.name, node)

    def bind_global(self, name: str, place: ast.AST) -> None:
        """Bind a name that a class body declares `global`."""
        if self.scope.kind is ScopeKind.MODULE or name in self.scope.outer:
            self.bind(name, place)
        else:
            self.called_stores.setdefault(name, place)

    def on_TypeAlias(self, node: ast.stmt) -> None:
        name: ast.Name = node.name  # type: ignore[attr-defined]
        value: ast.expr = node.value  # type: ignore[attr-defined]
        self.lazily(node, [value, *lazy_parts(node)])
        self.bind(name.id, name)

    # -- bindings ------------------------------------------------------------------------------------------------

    def escape(self, node: ast.Call, escape: Escape) -> None:
        super().escape(node, escape)
        for part in escape.script.parts if escape.script is not None else ():
            self.body(part.tree.body)

    def on_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.bind(alias.asname or alias.name.partition(".")[0], alias)

    def on_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.stars.append("." * node.level + (node.module or ""))
            else:
                self.bind(alias.asname or alias.name, alias)
            if node.module == "__future__" and alias.name == "annotations":
                self.rules.lazy_annotations = not self.rules.eager

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
        if node.value is not None:
            self.expression(node.value)
            self.target(node.target)
        elif not isinstance(node.target, ast.Name):
            self.target(node.target)
        if self.scope.kind is not ScopeKind.FUNCTION and not self.rules.lazy_annotations:
            # A function never evaluates the annotations of its variables.
            self.expression(node.annotation)

    def on_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self.delete_target(target)

    def delete_target(self, target: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self.delete(target.id, target)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for element in target.elts:
                self.delete_target(element)
        else:
            self.children(target)

    def on_Global(self, _: ast.Global) -> None:
        """The scope of a body knows already what it declares; at the top of a cell it means nothing."""

    on_Nonlocal = on_Global

    # -- paths ---------------------------------------------------------------------------------------------------

    def on_If(self, node: ast.If) -> None:
        met, failed = self.test(node.test)
        self.paths = met
        self.body(node.body)
        met = self.paths
        self.paths = failed
        self.body(node.orelse)
        self.paths = join(met, self.paths)

    def on_Assert(self, node: ast.Assert) -> None:
        met, failed = self.test(node.test)
        if node.msg is not None:
            self.paths = failed
            self.expression(node.msg)
        self.paths = met

    def on_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.expression(node.iter)
        before = _copy(self.paths)
        loop, ended = self.loop_body(node.body, node.target)
        self.paths = _copy(ended) if _never_empty(node.iter) else join(before, ended)
        self.body(node.orelse)
        self.paths = join(self.paths, loop.breaks)

    on_AsyncFor = on_For

    def on_While(self, node: ast.While) -> None:
        before = set() if self.paths is None else set(self.paths.must)
        met, failed = self.test(node.test)
        self.paths = met
        loop, ended = self.loop_body(node.body, None)
        if failed is not None and ended is not None:
            # The condition is evaluated again before the loop ends, and binds again.
            failed = Paths(failed.must & (ended.must | (failed.must - before)), failed.may | ended.may)
        self.paths = failed
        self.body(node.orelse)
        self.paths = join(self.paths, loop.breaks)

    def loop_body(self, body: list[ast.stmt], target: ast.expr | None) -> tuple[_Loop, Paths | None]:
        """Walk a loop's body; return what leaves it early, and what is bound when it begins again."""
        if self.paths is not None:
            # What a round takes away, the next one does not find.
            self.paths = Paths(self.paths.must - _taken_away(body), set(self.paths.may))
        loop = _Loop(len(self.handled))
        outer, self.loops = self.loops, (*self.loops, loop)
        if target is not None:
            self.target(target)
        self.body(body)
        self.loops = outer
        ended = join(self.paths, loop.continues)
        if loop.breaks is not None and ended is not None:
            # It may break in a later round than the first.
            loop.breaks.may |= ended.may
        return loop, ended

    def on_Break(self, _: ast.Break) -> None:
        if self.loops:
            self.loops[-1].breaks = join(self.loops[-1].breaks, self.leaving())
        self.paths = None

    def on_Continue(self, _: ast.Continue) -> None:
        if self.loops:
            self.loops[-1].continues = join(self.loops[-1].continues, self.leaving())
        self.paths = None

    def leaving(self) -> Paths | None:
        """Return what stays bound on the way out of the `except ... as name` blocks inside the loop."""
        gone = set(self.handled[self.loops[-1].handlers :])
        return None if self.paths is None else Paths(self.paths.must - gone, self.paths.may - gone)

    def on_Raise(self, node: ast.Raise) -> None:
        self.children(node)
        self.paths = None

    def on_Return(self, node: ast.Return) -> None:
        self.children(node)
        self.paths = None

    def on_Try(self, node: ast.Try) -> None:
        before, start = _copy(self.paths), self.mark()
        self.body(node.body)
        interrupted = self.interrupted(before, start)
        self.body(node.orelse)
        after = self.paths
        for handler in node.handlers:
            self.paths = _copy(interrupted)
            self.handler(handler)
            after = join(after, self.paths)
        self.paths = after
        if node.finalbody:
            self.finally_(node.finalbody, join(after, self.interrupted(before, start)))

    on_TryStar = on_Try

    def handler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self.expression(node.type)
        if node.name:
            self.bind(node.name, node)
            self.handled += (self.spelled(node.name),)
        self.body(node.body)
        if node.name:
            self.handled = self.handled[:-1]
            self.end(node.name)

    def finally_(self, body: list[ast.stmt], arriving: Paths | None) -> None:
        """Walk a `finally` block: any path arrives at it, and those that were going on go on behind it."""
        going_on, (bound, deleted) = self.paths, self.mark()
        self.paths = _copy(arriving)
        self.body(body)
        ended = self.paths
        if going_on is None or ended is None:
            self.paths = going_on if ended is None and arriving is None else None
            return
        made, gone = set(self.bound_log[bound:]), set(self.deleted_log[deleted:])
        must = (going_on.must - gone) | (ended.must & made)
        self.paths = Paths(must, (going_on.may | made) - (gone - ended.may))

    def mark(self) -> tuple[int, int]:
        return len(self.bound_log), len(self.deleted_log)

    def interrupted(self, before: Paths | None, start: tuple[int, int]) -> Paths | None:
        """Return what is bound if an exception comes anywhere since `start`."""
        if before is None:
            return None
        bound, deleted = start
        return Paths(before.must - set(self.deleted_log[deleted:]), before.may | set(self.bound_log[bound:]))

    def on_With(self, node: ast.With | ast.AsyncWith) -> None:
        swallowed: Paths | None = None
        start = self.mark()
        for item in node.items:
            self.expression(item.context_expr)
            named = isinstance(item.optional_vars, ast.Name)
            if item.optional_vars is not None and named:
                self.target(item.optional_vars)
            if swallowed is None and _may_swallow(item.context_expr):
                swallowed, start = _copy(self.paths), self.mark()
            if item.optional_vars is not None and not named:
                # Unpacking may fail inside the block already.
                self.target(item.optional_vars)
        self.body(node.body)
        if swallowed is not None:
            self.paths = join(self.interrupted(swallowed, start), self.paths)

    on_AsyncWith = on_With

    def on_Match(self, node: ast.Match) -> None:
        self.expression(node.subject)
        going_on = _copy(self.paths)
        after: Paths | None = None
        for case in node.cases:
            self.paths = _copy(going_on)
            self.pattern(case.pattern)
            failed: Paths | None = None
            if case.guard is not None:
                self.paths, failed = self.test(case.guard)
            self.body(case.body)
            after = join(after, self.paths)
            if _irrefutable(case.pattern):
                going_on = failed
            elif failed is not None:
                going_on = join(going_on, failed)
        self.paths = join(after, going_on)

    def pattern(self, node: ast.pattern) -> None:
        """Read what a pattern compares with, then bind what it captures."""
        parts = list(ast.walk(node))
        for part in parts:
            if isinstance(part, ast.MatchValue):
                self.expression(part.value)
            elif isinstance(part, ast.MatchClass):
                self.expression(part.cls)
            elif isinstance(part, ast.MatchMapping):
                self.expressions(part.keys)
        for part in parts:
            if isinstance(part, (ast.MatchAs, ast.MatchStar)) and part.name:
                self.bind(part.name, part)
            elif isinstance(part, ast.MatchMapping) and part.rest:
                self.bind(part.rest, part)


def _copy(paths: Paths | None) -> Paths | None:
    return None if paths is None else paths.copy()


def _taken_away(body: list[ast.stmt]) -> set[str]:
    """Return the names that `del` or the end of an `except ... as` unbinds somewhere in a loop's body."""
    nodes = [node for statement in body for node in ast.walk(statement)]
    deleted = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del)}
    return deleted | {node.name for node in nodes if isinstance(node, ast.ExceptHandler) and node.name}


def _never_empty(node: ast.expr) -> bool:
    """Tell whether a loop over an expression certainly runs once: `[1, 2]`, `range(3)`, `"ab"`."""
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return bool(node.elts) and not any(isinstance(element, ast.Starred) for element in node.elts)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (str, bytes)) and bool(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        arguments = [item.value if isinstance(item, ast.Constant) else None for item in node.args]
        numbers = [item for item in arguments if isinstance(item, int)]
        return len(numbers) == len(arguments) in (1, 2) and len(range(*numbers)) > 0
    return False


def _may_swallow(context: ast.expr) -> bool:
    """Tell whether a context manager is known to end its block early without an exception: `suppress`, `raises`."""
    function = context.func if isinstance(context, ast.Call) else context
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in {"suppress", "raises", "skip", "ignored"}


def _irrefutable(pattern: ast.pattern) -> bool:
    if isinstance(pattern, ast.MatchOr):
        return any(_irrefutable(item) for item in pattern.patterns)
    return isinstance(pattern, ast.MatchAs) and (pattern.pattern is None or _irrefutable(pattern.pattern))
