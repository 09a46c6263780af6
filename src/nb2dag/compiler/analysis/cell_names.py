"""List for every code cell the names it defines, those it needs from outside, and those whose object it may change.

Within a cell the text is read from top to bottom; the bodies of its functions and lambdas are resolved against the
whole cell. What a path may have bound is a definition, and as long as a path may not, reading the name is a reference.
A name that the cell takes away again (`del`, the end of `except E as e`) is no definition.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from nb2dag.compiler.analysis.effects import Mutate
from nb2dag.compiler.analysis.flow import BUILTIN_NAMES, Flow, trace_flow
from nb2dag.compiler.analysis.regions import node_region
from nb2dag.compiler.analysis.statements import Statement, meant_cells
from nb2dag.compiler.analysis.timeline import Timeline
from nb2dag.compiler.analysis.walk_expressions import Rules, place_of
from nb2dag.compiler.analysis.walk_statements import NameWalker
from nb2dag.model.code import ParsedCode, nodes_of
from nb2dag.model.names import CellNames, NameUse
from nb2dag.model.notebook import Cell, CellType
from nb2dag.model.program import Program, ProgramCell, Role

_FROM_ELSEWHERE = "nb2dag_unknown"


@dataclass(frozen=True, slots=True)
class _Names:
    """Definitions and references of one cell, each with the node of its first occurrence, in no order yet."""

    definitions: Mapping[str, ast.AST]
    references: Mapping[str, ast.AST]
    stars: tuple[str, ...]


def list_cell_names(program: Program) -> tuple[CellNames, ...]:
    r"""Return the names of every code cell, in notebook order; a cell that does not parse has none.

    Builtins are left out of the references unless a cell above binds the name. `from __future__ import annotations`
    counts for the cells below too, as it does in IPython.

    >>> from nb2dag.compiler.frontend.tagging import tag_program
    >>> from nb2dag.model.notebook import Cell, CellType, Notebook
    >>> cell = Cell(1, "a", CellType.CODE, "if deep: df = clean(df)\nn = len(df)")
    >>> (names,) = list_cell_names(tag_program(Notebook("n.ipynb", (cell,))))
    >>> [use.name for use in names.definitions], [use.name for use in names.references]
    (['df', 'n'], ['deep', 'clean', 'df'])
    """
    rules = Rules(eager=False)
    bound: set[str] = set()
    found: list[tuple[ProgramCell, _Names]] = []
    for cell in program.cells:
        names = _names(cell, rules)
        needed = {name: node for name, node in names.references.items() if name not in BUILTIN_NAMES or name in bound}
        found.append((cell, replace(names, references=needed)))
        bound.update(names.definitions)
    objects = _used_as_objects(program)
    changes = _changes(program, [name for name in _unknown(names for _, names in found) if name in objects])
    return tuple(
        CellNames(
            cell.cell.index,
            definitions=_in_order(names.definitions, cell),
            references=_in_order(names.references, cell),
            mutations=_in_order(changes.get(cell.cell.index, {}), cell),
            stars=names.stars,
        )
        for cell, names in found
    )


def _unknown(cells: Iterable[_Names]) -> list[str]:
    """Return the names that some cell needs and no cell above defines."""
    bound: set[str] = set()
    unknown: dict[str, None] = {}
    for names in cells:
        unknown |= dict.fromkeys(name for name in names.references if name not in bound)
        bound.update(names.definitions)
    return list(unknown)


def _names(cell: ProgramCell, rules: Rules) -> _Names:
    walker = NameWalker(rules)
    walker.body(cell.code.tree.body)
    for name, node in walker.late:
        walker.bind(name, node)
    gone = set(walker.deleted_log) - (walker.paths.may if walker.paths is not None else set())
    definitions = {name: node for name, node in walker.stores.items() if name not in gone}
    for name, node in walker.called_stores.items():
        definitions.setdefault(name, node)
    references = {name: node for name, node in walker.deferred.items() if name not in walker.stores}
    for name, node in walker.reads.items():
        if name not in references or place_of(node) < place_of(references[name]):
            references[name] = node
    return _Names(definitions, references, tuple(walker.stars))


def _in_order(names: Mapping[str, ast.AST], cell: ProgramCell) -> tuple[NameUse, ...]:
    ordered = sorted(names.items(), key=lambda item: _place(item[1], item[0]))
    return tuple(NameUse(name, node_region(node, cell.cell.source)) for name, node in ordered)


def _place(node: ast.AST, name: str) -> tuple[int, int]:
    """Return where a name stands in its node: `as name` and `**name` at the end, any other at the beginning."""
    if isinstance(node, ast.MatchMapping) or (isinstance(node, ast.MatchAs) and node.pattern is not None):
        return node.end_lineno, node.end_col_offset - len(name.encode())
    return place_of(node)


def _used_as_objects(program: Program) -> set[str]:
    """Return the names that some code reads for more than calling them."""
    nodes = [node for cell in program.cells for node in _all_nodes(cell.code)]
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    return {node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in called}


def _all_nodes(code: ParsedCode) -> list[ast.AST]:
    trees = [code.tree, *(read for escape in code.escapes for read in escape.reads)]
    return [node for tree in trees for node in nodes_of(tree)]


# -- mutations ---------------------------------------------------------------------------------------------------


def _changes(program: Program, unknown: list[str]) -> dict[int, dict[str, ast.AST]]:
    """Return per cell the names whose object may change, each with the node that does it.

    Cells outside the meaning of the notebook (skipped ones, tests) are traced apart, so that they change nothing in
    what is said of the others. `unknown` names stand for objects from a cell above the first.
    """
    program = replace(program, cells=(_cell_above(unknown), *program.cells))
    found = _changed(trace_flow(program), unknown)
    own = {cell.cell.index for cell in meant_cells(program)}
    others = {cell.cell.index for cell in program.cells if cell.code.tree.body} - own
    if others:
        cells = (replace(cell, role=Role.SCRATCH) if cell.cell.index in others else cell for cell in program.cells)
        whole = _changed(trace_flow(replace(program, cells=tuple(cells))), unknown)
        found |= {index: names for index, names in whole.items() if index in others}
    return found


def _cell_above(unknown: list[str]) -> ProgramCell:
    """Return a cell that binds each of the `unknown` names to an object of its own."""
    source = "\n".join(f"{name} = {_FROM_ELSEWHERE}()" for name in unknown)
    cell = Cell(0, _FROM_ELSEWHERE, CellType.CODE, source)
    return ProgramCell(cell, Role.SHARED, ParsedCode(ast.parse(source)))


def _changed(flow: Flow, unknown: list[str]) -> dict[int, dict[str, ast.AST]]:
    by_cell: dict[int, list[Statement]] = {}
    for statement in flow.statements:
        by_cell.setdefault(statement.cell.cell.index, []).append(statement)
    owners: dict[int, dict[str, None]] = {}
    for name, history in flow.timeline.names.items():
        for region in {region for snapshot in history for region in snapshot.own}:
            owners.setdefault(region, {})[name] = None
    return {index: _changed_in(own, flow.timeline, owners, set(unknown)) for index, own in by_cell.items() if index}


def _changed_in(
    own: list[Statement], timeline: Timeline, owners: Mapping[int, Iterable[str]], unknown: set[str]
) -> dict[str, ast.AST]:
    """Return the names that, when the cell begins, stand for an object which the cell may change.

    `owners` are the names that ever stood for a region. What is called of the `unknown` is taken for a function.
    """
    start = own[0].position
    found: dict[str, ast.AST] = {}
    done: set[int] = set()
    for statement in own:
        for event in _mutations(statement):
            if event.name in unknown and _calls(event.why, event.name):
                continue
            fresh = _regions(timeline, event, statement.position) - done
            done |= fresh
            # The name that the text says comes first.
            names = {name for region in fresh for name in owners.get(region, ())}
            for name in sorted(names, key=lambda name: (name != event.name, name)):
                snapshot = timeline.before(name, start)
                if snapshot is not None and snapshot.own & fresh:
                    found.setdefault(name, event.why)
    return found


def _calls(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _mutations(statement: Statement) -> Iterable[Mutate]:
    return (event for event in statement.effects.events if isinstance(event, Mutate) and event.name[:1] != "@")


def _regions(timeline: Timeline, event: Mutate, position: int) -> frozenset[int]:
    """Return the objects that an event may change: what its name stood for before or after the statement."""
    touched: frozenset[int] = frozenset()
    for place in (position, position + 1):
        snapshot = timeline.before(event.name, place)
        if snapshot is not None:
            touched |= timeline.reach(event.name, place) if event.deep else snapshot.own
    return touched
