"""Cut a program into top-level statements, each with its place, its owner and its names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache, partial

from nb2dag.compiler.analysis.cell_facts import StatementFacts
from nb2dag.compiler.analysis.effects import Bind, Effects, Event, FileAccess, FileUse, Seed
from nb2dag.compiler.analysis.names import NameFacts
from nb2dag.compiler.analysis.places import file_state, is_file_state
from nb2dag.compiler.analysis.timeline import Asked
from nb2dag.compiler.analysis.uses import Use
from nb2dag.model.code import Script
from nb2dag.model.program import Program, ProgramCell, Role
from nb2dag.model.span import Region, Span

MOST_STATEMENTS = 50_000
"""Of how many statements, at the most, what follows from one alone is kept."""


class OwnerKind(Enum):
    """Who runs a statement in the DAG: a task, whoever needs it, every task, or nobody."""

    TASK = "task"
    SHARED = "shared"
    WHOLE = "whole"
    SCRATCH = "scratch"


_OWNERS = {
    Role.TASK: OwnerKind.TASK,
    Role.SHARED: OwnerKind.SHARED,
    Role.DEFINITIONS: OwnerKind.SHARED,
    Role.PARAMETERS: OwnerKind.SHARED,
    Role.WHOLE: OwnerKind.WHOLE,
    Role.SCRATCH: OwnerKind.SCRATCH,
}
"""Roles with meaning for the flow; cells of other roles are outside the meaning of the notebook."""


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A top-level statement: of two, the one further up in the notebook has the lesser `position`.

    It stays the same object as long as nothing about it changes, so that what follows from it alone can be kept.
    """

    position: int
    cell: ProgramCell
    kind: OwnerKind
    facts: StatementFacts
    effects: Effects
    use: Use
    node: ast.stmt
    names: NameFacts
    """The global names it reads, binds and deletes."""
    task_id: str | None
    """The task that owns the statement, None where no single task does."""

    def span(self, path: str) -> Span:
        """Return where it stands in the notebook at `path`."""
        return self.cell.cell.span(path, self.region)

    def says_the_same(self, other: Statement) -> bool:
        """Tell whether all that can be asked of the statement is as for another one, but for the rest of its cell."""
        mine, others = self.cell, other.cell
        return (
            self.facts is other.facts
            and self.effects is other.effects
            and self.use is other.use
            and (mine.cell.index, mine.cell.id, mine.role, mine.task_id)
            == (others.cell.index, others.cell.id, others.role, others.task_id)
        )

    def stands_for_the_same(self, other: Statement) -> bool:
        """Tell whether it has the same part in the flow as another one: who runs it, what it reads and what it gives.

        Of a function whose body is edited that is so most of the time, and who only calls it need not know.
        """
        mine, others = self.cell, other.cell
        return (
            (mine.cell.index, self.kind, self.task_id) == (others.cell.index, other.kind, other.task_id)
            and self.use == other.use
            and _gives(self) == _gives(other)
        )

    @property
    def compound(self) -> bool:
        """Whether it holds other statements that may run or not."""
        return self.facts.compound

    @property
    def scripts(self) -> list[Script]:
        """The files that the statement runs by `%run`."""
        return self.facts.scripts

    @property
    def region(self) -> Region:
        """The statement's text in its cell, decorators included."""
        return self.facts.region


def make_statement(position: int, cell: ProgramCell, facts: StatementFacts, effects: Effects, use: Use) -> Statement:
    """Return the statement of a cell that has a meaning."""
    return Statement(
        position, cell, _OWNERS[cell.role], facts, effects, use, facts.node, facts.names, task_id=cell.task_id
    )


def keeps_open(statement: Statement, state: str) -> bool:
    """Tell whether a statement opens a connection to a file and gives it a name: `con = sqlite3.connect(path)`."""
    binds = (event for event in statement.effects.events if isinstance(event, Bind))
    return any(bind.value.kind == "resource" and state in bind.value.draws for bind in binds)


@lru_cache(4 * MOST_STATEMENTS)
def binds_for_certain(statement: Statement, name: str) -> bool:
    """Tell whether a statement gives `name` a value that does not depend on the one before.

    `import a.b` adds to what an earlier `import a.c` bound, so it does not count.
    """
    if is_file_state(name):
        return any(
            isinstance(event, FileUse)
            and event.writes
            and event.certain
            and event.access not in (FileAccess.CHANGE, FileAccess.REMOVE)
            and event.place is not None
            and file_state(event.place) == name
            for event in statement.effects.events
        )
    if name.startswith("<"):
        return any(map(partial(_begins, name), statement.effects.events))
    if name not in statement.names.binds:
        return False
    node = statement.node
    if isinstance(node, ast.Import):
        return not any(alias.asname is None and alias.name.startswith(f"{name}.") for alias in node.names)
    return True


def _begins(name: str, event: Event) -> bool:
    """Tell whether an event gives state without a name a new beginning: a generator is seeded, a figure is made."""
    seeds = isinstance(event, Seed) and event.state == name and event.certain
    return seeds or (isinstance(event, Bind) and event.name == name)


def _gives(statement: Statement) -> tuple[dict[str, bool], frozenset[object]]:
    """Return the names that a statement touches, each with whether it binds it for certain, and its files and seeds."""
    outside = (event for event in statement.effects.events if isinstance(event, (FileUse, Seed)) or _is_unnamed(event))
    return {name: binds_for_certain(statement, name) for name in statement.names.touched}, frozenset(outside)


def _is_unnamed(event: Event) -> bool:
    return isinstance(event, Bind) and event.name.startswith("<")


@lru_cache(MOST_STATEMENTS)
def files_of(statement: Statement) -> tuple[FileUse, ...]:
    """Return the uses of files in a statement."""
    return tuple(statement.effects.files)


class Statements:
    """All statements of a program, in notebook order, and by their positions; which were asked for is noted."""

    def __init__(self, by_position: dict[int, Statement], asked: Asked) -> None:
        self._by_position = by_position
        self._asked = asked

    def __iter__(self) -> Iterator[Statement]:
        return iter(self._by_position.values())

    def __getitem__(self, position: int) -> Statement:
        self._asked.statements.add(position)
        return self._by_position[position]

    def standing(self, position: int) -> Statement:
        """Return a statement of which it matters only what `Statement.stands_for_the_same` compares."""
        self._asked.standings.add(position)
        return self._by_position[position]

    def __len__(self) -> int:
        return len(self._by_position)

    def since(self, position: int) -> list[Statement]:
        """Return the statements at and after a position."""
        return [statement for other, statement in self._by_position.items() if other >= position]


def meant_cells(program: Program) -> list[ProgramCell]:
    """Return the cells that have a meaning for the flow, in notebook order."""
    return [cell for cell in program.cells if cell.role in _OWNERS and cell.code.problem is None]


def owner_kind(cell: ProgramCell) -> OwnerKind:
    """Return who runs the statements of a cell that has a meaning."""
    return _OWNERS[cell.role]
