"""Run the compiler's passes in their order: the only place that knows it.

Follow one toy notebook, three cells:

    import pandas as pd                                  # cell 1, untagged
    %%airflow_task load                                  # cell 2
    df = pd.read_csv("rows.csv")
    %%airflow_task report                                # cell 3
    print(len(df))

1. *Read* (`frontend.reader`): the file becomes a `Notebook` of cells; outputs are left behind.
2. *Tag* (`frontend.tagging`, with `directives.grammar` and `frontend.escapes`): cell 1 is shared, cells 2 and 3 are
   the tasks `load` and
   `report`; each cell's code becomes a syntax tree.
3. *Analyse* (`analysis.dataflow`): `report` reads `df`, whose last version `load` makes, so `df` crosses; `load`
   needs the
   import of cell 1, `report` does not.
4. *Connect* (`analysis.edges`): `load -> report`, by data; declared edges join here.
5. *Check* (`rules`): facts become diagnostics, but those that a comment silences. An error ends the way here.
6. *Find neighbours* (`frontend.neighbours`): `rows.csv` lies beside the notebook, so it ships.
7. *Lower* (`lowering`): a `DagPlan` with every cell of both task notebooks, `df` saved after cell 2 and loaded before
   cell 3.
8. *Emit* and *write* (`backend`, `bundle`): the plan becomes text, and the text files; not here, for `check` needs
   neither.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from nb2dag.compiler.analysis.cell_names import list_cell_names
from nb2dag.compiler.analysis.cell_problems import exported_problems, secret_problems
from nb2dag.compiler.analysis.dataflow import analyse, explain
from nb2dag.compiler.analysis.edges import build_graph
from nb2dag.compiler.analysis.parameters import Parameters, read_parameters
from nb2dag.compiler.analysis.suppressions import find_suppressions
from nb2dag.compiler.frontend.local_modules import with_local_modules
from nb2dag.compiler.frontend.neighbours import find_neighbours
from nb2dag.compiler.frontend.reader import read_notebook
from nb2dag.compiler.frontend.scripts import with_scripts
from nb2dag.compiler.frontend.tagging import tag_program
from nb2dag.compiler.lowering import lower
from nb2dag.compiler.memory import Memory, without_collecting
from nb2dag.compiler.rules.advice import without_premature
from nb2dag.compiler.rules.airflow import graph_diagnostics
from nb2dag.compiler.rules.dataflow import flow_diagnostics
from nb2dag.compiler.rules.directive import directive_diagnostics, tag_conflicts
from nb2dag.compiler.rules.isolation import exported_diagnostics, file_diagnostics, size_diagnostics
from nb2dag.compiler.rules.notebook import notebook_diagnostics
from nb2dag.compiler.rules.security import secret_diagnostics
from nb2dag.compiler.rules.spelling import in_own_spelling
from nb2dag.compiler.rules.suppression import silence
from nb2dag.config import load_config
from nb2dag.model.dataflow import Dataflow
from nb2dag.model.diagnostic import Diagnostic, Severity
from nb2dag.model.graph import TaskGraph
from nb2dag.model.names import CellNames
from nb2dag.model.notebook import Notebook
from nb2dag.model.plan import DagPlan
from nb2dag.model.program import Program
from nb2dag.model.reasons import TaskReasons


@dataclass(frozen=True)
class Compilation:
    """What the passes made of a notebook, as far as they got.

    `dataflow` and `graph` are None where a cell or tag could not be read. Diagnostics are in notebook order.
    """

    notebook: Notebook
    program: Program
    diagnostics: tuple[Diagnostic, ...]
    dataflow: Dataflow | None = None
    graph: TaskGraph | None = None
    _lower: Callable[[], DagPlan] | None = field(default=None, repr=False, compare=False)

    @cached_property
    def plan(self) -> DagPlan | None:
        """What would be written, None where there is any error; lowered when it is first asked for."""
        if self._lower is None:
            return None
        with without_collecting():
            return self._lower()

    @property
    def has_plan(self) -> bool:
        """Whether `plan` is one, without lowering it."""
        return self._lower is not None

    @property
    def has_errors(self) -> bool:
        """Whether something stands in the way of a bundle."""
        return any(item.severity is Severity.ERROR for item in self.diagnostics)


_RECENT = Memory()
"""What this process remembers of the notebook files it compiled."""


def check_notebook(path: str | os.PathLike[str]) -> Compilation:
    """Check a notebook file and return its diagnostics with everything found on the way.

    Raises:
        NotebookUnreadable: The file is missing, not JSON, or not a notebook.
        Nb2dagError: The project's settings are invalid.
    """
    return compile_notebook(path)


def compile_notebook(path: str | os.PathLike[str]) -> Compilation:
    """Compile a notebook file to a plan; nothing is written.

    Raises:
        NotebookUnreadable: The file is missing, not JSON, or not a notebook.
        Nb2dagError: The project's settings are invalid.
    """
    place = Path(path)
    with _RECENT.in_use():
        notebook = read_notebook(place)
        return compile_program(notebook, place.parent, load_config(place).max_file_size, _RECENT)


def list_names(path: str | os.PathLike[str]) -> tuple[Program, tuple[CellNames, ...]]:
    """Return the cells of a notebook file with their roles, and per cell the names it defines, needs and changes.

    Nothing has to be tagged, and a notebook with findings of severity error has its names listed all the same.

    Raises:
        NotebookUnreadable: The file is missing, not JSON, or not a notebook.
    """
    place = Path(path)
    program = with_scripts(tag_program(read_notebook(place), only_environment=True), place.parent)
    return program, list_cell_names(program)


def explain_tasks(compilation: Compilation) -> tuple[TaskReasons, ...]:
    """Return, for a notebook compiled without errors, why each task runs, loads and saves what it does."""
    return explain(compilation.program)


def compile_program(notebook: Notebook, folder: Path, most_bytes: int, memory: Memory | None = None) -> Compilation:
    """Compile a notebook already read.

    Args:
        notebook: The notebook.
        folder: Where the files lie that its code names.
        most_bytes: The size of the largest file that ships.
        memory: What was remembered of earlier compilations; the result is the same without it.
    """
    memory = memory or Memory()
    with memory.in_use():
        return compile_tagged(read_program(notebook, folder, memory), folder, most_bytes, memory)


def read_program(notebook: Notebook, folder: Path, memory: Memory | None = None) -> Program:
    """Return a notebook with its roles, and with the scripts and modules in `folder` that it runs and imports."""
    tagged = tag_program(notebook, memory.cells if memory is not None else None)
    return with_local_modules(with_scripts(tagged, folder), folder)


def compile_tagged(program: Program, folder: Path, most_bytes: int, memory: Memory | None = None) -> Compilation:
    """Compile a program whose cells have their roles; see `compile_program` for the arguments."""
    memory = memory or Memory()
    with memory.in_use():
        return _compile(program, folder, most_bytes, memory)


def _compile(program: Program, folder: Path, most_bytes: int, memory: Memory) -> Compilation:
    notebook = program.notebook
    parameters = read_parameters(program)
    early = [
        *notebook_diagnostics(program),
        *_tag_diagnostics(program),
        *secret_diagnostics(secret_problems(program, memory.facts), program),
    ]
    if _any_error(early) and not _worth_analysing(program):
        return Compilation(notebook, program, _in_order(program, early, complete=False))
    dataflow = analyse(program, memory.facts, memory.traces(notebook.path))
    graph = build_graph(program, dataflow)
    found = [*early, *_flow_diagnostics(program, dataflow, graph, parameters)]
    found += exported_diagnostics(exported_problems(program, dataflow, memory.facts), program)
    neighbours = find_neighbours(folder, dataflow.files, most_bytes)
    found += size_diagnostics(notebook.path, neighbours.too_large, most_bytes)
    ordered = _in_order(program, found)
    if _any_error(found):
        return Compilation(notebook, program, ordered, dataflow, graph)
    return Compilation(
        notebook,
        program,
        ordered,
        dataflow,
        graph,
        # Whoever only looks at the findings does not pay for the plan.
        lambda: lower(program, dataflow, graph, parameters.params, neighbours.files),
    )


def _tag_diagnostics(program: Program) -> Iterator[Diagnostic]:
    path = program.notebook.path
    for cell in program.cells:
        yield from directive_diagnostics(path, cell.cell, cell.problems)
    tagged = [(cell.cell, cell.directive) for cell in program.cells if cell.directive is not None]
    yield from tag_conflicts(path, tagged)


def _worth_analysing(program: Program) -> bool:
    """Tell whether the flow says anything although a cell or tag is broken: not if names may be missing for it."""
    unread = (cell.code.problem or (cell.problems and cell.directive is None) for cell in program.cells)
    return bool(program.task_ids) and not any(unread)


def _flow_diagnostics(
    program: Program, dataflow: Dataflow, graph: TaskGraph, parameters: Parameters
) -> Iterator[Diagnostic]:
    problems = [*dataflow.problems, *graph.problems, *parameters.problems]
    yield from flow_diagnostics(problems, program)
    yield from file_diagnostics(problems, program)
    yield from graph_diagnostics(problems, program)


def _any_error(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(item.severity is Severity.ERROR for item in diagnostics)


def _in_order(program: Program, found: Iterable[Diagnostic], *, complete: bool = True) -> tuple[Diagnostic, ...]:
    """Return the diagnostics that no comment silences, in notebook order; `complete`: every check was made."""
    kept = silence(found, find_suppressions(program), program.notebook.path, complete=complete)
    unique = dict.fromkeys(in_own_spelling(program, without_premature(kept)))
    return tuple(sorted(unique, key=lambda item: (item.span.cell, item.span.region, item.code)))
