"""Edit the tags of a notebook's cells, in the spelling that the notebook uses."""

from __future__ import annotations

from collections.abc import Iterator

from nb2dag.directives.vocabulary import directive_spec
from nb2dag.model.diagnostic import Edit
from nb2dag.model.directive import DirectiveKind, Option, Spelling
from nb2dag.model.program import Program, ProgramCell
from nb2dag.model.span import START, Region


def cell_at(program: Program, index: int) -> ProgramCell | None:
    """Return the code cell with that number."""
    return next((cell for cell in program.cells if cell.cell.index == index), None)


def task_cells(program: Program, task_id: str) -> list[ProgramCell]:
    """Return the cells of a task, in order."""
    return [cell for cell in program.cells if cell.task_id == task_id]


def task_above(program: Program, index: int) -> str | None:
    """Return the task of the last tagged cell above a cell."""
    return next((cell.task_id for cell in reversed(program.cells) if cell.task_id and cell.cell.index < index), None)


def free_task_id(program: Program, task_id: str) -> str:
    """Return a task id like `task_id` that the notebook does not use."""
    number = 2
    while f"{task_id}_{number}" in program.task_ids:
        number += 1
    return f"{task_id}_{number}"


def tagged(program: Program, cell: ProgramCell, kind: DirectiveKind, name: str = "") -> Edit:
    """Return the edit that puts a tag on an untagged cell.

    A cell magic on the first line leaves room for a magic only.
    """
    spec = directive_spec(kind)
    magic = cell.cell.source.lstrip().startswith("%%") or _prefers_magics(program)
    head, parting = (spec.magic, " ") if magic else (f"#| {spec.keyword}", ": ")
    text = f"{head}{parting}{name}" if name else head
    return Edit(cell.cell.index, cell.cell.id, START, f"{text}\n")


def untagged(cell: ProgramCell) -> Edit | None:
    """Return the edit that takes a cell's tag away; None where its lines are not all together."""
    directive = cell.directive
    if directive is None or not directive.tag_lines:
        return None
    first, last = directive.tag_lines[0], directive.tag_lines[-1]
    lines = cell.cell.source.split("\n")
    if len(directive.tag_lines) != last - first + 1 or last >= len(lines):
        return None
    return Edit(cell.cell.index, cell.cell.id, Region(first, 1, last + 1, 1), "")


def renamed(cell: ProgramCell, name: str) -> Edit | None:
    """Return the edit that gives a task's cell another task."""
    directive = cell.directive
    if directive is None or directive.name_region is None:
        return None
    return Edit(cell.cell.index, cell.cell.id, directive.name_region, name)


def waiting_for(cell: ProgramCell, other: str) -> Edit | None:
    """Return the edit that lets a task's cell name another task in `after`."""
    directive = cell.directive
    if directive is None:
        return None
    option = directive.option("after")
    if option is not None:
        return with_after(cell, option, [*_ids(option), other])
    if directive.spelling is Spelling.MAGIC:
        line = directive.region.end_line
        return _insertion(cell, line, len(cell.cell.source.split("\n")[line - 1].rstrip()) + 1, f" --after {other}")
    line = max(directive.tag_lines)
    return _insertion(cell, line, len(cell.cell.source.split("\n")[line - 1]) + 1, f"\n#| after: [{other}]")


def with_after(cell: ProgramCell, option: Option, tasks: list[str]) -> Edit:
    """Return the edit that lets an `after` name these tasks; without any the option goes."""
    lines = cell.cell.source.split("\n")
    region = option.region
    as_flag = lines[region.line - 1][region.column - 1 :].startswith("--")
    if tasks:
        text = f"--after {','.join(tasks)}" if as_flag else f"after: [{', '.join(tasks)}]"
        return Edit(cell.cell.index, cell.cell.id, region, text)
    if as_flag:
        start = len(lines[region.line - 1][: region.column - 1].rstrip()) + 1
        whole = Region(region.line, start, region.end_line, region.end_column)
    elif region.end_line < len(lines):
        whole = Region(region.line, 1, region.end_line + 1, 1)
    else:
        whole = Region(region.line, 1, region.end_line, len(lines[region.end_line - 1]) + 1)
    return Edit(cell.cell.index, cell.cell.id, whole, "")


def tasks_after(option: Option) -> list[str]:
    """Return the tasks that an option names."""
    return list(_ids(option))


def options_of_task(program: Program, task_id: str) -> Iterator[Option]:
    """Yield the options that a task is given, over all its cells."""
    for cell in task_cells(program, task_id):
        yield from cell.directive.options if cell.directive is not None else ()


def names_in_after(program: Program, task_id: str) -> bool:
    """Tell whether another task waits for a task by declaration."""
    return any(
        task_id in _ids(option)
        for cell in program.cells
        if cell.directive is not None and (option := cell.directive.option("after")) is not None
    )


def _prefers_magics(program: Program) -> bool:
    spellings = [
        cell.directive.spelling
        for cell in program.cells
        if cell.directive is not None and cell.directive.kind is not DirectiveKind.PARAMETERS
    ]
    return spellings.count(Spelling.MAGIC) >= spellings.count(Spelling.OPTION_LINES)


def _insertion(cell: ProgramCell, line: int, column: int, text: str) -> Edit:
    return Edit(cell.cell.index, cell.cell.id, Region(line, column, line, column), text)


def _ids(option: Option) -> tuple[str, ...]:
    value = option.value
    return tuple(str(item) for item in value) if isinstance(value, (tuple, list)) else (str(value),)
