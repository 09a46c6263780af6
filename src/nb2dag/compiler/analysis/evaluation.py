"""Evaluate statements in the abstract: which names are bound to what, and what happens to the objects behind names.

One evaluator walks one top-level statement, or one function body, with a resolver that says what a global name
stands for at that point (a module, a notebook definition, a kind of value). It never runs anything.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import replace

from nb2dag.compiler.analysis import calls, knowledge
from nb2dag.compiler.analysis.accessors import register
from nb2dag.compiler.analysis.application import DISPLAYS, call_methods
from nb2dag.compiler.analysis.callbacks import go_through
from nb2dag.compiler.analysis.classes import may_swallow, names_own_cache
from nb2dag.compiler.analysis.consuming import run_lazy
from nb2dag.compiler.analysis.decorated_by_call import DecoratedByCall, decorated_by_call
from nb2dag.compiler.analysis.decorating import (
    apply_decorator,
    keep_decorated,
    keep_registered,
    registered_with,
    wrapped,
)
from nb2dag.compiler.analysis.effects import (
    DELETED,
    REGISTERED,
    Bind,
    Draw,
    Effects,
    FileUse,
    Hold,
    Mutate,
    Seed,
    Summary,
    WriteState,
    rebinding,
)
from nb2dag.compiler.analysis.expressions import ARGUMENT
from nb2dag.compiler.analysis.functions import all_arguments, function_names
from nb2dag.compiler.analysis.instances import apply_class_statement
from nb2dag.compiler.analysis.knowledge.facts import CONFIG, ENTROPY, ENVIRON
from nb2dag.compiler.analysis.local_state import states_at, variable_at
from nb2dag.compiler.analysis.marks import IN_PLACE, OF_PROCESS, modules_in, put
from nb2dag.compiler.analysis.outside import GENERATORS, record_attribute
from nb2dag.compiler.analysis.passing import changing_defaults, functions_as_defaults
from nb2dag.compiler.analysis.places import file_state
from nb2dag.compiler.analysis.private_names import with_private_names
from nb2dag.compiler.analysis.resolver import Resolver
from nb2dag.compiler.analysis.targets import TargetEvaluator, names_first
from nb2dag.compiler.analysis.texts import has_parameter, parameter
from nb2dag.compiler.analysis.values import (
    FRAMES,
    FRESH,
    IMMUTABLE,
    NONE,
    Definition,
    Names,
    Value,
    container,
    gone_through,
    part_of,
    union,
    without_locals,
)
from nb2dag.model.code import ParsedCode, escape_of, nodes_of

_PASSES = 2
_MOST_DEPTH = 3
_MOST_LISTED = 8
_PROPERTIES = frozenset({"property", "cached_property", "getter", "setter", "deleter"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_Defining = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef


class Evaluator(TargetEvaluator):
    """Evaluates one statement or one function body; what it finds is in `effects` and `returned`."""

    depth = 0

    # -- statements ----------------------------------------------------------------------------------------------

    def body(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            self.statement(statement)

    def run(self, code: ParsedCode) -> None:
        self.body(code.tree.body)

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
        if isinstance(value, ast.Call) and escape_of(value) is None:
            shown = calls.evaluate_call(self, value, discarded=True)
            run_lazy(self, shown, node)
        else:
            shown = self.value(value)
            if isinstance(node.value, ast.Await):
                run_lazy(self, shown, node)
        if not self.function:
            # It is displayed, if it is the last of its cell.
            call_methods(self, [shown], DISPLAYS, node)

    def on_Assign(self, node: ast.Assign) -> None:
        decorated = None if self.function else decorated_by_call(Evaluator(self.resolver), node)
        if decorated is not None:
            self.decorated_again(decorated, node)
            return
        target = node.targets[0]
        if isinstance(node.value, ast.Lambda) and isinstance(target, ast.Attribute) and self.is_class(target.value):
            self.assign(target, self.put_on_class(target.attr, node.value), node.value)
            return
        value = self.value(node.value)
        if isinstance(node.value, ast.Lambda) and not self.function and isinstance(target, ast.Name):
            value = self.defined(target.id, node.value, [value])
        for number, target in enumerate(names_first(node.targets), 1):
            self.assign(target, value, node.value if number == 1 else None)
            if number < len(node.targets):
                value = self.at_target(target, value)

    def is_class(self, node: ast.expr) -> bool:
        """Tell whether an expression stands for a class of the notebook, at the top of a cell."""
        if self.function or not isinstance(node, ast.Name):
            return False
        definition = self.resolver.resolve(node.id).definition
        return definition is not None and definition.is_class

    def put_on_class(self, name: str, node: ast.Lambda) -> Value:
        """Return the value of a lambda that becomes a method: it runs where that is called, and not here."""
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self.value(default)
        value = Evaluator(self.resolver).value(node)
        return replace(value, kind="definition", definition=Definition(name, node, -1))

    def decorated_again(self, definition: DecoratedByCall, node: ast.Assign) -> None:
        """Record `f = library.wrap(f)`, which decorates what is defined already."""
        values = [self.value(definition.decorator), *(self.value(each) for each in definition.given)]
        made = self.defined(definition.node.name, definition.node, values)
        self.bind(definition.node.name, made)
        apply_decorator(self, values[0], made, definition.node.name, node)

    def on_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.value(node.annotation)
        if node.value is not None:
            self.assign(node.target, self.value(node.value), node.value)

    def on_AugAssign(self, node: ast.AugAssign) -> None:
        item = self.value(node.value)
        go_through(self, item, node)
        item = gone_through(item)
        if isinstance(node.target, ast.Name):
            before = self.name(node.target.id)
            self.operated([before, item], node)
            if before.module and knowledge.module_state(before.module):
                # `env |= {...}`, where `env` is `os.environ`.
                record_attribute(self.effects, before.module, node)
                result = before
            elif before.immutable:
                result = IMMUTABLE if item.immutable else container([item])
            else:
                self.effects.alter(before, node)
                self.hold(node.target, before, item)
                result = replace(before, constant=None)
            self.bind(node.target.id, result)
        else:
            if isinstance(node.target, (ast.Attribute, ast.Subscript)):
                owner = self.value(node.target.value)
                if owner.kind not in FRAMES and not owner.module:
                    # An array or list that is an element changes in place, before it is stored again.
                    self.effects.mutate(part_of(owner), node)
            self.store(node.target, item)

    def on_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, (ast.Subscript, ast.Attribute)):
                self.store(target, IMMUTABLE)
            elif isinstance(target, ast.Name) and (ended := self.name(target.id)).carries:
                call_methods(self, [ended], ["__del__"], node)
            if isinstance(target, ast.Name) and self.function and target.id in self.outer:
                self.effects.add(Bind(target.id, Value(kind=DELETED)))

    def on_Assert(self, node: ast.Assert) -> None:
        self.tested(node.test)
        if node.msg is not None:
            self.value(node.msg)

    def on_For(self, node: ast.For | ast.AsyncFor) -> None:
        items = self.iterated(node.iter)
        texts = self.listed(node)

        def once() -> None:
            for item in texts or [items]:
                if texts and isinstance(node.target, ast.Name):
                    # One text after the other, not one of several.
                    (self.locals if self.function else self.pending).pop(node.target.id, None)
                self.assign(node.target, item, None)
                self.body(node.body)

        self.repeated(once)
        self.body(node.orelse)

    on_AsyncFor = on_For

    def listed(self, node: ast.For | ast.AsyncFor) -> list[Value]:
        """Return the texts and paths that a loop goes through one by one, where they are written down and few."""
        items = node.iter.elts if isinstance(node.iter, ast.Tuple | ast.List) else []
        if not isinstance(node.target, ast.Name) or not 0 < len(items) <= _MOST_LISTED:
            return []
        quiet = Evaluator(self.resolver, function=self.function)
        quiet.locals = self.locals
        values = [quiet.value(item) for item in items]
        return values if all(value.immutable and value.constant is not None for value in values) else []

    def on_If(self, node: ast.If) -> None:
        self.tested(node.test)
        self.branches += 1
        self.body(node.body)
        self.body(node.orelse)
        self.branches -= 1

    def on_While(self, node: ast.While) -> None:
        def once() -> None:
            self.tested(node.test)
            self.body(node.body)

        self.repeated(once)
        self.body(node.orelse)

    def repeated(self, once: Callable[[], None]) -> None:
        """Walk a loop's body twice, so that what a pass does at its end is seen at the next one's beginning."""
        self.depth += 1
        self.branches += 1
        for _ in range(_PASSES if self.depth <= _MOST_DEPTH else 1):
            once()
        self.depth -= 1
        self.branches -= 1

    def on_With(self, node: ast.With | ast.AsyncWith) -> None:
        around: list[Value] = []
        for item in node.items:
            value = self.value(item.context_expr)
            run_lazy(self, value, node)
            entered = call_methods(self, [value], ["__enter__", "__exit__", "__aenter__", "__aexit__"], node)
            if modules_in(value.draws):
                # What a module of the notebook's own made may do anything to what it was given.
                self.effects.mutate(value, node, deep=True)
            called = item.context_expr.func if isinstance(item.context_expr, ast.Call) else None
            maker = self.value(called).definition if isinstance(called, ast.Name) else None
            contexts = value.carries if maker is None else value.carries | {maker}
            self.effects.swallows |= any(may_swallow(each.node) for each in contexts)
            if item.optional_vars is not None:
                # What a function decorated by `contextmanager` gives is no generator, but what that yields.
                yielded = union([replace(value, kind=""), part_of(replace(value, kind=""))])
                given = yielded if value.kind == "generator" else value
                self.assign(item.optional_vars, union([given, *entered]), None)
            around.append(value)
        self.body(node.body)
        if self.effects.raised or self.effects.thrown:
            # It is told of the exception that ends the block.
            told = Value(part=frozenset(self.effects.thrown), carries=frozenset(self.effects.raised))
            call_methods(self, around, ["__exit__", "__aexit__"], node, [told])

    on_AsyncWith = on_With

    def on_Try(self, node: ast.Try) -> None:
        self.branches += 1
        self.body(node.body)
        for handler in node.handlers:
            # A class that is named here stands for those derived from it, too.
            caught = FRESH if handler.type is None else container([self.value(handler.type)])
            if handler.name:
                carries = frozenset(item for item in caught.carries | self.effects.raised if item.position >= 0)
                self.bind(handler.name, Value(part=frozenset(self.effects.thrown), carries=carries))
            self.body(handler.body)
        self.body(node.orelse)
        self.branches -= 1
        self.body(node.finalbody)

    on_TryStar = on_Try

    def on_Match(self, node: ast.Match) -> None:
        subject = self.value(node.subject)
        self.branches += 1
        for case in node.cases:
            for child in ast.walk(case.pattern):
                if isinstance(child, (ast.MatchAs, ast.MatchStar)) and child.name:
                    self.bind(child.name, union([subject, part_of(subject)]))
                elif isinstance(child, ast.MatchMapping) and child.rest:
                    self.bind(child.rest, container([subject]))
                elif isinstance(child, ast.MatchValue):
                    self.operated([subject, self.value(child.value)], child)
                elif isinstance(child, ast.MatchClass):
                    self.value(child.cls)
                    self.matched(subject, child)
            if case.guard is not None:
                self.value(case.guard)
            self.body(case.body)
        self.branches -= 1

    def matched(self, subject: Value, pattern: ast.MatchClass) -> None:
        """Record that a pattern reads attributes of the subject, or of something in it."""
        names = [f"property {name}" for name in pattern.kwd_attrs]
        if pattern.patterns:
            # Which ones, `__match_args__` says.
            names.append("property *")
        if names:
            call_methods(self, [subject, part_of(subject)], [*names, "__getattr__", "__getattribute__"], pattern)

    def on_Raise(self, node: ast.Raise) -> None:
        for part in (node.exc, node.cause):
            if part is not None:
                value = self.value(part)
                if value.definition is not None and value.definition.is_class:
                    # `raise TooSmall` makes an instance.
                    value = self.value(ast.copy_location(ast.Call(part, [], []), part))
                raised = container([value])
                self.effects.raised |= raised.carries
                self.effects.thrown |= raised.reaches

    def on_Return(self, node: ast.Return) -> None:
        self.may_have_left = self.may_have_left or self.branches > 0
        items = node.value.elts if isinstance(node.value, ast.Tuple) else []
        plain = bool(items) and not any(isinstance(item, ast.Starred) for item in items)
        self.tuples.append([self.value(item) for item in items] if plain else None)
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
        if node.module == "__future__" and not self.function:
            # It says how all code below is compiled.
            self.effects.configures = True
        for alias in node.names:
            if alias.name != "*":
                path = f"{'.' * node.level}{node.module or ''}.{alias.name}"
                self.bind(alias.asname or alias.name, Value(module=path))

    def on_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        values = [self.value(default) for default in [*node.args.defaults, *node.args.kw_defaults] if default]
        values += [self.value(decorator) for decorator in node.decorator_list]
        if self.function:
            names = function_names(node)
            inside = frozenset(names.free).difference(self.locals)
            rebinds = frozenset(map(rebinding, names.binds))
            inner = container([*values, *self.captured(node, names.free)])
            draws = inner.draws | rebinds | self.around(node)
            self.bind(node.name, replace(inner, free=inside, draws=draws, kind="closure"))
        else:
            made = self.defined(node.name, node, values)
            self.bind(node.name, made)
            self.decorate(node, made, node.name)

    on_AsyncFunctionDef = on_FunctionDef

    def around(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Names:
        """Return what of the process around it a function inside of this one draws from or writes to when it is called.

        With it comes the mark of what changes what it is given. What it reads of files counts where it is defined.
        Nothing is found as long as more passes over the body follow, of which each finds all anew.
        """
        if self.settling:
            return NONE
        inner = Evaluator(self.resolver, function=True)
        given = Value(same=frozenset({ARGUMENT}))
        inner.locals = {**self.locals, **dict.fromkeys((each.arg for each in all_arguments(node.args)), given)}
        with inner.look.opened():
            # Which call it is that does something makes no difference here.
            inner.body(node.body)
        found: set[str] = set()
        for event in inner.effects.events:
            if isinstance(event, Draw | Seed) and event.state in GENERATORS:
                found |= {event.state, OF_PROCESS}
            elif isinstance(event, WriteState) and event.state in (ENVIRON, CONFIG):
                found.add(event.state)
            elif isinstance(event, FileUse) and event.writes:
                found.add(file_state(event.text if has_parameter(event.text) else event.place or ""))
            elif isinstance(event, FileUse):
                self.effects.add(replace(event, certain=False))
            elif isinstance(event, Mutate) and event.name == ARGUMENT:
                found.add(IN_PLACE)
        return frozenset(found)

    def on_ClassDef(self, node: ast.ClassDef) -> None:
        values = [self.value(base) for base in [*node.bases, *node.decorator_list]]
        values += [self.value(keyword.value) for keyword in node.keywords]
        inner = Evaluator(self.resolver, function=True)
        inner.locals = dict(self.locals)
        inner.effects = self.effects
        for statement in node.body:
            if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                inner.statement(statement)
        # What the defaults of methods are is made once, as attributes are.
        methods = [part.args for part in node.body if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef))]
        values += [
            inner.value(default) for part in methods for default in (*part.defaults, *part.kw_defaults) if default
        ]
        own = [value if self.function else put(value, name) for name, value in inner.locals.items()]
        made = self.defined(node.name, node, [*values, *own])
        if not self.function and made.definition is not None:
            apply_class_statement(self, made.definition, made, node)
            register(self.effects, made.definition)
        self.bind(node.name, made)
        if not self.function:
            for part in [*node.body, node]:
                self.decorate(part, made, node.name)

    def decorate(self, node: ast.stmt, made: Value, name: str) -> None:
        """Record what decorators do when they are called with what they decorate: they may put it into a registry."""
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return
        quiet = Evaluator(self.resolver, function=self.function)
        for decorator in node.decorator_list:
            applied = quiet.value(decorator)
            called = quiet.value(decorator.func) if isinstance(decorator, ast.Call) else applied
            # A local module may keep what it decorates.
            states = states_at(self.resolver, called.module)
            if states and called is applied:
                self.value(ast.copy_location(ast.Call(decorator, [ast.Name(name, ast.Load())], []), decorator))
            for state in states:
                self.effects.add(Hold(state, made))
            if applied.definition is None and not self.function and any(item.is_class for item in applied.carries):
                # An object, or a method of one or of a class, is called with it.
                self.value(ast.copy_location(ast.Call(decorator, [ast.Name(name, ast.Load())], []), decorator))
            if variable := variable_at(self.resolver, called.module):
                record_attribute(self.effects, variable, node, made)
            method = decorator.func if isinstance(decorator, ast.Call) else decorator
            if isinstance(method, ast.Attribute):
                keep_decorated(self, quiet.value(method.value), made, node)
            apply_decorator(self, applied, made, name, node)
            if (dispatcher := registered_with(decorator)) is not None:
                keep_registered(self, quiet.value(dispatcher), made, node)
                owner = quiet.value(dispatcher.value).definition if isinstance(dispatcher, ast.Attribute) else None
                if owner is not None and owner.is_class:
                    # `functools.singledispatchmethod` keeps it in the class, where no handoff looks.
                    self.effects.add(WriteState(REGISTERED, node))

    def defined(self, name: str, node: _Defining, values: list[Value]) -> Value:
        """Return the value of a function, lambda or class that the statement binds to `name`."""
        own_cache = names_own_cache(self.resolver, node)
        given = () if isinstance(node, ast.ClassDef) else functions_as_defaults(Evaluator(self.resolver), node.args)
        definition = self.resolver.define(Definition(name, node, self.position, own_cache, given))
        return replace(container(values), free=NONE, kind="definition", definition=definition)

    def elements(self) -> tuple[Value, ...] | None:
        """Return the values of a returned tuple's elements, None where not every `return` gives as many."""
        lengths = {None if items is None else len(items) for items in self.tuples}
        if len(lengths) != 1 or None in lengths:
            return None
        return tuple(union(items) for items in zip(*(items for items in self.tuples if items is not None), strict=True))


def evaluate_function(
    resolver: Resolver, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, owner: Definition | None = None
) -> Summary:
    """Return what calling a function may do, its parameters standing for whatever is passed.

    A method of the class `owner` is called on an instance of it, or of a class derived from it.
    """
    evaluator = Evaluator(resolver, function=True)
    if owner is not None:
        node = with_private_names(node, owner.name)
    evaluator.rebound = frozenset(
        name for child in nodes_of(node) if isinstance(child, ast.Nonlocal) for name in child.names
    )
    arguments = all_arguments(node.args)
    evaluator.first = arguments[0].arg if arguments else ""
    evaluator.owner = owner
    evaluator.method = "" if owner is None else getattr(node, "name", "")
    for argument in arguments:
        plain = Value(same=frozenset({f"@{argument.arg}"}), constant=parameter(argument.arg))
        evaluator.locals[argument.arg] = plain
    if owner is not None and arguments and not _is_decorated(node, "staticmethod"):
        first = evaluator.locals[arguments[0].arg]
        evaluator.locals[arguments[0].arg] = replace(first, carries=frozenset({owner}))
    if isinstance(node, ast.Lambda):
        # Whether anybody uses what it returns is not known.
        body = node.body
        evaluator.returned.append(
            calls.evaluate_call(evaluator, body, discarded=True)
            if isinstance(body, ast.Call)
            else evaluator.value(body)
        )
    else:
        for number in range(_PASSES):
            evaluator.may_have_left = False
            evaluator.settling = number + 1 < _PASSES
            evaluator.body(node.body)
        if owner is not None and node.decorator_list:
            method = Definition(node.name, node, owner.position)
            wrapped(evaluator, method, Value(same=frozenset({owner.name})), [*evaluator.locals.values()], node)
    if getattr(node, "name", "") == "__hash__":
        # Whoever has the object hashes it anew: what the hash is, is not part of what is computed.
        for reason in ("`hash()`", ENTROPY):
            evaluator.effects.unstable.pop(reason, None)
    returned = without_locals(union(evaluator.returned)) if evaluator.returned else IMMUTABLE
    if _is_decorated(node, "cached_property"):
        # The first read leaves in the object what later ones give, whatever has changed meanwhile.
        evaluator.effects.mutate(evaluator.first_argument(), node)
    return Summary(
        effects=_without_repeats(evaluator.effects),
        returns=returned,
        returned=union(evaluator.returned).reaches,
        parameters=tuple(argument.arg for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]),
        positional=len(node.args.posonlyargs) + len(node.args.args),
        variadic=None if node.args.vararg is None else node.args.vararg.arg,
        keywords=None if node.args.kwarg is None else node.args.kwarg.arg,
        changing_defaults=frozenset(argument.arg for argument, _ in changing_defaults(node.args)),
        elements=evaluator.elements(),
        of_class=_is_decorated(node, "classmethod"),
        is_property=_is_property(node),
        lazy=_lazy_kind(node),
        static=_is_decorated(node, "staticmethod"),
    )


def _lazy_kind(node: _Defining) -> str:
    """Return the kind of what a call of a function gives that runs none of it, "" for all other functions."""
    nested = {
        id(part)
        for inner in nodes_of(node)
        if inner is not node and isinstance(inner, _FUNCTIONS)
        for part in nodes_of(inner)
    }
    yields = (part for part in nodes_of(node) if isinstance(part, (ast.Yield, ast.YieldFrom)))
    if any(id(part) not in nested for part in yields):
        return "generator"
    return "coroutine" if isinstance(node, ast.AsyncFunctionDef) else ""


def _is_decorated(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, name: str) -> bool:
    return name in _decorators(node)


def _is_property(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> bool:
    return not _PROPERTIES.isdisjoint(_decorators(node))


def _decorators(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> set[str]:
    """Return the names of a function's decorators, without the modules that they are from."""
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    return {item.attr if isinstance(item, ast.Attribute) else getattr(item, "id", "") for item in decorators}


def _without_repeats(effects: Effects) -> Effects:
    effects.events = list(dict.fromkeys(effects.events))
    effects.ask_less()
    return effects
