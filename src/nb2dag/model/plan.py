"""Hold what will be written: the DAG's settings and, per task, the notebook cells, all decided.

Lowering makes a plan, the backend turns it into text. Nothing here is Airflow's own: values are plain Python
(`timedelta`, aware `datetime`, the classes of `nb2dag.model.schedule`), and the backend's dialect knows how an
Airflow release spells them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from nb2dag.model.schedule import Schedule


class CellPurpose(Enum):
    """Why a code cell stands in a task notebook, in the order the purposes come."""

    PREAMBLE = "preamble"
    PARAMETERS = "parameters"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class CodeCell:
    """Code copied from the source notebook.

    `source` has no tag lines. `lines[i]` is the 1-based line of the source cell that generated line `i + 1`
    came from, so `len(lines)` equals the number of lines of `source`.
    """

    purpose: CellPurpose
    source: str
    cell: int
    cell_id: str
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Load:
    """Bind `names` from the handoff `key` of task `task_id`.

    A name of `optional` may be unbound in the producer (it was bound on some path only); it is then left
    unbound here too.
    """

    task_id: str
    key: str
    names: tuple[str, ...]
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Save:
    """Save the alias group `names` as the handoff `key`: one pickle stream, so that `a is b` holds.

    A name in angle brackets is a piece of state without a name that travels in the same way: `<random>` and
    `<numpy.random>`, the state of the global generators.
    """

    key: str
    names: tuple[str, ...]
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadCell:
    """The cell that loads every input of a task, between preamble and body."""

    loads: tuple[Load, ...]


@dataclass(frozen=True, slots=True)
class ImportCell:
    """The cell that imports parts of packages, dotted modules, which the notebook's other cells import."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SaveCell:
    """A cell that saves the versions made by the body cell right above it."""

    saves: tuple[Save, ...]
    cell: int
    cell_id: str


PlannedCell = CodeCell | ImportCell | LoadCell | SaveCell


@dataclass(frozen=True, slots=True)
class ParamPlan:
    """One DAG param: a JSON value, its JSON-Schema type(s), and the comment beside it as its description.

    `schema_type` is a JSON-Schema type name or several (`("null", "string")` for a None default).
    `scheduled` is the template of `# airflow: {{ ds }}`, used in place of the default in a scheduled run.
    """

    name: str
    value: object
    schema_type: tuple[str, ...]
    description: str = ""
    scheduled: str | None = None
    cell: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """One task: how Airflow shall run it, and its notebook.

    `options` are task options of the vocabulary that were given for this task, by canonical name
    (`retry_delay`, `timeout`, `pool` ...), typed. `upstream` are the direct upstream task ids, sorted, data edges and
    declared ones together. `parameters` are the DAG params its notebook reads. `source_cells` are the
    1-based indexes of the notebook's cells that are the task's own. An `implicit` task computes shared values once.
    """

    task_id: str
    cells: tuple[PlannedCell, ...]
    upstream: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    parameters: tuple[str, ...] = ()
    source_cells: tuple[int, ...] = ()
    doc: str = ""
    kernel_name: str = ""
    return_name: str | None = None
    implicit: bool = False

    @property
    def loads(self) -> tuple[Load, ...]:
        """Everything the task reads from other tasks."""
        return tuple(load for cell in self.cells if isinstance(cell, LoadCell) for load in cell.loads)

    @property
    def saves(self) -> tuple[Save, ...]:
        """Everything the task hands over, in the order it is saved."""
        return tuple(save for cell in self.cells if isinstance(cell, SaveCell) for save in cell.saves)


@dataclass(frozen=True, slots=True)
class FilePlan:
    """A local module or data file that ships with the bundle, by its path relative to the notebook.

    A path that ends with `/` is a folder of which no file ships, and which has to be there. `size` is in bytes.
    """

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class DagPlan:
    """A whole DAG. `options` are DAG options by canonical name (`catchup`, `max_active_runs` ...), typed.

    `default_args` are task options given on the DAG line and in `default_args`. `digest` identifies the exported
    code: the same for two notebooks that differ only in outputs, scratch cells or counts. `tasks` are in an order
    in which every task comes after its upstream tasks, otherwise as in the notebook.
    """

    dag_id: str
    source_name: str
    digest: str
    tasks: tuple[TaskPlan, ...]
    schedule: Schedule | None = None
    timezone: str = "UTC"
    options: Mapping[str, object] = field(default_factory=dict)
    default_args: Mapping[str, object] = field(default_factory=dict)
    params: tuple[ParamPlan, ...] = ()
    doc: str = ""
    files: tuple[FilePlan, ...] = ()
    kernel_name: str = ""
    kernel_display_name: str = ""
    dag_cell: int = 0
