"""Evaluate statements in the abstract: which values arise, and what happens to the objects behind names.

One evaluator walks one top-level statement, or one function body, with a resolver that says what a global name
stands for at that point (a module, a notebook definition, a kind of value). It never runs anything.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from nb2dag.compiler.analysis import calls, knowledge
from nb2dag.compiler.analysis.effects import Bind, Effects, ReadState, Summary, WriteState
from nb2dag.compiler.analysis.escapes import evaluate_escape
from nb2dag.compiler.analysis.functions import all_arguments, function_names
from nb2dag.compiler.analysis.values import FRESH, IMMUTABLE, NONE, Definition, Value, container, part_of, union
from nb2dag.model.code import ESCAPE_NAME, Escape

_COPYING_KINDS = {"frame", "series", "array"}
_PASSES = 2
_ARGUMENT = "@"
"""Stands for whatever a lambda is called with."""
_Defining = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
_MOST_DEPTH = 3


class Resolver(Protocol):
    """Says what a global name stands for where the code runs."""

    def resolve(self, name: str) -> Value:
        """Return the value of a global name; `Value(same={name})` at the least, a builtin as its module path."""
        ...

    def summary(self, definition: Definition) -> Summary:
        """Return what calling a notebook function, or constructing a notebook class, does."""
        ...

    def methods(self, definition: Definition, name: str) -> list[Summary]:
        """Return the summaries of the methods called `name` that a notebook class has or inherits in the notebook."""
        ...


class Evaluator:
    """Evaluates one statement or one function body; what it finds is in `effects` and `returned`."""

    def __init__(
        self, resolver: Resolver, escapes: tuple[Escape, ...] = (), *, function: bool = False, position: int = -1
    ) -> None:
        self.resolver = resolver
        self.escapes = escapes
        self.effects = Effects()
        self.function = function
        self.position = position
        self.locals: dict[str, Value] = {}
        self.pending: dict[str, Value] = {}
        self.outer: set[str] = set()
        self.returned: list[Value] = []
        self.depth = 0

    # -- statements ----------------------------------------------------------------------------------------------

    def body(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        method = getattr(self, f"on_{type(node).__name__}", None)
        if method is not None:
            method(node)
            return
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child)
            elif isinstance(child, ast.stmt):
                self.statement(child)

    def on_Expr(self, node: ast.Expr) -> None:
        value = node.value
        if isinstance(value, ast.Await):
            value = value.value
        if isinstance(value, ast.Call) and not _is_escape(value):
            calls.evaluate_call(self, value, discarded=True)
        else:
            self.value(value)

    def on_Assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        if isinstance(node.value, ast.Lambda) and not self.function and isinstance(node.targets[0], ast.Name):
            value = self.defined(node.targets[0].id, node.value, [value])
        for target in node.targets:
            self.assign(target, value, node.value)

    def on_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.value(node.annotation)
        if node.value is not None:
            self.assign(node.target, self.value(node.value), node.value)

    def on_AugAssign(self, node: ast.AugAssign) -> None:
        item = self.value(node.value)
        if isinstance(node.target, ast.Name):
            before = self.name(node.target.id)
            if before.immutable:
                result = IMMUTABLE if item.immutable else container([item])
            else:
                self.effects.mutate(before, node)
                self.hold(node.target, before, item)
                result = replace(before, constant=None)
            self.bind(node.target.id, result)
        else:
            self.store(node.target, item)

    def on_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, (ast.Subscript, ast.Attribute)):
                self.store(target, IMMUTABLE)

    def on_For(self, node: ast.For | ast.AsyncFor) -> None:
        items = part_of(self.value(node.iter))
        self.repeated(lambda: (self.assign(node.target, items, None), self.body(node.body)))
        self.body(node.orelse)

    on_AsyncFor = on_For

    def on_While(self, node: ast.While) -> None:
        self.repeated(lambda: (self.value(node.test), self.body(node.body)))
        self.body(node.orelse)

    def repeated(self, once: object) -> None:
        """Walk a loop's body twice, so that what a pass does at its end is seen at the next one's beginning."""
        self.depth += 1
        for _ in range(_PASSES if self.depth <= _MOST_DEPTH else 1):
            once()  # type: ignore[operator]
        self.depth -= 1

    def on_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            value = self.value(item.context_expr)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, value, None)
        self.body(node.body)

    on_AsyncWith = on_With

    def on_Try(self, node: ast.Try) -> None:
        self.body(node.body)
        for handler in node.handlers:
            if handler.type is not None:
                self.value(handler.type)
            if handler.name:
                self.bind(handler.name, FRESH)
            self.body(handler.body)
        self.body(node.orelse)
        self.body(node.finalbody)

    on_TryStar = on_Try

    def on_Match(self, node: ast.Match) -> None:
        subject = self.value(node.subject)
        for case in node.cases:
            for child in ast.walk(case.pattern):
                if isinstance(child, (ast.MatchAs, ast.MatchStar)) and child.name:
                    self.bind(child.name, union([subject, part_of(subject)]))
                elif isinstance(child, ast.MatchMapping) and child.rest:
                    self.bind(child.rest, container([subject]))
                elif isinstance(child, (ast.MatchValue, ast.MatchClass)):
                    self.value(child.value if isinstance(child, ast.MatchValue) else child.cls)
            if case.guard is not None:
                self.value(case.guard)
            self.body(case.body)

    def on_Return(self, node: ast.Return) -> None:
        self.returned.append(IMMUTABLE if node.value is None else self.value(node.value))

    def on_Global(self, node: ast.Global) -> None:
        self.outer.update(node.names)

    def on_Nonlocal(self, node: ast.Nonlocal) -> None:
        """A closure's own variables are local to the function that is summarised."""

    def on_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            self.bind(name, Value(kind="module", module=alias.name if alias.asname else name))

    def on_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name != "*":
                path = f"{'.' * node.level}{node.module or ''}.{alias.name}"
                self.bind(alias.asname or alias.name, Value(module=path))

    def on_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        values = [self.value(default) for default in [*node.args.defaults, *node.args.kw_defaults] if default]
        values += [self.value(decorator) for decorator in node.decorator_list]
        if self.function:
            names = function_names(node)
            inside = frozenset(names.free) - self.locals.keys()
            self.bind(node.name, replace(container([*values, *self.captured(names.free)]), free=inside))
        else:
            self.bind(node.name, self.defined(node.name, node, values))

    on_AsyncFunctionDef = on_FunctionDef

    def on_ClassDef(self, node: ast.ClassDef) -> None:
        values = [self.value(base) for base in [*node.bases, *node.decorator_list]]
        values += [self.value(keyword.value) for keyword in node.keywords]
        inner = Evaluator(self.resolver, self.escapes, function=True)
        inner.locals = dict(self.locals)
        inner.effects = self.effects
        for statement in node.body:
            if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                inner.statement(statement)
        self.bind(node.name, self.defined(node.name, node, [*values, *inner.locals.values()]))

    def defined(self, name: str, node: _Defining, values: list[Value]) -> Value:
        """Return the value of a function, lambda or class that the statement binds to `name`."""
        return replace(
            container(values), free=NONE, kind="definition", definition=Definition(name, node, self.position)
        )

    def captured(self, names: Iterable[str]) -> list[Value]:
        return [self.locals[name] for name in names if name in self.locals]

    # -- targets -------------------------------------------------------------------------------------------------

    def assign(self, target: ast.expr, value: Value, source: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            self.bind(target.id, value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self.unpack(target.elts, value, source)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, container([value]), None)
        else:
            self.store(target, value)

    def unpack(self, targets: list[ast.expr], value: Value, source: ast.expr | None) -> None:
        if (
            isinstance(source, (ast.Tuple, ast.List))
            and len(source.elts) == len(targets)
            and not any(isinstance(item, ast.Starred) for item in [*targets, *source.elts])
        ):
            # The values were evaluated with the whole tuple; evaluating an element again has no further effect.
            quiet = Evaluator(self.resolver, self.escapes, function=self.function)
            quiet.locals = self.locals
            values = [quiet.value(element) for element in source.elts]
        else:
            values = [part_of(value)] * len(targets)
        for target, item in zip(targets, values, strict=True):
            self.assign(target, item, None)

    def bind(self, name: str, value: Value) -> None:
        if self.function and name not in self.outer:
            before = self.locals.get(name)
            self.locals[name] = value if before is None or before == value else union([before, value])
        else:
            before = self.pending.get(name)
            self.pending[name] = value if before is None else union([before, value])
            self.effects.add(Bind(name, value))

    def store(self, target: ast.expr, item: Value) -> None:
        """Evaluate `a.b = item`, `a[i] = item` and their deletions: the object of `a` changes."""
        if not isinstance(target, (ast.Attribute, ast.Subscript)):
            return
        if isinstance(target, ast.Subscript):
            self.value(target.slice)
        owner = self.value(target.value)
        if owner.module and owner.definition is None:
            attribute = f".{target.attr}" if isinstance(target, ast.Attribute) else ""
            self.module_state(f"{owner.module}{attribute}", target)
            return
        self.effects.mutate(owner, target)
        if owner.kind not in _COPYING_KINDS or (isinstance(target, ast.Attribute) and owner.kind == "array"):
            self.hold(target.value, owner, item)

    def module_state(self, path: str, why: ast.AST) -> None:
        state = knowledge.module_state(path) or f"<{path}>"
        if state == "<config>":
            self.effects.configures = True
        else:
            self.effects.add(WriteState(state, why))

    def hold(self, owner_node: ast.expr, owner: Value, item: Value) -> None:
        """Record that the object behind `owner_node` now contains `item`, in locals too."""
        root: ast.expr = owner_node
        while isinstance(root, (ast.Attribute, ast.Subscript)):
            root = root.value
        if isinstance(root, ast.Name) and root.id in self.locals:
            self.locals[root.id] = union([self.locals[root.id], container([self.locals[root.id], item])])
        self.effects.hold(owner, item)

    # -- expressions ---------------------------------------------------------------------------------------------

    def name(self, name: str) -> Value:
        if name in self.locals and name not in self.outer:
            return self.locals[name]
        if name in self.pending:
            value = self.pending[name]
            return value if value.module or value.definition or value.immutable else _named(name, value)
        value = self.resolver.resolve(name)
        if value.definition is not None:
            self.effects.references.add(value.definition)
        return value

    def value(self, node: ast.expr) -> Value:
        method = getattr(self, f"value_{type(node).__name__}", None)
        if method is not None:
            result: Value = method(node)
            return result
        children = [self.value(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        return container(children)

    def value_Name(self, node: ast.Name) -> Value:
        return self.name(node.id)

    def value_Constant(self, node: ast.Constant) -> Value:
        return replace(IMMUTABLE, constant=node.value) if isinstance(node.value, str) else IMMUTABLE

    def value_JoinedStr(self, node: ast.JoinedStr) -> Value:
        parts: list[str] = []
        known = True
        for child in node.values:
            if isinstance(child, ast.FormattedValue):
                text = self.value(child.value).constant
                if child.format_spec is not None:
                    self.value(child.format_spec)
                known = known and text is not None
                parts.append(text or "")
            elif isinstance(child, ast.Constant):
                parts.append(str(child.value))
        return replace(IMMUTABLE, constant="".join(parts)) if known else IMMUTABLE

    def value_Compare(self, node: ast.Compare) -> Value:
        values = [self.value(child) for child in [node.left, *node.comparators]]
        if any(isinstance(operator, (ast.Is, ast.IsNot)) for operator in node.ops):
            operands = [node.left, *node.comparators]
            if not any(isinstance(operand, ast.Constant) for operand in operands):
                for value in values:
                    self.effects.identity.update(value.reaches)
        kinds = {value.kind for value in values} & _COPYING_KINDS
        return Value(kind=min(kinds)) if kinds else (IMMUTABLE if all(v.immutable for v in values) else FRESH)

    def value_UnaryOp(self, node: ast.UnaryOp) -> Value:
        value = self.value(node.operand)
        return IMMUTABLE if value.immutable or isinstance(node.op, ast.Not) else Value(kind=value.kind)

    def value_BinOp(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        if left.immutable and right.immutable:
            return replace(IMMUTABLE, constant=_combined(left, node.op, right))
        kinds = {left.kind, right.kind} & _COPYING_KINDS
        if kinds:
            return Value(kind="frame" if "frame" in kinds else min(kinds))
        if left.kind == "path" or right.kind == "path":
            return Value(kind="path", constant=_combined(left, node.op, right))
        if _may_share(node.op, left, right):
            return container([left, right], kind=left.kind if left.kind == right.kind else "")
        return FRESH

    def value_BoolOp(self, node: ast.BoolOp) -> Value:
        return union([self.value(child) for child in node.values])

    def value_IfExp(self, node: ast.IfExp) -> Value:
        self.value(node.test)
        return union([self.value(node.body), self.value(node.orelse)])

    def value_NamedExpr(self, node: ast.NamedExpr) -> Value:
        value = self.value(node.value)
        self.bind(node.target.id, value)
        return value

    def value_Starred(self, node: ast.Starred) -> Value:
        return self.value(node.value)

    def value_Await(self, node: ast.Await) -> Value:
        return self.value(node.value)

    def value_Yield(self, node: ast.Yield) -> Value:
        if node.value is not None:
            self.returned.append(container([self.value(node.value)], "generator"))
        return FRESH

    def value_YieldFrom(self, node: ast.YieldFrom) -> Value:
        self.returned.append(container([self.value(node.value)], "generator"))
        return FRESH

    def value_List(self, node: ast.List) -> Value:
        return container([self.value(child) for child in node.elts], "list")

    def value_Tuple(self, node: ast.Tuple) -> Value:
        values = [self.value(child) for child in node.elts]
        if all(value.immutable and not value.carries for value in values):
            return IMMUTABLE
        return container(values, "tuple")

    def value_Set(self, node: ast.Set) -> Value:
        return container([self.value(child) for child in node.elts], "set")

    def value_Dict(self, node: ast.Dict) -> Value:
        keys = [self.value(key) for key in node.keys if key is not None]
        return container([*keys, *(self.value(child) for child in node.values)], "dict")

    def value_Slice(self, node: ast.Slice) -> Value:
        for child in (node.lower, node.upper, node.step):
            if child is not None:
                self.value(child)
        return IMMUTABLE

    def value_Attribute(self, node: ast.Attribute) -> Value:
        owner = self.value(node.value)
        if owner.module:
            path = f"{owner.module}.{node.attr}"
            state = knowledge.module_state(path)
            if state and state != "<config>":
                self.effects.add(ReadState(state, node))
            return Value(module=path)
        sharing = knowledge.attribute(node.attr, owner.kind)
        if sharing == "immutable":
            return IMMUTABLE
        if sharing == "fresh":
            return FRESH
        return part_of(owner if owner.definition is None else container([owner]))

    def value_Subscript(self, node: ast.Subscript) -> Value:
        owner = self.value(node.value)
        index = self.value(node.slice)
        if owner.module:
            self.effects.add(ReadState(knowledge.module_state(owner.module) or f"<{owner.module}>", node))
            return FRESH
        if owner.kind in {"frame", "series"}:
            # pandas 3 copies on write: what is taken out of a frame never writes back into it.
            return Value(kind="" if index.immutable and owner.kind == "series" else owner.kind)
        return part_of(owner, kind=owner.kind if isinstance(node.slice, ast.Slice) or owner.kind == "array" else "")

    def value_Lambda(self, node: ast.Lambda) -> Value:
        defaults = [self.value(child) for child in [*node.args.defaults, *node.args.kw_defaults] if child]
        names = function_names(node)
        free = frozenset(name for name in names.free if name not in self.locals)
        changes = self.lambda_body(node)
        inside = container([*defaults, *self.captured(names.free)])
        return replace(inside, free=free, kind="function", changes_arguments=changes)

    def lambda_body(self, node: ast.Lambda) -> bool:
        """Record what the body does to names around it, as if it ran here; tell whether it changes its arguments."""
        before, start = self.locals, len(self.effects.events)
        own = Value(same=frozenset({_ARGUMENT}))
        self.locals = before | {argument.arg: own for argument in all_arguments(node.args)}
        if isinstance(node.body, ast.Call):
            calls.evaluate_call(self, node.body, discarded=True)
        else:
            self.value(node.body)
        self.locals = before
        added = self.effects.events[start:]
        foreign = [event for event in added if getattr(event, "name", "") != _ARGUMENT]
        self.effects.events[start:] = foreign
        return len(foreign) < len(added)

    def value_ListComp(self, node: ast.ListComp) -> Value:
        return self.comprehension(node.generators, [node.elt], "list")

    def value_SetComp(self, node: ast.SetComp) -> Value:
        return self.comprehension(node.generators, [node.elt], "set")

    def value_GeneratorExp(self, node: ast.GeneratorExp) -> Value:
        return self.comprehension(node.generators, [node.elt], "generator")

    def value_DictComp(self, node: ast.DictComp) -> Value:
        return self.comprehension(node.generators, [node.key, node.value], "dict")

    def comprehension(self, generators: list[ast.comprehension], elements: list[ast.expr], kind: str) -> Value:
        before = self.locals
        self.locals = dict(before)
        for generator in generators:
            items = part_of(self.value(generator.iter))
            for name, value in _target_values(generator.target, items):
                self.locals[name] = value
            for condition in generator.ifs:
                self.value(condition)
        values = [self.value(element) for element in elements]
        self.locals = before
        return container(values, kind)

    def value_Call(self, node: ast.Call) -> Value:
        if _is_escape(node):
            argument = node.args[0]
            assert isinstance(argument, ast.Constant)
            return evaluate_escape(self.effects, self.escapes[int(str(argument.value))], node, self.value)
        return calls.evaluate_call(self, node, discarded=False)


def evaluate_function(resolver: Resolver, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Summary:
    """Return what calling a function may do, its parameters standing for whatever is passed."""
    evaluator = Evaluator(resolver, function=True)
    arguments = all_arguments(node.args)
    for argument in arguments:
        evaluator.locals[argument.arg] = Value(same=frozenset({f"@{argument.arg}"}))
    if isinstance(node, ast.Lambda):
        evaluator.returned.append(evaluator.value(node.body))
    else:
        for _ in range(_PASSES):
            evaluator.body(node.body)
    returned = union(evaluator.returned) if evaluator.returned else IMMUTABLE
    return Summary(
        effects=_without_repeats(evaluator.effects),
        returns=returned,
        parameters=tuple(argument.arg for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]),
        positional=len(node.args.posonlyargs) + len(node.args.args),
        variadic=None if node.args.vararg is None else node.args.vararg.arg,
        keywords=None if node.args.kwarg is None else node.args.kwarg.arg,
        changing_defaults=frozenset(_changing_defaults(node.args)),
    )


def _changing_defaults(arguments: ast.arguments) -> Iterable[str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [
        *zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return [argument.arg for argument, default in pairs if default and not isinstance(default, ast.Constant)]


def _without_repeats(effects: Effects) -> Effects:
    effects.events = list(dict.fromkeys(effects.events))
    return effects


def _named(name: str, value: Value) -> Value:
    """Return the value of a name that the same statement has bound above: the object is the name's from then on."""
    return Value(frozenset({name}), kind=value.kind, carries=value.carries, free=value.free, constant=value.constant)


def _is_escape(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id == ESCAPE_NAME


def _may_share(operator: ast.operator, left: Value, right: Value) -> bool:
    """Tell whether a result may contain elements of an operand: `[a] + [b]`, `[a] * 3`, `{...} | {...}`.

    Adding a number or string to something means that it is no list. Only a known list is taken to be repeated.
    """
    if isinstance(operator, ast.Add):
        return not (left.immutable or right.immutable)
    if isinstance(operator, ast.Mult):
        return bool({left.kind, right.kind} & {"list", "tuple"})
    return isinstance(operator, (ast.BitOr, ast.BitAnd))


def _combined(left: Value, operator: ast.operator, right: Value) -> str | None:
    if left.constant is None or right.constant is None:
        return None
    if isinstance(operator, ast.Add):
        return left.constant + right.constant
    if isinstance(operator, ast.Div):
        return f"{left.constant.rstrip('/')}/{right.constant}"
    return None


def _target_values(target: ast.expr, items: Value) -> Iterable[tuple[str, Value]]:
    if isinstance(target, ast.Name):
        yield target.id, items
    elif isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            yield from _target_values(element, part_of(items))
    elif isinstance(target, ast.Starred):
        yield from _target_values(target.value, items)
