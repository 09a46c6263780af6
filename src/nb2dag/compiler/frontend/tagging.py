"""Give every code cell its role: what its tag says, and for an untagged cell where it stands and what it does."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from nb2dag.compiler.frontend.definitions import only_defines
from nb2dag.compiler.frontend.escapes import parse_code
from nb2dag.compiler.frontend.interpolated import without_unbound
from nb2dag.directives.grammar import parse_directive
from nb2dag.model.code import Escape, EscapeKind, ParsedCode
from nb2dag.model.directive import Directive, DirectiveKind, DirectiveProblem, Tag
from nb2dag.model.notebook import Cell, CellType, Notebook
from nb2dag.model.program import Program, ProgramCell, Role

_TASK_KINDS = frozenset({DirectiveKind.TASK, DirectiveKind.SQL, DirectiveKind.CHECK, DirectiveKind.SENSOR})
_ROLES = {
    **dict.fromkeys(_TASK_KINDS, Role.TASK),
    DirectiveKind.SHARED: Role.WHOLE,
    DirectiveKind.SKIP: Role.SKIP,
    DirectiveKind.TEST: Role.TEST,
    DirectiveKind.PARAMETERS: Role.PARAMETERS,
}


def tag_program(notebook: Notebook, *, only_environment: bool = False) -> Program:
    r"""Return the notebook with the role of every code cell, its tag taken out and its code parsed.

    Of several parameters cells the first counts, as for papermill: the others have the role of an untagged cell, and
    the problem `repeated-parameters`. A cell whose tag names no directive that is known has the role SKIP, and the
    tag's problems. Cells of a kernel that is not Python's are not parsed.

    Names in the text of a magic or shell command that nothing binds are not read (see `without_unbound`); with
    `only_environment`, only those are left out that look like environment variables.

    >>> cells = [Cell(1, "a", CellType.CODE, "import math"), Cell(2, "b", CellType.CODE, "%%airflow_task area\nr = 2")]
    >>> [(cell.role.name, cell.task_id) for cell in tag_program(Notebook("n.ipynb", tuple(cells))).cells]
    [('SHARED', None), ('TASK', 'area')]
    """
    tags = _tags(notebook)
    opening = _opening(notebook, tags)
    roles = _roles(notebook, tags, only_environment=only_environment)
    seen: set[str] = set()
    cells = []
    for cell, (code, role) in zip(notebook.code_cells, roles, strict=True):
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
    return tuple((number, line) for number, line in enumerate(_lines(cell.cell.source), 1) if number not in left_out)


def is_interactive_only(escape: Escape) -> bool:
    """Tell whether an escape means something in the notebook only: `%load_ext nb2dag`, `%airflow_preview`."""
    if escape.kind is not EscapeKind.LINE_MAGIC:
        return False
    return escape.name == "airflow_preview" or (escape.name in {"load_ext", "reload_ext"} and escape.text == "nb2dag")


def _tags(notebook: Notebook) -> dict[int, Tag]:
    tags: dict[int, Tag] = {}
    first_parameters = 0
    for cell in notebook.code_cells:
        tag = parse_directive(cell.source, cell.tags)
        if _kind(tag) is DirectiveKind.PARAMETERS:
            if first_parameters and tag.directive is not None:
                values = (("first", str(first_parameters)),)
                problem = DirectiveProblem("repeated-parameters", tag.directive.region, values)
                tag = Tag(tag.directive, (*tag.problems, problem))
            first_parameters = first_parameters or cell.index
        tags[cell.index] = tag
    return tags


def _roles(notebook: Notebook, tags: dict[int, Tag], *, only_environment: bool) -> list[tuple[ParsedCode, Role]]:
    """Return the code and the role of every code cell."""
    tasks = [index for index, tag in tags.items() if _kind(tag) in _TASK_KINDS]
    first_task = min(tasks, default=len(notebook.cells) + 1)
    if notebook.language == "python":
        parsed = [_parse(cell, tags[cell.index].directive) for cell in notebook.code_cells]
        codes = without_unbound(parsed, only_environment=only_environment)
    else:
        codes = [ParsedCode(ast.Module([], [])) for _ in notebook.code_cells]
    return [
        (code, _role(tags[cell.index], code, below=cell.index > first_task))
        for cell, code in zip(notebook.code_cells, codes, strict=True)
    ]


def _kind(tag: Tag) -> DirectiveKind | None:
    return tag.directive.kind if tag.directive is not None else None


def _parse(cell: Cell, directive: Directive | None) -> ParsedCode:
    if directive is None or not directive.tag_lines:
        return parse_code(cell.source)
    # A DAG line may stand below `%load_ext nb2dag`, so that blanking it is more than beginning at the body.
    lines = _lines(cell.source)
    for number in directive.tag_lines:
        lines[number - 1] = ""
    return parse_code("\n".join(lines), directive.body_line)


def _role(tag: Tag, code: ParsedCode, *, below: bool) -> Role:
    kind = _kind(tag)
    if kind is None and tag.problems:
        return Role.SKIP
    role = _ROLES.get(kind) if kind is not None else None
    if role is Role.TASK and tag.directive is not None and tag.directive.name is None:
        return Role.SKIP
    repeated = any(problem.rule == "repeated-parameters" for problem in tag.problems)
    if role is not None and not repeated:
        return role
    if code.problem is None and _is_configuration(code):
        return Role.CONFIG
    if not below:
        return Role.SHARED
    return Role.DEFINITIONS if only_defines(code) else Role.SCRATCH


def _is_configuration(code: ParsedCode) -> bool:
    return len(code.tree.body) == len(code.escapes) and all(map(is_interactive_only, code.escapes))


def _opening(notebook: Notebook, tags: dict[int, Tag]) -> list[Cell]:
    """Return the Markdown that opens the notebook; where a task follows at once, the last of several is the task's."""
    opening: list[Cell] = []
    for cell in notebook.cells:
        if cell.type is CellType.CODE and cell.source.strip():
            if len(opening) > 1 and _kind(tags[cell.index]) in _TASK_KINDS:
                opening.pop()
            break
        if cell.type is CellType.MARKDOWN and cell.source.strip():
            opening.append(cell)
    return opening


def _markdown_above(notebook: Notebook, index: int) -> list[Cell]:
    found: list[Cell] = []
    while index > 1 and notebook.cell(index - 1).type is CellType.MARKDOWN:
        index -= 1
        found.insert(0, notebook.cell(index))
    return found


def _text(cells: Sequence[Cell]) -> str:
    return "\n\n".join(text for cell in cells if (text := cell.source.strip()))


def _lines(source: str) -> list[str]:
    return source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
