"""Give every code cell its role: what its tag says, and for an untagged cell where it stands and what it does."""

from __future__ import annotations

from collections.abc import Sequence

from nb2dag.compiler.frontend.cells import TASK_KINDS, ReadCell, ReadCells, is_interactive_only, lines_of
from nb2dag.compiler.frontend.interpolated import unbound
from nb2dag.model.code import ParsedCode
from nb2dag.model.directive import DirectiveKind, DirectiveProblem, Tag
from nb2dag.model.notebook import Cell, CellType, Notebook
from nb2dag.model.program import Program, ProgramCell, Role


def tag_program(notebook: Notebook, read: ReadCells | None = None, *, only_environment: bool = False) -> Program:
    r"""Return the notebook with the role of every code cell, its tag taken out and its code parsed.

    Of several parameters cells the first counts, as for papermill: the others have the role of an untagged cell, and
    the problem `repeated-parameters`. A cell whose tag names no directive that is known has the role SKIP, and the
    tag's problems. Cells of a kernel that is not Python's are not parsed.

    Names in the text of a magic or shell command that nothing binds are not read (see `unbound`); with
    `only_environment`, only those are left out that look like environment variables. `read` remembers what it read
    before: a cell of the same text is then not parsed again, and has the very same tree.

    >>> cells = [Cell(1, "a", CellType.CODE, "import math"), Cell(2, "b", CellType.CODE, "%%airflow_task area\nr = 2")]
    >>> [(cell.role.name, cell.task_id) for cell in tag_program(Notebook("n.ipynb", tuple(cells))).cells]
    [('SHARED', None), ('TASK', 'area')]
    """
    reader = read or ReadCells()
    python = notebook.language == "python"
    texts = [reader.read(cell, python=python) for cell in notebook.code_cells]
    tags = _tags(notebook, texts)
    opening = _opening(notebook, tags)
    codes = _codes(texts, reader, only_environment=only_environment)
    roles = _roles(notebook, tags, texts)
    seen: set[str] = set()
    cells = []
    for cell, code, role in zip(notebook.code_cells, codes, roles, strict=True):
        tag = tags[cell.index]
        task_id = tag.directive.name if role is Role.TASK and tag.directive is not None else None
        doc = ""
        if task_id is not None and task_id not in seen:
            seen.add(task_id)
            doc = _text([each for each in _markdown_above(notebook, cell.index) if each not in opening])
        cells.append(ProgramCell(cell, role, code, tag.directive, task_id, tag.problems, doc))
    settings = next((cell for cell in cells if cell.directive and cell.directive.kind is DirectiveKind.DAG), None)
    return Program(
        notebook=notebook,
        cells=tuple(cells),
        settings=settings.directive if settings is not None else None,
        settings_cell=settings.cell if settings is not None else None,
        doc=_text(opening),
    )


def body_lines(cell: ProgramCell) -> tuple[tuple[int, str], ...]:
    r"""Return a cell's lines with their 1-based numbers, without its tag and without `%load_ext nb2dag`.

    >>> program = tag_program(Notebook("n.ipynb", (Cell(1, "a", CellType.CODE, "%%airflow_task area\nr = 2"),)))
    >>> body_lines(program.cells[0])
    ((2, 'r = 2'),)
    """
    left_out = set(cell.directive.tag_lines) if cell.directive is not None else set()
    # Only at the left edge: inside a block the line may be all that the block has.
    left_out |= {
        each.region.line for each in cell.code.escapes if is_interactive_only(each) and each.region.column == 1
    }
    return tuple((number, line) for number, line in enumerate(lines_of(cell.cell.source), 1) if number not in left_out)


def _tags(notebook: Notebook, texts: Sequence[ReadCell]) -> dict[int, Tag]:
    tags: dict[int, Tag] = {}
    first_parameters = 0
    for cell, text in zip(notebook.code_cells, texts, strict=True):
        tag = text.tag
        if _kind(tag) is DirectiveKind.PARAMETERS:
            if first_parameters and tag.directive is not None:
                values = (("first", str(first_parameters)),)
                problem = DirectiveProblem("repeated-parameters", tag.directive.region, values)
                tag = Tag(tag.directive, (*tag.problems, problem))
            first_parameters = first_parameters or cell.index
        tags[cell.index] = tag
    return tags


def _codes(texts: Sequence[ReadCell], reader: ReadCells, *, only_environment: bool) -> list[ParsedCode]:
    if not any(text.code.escapes for text in texts):
        return [text.code for text in texts]
    left_out = unbound([text.names_around for text in texts], only_environment=only_environment)
    return [reader.pruned(text.code, out) for text, out in zip(texts, left_out, strict=True)]


def _roles(notebook: Notebook, tags: dict[int, Tag], texts: Sequence[ReadCell]) -> list[Role]:
    """Return the role of every code cell."""
    first_task = next((index for index, tag in tags.items() if _kind(tag) in TASK_KINDS), len(notebook.cells) + 1)
    return [
        _role(tags[cell.index], text, below=cell.index > first_task)
        for cell, text in zip(notebook.code_cells, texts, strict=True)
    ]


def _kind(tag: Tag) -> DirectiveKind | None:
    return tag.directive.kind if tag.directive is not None else None


def _role(tag: Tag, text: ReadCell, *, below: bool) -> Role:
    if tag is text.tag and text.own_role is not None:
        return text.own_role
    if text.is_configuration:
        return Role.CONFIG
    if not below:
        return Role.SHARED
    return Role.DEFINITIONS if text.only_defines else Role.SCRATCH


def _opening(notebook: Notebook, tags: dict[int, Tag]) -> list[Cell]:
    """Return the Markdown that opens the notebook; where a task follows at once, the last of several is the task's.

    The DAG's settings may stand above the notebook's title, as `suggest` and `migrate` put them.
    """
    opening: list[Cell] = []
    for cell in notebook.cells:
        if cell.type is CellType.CODE and cell.source.strip():
            if not opening and _kind(tags[cell.index]) is DirectiveKind.DAG:
                title = _title(notebook)
                if title is not None and title.index > cell.index:
                    continue
            if len(opening) > 1 and _kind(tags[cell.index]) in TASK_KINDS:
                opening.pop()
            break
        if cell.type is CellType.MARKDOWN and cell.source.strip():
            opening.append(cell)
    return opening


def _title(notebook: Notebook) -> Cell | None:
    """Return the notebook's first Markdown where that begins with the only heading of the first level."""
    written = [cell for cell in notebook.cells if cell.type is CellType.MARKDOWN and cell.source.strip()]
    headed = [cell for cell in written if cell.source.lstrip().startswith("# ")]
    return written[0] if headed == written[:1] != [] else None


def _markdown_above(notebook: Notebook, index: int) -> list[Cell]:
    found: list[Cell] = []
    while index > 1 and notebook.cell(index - 1).type is CellType.MARKDOWN:
        index -= 1
        found.insert(0, notebook.cell(index))
    return found


def _text(cells: Sequence[Cell]) -> str:
    return "\n\n".join(text for cell in cells if (text := cell.source.strip()))
