"""Hold a suggestion as it grows, and give a program the roles that it proposes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nb2dag.model.directive import Directive, DirectiveKind, Spelling
from nb2dag.model.program import Program, ProgramCell, Role
from nb2dag.model.span import START


@dataclass(frozen=True, slots=True)
class SuggestedTask:
    """A task to be: its name, the 1-based indexes of its cells, and the names of the values it hands over."""

    name: str
    cells: tuple[int, ...]
    hands_over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """Which cells are to get which tag; cells that are named nowhere stay as they are."""

    tasks: tuple[SuggestedTask, ...]
    parameters: int | None = None
    skipped: tuple[int, ...] = ()
    shared: tuple[int, ...] = ()
    """Untagged cells above the first task, which stay as they are."""

    def directives(self) -> dict[int, Directive]:
        """Return the tag of each cell that gets one."""
        found = {index: directive(DirectiveKind.TASK, task.name) for task in self.tasks for index in task.cells}
        found |= {index: directive(DirectiveKind.SKIP) for index in self.skipped}
        if self.parameters is not None:
            found[self.parameters] = directive(DirectiveKind.PARAMETERS)
        return found


def directive(kind: DirectiveKind, name: str | None = None) -> Directive:
    """Return a tag that is not yet written anywhere."""
    return Directive(kind, name, (), Spelling.MAGIC, START, None, (), 1)


_ROLES = {DirectiveKind.TASK: Role.TASK, DirectiveKind.SKIP: Role.SKIP, DirectiveKind.PARAMETERS: Role.PARAMETERS}


def proposed_program(program: Program, proposal: Proposal) -> Program:
    """Return an untagged program with the roles that a proposal gives its cells; positions stay those of the text."""
    directives = proposal.directives()
    return replace(program, cells=tuple(_proposed(cell, directives.get(cell.cell.index)) for cell in program.cells))


def _proposed(cell: ProgramCell, tag: Directive | None) -> ProgramCell:
    if tag is None:
        return cell
    return replace(cell, role=_ROLES[tag.kind], directive=tag, task_id=tag.name)
