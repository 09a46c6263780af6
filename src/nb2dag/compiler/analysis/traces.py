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
from nb2dag.compiler.analysis.effects import Effects, is_surrounding
from nb2dag.compiler.analysis.numbering import Numbering
from nb2dag.compiler.analysis.present import Looks, Present, Questions
from nb2dag.compiler.analysis.settled import Settled
from nb2dag.compiler.analysis.star_imports import StarImports
from nb2dag.compiler.analysis.statements import Statement, make_statement
from nb2dag.compiler.analysis.summaries import SummaryMemo
from nb2dag.compiler.analysis.timeline import Changed, Changes, Past, Timeline
from nb2dag.compiler.analysis.uses import Use
from nb2dag.compiler.memo import Memo
from nb2dag.model.program import ProgramCell

_MOST_SUMMARIES = 4_000
_MOST_CELLS = 20_000
_MOST_STATEMENTS = 100_000
_MOST_TRACES = 4


@dataclass(frozen=True, slots=True, eq=False)
class StatementTrace:
    """What was found of one statement, given the answers to what was asked."""

    facts: StatementFacts
    effects: Effects
    use: Use
    asked: Questions
    changes: Changes
    changes_elements: bool
    """It may change an object that is an element of a frame."""


@dataclass(frozen=True, slots=True, eq=False)
class CellTrace:
    """What was found of one cell's statements, given the answers to what was asked of the state before the cell."""

    statements: tuple[StatementTrace, ...]
    asked: Questions
    past: Past
    placed: list[PlacedCell] = field(default_factory=list)
    """What it is in the notebook, in a few of the states that the notebook had."""

    @property
    def changes_elements(self) -> bool:
        """Whether it may change an object that is an element of a frame."""
        return any(statement.changes_elements for statement in self.statements)


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


CellKey = tuple[CellFacts, tuple[int, ...], str]
"""A cell's code, where its statements stand, and who runs them."""


Habits = tuple[tuple[str, str], ...]
"""What is known of the notebook as a whole before anything else, as texts: see `elements`, `own_attributes`."""


@dataclass(frozen=True, slots=True, eq=False)
class TracedNotebook:
    """All cells of a notebook that have statements, and the timeline that these made."""

    keys: list[CellKey]
    cells: list[PlacedCell]
    timeline: Timeline
    stars: StarImports
    habits: Habits


_Trace = TypeVar("_Trace", StatementTrace, CellTrace)


class Traces:
    """Keeps traces of the cells of one notebook, a few for each cell and for each of its statements."""

    def __init__(self) -> None:
        self.numbering = Numbering()
        self.definitions = Definitions()
        self.summaries: SummaryMemo = Memo(_MOST_SUMMARIES)
        self.settled = Settled()
        self._last: list[TracedNotebook] = []
        """The notebook as it was, by two habits at most; none while it is being looked at again, and if that failed."""
        self._final: TracedNotebook | None = None
        self._cells: Memo[CellKey, list[CellTrace]] = Memo(_MOST_CELLS)
        self._statements: Memo[_StatementKey, list[StatementTrace]] = Memo(_MOST_STATEMENTS)

    def take(self, habits: Habits) -> TracedNotebook | None:
        """Return the notebook as it was with these habits, whose timeline is going to be another one."""
        found = next((each for each in self._last if each.habits == habits), None)
        self._last = [each for each in self._last if each is not found]
        return found

    def keep(self, now: TracedNotebook) -> None:
        """Remember the notebook as it is."""
        self._last = [now, *self._last[:1]]

    def settle(self, now: TracedNotebook, changed: Changed | None) -> None:
        """Let the notebook be what is asked about, which is `changed` since it was traced with the same habits."""
        same = self._final is not None and self._final.habits == now.habits
        self.settled.begin(now.timeline.asked, changed if same else None)
        self._final = now

    def whole(self, key: CellKey, present: Present) -> CellTrace | None:
        """Return what was found of a cell where the present gives the same answers, None where it never did."""
        return _first(self._cells.get(key, list), present)

    def statement(
        self, key: CellKey, number: int, present: Present, *, opens_task: bool = False
    ) -> StatementTrace | None:
        """Return what was found of one of a cell's statements, None where the present never gave the same answers.

        The first statement of a task's cell, which `opens_task`, sees more than it says.
        """
        return _first(self._statements.get(_statement_key(key, number, opens_task), list), present)

    def remember_statement(self, key: CellKey, number: int, trace: StatementTrace, *, opens_task: bool = False) -> None:
        """Keep what was found of a statement."""
        _remember(self._statements.get(_statement_key(key, number, opens_task), list), trace)

    def remember(self, key: CellKey, statements: Sequence[StatementTrace]) -> CellTrace:
        """Keep what was found of all statements, and return it as that of the cell."""
        trace = _joined(statements)
        _remember(self._cells.get(key, list), trace)
        return trace


_StatementKey = tuple[StatementFacts, int, bool, bool]


def _statement_key(key: CellKey, number: int, opens_task: bool) -> _StatementKey:
    """Return what identifies a statement: it may say something else where it is the first of its cell."""
    facts, positions, _ = key
    return facts.statements[number], positions[number], number == 0, opens_task


def _joined(statements: Sequence[StatementTrace]) -> CellTrace:
    asked, latest = Questions(), dict[int, int]()
    made = Changes(statements[0].changes.position)
    for statement in statements:
        changes = statement.changes
        asked.add(statement.asked, made)
        made.names |= changes.names
        made.regions |= changes.regions
        made.touched |= changes.touched
        made.stars += changes.stars
        made.places |= changes.places
        latest |= dict.fromkeys(changes.touched, changes.position)
    special = bool(made.stars or made.places) or any(map(is_surrounding, made.names))
    return CellTrace(tuple(statements), asked, Past(made.names, made.regions, latest, special))


def find_placed(trace: CellTrace, cell: ProgramCell, present: Present) -> PlacedCell | None:
    """Return what a cell is in the program as the present is before it, None where it never was the same."""
    for each in trace.placed:
        if each.cell == cell and present.looks_hold(each.looks):
            return each
    return None


def place(trace: CellTrace, cell: ProgramCell, positions: Sequence[int], looks: Looks) -> PlacedCell:
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
