"""Suggest which cells of an untagged notebook to make tasks of, and prove that the result compiles.

Every cell but those that only prepare the work belongs to a task, each task is a run of cells that follow each other.
A first choice is made from headings and from what would be handed over; wherever it does not compile, the cells that
the errors name are tied together, and the choice is made anew. Each round ties two cells more, so it ends: at the
latest with a single task, which is the notebook as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from nb2dag.compiler.analysis.flow import trace_flow
from nb2dag.compiler.memory import Memory
from nb2dag.compiler.pipeline import Compilation, compile_tagged
from nb2dag.compiler.suggestion.crossings import Crossing, weigh
from nb2dag.compiler.suggestion.cuts import Boundary, choose_cuts
from nb2dag.compiler.suggestion.naming import task_names, work
from nb2dag.compiler.suggestion.outline import read_outline
from nb2dag.compiler.suggestion.proposal import Proposal, SuggestedTask, proposed_program
from nb2dag.compiler.suggestion.repair import errors_of, find_ties
from nb2dag.compiler.suggestion.survey import Survey, only_installs, survey
from nb2dag.model.diagnostic import Diagnostic
from nb2dag.model.program import Program, Role

_UNTAGGED = frozenset({Role.SHARED, Role.SCRATCH, Role.DEFINITIONS})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What came of it: a proposal that compiles, or the errors that stand in the way of every proposal."""

    program: Program
    proposal: Proposal | None
    errors: tuple[Diagnostic, ...] = ()


def suggest_tasks(program: Program, folder: Path, most_bytes: int) -> Suggestion:
    """Return tasks for an untagged program; each cell of it parses, and none is a task yet.

    Args:
        program: The untagged notebook with roles.
        folder: Where the notebook's files lie.
        most_bytes: The limit of one file that ships.
    """
    return _Search(program, folder, most_bytes).run()


class _Search:
    def __init__(self, program: Program, folder: Path, most_bytes: int) -> None:
        self.folder = folder
        self.most_bytes = most_bytes
        self.skipped = tuple(
            cell.cell.index
            for cell in program.cells
            if cell.role in _UNTAGGED and cell.directive is None and only_installs(cell)
        )
        self.program = program
        left = proposed_program(program, Proposal((), skipped=self.skipped))
        self.memory = Memory()
        self.flow = trace_flow(left, self.memory.facts, self.memory.traces(program.notebook.path))
        self.cells = {cell.cell.index: cell for cell in program.cells}
        self.works = {cell.cell.index: work([cell]) for cell in program.cells}
        self.outline = read_outline(program.notebook)
        self.tied: set[int] = set()
        """Cells that may not be parted from the cell before them."""

    def run(self) -> Suggestion:
        found = survey(self.flow, len(self.program.notebook.cells) + 1)
        if not found.body:
            return Suggestion(self.program, None)
        crossings = weigh(self.flow, found.body)
        while True:
            proposal = self.propose(found, crossings)
            compilation = self.compile(proposal)
            errors = errors_of(compilation)
            if not errors:
                return Suggestion(self.program, _with_handoffs(proposal, compilation))
            ties = find_ties(compilation, proposal.shared)
            if ties.shared:
                found = survey(self.flow, min(ties.shared))
                crossings = weigh(self.flow, found.body)
            elif not self.tie(proposal, [*ties.tasks]):
                if len(proposal.tasks) == 1:
                    return Suggestion(self.program, None, tuple(errors))
                self.tied |= set(found.body[1:])

    def propose(self, found: Survey, crossings: Sequence[Crossing]) -> Proposal:
        body = found.body
        boundaries = [self.boundary(body, number, crossing) for number, crossing in enumerate(crossings)]
        weights = [_lines(self.cells[index].cell.source) for index in body]
        cuts = choose_cuts(boundaries, weights)
        edges = [0, *(cut + 1 for cut in cuts), len(body)]
        groups = [body[start:end] for start, end in pairwise(edges)]
        names = task_names([[self.cells[index] for index in group] for group in groups], self.outline)
        tasks = tuple(SuggestedTask(name, group) for name, group in zip(names, groups, strict=True))
        return Proposal(tasks, found.parameters, self.skipped, found.shared)

    def boundary(self, body: Sequence[int], number: int, crossing: Crossing) -> Boundary:
        before, after = self.cells[body[number]], self.cells[body[number + 1]]
        level = self.outline[after.cell.index].level
        turns = self.works[before.cell.index] != self.works[after.cell.index]
        forbidden = bool(crossing.stuck) or after.cell.index in self.tied
        return Boundary(level, crossing.cost, turns, forbidden)

    def compile(self, proposal: Proposal) -> Compilation:
        return compile_tagged(proposed_program(self.program, proposal), self.folder, self.most_bytes, self.memory)

    def tie(self, proposal: Proposal, groups: Sequence[frozenset[str]]) -> bool:
        """Tie the cells of each group of tasks together, with all that lies between; return whether that is new."""
        before = len(self.tied)
        for group in groups:
            cells = [index for task in proposal.tasks if task.name in group for index in task.cells]
            lowest, highest = min(cells), max(cells)
            self.tied |= {index for task in proposal.tasks for index in task.cells if lowest < index <= highest}
        return len(self.tied) > before


def _with_handoffs(proposal: Proposal, compilation: Compilation) -> Proposal:
    flows = {task.task_id: task for task in compilation.dataflow.tasks} if compilation.dataflow is not None else {}
    tasks = []
    for task in proposal.tasks:
        outputs = flows[task.name].outputs if task.name in flows else ()
        names = dict.fromkeys(name for output in outputs for name in output.names)
        tasks.append(replace(task, hands_over=tuple(names)))
    return replace(proposal, tasks=tuple(tasks))


def _lines(source: str) -> int:
    return sum(1 for line in source.split("\n") if line.strip() and not line.lstrip().startswith("#"))
