"""Find tasks that wait for another one only because both change one object, or draw from one generator."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

from nb2dag.compiler.analysis.demand import IMPLICIT, Demand, Demands
from nb2dag.compiler.analysis.edges import after_options, task_ids
from nb2dag.compiler.analysis.effects import Mutate
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.outside import GENERATORS
from nb2dag.compiler.analysis.regions import node_region
from nb2dag.compiler.analysis.statements import MOST_STATEMENTS, Statement
from nb2dag.model.dataflow import FlowProblem
from nb2dag.model.program import Program
from nb2dag.model.span import Span

_ADDING = {"append", "extend", "add", "update", "insert", "appendleft", "setdefault"}
"""Methods that put something into their receiver and ask nothing of what is there."""


_MOST_LABELS = 5


@dataclass(slots=True)
class _Use:
    """What statements do to one object by its name: the keys they write and read, None among them for any key."""

    written: set[object] = field(default_factory=set)
    read: set[object] = field(default_factory=set)
    first: tuple[Statement, ast.AST] | None = None
    otherwise: bool = False
    """The object is used in a way that may depend on anything in it."""
    changed_otherwise: bool = False
    """A statement may change it in another way than by the keys."""


def serial_mutations(flow: Flow, demands: Demands, program: Program) -> Iterator[FlowProblem]:
    """Yield a problem for each pair of tasks whose edge neither a value nor a declaration asks for.

    Of the pairs that change one object or draw from one generator there is one problem, the others are its labels.
    """
    found: dict[str, FlowProblem] = {}
    for problem in _pairs(flow, demands, program):
        values = dict(problem.values)
        first = found.setdefault(values["names"], problem)
        if first is not problem and len(first.labels) < _MOST_LABELS:
            label = (problem.span, f"and `{values['task']}` for `{values['other']}`")
            found[values["names"]] = replace(first, labels=(*first.labels, label))
    yield from found.values()


def _pairs(flow: Flow, demands: Demands, program: Program) -> Iterator[FlowProblem]:
    declared = {(cell.task_id, other) for cell, option in after_options(program) for other in task_ids(option.value)}
    for demand in demands.tasks.values():
        if demand.task_id == IMPLICIT:
            continue
        taken = demands.settled.get(
            "changed by others", demand.task_id, demand, partial(_changed_by_others, flow, demand)
        )
        for producer, names in taken:
            if (demand.task_id, producer) not in declared:
                yield from _serialised(flow, demands.tasks[producer], demand, names, program.notebook.path)


def _changed_by_others(flow: Flow, demand: Demand) -> list[tuple[str, list[str]]]:
    """Return the tasks of which a task takes nothing that they bind, only what they change, each with the names."""
    taken: dict[str, list[str]] = {}
    binding = {IMPLICIT}
    for name, position in sorted(demand.sources.items()):
        maker = flow.statements[position]
        taken.setdefault(maker.task_id or IMPLICIT, []).append(name)
        if name in maker.names.touched:
            binding.add(maker.task_id or IMPLICIT)
    return [(producer, names) for producer, names in taken.items() if producer not in binding]


def _serialised(flow: Flow, maker: Demand, taker: Demand, names: list[str], path: str) -> Iterator[FlowProblem]:
    places = []
    for name in names:
        use = _only_changed(flow, maker, taker, name)
        if use is None or use.first is None:
            return
        places.append(use.first)
    changed = flow.statements[taker.sources[names[0]]]
    values = (("task", taker.task_id), ("other", maker.task_id), ("name", names[0]), ("names", _listed(names)))
    label = (changed.cell.cell.span(path, changed.region), f"`{maker.task_id}` changes it here")
    yield FlowProblem("serial-mutation", _span(*places[0], path), values, (label,))


def _only_changed(flow: Flow, maker: Demand, taker: Demand, name: str) -> _Use | None:
    """Return what the taker does to an object, None where it may need what the maker did to it."""
    if name in GENERATORS:
        return _drawn(flow, taker, name)
    here = _use(flow, taker, name)
    if here.otherwise or here.first is None:
        return None
    there = _use(flow, maker, name, until=taker.sources[name])
    apart = not here.read or (None not in there.written | here.read and not here.read & there.written)
    return here if apart and there.written and not there.changed_otherwise else None


def _drawn(flow: Flow, taker: Demand, name: str) -> _Use | None:
    for position in taker.positions:
        for event in flow.statements[position].effects.events:
            if getattr(event, "state", "") == name:
                node: ast.AST = getattr(event, "why", flow.statements[position].node)
                return _Use(first=(flow.statements[position], node))
    return None


def _use(flow: Flow, demand: Demand, name: str, until: int | None = None) -> _Use:
    use = _Use()
    for position in demand.positions:
        if until is not None and position > until:
            break
        one = _use_in(flow.statements[position], name)
        if one is not None:
            use.changed_otherwise |= one.changed_otherwise
            use.otherwise |= one.otherwise
            use.written |= one.written
            use.read |= one.read
            use.first = use.first or one.first
        if until is None and use.otherwise:
            break
    return use


@lru_cache(MOST_STATEMENTS)
def _use_in(statement: Statement, name: str) -> _Use | None:
    """Return what one statement does to an object by its name, None where that is nothing."""
    use = _Use()
    if name in statement.names.reads:
        _Occurrences(use, statement, name).visit(statement.node)
    elif name in statement.use.names or name in statement.names.touched:
        use.otherwise = True
    changes = any(isinstance(event, Mutate) and event.name == name for event in statement.effects.events)
    use.changed_otherwise = changes and (use.otherwise or not use.written)
    return None if use == _Use() else use


class _Occurrences(ast.NodeVisitor):
    """Sorts every occurrence of a name in a statement into what is written, what is read, and the rest."""

    def __init__(self, use: _Use, statement: Statement, name: str) -> None:
        self.use = use
        self.statement = statement
        self.name = name

    def is_it(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and node.id == self.name

    def visit_Name(self, node: ast.Name) -> None:
        if self.is_it(node):
            self.use.otherwise = True

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not self.is_it(node.value):
            self.generic_visit(node)
            return
        self.visit(node.slice)
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if isinstance(node.ctx, ast.Load):
            self.use.read.add(key)
            self.use.otherwise |= key is None
        else:
            self.wrote(key, node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Subscript) and self.is_it(node.target.value):
            self.use.read.add(node.target.slice.value if isinstance(node.target.slice, ast.Constant) else None)
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        call = node.value
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr in _ADDING
            and self.is_it(call.func.value)
        ):
            self.wrote(None, call)
            for argument in [*call.args, *call.keywords]:
                self.visit(argument)
        else:
            self.generic_visit(node)

    def wrote(self, key: object, node: ast.AST) -> None:
        self.use.written.add(key)
        if self.use.first is None:
            self.use.first = (self.statement, node)


def _span(statement: Statement, node: ast.AST, path: str) -> Span:
    cell = statement.cell.cell
    return cell.span(path, node_region(node, cell.source) if hasattr(node, "lineno") else statement.region)


def _listed(names: list[str]) -> str:
    return " and ".join(f"`{name.strip('<>')}`" for name in names)
