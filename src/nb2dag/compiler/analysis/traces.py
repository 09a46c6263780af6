"""Remember what was found of a statement and what was asked for it, to take it over where the answers are the same.

This is what build systems call verifying traces: nobody tells which statements an edit concerns; each one's own
questions do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from nb2dag.compiler.analysis.cell_facts import CellFacts, StatementFacts
from nb2dag.compiler.analysis.definitions import Definitions
from nb2dag.compiler.analysis.effects import Effects
from nb2dag.compiler.analysis.numbering import Numbering
from nb2dag.compiler.analysis.present import Looks, Present, Questions
from nb2dag.compiler.analysis.statements import OwnerKind, Statement, make_statement
from nb2dag.compiler.analysis.summaries import SummaryMemo
from nb2dag.compiler.analysis.timeline import Changes
from nb2dag.compiler.analysis.uses import Use
from nb2dag.compiler.memo import Memo
from nb2dag.model.program import ProgramCell

_MOST_SUMMARIES = 4_000
_MOST_CELLS = 20_000
_MOST_TRACES = 4


@dataclass(frozen=True, slots=True, eq=False)
class StatementTrace:
    """What was found of one statement, given the answers to what was asked."""

    facts: StatementFacts
    effects: Effects
    use: Use
    asked: Questions
    changes: Changes


@dataclass(frozen=True, slots=True, eq=False)
class CellTrace:
    """What was found of one cell's statements, given the answers to what was asked of the state before the cell."""

    statements: tuple[StatementTrace, ...]
    asked: Questions
    placed: list[PlacedCell] = field(default_factory=list)
    """What it is in the notebook, in a few of the states that the notebook had."""


@dataclass(frozen=True, slots=True, eq=False)
class PlacedCell:
    """The statements of a cell in the program, and what they find the names to be that they read."""

    cell: ProgramCell
    trace: CellTrace
    statements: tuple[Statement, ...]
    looks: Looks
    read_names: frozenset[str]
    missing: tuple[tuple[Statement, str], ...]
    """Names that a statement reads and that nothing above has bound."""


_Trace = TypeVar("_Trace", StatementTrace, CellTrace)


@dataclass(slots=True)
class _CellTraces:
    cells: list[CellTrace] = field(default_factory=list)
    statements: dict[int, list[StatementTrace]] = field(default_factory=dict)


class Traces:
    """Keeps traces of the cells of one notebook, a few for each cell and for each of its statements."""

    def __init__(self) -> None:
        self.numbering = Numbering()
        self.definitions = Definitions()
        self.summaries: SummaryMemo = Memo(_MOST_SUMMARIES)
        self._cells: Memo[tuple[CellFacts, tuple[int, ...], str], _CellTraces] = Memo(_MOST_CELLS)

    def of(self, cell: CellFacts, positions: tuple[int, ...], kind: OwnerKind) -> TracedCell:
        """Return what is remembered of a cell that stands at these positions, for those who run it."""
        return TracedCell(self._cells.get((cell, positions, kind.value), _CellTraces), positions)


class TracedCell:
    """What is remembered of one cell."""

    def __init__(self, traces: _CellTraces, positions: tuple[int, ...]) -> None:
        self._traces = traces
        self._positions = positions

    def whole(self, present: Present) -> CellTrace | None:
        """Return what was found of the cell where the present gives the same answers, None where it never did."""
        return _first(self._traces.cells, present)

    def statement(self, present: Present, number: int) -> StatementTrace | None:
        """Return what was found of one of its statements, None where the present never gave the same answers."""
        return _first(self._traces.statements.get(number, []), present)

    def remember_statement(self, number: int, trace: StatementTrace) -> None:
        """Keep what was found of a statement."""
        _remember(self._traces.statements.setdefault(number, []), trace)

    def remember(self, statements: Sequence[StatementTrace]) -> CellTrace:
        """Keep what was found of all statements, and return it as that of the cell."""
        asked = Questions()
        made = Changes(self._positions[0])
        for statement in statements:
            asked.add(statement.asked, made)
            made.names |= statement.changes.names
            made.regions |= statement.changes.regions
            made.touched |= statement.changes.touched
            made.stars += statement.changes.stars
            made.places |= statement.changes.places
        trace = CellTrace(tuple(statements), asked)
        _remember(self._traces.cells, trace)
        return trace


def find_placed(trace: CellTrace, cell: ProgramCell, present: Present) -> PlacedCell | None:
    """Return what a cell is in the program as the present is before it, None where it never was the same."""
    for each in trace.placed:
        if each.cell == cell and present.looks_hold(each.looks):
            return each
    return None


def place(trace: CellTrace, cell: ProgramCell, positions: tuple[int, ...], looks: Looks) -> PlacedCell:
    """Return what a cell is in the program, and keep it."""
    known = next((each.statements for each in trace.placed if each.cell == cell), None)
    statements = known or tuple(
        make_statement(position, cell, each.facts, each.effects, each.use)
        for position, each in zip(positions, trace.statements, strict=True)
    )
    read = frozenset[str]().union(*(each.use.names for each in trace.statements))
    missing = tuple(
        (each, name) for each in statements for name in each.names.reads if (name, each.position) not in looks.found
    )
    found = PlacedCell(cell, trace, statements, looks, read, missing)
    trace.placed.insert(0, found)
    del trace.placed[_MOST_TRACES:]
    return found


def _first(traces: list[_Trace], present: Present) -> _Trace | None:
    for number, trace in enumerate(traces):
        if present.holds(trace.asked):
            if number:
                traces.insert(0, traces.pop(number))
            return trace
    return None


def _remember(traces: list[_Trace], trace: _Trace) -> None:
    traces.insert(0, trace)
    del traces[_MOST_TRACES:]
