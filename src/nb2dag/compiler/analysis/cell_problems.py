"""Find the problems that single cells have whatever flows between them: secrets, and what fails on a worker."""

from __future__ import annotations

from collections.abc import Iterator

from nb2dag.compiler.analysis.cell_facts import CellFacts, CellFactsMemo, StatementFacts
from nb2dag.model.dataflow import Dataflow, FlowProblem
from nb2dag.model.program import Program, ProgramCell, Role


def secret_problems(program: Program, facts: CellFactsMemo) -> Iterator[FlowProblem]:
    """Yield every literal that looks like a secret, in any cell: scratch cells are shared too."""
    for cell in program.cells:
        for region, what in facts.of(cell).secrets:
            values = (("what", what), ("param", "yes" if cell.role is Role.PARAMETERS else ""))
            yield FlowProblem("secret-in-source", cell.cell.span(program.notebook.path, region), values)


def exported_problems(program: Program, dataflow: Dataflow, facts: CellFactsMemo) -> Iterator[FlowProblem]:
    """Yield what stands in code that tasks run and only works where the notebook was written."""
    suspects = [(cell, found) for cell in program.cells if (found := facts.of(cell)).may_fail_on_a_worker]
    if not suspects:
        return
    # A notebook's own `input` asks nobody.
    own = frozenset[str]().union(*(facts.of(cell).own_questions for cell in program.cells))
    path = program.notebook.path
    exported = _Exported(dataflow)
    runs = [(cell, found, exported.statements(cell, found)) for cell, found in suspects]
    for cell, _, statements in runs:
        for statement in statements:
            for region, text in statement.local_paths:
                yield FlowProblem("absolute-local-path", cell.cell.span(path, region), (("path", text),))
            for region, name in statement.questions:
                if name not in own:
                    yield FlowProblem("interactive-input", cell.cell.span(path, region), (("call", name),))
            for region, name in statement.figures:
                yield FlowProblem("figures-in-loop", cell.cell.span(path, region), (("call", name),))
    for cell, found, statements in runs:
        for region, command in found.installations if statements else ():
            yield FlowProblem("installs-packages", cell.cell.span(path, region), (("command", command),))


class _Exported:
    """Tells which statements some task runs."""

    def __init__(self, dataflow: Dataflow) -> None:
        self._whole = {index for task in dataflow.tasks if not task.implicit for index in task.cells}
        self._slices = {(item.cell, item.region) for task in dataflow.tasks for item in (*task.preamble, *task.body)}

    def statements(self, cell: ProgramCell, facts: CellFacts) -> list[StatementFacts]:
        """Return the statements of a cell that some task runs."""
        index = cell.cell.index
        return [
            statement
            for statement in facts.statements
            if index in self._whole or (index, statement.region) in self._slices
        ]
