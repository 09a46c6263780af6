"""Hold why a task's notebook is what it is: per statement, per value it loads, and per value it saves, as facts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from nb2dag.model.dataflow import Slice, Source


class Cause(Enum):
    """Why a task runs a statement that is not its own, or an implicit task runs any."""

    READ = "read"
    """A statement of the task reads the name."""
    CARRIED = "carried"
    """A value that the task takes may hold objects of the definition, or call it."""
    GIVEN = "given"
    """The statement makes a value that is computed once and handed over."""
    SETS_UP = "sets up"
    """It sets up a module, the environment or a generator of random numbers for what follows."""
    IMPORTED = "imported"
    """It is an import that no code names: it is there for its effect."""
    WHOLE = "whole"
    """Its cell is tagged to run whole in every task."""
    UNKNOWN_CALL = "unknown call"
    """It is a call of which nothing is known, so that the tasks may depend on what it does."""


class Obstacle(Enum):
    """Why a value is handed over and not made again by its reader."""

    TASK = "task"
    """It is the work of a task: no other task does it again."""
    CLOCK = "clock"
    RANDOM = "random"
    FILES = "files"
    NETWORK = "network"
    CALL = "call"
    """It calls something of which nothing is known."""
    STATE = "state"
    """It changes state outside the names."""
    CHANGED = "changed"
    """It is in a statement whose object another statement changes that is not made again."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Where a name is read; `via` is the function or class whose body reads it when the place calls it."""

    place: Slice
    via: str = ""


@dataclass(frozen=True, slots=True)
class StatementReason:
    """Why a statement runs before a task's own cells, or in an implicit task.

    `reader` reads `name`, for the causes READ and CARRIED; for GIVEN `name` is what is handed over.
    """

    statement: Slice
    cause: Cause
    name: str = ""
    reader: Reader | None = None


@dataclass(frozen=True, slots=True)
class Hindrance:
    """What keeps a value from being made again where it is read.

    `statement` is where the obstacle lies and `text` the code there that shows it; `through` are the names that lead
    from the value to that statement, each made from the next.
    """

    obstacle: Obstacle
    statement: Slice
    text: str = ""
    through: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadReason:
    """Why a task takes `name` from `source`.

    `reader` is the first place that needs it, None where the task only hands it on. `maker` made the version that is
    taken; `changes` says that it did so by changing the object and not by binding the name. `hindrance` says why the
    reader does not make it again. `together` are names that come in the same stream, since they may share an object.
    """

    name: str
    source: Source
    maker: Slice
    changes: bool
    hindrance: Hindrance
    reader: Reader | None = None
    together: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SaveReason:
    """Why a task saves `name` after a cell: the `readers`, as pairs of task and first place that needs it there.

    A task without a place there only hands it on. `hindrance` says why those do not make it themselves.
    """

    name: str
    cell: int
    readers: tuple[tuple[str, Reader | None], ...]
    hindrance: Hindrance


@dataclass(frozen=True, slots=True)
class TaskReasons:
    """All reasons of one task, statements and loads in the order in which they stand in its notebook."""

    task_id: str
    statements: tuple[StatementReason, ...] = ()
    loads: tuple[LoadReason, ...] = ()
    saves: tuple[SaveReason, ...] = ()
