"""Word why a task's notebook is what it is: each reason of the analysis as a sentence with cell and line."""

from __future__ import annotations

from nb2dag.model.dataflow import Slice
from nb2dag.model.reasons import (
    Cause,
    Hindrance,
    LoadReason,
    Obstacle,
    Reader,
    SaveReason,
    StatementReason,
    TaskReasons,
)
from nb2dag.report.value_names import shown

_CAUSES = {
    Cause.SETS_UP: "it sets something up for the code below, so every task below runs it",
    Cause.IMPORTED: "no code names what it imports: it is there for its effect, so every task runs it",
    Cause.WHOLE: "its cell is tagged as shared, so every task runs it whole",
    Cause.UNKNOWN_CALL: "nothing is known about this call, so every task runs it first",
}

_OBSTACLES = {
    Obstacle.CLOCK: "{text} gives another value each time",
    Obstacle.RANDOM: "{text} draws other numbers each time",
    Obstacle.FILES: "{text} reads files, and they may be others by then",
    Obstacle.NETWORK: "{text} asks another machine, and its answer may be another by then",
    Obstacle.CALL: "{text} may give another value each time, as far as is known",
    Obstacle.STATE: "{text} changes state that has no name",
    Obstacle.CHANGED: "what it is made of changes in between",
    Obstacle.TASK: "it is the work of a task",
}


def place(where: Slice) -> str:
    """Return where a statement stands, as `cell 5, line 2`."""
    return f"cell {where.cell}, line {where.region.line}"


def reading(reader: Reader, name: str) -> str:
    """Return that a place reads a name, with the function that does so for it."""
    if name.startswith("<"):
        verb = "uses" if name.startswith("<file:") else "may depend on"
        return f"{place(reader.place)} {verb} {shown(name)}"
    if reader.via:
        return f"{place(reader.place)} uses `{reader.via}`, which reads {shown(name)}"
    return f"{place(reader.place)} reads {shown(name)}"


def because_statement(reason: StatementReason, task: TaskReasons) -> str:
    """Return why a statement that is not the task's own, or is an implicit task's, stands in its notebook."""
    if reason.cause is Cause.READ and reason.reader is not None:
        return reading(reason.reader, reason.name)
    if reason.cause is Cause.CARRIED and reason.reader is not None:
        return f"a value that {place(reason.reader.place)} uses may need {shown(reason.name)}, which travels as source"
    if reason.cause is Cause.GIVEN:
        save = next((save for save in task.saves if save.name == reason.name), None)
        return f"{shown(reason.name)} is computed once, here" + (f": {because_once(save)}" if save is not None else "")
    return _CAUSES[reason.cause]


def because_once(save: SaveReason) -> str:
    """Return why an implicit task computes a value for all its readers."""
    return because_hindered(save.hindrance)


def because_load(reason: LoadReason) -> str:
    """Return why a task takes a value, and who made it."""
    made = f"{'changed' if reason.changes else 'made'} last in {place(reason.maker)}"
    if reason.reader is None:
        return f"the task may change it together with what it takes beside it, and hands it on; {made}"
    return f"{reading(reason.reader, reason.name)}; {made}"


def because_hindered(hindrance: Hindrance) -> str:
    """Return why a value is handed over instead of being made again."""
    text = f"`{hindrance.text}`" if hindrance.text else "the statement"
    where = f" ({place(hindrance.statement)})" if hindrance.text else ""
    words = _OBSTACLES[hindrance.obstacle].format(text=f"{text}{where}")
    if hindrance.through:
        return f"it comes from {shown(hindrance.through[-1])}, and {words}"
    return words


def because_save(save: SaveReason) -> str:
    """Return who takes a value that a task saves."""
    readers = [
        f"`{task}` hands it on" if reader is None else f"`{task}` takes it ({place(reader.place)})"
        for task, reader in save.readers
    ]
    return "; ".join(readers) if readers else "it shares an object with what is saved beside it"
