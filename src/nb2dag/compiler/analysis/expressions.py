"""Evaluate expressions in the abstract: which value arises, and what happens to the objects behind names on the way."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nb2dag.compiler.analysis import calls, knowledge
from nb2dag.compiler.analysis.accessors import accessed
from nb2dag.compiler.analysis.application import apply_summary, call_methods, changed_since
from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.callbacks import go_through
from nb2dag.compiler.analysis.classes import has_changing_members, is_enumeration
from nb2dag.compiler.analysis.consuming import awaited, run_lazy
from nb2dag.compiler.analysis.effects import ANNOTATIONS, Bind, Effects, ReadState
from nb2dag.compiler.analysis.elements import elements_change
from nb2dag.compiler.analysis.escapes import evaluate_escape
from nb2dag.compiler.analysis.filling import found_in, look_up
from nb2dag.compiler.analysis.functions import all_arguments, function_names
from nb2dag.compiler.analysis.getters import mark_of_lambda, mark_of_method
from nb2dag.compiler.analysis.instances import class_of
from nb2dag.compiler.analysis.knowledge.facts import CONFIG, ENVIRON
from nb2dag.compiler.analysis.local_state import held_by_module
from nb2dag.compiler.analysis.looks import Look
from nb2dag.compiler.analysis.marks import CHANGES_INSIDE, LENT, running
from nb2dag.compiler.analysis.outside import GENERATORS
from nb2dag.compiler.analysis.own_attributes import is_own
from nb2dag.compiler.analysis.own_generators import generators_of
from nb2dag.compiler.analysis.resolver import Resolver
from nb2dag.compiler.analysis.texts import ANY, concatenated, joined_path, literal
from nb2dag.compiler.analysis.values import (
    FILLS,
    FRAMES,
    FRESH,
    IMMUTABLE,
    NONE,
    Definition,
    Value,
    container,
    elements_of,
    kept,
    part_of,
    union,
    without_locals,
    without_names,
)
from nb2dag.model.code import ParsedCode, escape_of, nodes_of

_LISTS = {"glob", "rglob", "iterdir", "iglob"}
_SORTED = {"sorted", "list", "tuple", "set", "reversed"}
_TREE_NUMBERS = {"node_count", "capacity", "n_features", "n_outputs", "n_leaves", "max_n_classes", "max_depth"}
"""Attributes of a decision tree that are no arrays."""
_NO_COLUMNS = {"T", "attrs", "axes", "dtypes", "flags", "plot", "size", "sparse", "values"}
"""Attributes of a frame that are no column of it; those that the tables know are found there."""

_CONVERSION = re.compile(r"%[-#0 +\d.]*(?:\(\w+\))?[A-Za-z%]")
ARGUMENT = "@"
"""Stands for whatever a lambda is called with."""

_STATES = {
    "os.environ": frozenset({ENVIRON}),
    "matplotlib.rcParams": frozenset({CONFIG}),
    "matplotlib.pyplot.rcParams": frozenset({CONFIG}),
}
"""Objects of which what holds them changes state of the whole process: `settings = {"env": os.environ}`."""


class ExpressionEvaluator:
    """Evaluates expressions; what they do is in `effects`.

    In a function's body (`function`) names it binds are `locals`; in a cell they are global, and those that the
    statement has bound so far are `pending`. A body is gone through several times; `settling` is set but for the last.
    """

    def __init__(self, resolver: Resolver, *, function: bool = False, position: int = -1) -> None:
        self.resolver = resolver
        self.effects = Effects()
        self.function = function
        self.position = position
        self.active: set[tuple[Definition, str]] = set()
        self.look = Look()
        self._lenders: dict[ast.expr, Value] = {}
        self.owner: Definition | None = None
        self.method = ""
        self.first = ""
        self.locals: dict[str, Value] = {}
        self.pending: dict[str, Value] = {}
        self.outer: set[str] = set()
        self.rebound: frozenset[str] = frozenset()
        self.returned: list[Value] = []
        self.tuples: list[list[Value] | None] = []
        self.branches = 0
        self.may_have_left = False
        self.settling = False

    @property
    def certain(self) -> bool:
        """Whether the code that is being evaluated runs on every path."""
        return not (self.branches or self.may_have_left)

    def run(self, code: ParsedCode) -> None:
        """Evaluate other code as if it stood here; for whoever evaluates statements."""
        raise NotImplementedError

    # -- names ---------------------------------------------------------------------------------------------------

    def bind(self, name: str, value: Value, *, together: bool = False) -> None:
        if self.function and name not in self.outer:
            if not (value.same or value.part or value.immutable or value.module or value.definition):
                value = replace(value, same=frozenset({f"%{name}"}))
            before = self.locals.get(name)
            self.locals[name] = value if before is None or before == value else union([before, value])
        else:
            before = self.pending.get(name)
            value = without_locals(value)
            self.pending[name] = value if before is None else union([before, value])
            self.effects.add(Bind(name, value, together))
            if value.kind == "mark":
                # What is compared with it anywhere, by `==` or `in`, is compared by identity.
                self.effects.identity.add(name)

    def first_argument(self) -> Value:
        return self.locals.get(self.first, FRESH)

    def hold(self, owner_node: ast.expr, owner: Value, item: Value) -> None:
        """Record that the object behind `owner_node` now contains `item`, in locals too."""
        root: ast.expr = owner_node
        while isinstance(root, (ast.Attribute, ast.Subscript)):
            root = root.value
        if isinstance(root, ast.Name) and root.id in self.locals:
            grown = self.locals[root.id]
            for name, value in self.locals.items():
                if name == root.id or value.same & grown.same:
                    self.locals[name] = replace(union([value, container([value, item])]), kind=value.kind)
        self.effects.hold(owner, item)

    # -- expressions ---------------------------------------------------------------------------------------------

    def name(self, name: str) -> Value:
        if name in self.locals and name not in self.outer:
            return self.locals[name]
        if name in self.pending:
            return self.named(name, self.pending[name])
        value = self.resolver.resolve(name)
        if value.definition is not None:
            self.effects.references.add(value.definition)
        if value.module and (generators := generators_of(value.module)):
            return replace(value, draws=generators)
        return value

    def named(self, name: str, value: Value) -> Value:
        """Return `value` after the statement has bound it to a global name: the object is the name's from then on."""
        if value.module or value.definition or value.immutable or (self.function and name not in self.outer):
            return value
        return replace(value, same=frozenset({name}), part=NONE, holds=NONE)

    def value(self, node: ast.expr) -> Value:
        method = getattr(self, f"value_{type(node).__name__}", None)
        if method is not None:
            result: Value = method(node)
            return result
        children = [self.value(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        return container(map(kept, children))

    def value_Name(self, node: ast.Name) -> Value:
        if node.id == ANNOTATIONS and not self.function and node.id not in self.locals:
            # It holds the annotations of all cells that have run.
            self.effects.dynamic.setdefault(node.id, node)
        return self.name(node.id)

    def value_Constant(self, node: ast.Constant) -> Value:
        return replace(IMMUTABLE, constant=literal(node.value)) if isinstance(node.value, str) else IMMUTABLE

    def value_JoinedStr(self, node: ast.JoinedStr) -> Value:
        parts: list[str | None] = []
        for child in node.values:
            if isinstance(child, ast.FormattedValue):
                shown = self.value(child.value)
                self.operated([shown], child)
                text = shown.constant
                if child.format_spec is not None:
                    self.value(child.format_spec)
                parts.append(text if child.conversion == -1 and child.format_spec is None else None)
            elif isinstance(child, ast.Constant):
                parts.append(literal(str(child.value)))
        return replace(IMMUTABLE, constant=concatenated(parts))

    def operated(self, values: list[Value], node: ast.AST) -> list[Value]:
        """Record what the operator methods of notebook classes may do, and return what they may return."""
        if self.function or any(value.carries for value in values):
            return call_methods(self, values, ["__*__"], node, values)
        return []

    def iterated(self, node: ast.expr) -> Value:
        """Return the value of an element that iterating an expression gives."""
        value = self.value(node)
        go_through(self, value, node)
        if _lists_folder(node):
            return replace(IMMUTABLE, constant=ANY)
        held = [held_by_module(self.resolver, value.module)] if value.module else []
        return union([part_of(value), *held, *map(part_of, self.operated([value], node))])

    def value_Compare(self, node: ast.Compare) -> Value:
        values = [self.value(child) for child in _compared(node)]
        self.operated(values, node)
        if any(isinstance(operator, (ast.Is, ast.IsNot)) for operator in node.ops):
            operands = [node.left, *node.comparators]
            if not any(isinstance(operand, ast.Constant) for operand in operands):
                for operand, value in zip(operands, values, strict=True):
                    self.effects.identity |= value.reaches
                    self.effects.identity |= self._named_globals(operand) if value.immutable else NONE
        for operator, value in zip(node.ops, values[1:], strict=True):
            if isinstance(operator, (ast.In, ast.NotIn)):
                go_through(self, value, node)
        kinds = {value.kind for value in values} & FRAMES
        return Value(kind=min(kinds)) if kinds else (IMMUTABLE if all(v.immutable for v in values) else FRESH)

    def _named_globals(self, node: ast.expr) -> set[str]:
        """Return the global names in an expression: a value that cannot change does not tell from which it is."""
        names = {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}
        return names - self.locals.keys()

    def value_UnaryOp(self, node: ast.UnaryOp) -> Value:
        value = self.value(node.operand)
        self.operated([value], node)
        return IMMUTABLE if value.immutable or isinstance(node.op, ast.Not) else Value(kind=value.kind)

    def value_BinOp(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Mod):
            look_up(self, [right], node)
        if made := self.operated([left, right], node):
            return union([*made, container([left, right])])
        if left.immutable and right.immutable:
            return replace(IMMUTABLE, constant=_combined(left, node.op, right))
        kinds = {left.kind, right.kind} & FRAMES
        if kinds:
            kind = "frame" if "frame" in kinds else min(kinds)
            return container([left, right], kind) if elements_change(self) else Value(kind=kind)
        text = _combined(left, node.op, right)
        if isinstance(node.op, ast.Div) and left.immutable and left.constant is not None:
            # A path and something of which nothing is known.
            return replace(IMMUTABLE, constant=text)
        if "temporary" in (left.kind, right.kind):
            return Value(kind="temporary")
        if left.kind == "path" or right.kind == "path":
            return Value(kind="path", constant=text)
        if _may_share(node.op, left, right):
            return replace(container([left, right], left.kind if left.kind == right.kind else ""), constant=text)
        return Value(constant=text)

    def value_BoolOp(self, node: ast.BoolOp) -> Value:
        self.branches += 1
        values = [self.value(child) for child in node.values]
        self.branches -= 1
        self.operated(values, node)
        return union(values)

    def value_IfExp(self, node: ast.IfExp) -> Value:
        self.tested(node.test)
        self.branches += 1
        values = [self.value(node.body), self.value(node.orelse)]
        self.branches -= 1
        return union(values)

    def tested(self, node: ast.expr) -> None:
        """Evaluate a condition; an instance may be asked for its truth."""
        self.operated([self.value(node)], node)

    def value_NamedExpr(self, node: ast.NamedExpr) -> Value:
        value = self.value(node.value)
        self.bind(node.target.id, value)
        return self.named(node.target.id, value)

    def value_Starred(self, node: ast.Starred) -> Value:
        value = self.value(node.value)
        go_through(self, value, node)
        given = self.operated([value], node)
        return union([value, *given]) if given else value

    def value_Await(self, node: ast.Await) -> Value:
        value = self.value(node.value)
        run_lazy(self, value, node)
        return awaited(value)

    def value_Yield(self, node: ast.Yield) -> Value:
        if node.value is not None:
            self.returned.append(container([self.value(node.value)], "generator"))
        return FRESH

    def value_YieldFrom(self, node: ast.YieldFrom) -> Value:
        value = self.value(node.value)
        go_through(self, value, node)
        self.returned.append(container([value], "generator"))
        return FRESH

    def value_List(self, node: ast.List) -> Value:
        return container([kept(self.displayed(child)) for child in node.elts], "list")

    def displayed(self, node: ast.expr) -> Value:
        """Return what a display holds for one of its parts: of what is unpacked there, the elements."""
        value = self.value(node)
        return elements_of(value) if isinstance(node, ast.Starred) else value

    def value_Tuple(self, node: ast.Tuple) -> Value:
        values = [self.displayed(child) for child in node.elts]
        if all(value.immutable and not value.carries for value in values):
            return IMMUTABLE
        return container(map(kept, values), "tuple")

    def value_Set(self, node: ast.Set) -> Value:
        values = [self.displayed(child) for child in node.elts]
        self.operated(values, node)
        return container(map(kept, values), "set")

    def value_Dict(self, node: ast.Dict) -> Value:
        keys = [self.value(key) for key in node.keys if key is not None]
        self.operated(keys, node)
        values = [self.value(child) for child in node.values]
        for key, value in zip(node.keys, values, strict=True):
            if key is None:
                # `{**row}` asks a mapping of the notebook's own for its keys.
                self.ask_mapping(value, node)
        return container([*keys, *map(kept, values)], "dict")

    def ask_mapping(self, value: Value, node: ast.AST) -> None:
        """Record what unpacking a mapping calls of the notebook's own: `keys` and `__getitem__`."""
        if self.function or value.carries:
            call_methods(self, [value], ["keys", "__getitem__"], node)

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
            # `np.random` by itself reads nothing: what a call through it does, the tables know.
            if state and state != "<config>" and not (state in GENERATORS and state == f"<{path}>"):
                self.effects.add(ReadState(state, node))
            return Value(module=path, draws=generators_of(path) | mark_of_method(path) | _STATES.get(path, NONE))
        if calls.is_super(node.value):
            owner = union([owner, part_of(self.first_argument())])
            if read := call_methods(self, [self.first_argument()], [f"super {node.attr}"], node):
                return union([owner, *read])
        if self.function or owner.carries:
            names = [f"property {node.attr}", "__getattr__", "__getattribute__"]
            if read := call_methods(self, [owner], names, node):
                return union([part_of(owner), *read])
        if knowledge.is_lost(node.attr, owner.kind):
            self.effects.lost |= {(name, node.attr) for name in owner.reaches}
        if node.attr == "__class__":
            return union([part_of(owner), class_of(owner)])
        if owner.kind == "temporary":
            # The name of something that ends with the process.
            return owner
        if made := accessed(self, owner, node):
            return union(made)
        return self.attribute(owner, node)

    def attribute(self, owner: Value, node: ast.Attribute) -> Value:
        """Return what a library's object gives for one of its attributes."""
        if isinstance(node.value, ast.Attribute) and node.value.attr == "tree_" and node.attr not in _TREE_NUMBERS:
            # The arrays of a decision tree lie in its own memory.
            return replace(part_of(owner, "array"), draws=owner.draws | {LENT})
        if node.attr == "value" and any(map(has_changing_members, owner.carries)):
            return part_of(owner)
        sharing = knowledge.attribute(node.attr, owner.kind)
        if sharing != "shares" and not owner.kind and is_own(self, node.attr):
            return part_of(owner)
        if sharing == "immutable":
            return IMMUTABLE
        if sharing == "fresh":
            return without_names(container([part_of(owner)])) if owner.kind == "frame" else FRESH
        if owner.immutable and owner.constant and knowledge.uses_files(node.attr):
            # A method of a path, which may be called by another name: `write = Path("a.txt").write_text`.
            return replace(IMMUTABLE, constant=owner.constant)
        if node.attr == "flat" and owner.kind in ("array", ""):
            return part_of(owner, "place in an array")
        if node.attr in ("loc", "iloc", "at", "iat") and owner.kind in ("frame", "series", ""):
            self._lenders[node] = self.lender(node.value, owner)
            return part_of(owner, owner.kind or "place in a frame")
        if node.attr == "style" and owner.kind == "frame":
            return container([owner], "styler")
        if owner.kind in ("frame", "series") and node.attr in ("index", "columns"):
            return part_of(owner, "index")
        if owner.kind == "frame" and node.attr not in _NO_COLUMNS:
            return part_of(owner, "series")
        return part_of(self.lender(node.value, owner) if node.attr in ("values", "array") else owner)

    def value_Subscript(self, node: ast.Subscript) -> Value:
        owner = self.value(node.value)
        index = self.value(node.slice)
        look_up(self, [owner], node)
        if owner.kind == "defaultdict" or FILLS in owner.draws:
            self.made_by_factory(owner, node)
        if taken := self.operated([owner, index], node):
            return union([part_of(owner), *taken])
        if owner.module:
            self.effects.add(ReadState(knowledge.module_state(owner.module) or f"<{owner.module}>", node))
            return held_by_module(self.resolver, owner.module)
        if owner.definition is not None and owner.definition.is_class:
            # `Stack[int]` makes what `Stack` makes; `Color["RED"]` is one of what it keeps.
            for summary in self.resolver.methods(owner.definition, "__class_getitem__"):
                apply_summary(self, summary, Arguments([index], receiver=owner, owner=owner.definition), node)
            return part_of(owner) if is_enumeration(self.resolver, owner.definition) else owner
        if owner.kind in {"frame", "series"}:
            # pandas 3 copies on write: what is taken out of a frame never writes back into it.
            self._lenders[node] = self.lender(node.value, owner)
            kind = _kind_taken(node, owner, index)
            if elements_change(self):
                return part_of(owner, kind)
            return replace(part_of(owner, kind), part=NONE)
        if owner.kind == "list" and isinstance(node.slice, ast.Slice):
            return container([part_of(owner)], "list")
        kind = owner.kind if isinstance(node.slice, ast.Slice) or owner.kind == "array" else ""
        return found_in(owner, part_of(owner, kind=kind))

    def lender(self, node: ast.expr, value: Value) -> Value:
        """Return in whose memory an array looks that is made from the value of an expression.

        `df["x"].to_numpy()` looks into `df`, whose writes it sees: what copies on write keeps no book of arrays, and
        the column is gone. Had the column a name, it would be the frame that gets another memory.
        """
        return union([value, self._lenders[node]]) if node in self._lenders else value

    def made_by_factory(self, owner: Value, node: ast.AST) -> None:
        """Let the factory of a `defaultdict` put something into it: a variable of the notebook, perhaps."""
        given = call_methods(self, [owner], ["__call__"], node)
        for value in [*given, *map(self.name, sorted(owner.free))]:
            if not value.module and value.definition is None:
                self.effects.hold(owner, value)

    def value_Lambda(self, node: ast.Lambda) -> Value:
        defaults = [self.value(child) for child in [*node.args.defaults, *node.args.kw_defaults] if child]
        names = function_names(node)
        free = frozenset(name for name in names.free if name not in self.locals)
        changes, changes_inside, result = self.lambda_body(node)
        gives = NONE if result.immutable else result.reaches - {ARGUMENT}
        makes = Value(carries=frozenset(each for each in result.carries if each.is_class))
        inside = container([*defaults, *self.captured(node, names.free), makes])
        draws = inside.draws | mark_of_lambda(node) | ({CHANGES_INSIDE} if changes_inside else NONE)
        return replace(inside, free=free, kind="function", changes_arguments=changes, gives=gives, draws=draws)

    def captured(self, node: ast.AST, names: Iterable[str]) -> list[Value]:
        """Return what a function inside of this one encloses: objects, and variables that one of them binds anew."""
        found = [kept(self.locals[name]) for name in names if name in self.locals]
        if self.rebound:
            used = {child.id for child in nodes_of(node) if isinstance(child, ast.Name)} & self.rebound
            found += [Value(part=frozenset({f"%variable {name}"})) for name in sorted(used)]
        return found

    def lambda_body(self, node: ast.Lambda) -> tuple[bool, bool, Value]:
        """Record what the body does to names around it, as if it ran here.

        Returns:
            Whether it may change its arguments or anything in them, whether it surely is out to do that, and what it
            returns.
        """
        before, start = self.locals, len(self.effects.events)
        given = Value(same=frozenset({ARGUMENT}))
        self.locals = before | {argument.arg: given for argument in all_arguments(node.args)}
        self.branches += 1
        if isinstance(node.body, ast.Call):
            result = calls.evaluate_call(self, node.body, discarded=True)
        else:
            result = self.value(node.body)
        self.branches -= 1
        self.locals = before
        added = self.effects.events[start:]
        foreign = [event for event in added if getattr(event, "name", "") != ARGUMENT]
        self.effects.events[start:] = foreign
        inside = {each for each in self.effects.altered if each[0] == ARGUMENT}
        self.effects.altered -= inside
        return len(foreign) < len(added), bool(inside), result

    def value_ListComp(self, node: ast.ListComp) -> Value:
        return self.comprehension(node.generators, [node.elt], "list")

    def value_SetComp(self, node: ast.SetComp) -> Value:
        return self.comprehension(node.generators, [node.elt], "set")

    def value_GeneratorExp(self, node: ast.GeneratorExp) -> Value:
        return self.comprehension(node.generators, [node.elt], "generator")

    def value_DictComp(self, node: ast.DictComp) -> Value:
        return self.comprehension(node.generators, [node.key, node.value], "dict")

    def comprehension(self, generators: list[ast.comprehension], elements: list[ast.expr], kind: str) -> Value:
        before, start = self.locals, len(self.effects.events)
        self.locals = dict(before)
        self.branches += 1
        for generator in generators:
            items = self.iterated(generator.iter)
            for name, value in _target_values(generator.target, items):
                self.locals[name] = value
            for condition in generator.ifs:
                self.value(condition)
        values = [self.value(element) for element in elements]
        self.branches -= 1
        self.locals = before
        made = container(map(kept, values), kind)
        if kind != "generator":
            return made
        return replace(made, draws=made.draws | running(changed_since(self.effects, start)))

    def value_Call(self, node: ast.Call) -> Value:
        if (escape := escape_of(node)) is not None:
            return evaluate_escape(self, escape, node)
        return calls.evaluate_call(self, node, discarded=False)

    def call_bound(
        self, function: ast.Attribute, reachable: Sequence[Value], node: ast.Call, *, certain: bool
    ) -> Value:
        """Return what calling a bound method with parts of `reachable` gives, its effects recorded."""
        return calls.call_bound(self, function, reachable, node, certain=certain)


def _compared(node: ast.Compare) -> list[ast.expr]:
    """Return what is compared; in `view.base is array` the view itself, which has that base after a handoff, too."""
    operands = [node.left, *node.comparators]
    if not all(isinstance(operator, (ast.Is, ast.IsNot)) for operator in node.ops):
        return operands
    if any(isinstance(operand, ast.Constant) for operand in operands):
        return operands
    return [each.value if isinstance(each, ast.Attribute) and each.attr == "base" else each for each in operands]


def _lists_folder(node: ast.expr) -> bool:
    """Tell whether it is `folder.glob("*.csv")` or the like, whose elements are paths; or these sorted."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _SORTED and node.args:
        node = node.args[0]
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _LISTS


def _kind_taken(node: ast.Subscript, owner: Value, index: Value) -> str:
    """Return the kind of what is taken out of a frame or series, "" for one of its elements."""
    place = node.value.attr if isinstance(node.value, ast.Attribute) else ""
    if place in ("at", "iat") or (index.immutable and owner.kind == "series"):
        return ""
    if index.immutable and place in ("loc", "iloc") and isinstance(node.slice, ast.Tuple):
        return owner.kind if any(isinstance(each, ast.Slice) for each in node.slice.elts) else ""
    if not place and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return "series"
    return owner.kind


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
    """Return what is known of a text put together: `"a" + b`, `folder / "b"`, `"part%d.csv" % number`."""
    if isinstance(operator, ast.Add):
        return concatenated([left.constant, right.constant])
    if isinstance(operator, ast.Div):
        return joined_path([left.constant, right.constant])
    if isinstance(operator, ast.Mod) and left.constant is not None:
        return _CONVERSION.sub(ANY, left.constant)
    return None


def _target_values(target: ast.expr, items: Value) -> Iterable[tuple[str, Value]]:
    if isinstance(target, ast.Name):
        yield target.id, items
    elif isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            yield from _target_values(element, part_of(items))
    elif isinstance(target, ast.Starred):
        yield from _target_values(target.value, items)
