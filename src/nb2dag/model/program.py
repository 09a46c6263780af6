"""Hold a notebook whose code cells have been given their roles: what the analysis reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from nb2dag.model.code import ParsedCode
from nb2dag.model.directive import Directive, DirectiveProblem
from nb2dag.model.notebook import Cell, Notebook


class Role(Enum):
    """What a code cell is to the DAG.

    `SHARED` is sliced statement by statement, `WHOLE` (a `%%airflow_shared` cell) runs whole in every task.
    `DEFINITIONS` is an untagged cell below the first task that only imports and defines. `CONFIG` is a cell that
    holds nothing but `%load_ext nb2dag` and the DAG line.
    """

    CONFIG = "config"
    PARAMETERS = "parameters"
    SHARED = "shared"
    WHOLE = "whole"
    TASK = "task"
    DEFINITIONS = "definitions"
    SCRATCH = "scratch"
    SKIP = "skip"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class ProgramCell:
    """A code cell with its tag, role and code. `task_id` is set for the roles TASK only."""

    cell: Cell
    role: Role
    code: ParsedCode
    directive: Directive | None = None
    task_id: str | None = None
    problems: tuple[DirectiveProblem, ...] = ()
    doc: str = ""
    """The Markdown right above, for a task's first cell."""


@dataclass(frozen=True)
class Program:
    """A notebook with roles. `settings` is the cell whose tag holds the DAG's settings, None without one."""

    notebook: Notebook
    cells: tuple[ProgramCell, ...]
    settings: Directive | None = None
    settings_cell: Cell | None = None
    doc: str = ""
    """The notebook's opening Markdown."""

    @cached_property
    def task_ids(self) -> tuple[str, ...]:
        """The tasks' ids in the order of their first cells."""
        return tuple(dict.fromkeys(cell.task_id for cell in self.cells if cell.task_id is not None))
