"""Suggest tags for a notebook file's text: the face of this package."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.compiler.lowering import dag_id
from nb2dag.compiler.pipeline import compile_tagged, read_program
from nb2dag.compiler.suggestion.proof import compile_text, require_tasks, says_the_same
from nb2dag.compiler.suggestion.proposal import Proposal, proposed_program
from nb2dag.compiler.suggestion.repair import errors_of
from nb2dag.compiler.suggestion.suggest import suggest_tasks
from nb2dag.compiler.suggestion.tags import write_tags
from nb2dag.compiler.suggestion.writing import tagged_text, takes_cells
from nb2dag.errors import Nb2dagError
from nb2dag.model.diagnostic import Diagnostic
from nb2dag.model.directive import Spelling
from nb2dag.model.notebook import Notebook
from nb2dag.model.program import Program


@dataclass(frozen=True, slots=True)
class SuggestedTags:
    """What is suggested for a notebook file.

    `text` is the file's text with the tags, None where nothing can be suggested: `errors` then say why. `added` is the
    number of cells that stand before the others now.
    """

    notebook: Notebook
    dag_id: str
    proposal: Proposal | None = None
    text: str | None = None
    added: int = 0
    errors: tuple[Diagnostic, ...] = ()

    @property
    def path(self) -> str:
        """What the notebook is called in messages."""
        return self.notebook.path


def suggest_notebook(
    text: str, path: str, folder: Path, most_bytes: int, spelling: Spelling = Spelling.MAGIC
) -> SuggestedTags:
    """Return tags for an untagged notebook; what comes back compiles.

    Args:
        text: The text of the notebook file.
        path: What the notebook is called in messages.
        folder: Where the notebook's files lie.
        most_bytes: The limit of one file that ships.
        spelling: How to write the tags: MAGIC or OPTION_LINES. A file older than nbformat 4 always gets option lines,
            since magics need a cell that loads them.

    Raises:
        NotebookUnreadable: The text is no notebook.
        Nb2dagError: The notebook has tasks already, or cannot be tagged in the form in which it is written.
    """
    notebook = parse_notebook(text, path)
    program = read_program(notebook, folder)
    name = dag_id(program)
    if program.task_ids:
        raise Nb2dagError(
            f"{path}: has tasks already ({', '.join(program.task_ids)}): `nb2dag suggest` is for untagged notebooks"
        )
    early = _unreadable(program, folder, most_bytes)
    if early:
        return SuggestedTags(notebook, name, errors=early)
    found = suggest_tasks(program, folder, most_bytes)
    if found.proposal is None:
        return SuggestedTags(notebook, name, errors=found.errors)
    if not takes_cells(text):
        spelling = Spelling.OPTION_LINES
    tagging = write_tags(program, found.proposal.directives(), spelling)
    if not takes_cells(text):
        tagging = replace(tagging, head="")
    after = tagged_text(text, path, tagging)
    if not says_the_same(after, path, folder, proposed_program(program, found.proposal)):
        compilation = compile_text(after, path, folder, most_bytes)
        if compilation.has_errors:
            return SuggestedTags(compilation.notebook, name, errors=tuple(errors_of(compilation)))
        require_tasks(compilation, tuple(task.name for task in found.proposal.tasks))
    return SuggestedTags(notebook, name, found.proposal, after, int(bool(tagging.head)))


def _unreadable(program: Program, folder: Path, most_bytes: int) -> tuple[Diagnostic, ...]:
    """Return why no tags can help: a cell that does not parse, a kernel of another language."""
    broken = any(cell.problems or cell.code.problem for cell in program.cells)
    if not broken and program.notebook.language == "python":
        return ()
    compilation = compile_tagged(program, folder, most_bytes)
    return tuple(item for item in errors_of(compilation) if item.name != "no-tasks")
