"""Turn Kale's tags into nb2dag's: each step a task with its declared edges, imports and functions shared code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.compiler.frontend.tagging import tag_program
from nb2dag.compiler.lowering import dag_id
from nb2dag.compiler.migration.kale import KaleCell, KaleTags, Part, Warned, is_kale_tag, read_kale
from nb2dag.compiler.migration.settings import KaleSettings, read_settings
from nb2dag.compiler.pipeline import Compilation
from nb2dag.compiler.suggestion.proof import compile_text, require_tasks
from nb2dag.compiler.suggestion.proposal import directive
from nb2dag.compiler.suggestion.tags import Tagging, write_tags
from nb2dag.compiler.suggestion.writing import tagged_text
from nb2dag.errors import Nb2dagError
from nb2dag.model.directive import Directive, DirectiveKind, Option, Spelling
from nb2dag.model.notebook import Notebook
from nb2dag.model.span import START

PARAMETERS_TAG = "parameters"
METRICS_TASK = "pipeline_metrics"


@dataclass(frozen=True, slots=True)
class MigratedTask:
    """A task, its cells by their 1-based indexes, and the tasks it is declared to come after."""

    name: str
    cells: tuple[int, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Migration:
    """A notebook file's text with nb2dag's tags in place of Kale's, and what a person has to look at.

    `compilation` is what becomes of it: it may have errors, which are the notebook's own. `added` is the number of
    cells that stand before the others now; all indexes are those of the cells as they were.
    """

    notebook: Notebook
    dag_id: str
    text: str
    added: int
    tasks: tuple[MigratedTask, ...]
    warnings: tuple[Warned, ...]
    compilation: Compilation


def migrate_notebook(
    text: str, path: str, folder: Path, most_bytes: int, spelling: Spelling = Spelling.MAGIC
) -> Migration:
    """Return a notebook that is tagged for Kale with nb2dag's tags.

    Args:
        text: The text of the notebook file.
        path: What the notebook is called in messages.
        folder: Where the notebook's files lie.
        most_bytes: The limit of one file that ships.
        spelling: How to write the tags: MAGIC or OPTION_LINES.

    Raises:
        NotebookUnreadable: The text is no notebook.
        Nb2dagError: The notebook is not tagged for Kale, or for nb2dag already, or not as Kale allows.
    """
    notebook = parse_notebook(text, path)
    program = tag_program(notebook)
    settings = read_settings(text)
    if program.task_ids:
        raise Nb2dagError(f"{path}: has tasks already: {', '.join(program.task_ids)}")
    if not settings.found and not any(is_kale_tag(tag) for cell in notebook.code_cells for tag in cell.tags):
        raise Nb2dagError(f"{path}: no cell has a tag of Kale's, such as `step:load`: `nb2dag suggest` tags a notebook")
    try:
        read = read_kale(notebook.code_cells)
    except Nb2dagError as error:
        raise Nb2dagError(f"{path}: {error}") from error
    if not read.steps:
        raise Nb2dagError(f"{path}: no cell is a step of Kale's (`step:load`): `nb2dag suggest` tags a notebook")
    migrated = _Translation(read, settings)
    tagging = write_tags(program, migrated.directives, spelling, migrated.dag(dag_id(program)))
    tagging = replace(tagging, tags=migrated.tags)
    return _checked(text, path, (folder, most_bytes), notebook, tagging, migrated)


def _checked(  # noqa: PLR0913, PLR0917 - the parts of one result
    text: str, path: str, place: tuple[Path, int], notebook: Notebook, tagging: Tagging, migrated: _Translation
) -> Migration:
    after = tagged_text(text, path, tagging)
    compilation = compile_text(after, path, *place)
    require_tasks(compilation, tuple(task.name for task in migrated.tasks))
    return Migration(
        notebook,
        dag_id(compilation.program),
        after,
        int(bool(tagging.head)),
        tuple(migrated.tasks),
        tuple(migrated.warnings),
        compilation,
    )


class _Translation:
    """What each cell gets: a tag, other cell tags, or nothing."""

    def __init__(self, read: KaleTags, settings: KaleSettings) -> None:
        self.settings = settings
        self.warnings = [*settings.warnings, *read.warnings]
        self.metrics = METRICS_TASK if METRICS_TASK not in read.steps else f"{METRICS_TASK}_2"
        self.directives: dict[int, Directive] = {}
        self.tags: dict[int, tuple[str, ...]] = {}
        self.parameters: int | None = None
        self.tasks: list[MigratedTask] = []
        for cell in read.cells:
            self.cell(cell)
        self.warnings.sort(key=lambda warned: warned.cell)

    def cell(self, read: KaleCell) -> None:
        index = read.cell.index
        kept = read.left
        if read.cell.source.strip():
            tag = self.tag(read)
            if tag is not None and tag.kind is DirectiveKind.PARAMETERS:
                kept = (*kept, PARAMETERS_TAG)
            elif tag is not None:
                self.directives[index] = tag
        if kept != read.cell.tags:
            self.tags[index] = kept

    def tag(self, read: KaleCell) -> Directive | None:
        match read.part:
            case Part.NONE:
                return None
            case Part.SKIP:
                return directive(DirectiveKind.SKIP)
            case Part.IMPORTS | Part.FUNCTIONS:
                return directive(DirectiveKind.SHARED)
            case Part.PARAMETERS:
                return self.parameters_tag(read.cell.index)
            case Part.METRICS:
                return self.task(self.metrics, read)
            case Part.STEP:
                return self.task(read.step, read)

    def parameters_tag(self, index: int) -> Directive:
        if self.parameters is None:
            self.parameters = index
            return directive(DirectiveKind.PARAMETERS)
        self.warnings.append(
            Warned(
                index,
                f"a notebook has one parameters cell, which is cell {self.parameters}: the names of this one are "
                "shared constants; move them there to set them from outside",
            )
        )
        return directive(DirectiveKind.SHARED)

    def task(self, name: str, read: KaleCell) -> Directive:
        index = read.cell.index
        after = tuple(other for other in read.prev if other != name)
        if len(after) < len(read.prev):
            self.warnings.append(Warned(index, f"`prev:{name}` lets the step wait for itself: it is left out"))
        if read.part is Part.METRICS and not any(task.name == name for task in self.tasks):
            text = f"metrics become a task of their own, `{name}`, which shows them; Airflow collects none by itself"
            self.warnings.append(Warned(index, text))
        before = next((number for number, task in enumerate(self.tasks) if task.name == name), None)
        if before is None:
            self.tasks.append(MigratedTask(name, (index,), after))
        else:
            task = self.tasks[before]
            edges = tuple(dict.fromkeys((*task.after, *after)))
            self.tasks[before] = MigratedTask(name, (*task.cells, index), edges)
        options = (Option("after", after, START),) if after else ()
        return replace(directive(DirectiveKind.TASK, name), options=options)

    def dag(self, default: str) -> Directive:
        """Return the DAG's tag."""
        options = tuple(self.dag_options())
        return replace(directive(DirectiveKind.DAG, self.settings.name or default), options=options)

    def dag_options(self) -> Iterator[Option]:
        if self.settings.description:
            yield Option("description", self.settings.description, START)
