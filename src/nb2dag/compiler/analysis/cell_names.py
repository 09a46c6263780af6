"""List for every code cell the names it defines, those it needs from outside, and those whose object it may change.

Within a cell the text is read from top to bottom; the bodies of its functions and lambdas are resolved against the
whole cell. What a path may have bound is a definition, and as long as a path may not, reading the name is a reference.
A name that the cell takes away again (`del`, the end of `except E as e`) is no definition.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from nb2dag.compiler.analysis.effects import Effects, Mutate
from nb2dag.compiler.analysis.flow import BUILTIN_NAMES, Flow, trace_flow
from nb2dag.compiler.analysis.names import statement_names
from nb2dag.compiler.analysis.statements import OwnerKind, Statement, is_compound, node_region, statements
from nb2dag.compiler.analysis.timeline import Timeline
from nb2dag.compiler.analysis.walk_expressions import Rules
from nb2dag.compiler.analysis.walk_statements import NameWalker
from nb2dag.model.names import CellNames, NameUse
from nb2dag.model.program import Program, ProgramCell


@dataclass(frozen=True, slots=True)
class _Names:
    """Definitions and references of one cell, each with the node of its first occurrence, in no order yet."""

    definitions: Mapping[str, ast.AST]
    references: Mapping[str, ast.AST]
    stars: tuple[str, ...]


def list_cell_names(program: Program) -> tuple[CellNames, ...]:
    """Return the names of every code cell, in notebook order; a cell that does not parse has none.

    Builtins are left out of the references unless a cell above binds the name. `from __future__ import annotations`
    counts for the cells below too, as it does in IPython.
    """
    changes = _changes(program)
    found = []
    rules = Rules(eager=False)
    shadowed: set[str] = set()
    for cell in program.cells:
        rules.escapes = cell.code.escapes
        names = _names(cell, rules)
        needed = {
            name: node for name, node in names.references.items() if name not in BUILTIN_NAMES or name in shadowed
        }
        shadowed.update(names.definitions)
        found.append(
            CellNames(
                cell.cell.index,
                definitions=_in_order(names.definitions, cell),
                references=_in_order(needed, cell),
                mutations=_in_order(changes.get(cell.cell.index, {}), cell),
                stars=names.stars,
            )
        )
    return tuple(found)


def _names(cell: ProgramCell, rules: Rules) -> _Names:
    walker = NameWalker(rules)
    walker.body(cell.code.tree.body)
    for name, node in walker.late:
        walker.bind(name, node)
    kept = set(walker.stores) if walker.paths is None else walker.paths.may
    definitions = {name: node for name, node in walker.stores.items() if name in kept}
    for name, node in walker.called_stores.items():
        definitions.setdefault(name, node)
    references = {name: node for name, node in walker.deferred.items() if name not in walker.stores}
    for name, node in walker.reads.items():
        if name not in references or _place(node) < _place(references[name]):
            references[name] = node
    return _Names(definitions, references, tuple(walker.stars))


def _in_order(names: Mapping[str, ast.AST], cell: ProgramCell) -> tuple[NameUse, ...]:
    ordered = sorted(names.items(), key=lambda item: _place(item[1], item[0]))
    return tuple(NameUse(name, node_region(node, cell.cell.source)) for name, node in ordered)


def _place(node: ast.AST, name: str = "") -> tuple[int, int]:
    """Return where a name stands: `as name` at the end of its node, what else binds or reads at the beginning."""
    if isinstance(node, ast.MatchAs) and node.pattern is not None:
        return node.end_lineno, node.end_col_offset - len(name.encode())
    return node.lineno, node.col_offset  # type: ignore[attr-defined]


# -- mutations ---------------------------------------------------------------------------------------------------


def _changes(program: Program) -> dict[int, dict[str, ast.AST]]:
    """Return per cell the names whose object may change, each with the node that does it.

    Cells outside the meaning of the notebook (skipped ones, tests) are traced apart, so that they change nothing in
    what is said of the others.
    """
    meant = statements(program)
    found = _changed(trace_flow(meant))
    own = {statement.cell.cell.index for statement in meant}
    if any(cell.code.tree.body and cell.cell.index not in own for cell in program.cells):
        whole = _changed(trace_flow(list(_all_statements(program))))
        found |= {index: names for index, names in whole.items() if index not in own}
    return found


def _all_statements(program: Program) -> Iterator[Statement]:
    nodes = ((cell, node) for cell in program.cells for node in cell.code.tree.body)
    for position, (cell, node) in enumerate(nodes):
        names = statement_names(node, cell.code.escapes)
        yield Statement(position, cell, node, names, OwnerKind.SCRATCH, Effects(), is_compound(node))


def _changed(flow: Flow) -> dict[int, dict[str, ast.AST]]:
    by_cell: dict[int, list[Statement]] = {}
    for statement in flow.statements:
        by_cell.setdefault(statement.cell.cell.index, []).append(statement)
    return {index: _changed_in(own, flow.timeline) for index, own in by_cell.items()}


def _changed_in(own: list[Statement], timeline: Timeline) -> dict[str, ast.AST]:
    """Return the names that, when the cell begins, stand for an object which the cell may change."""
    start = own[0].position
    found: dict[str, ast.AST] = {}
    for statement in own:
        for event in _mutations(statement):
            touched = _regions(timeline, event, statement.position)
            if not touched and timeline.before(event.name, statement.position + 1) is None:
                # Nothing above says where the name comes from.
                found.setdefault(event.name, event.why)
            for name in _standing_for(timeline, touched, start):
                found.setdefault(name, event.why)
    return found


def _mutations(statement: Statement) -> Iterable[Mutate]:
    return (event for event in statement.effects.events if isinstance(event, Mutate))


def _regions(timeline: Timeline, event: Mutate, position: int) -> frozenset[int]:
    """Return the objects that an event may change: what its name stood for before or after the statement."""
    touched: frozenset[int] = frozenset()
    for snapshot in (timeline.before(event.name, position), timeline.before(event.name, position + 1)):
        if snapshot is not None:
            touched |= snapshot.reach if event.deep else snapshot.own
    return touched


def _standing_for(timeline: Timeline, regions: frozenset[int], start: int) -> Iterator[str]:
    for name in timeline.names if regions else ():
        snapshot = timeline.before(name, start)
        if snapshot is not None and snapshot.own & regions:
            yield name
