"""Evaluate what is assigned to: names, parts of objects, and the elements of what is unpacked."""

from __future__ import annotations

import ast
from dataclasses import replace

from nb2dag.compiler.analysis.application import call_methods
from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.callbacks import go_through
from nb2dag.compiler.analysis.effects import LOG_HANDLERS, WriteState
from nb2dag.compiler.analysis.elements import alter_place, elements_change
from nb2dag.compiler.analysis.expressions import ExpressionEvaluator
from nb2dag.compiler.analysis.hooks import record_hook
from nb2dag.compiler.analysis.marks import with_generator, with_put
from nb2dag.compiler.analysis.outside import record_attribute, record_log_keeping, record_setting
from nb2dag.compiler.analysis.values import (
    FRAMES,
    IMMUTABLE,
    OF_ONE_PROCESS,
    Value,
    container,
    elements_of,
    is_parameter,
    kept,
    linked,
    part_of,
    union,
    without_names,
)
from nb2dag.model.code import nodes_of


class TargetEvaluator(ExpressionEvaluator):
    """Evaluates expressions, and what happens where one is assigned."""

    def at_target(self, target: ast.expr, value: Value) -> Value:
        """Return the value for the next target of `a = b.c = []`, all of which get one object."""
        if isinstance(target, ast.Name):
            return self.named(target.id, value)
        if value.module or value.immutable or value.definition is not None:
            return value
        if isinstance(target, (ast.Attribute, ast.Subscript)):
            return union([value, part_of(self.value(target.value), value.kind)])
        inside = target.elts if isinstance(target, (ast.Tuple, ast.List)) else []
        return replace(container([value, *(self.value(each) for each in inside)]), kind=value.kind)

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
            quiet = type(self)(self.resolver, function=self.function)
            quiet.locals = self.locals
            values = [quiet.value(element) for element in source.elts]
            for number, (target, item) in enumerate(zip(targets, values, strict=True)):
                if isinstance(target, ast.Name):
                    self.bind(target.id, item, together=number > 0)
                else:
                    self.assign(target, item, None)
            return
        go_through(self, value, source or targets[0])
        if given := self.operated([value], source or targets[0]):
            value = union([value, *given])
        names = [self.global_name(target) for target in targets]
        items = value.elements if self.function and value.elements and len(value.elements) == len(names) else None
        for target, item in zip(targets, items or _elements(value, names), strict=True):
            self.assign(target, item, None)

    def global_name(self, target: ast.expr) -> str | None:
        """Return the global name that a target binds, None for a local one and for what is no name."""
        if not isinstance(target, ast.Name) or (self.function and target.id not in self.outer):
            return None
        return target.id

    def store_handlers(self, target: ast.Attribute | ast.Subscript, item: Value) -> None:
        """Record that a logger gets other handlers: `log.handlers = [...]`, `log.handlers[:] = [...]`."""
        held = target.value if isinstance(target, ast.Subscript) else target
        if not isinstance(held, ast.Attribute) or held.attr not in ("handlers", "filters"):
            return
        logger = self.value(held.value)
        if logger.kind == "immutable" or logger.module.startswith("logging."):
            self.effects.add(WriteState(LOG_HANDLERS, target))
            record_log_keeping(self, Arguments([item]), target)

    def store(self, target: ast.expr, item: Value) -> None:
        """Evaluate `a.b = item`, `a[i] = item` and their deletions: the object of `a` changes."""
        if not isinstance(target, (ast.Attribute, ast.Subscript)):
            return
        index = self.value(target.slice) if isinstance(target, ast.Subscript) else IMMUTABLE
        if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice):
            go_through(self, item, target)
            item = elements_of(item)
        owner = self.value(target.value)
        self.store_handlers(target, item)
        names = ["__*__"]
        if isinstance(target, ast.Attribute):
            names = [f"set {target.attr}", "__delattr__" if isinstance(target.ctx, ast.Del) else "__setattr__"]
        call_methods(self, [owner], names, target, [item])
        if owner.module and owner.definition is None:
            attribute = f".{target.attr}" if isinstance(target, ast.Attribute) else ""
            record_attribute(self.effects, f"{owner.module}{attribute}", target, item)
            record_hook(self, item, target)
            return
        if isinstance(target.value, ast.Attribute) and target.value.attr == "flags":
            # Settings of a frame or array, which have no object of their own.
            self.effects.mutate(self.value(target.value.value), target)
        elif owner.kind == "immutable" and isinstance(target, ast.Attribute):
            # A logger, of which there is one by its name: `log.propagate = False`.
            record_setting(self.effects, target.attr, target)
        if index.carries:
            # It is asked for its hash.
            self.operated([index], target)
        alter_place(self, owner, target)
        if index.carries or index.definition is not None or index.kind in OF_ONE_PROCESS:
            # A key of the notebook's own: an instance that can change, or a function; or the address of an object.
            self.hold(target.value, owner, index)
        elif any(map(is_parameter, index.same)):
            self.effects.hold(owner, index, as_key=True)
        if isinstance(target, ast.Attribute):
            item = with_put(kept(with_generator(item, target.attr), target.attr), owner, target.attr)
        copies = owner.kind in FRAMES and not elements_change(self)
        if not copies or (isinstance(target, ast.Attribute) and owner.kind == "array"):
            self.hold(target.value, owner, item)
        else:
            self.effects.lend(item, itself=True)
            self.hold(target.value, owner, without_names(item))


def names_first(targets: list[ast.expr]) -> list[ast.expr]:
    """Return the targets of an assignment with a name in front, if the others can do without its old object."""
    names = [target for target in targets if isinstance(target, ast.Name)]
    others = [target for target in targets if not isinstance(target, ast.Name)]
    used = {node.id for target in others for node in nodes_of(target) if isinstance(node, ast.Name)}
    return targets if any(name.id in used for name in names) else [*names, *others]


def _elements(value: Value, names: list[str | None]) -> list[Value]:
    """Return the values of the elements that an assignment unpacks to `names`.

    Where nothing is known of the elements, one may be or contain another.
    """
    if value.elements is not None and len(value.elements) == len(names):
        return linked(value.elements, names)
    items = [part_of(value)] * len(names)
    first = next((name for name in names if name is not None), None)
    if value.immutable or value.apart or first is None:
        return items
    start = names.index(first)
    tied = union([part_of(value), Value(part=frozenset({first}))])
    return [tied if number > start else item for number, item in enumerate(items)]
