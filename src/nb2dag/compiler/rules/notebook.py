"""Word what is wrong with a notebook as a whole, or with a cell's syntax: the family NBD0xx."""

from __future__ import annotations

from collections.abc import Iterator

from nb2dag.compiler.rules.rule import Rule, page
from nb2dag.model.code import SyntaxProblem
from nb2dag.model.diagnostic import Applicability, Diagnostic, Edit, Fix, Severity
from nb2dag.model.directive import DirectiveKind
from nb2dag.model.notebook import Cell
from nb2dag.model.program import Program, ProgramCell, Role
from nb2dag.model.span import Region, Span

SYNTAX_ERROR = Rule(
    "NBD001",
    "syntax-error",
    Severity.ERROR,
    page(
        "Reports a cell that does not parse.",
        "The cell stops the notebook, and what it needs and makes cannot be seen.",
        "%%airflow_task load\nrows = [1, 2",
        "%%airflow_task load\nrows = [1, 2]",
        "When the cell is in another language than Python: begin it with its magic (`%%bash`), or make it a raw cell.",
    ),
)

NOT_PYTHON = Rule(
    "NBD002",
    "not-python",
    Severity.ERROR,
    page(
        "Reports a notebook whose kernel is not Python.",
        "nb2dag analyses Python. It would misread any other language.",
        "%%airflow_task load\nrows = [1, 2]",
        "%%airflow_task load\nrows = [1, 2]",
        "Never: a notebook in R or Julia is one task of a DAG at most.",
    ),
)

NO_TASKS = Rule(
    "NBD003",
    "no-tasks",
    Severity.ERROR,
    page(
        "Reports a notebook without a single task.",
        "There is nothing to run.",
        "rows = [1, 2]",
        "%%airflow_task load\nrows = [1, 2]",
        "Never for `compile`.",
    ),
)

EMPTY_TASK = Rule(
    "NBD004",
    "empty-task",
    Severity.WARNING,
    page(
        "Reports a task without a line of code.",
        "It would start a kernel to do nothing.",
        "%%airflow_task load\nrows = [1, 2]\n# %%\n%%airflow_task nothing",
        "%%airflow_task load\nrows = [1, 2]",
        "When the task is only a point to wait for. It works as one.",
    ),
)

UNREAD_MODULE = Rule(
    "NBD005",
    "unread-module",
    Severity.WARNING,
    page(
        "Reports the import of a module beside the notebook that nb2dag does not look into: it is too long, or does "
        "not parse.",
        "nb2dag takes it for a library's. What its functions keep in the module, and how they change what they are "
        "given, it then has to guess.",
        "from pipeline import clean\n# %%\n%%airflow_task load\nrows = clean([1, 2])",
        "from cleaning import clean\n# %%\n%%airflow_task load\nrows = clean([1, 2])",
        "When the module's functions only return what they make, as a library's do. `nb2dag verify` shows it.",
    ),
)

RULES: tuple[Rule, ...] = (SYNTAX_ERROR, NOT_PYTHON, NO_TASKS, EMPTY_TASK, UNREAD_MODULE)
"""The family's rules, in the order of their codes."""

_COMMAND = "is an IPython command without its percent sign"
"""How the parser's words begin where it took a line for a command."""

_CONFLICT_MARKERS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")

_WITHOUT_CODE = {Role.SKIP, Role.TEST, Role.SCRATCH}


def notebook_diagnostics(program: Program) -> Iterator[Diagnostic]:
    """Yield what is wrong with the notebook before any flow is looked at."""
    notebook = program.notebook
    whole = Span(notebook.path, 0, "")
    if notebook.language not in ("python", "ipython", "python3", ""):
        yield NOT_PYTHON.diagnostic(
            f"the notebook is written in `{notebook.language}`, and nb2dag compiles Python",
            whole,
            "open it with a Python kernel, or run it as a whole with papermill",
        )
        return
    yield from _syntax(program)
    if not program.task_ids and not any(cell.problems for cell in program.cells):
        count = len(notebook.code_cells)
        yield NO_TASKS.diagnostic(
            "the notebook has no code cell"
            if not count
            else f"none of the notebook's {count} code cells is tagged as a task",
            whole,
            "begin a cell with `%%airflow_task NAME`, or with the line `#| task: NAME`; `nb2dag suggest` proposes tags",
        )
    yield from _empty(program)
    yield from _unread(program)


def _syntax(program: Program) -> Iterator[Diagnostic]:
    for cell in program.cells:
        problem = cell.code.problem
        if problem is None or cell.role in _WITHOUT_CODE or _is_sql(cell):
            continue
        hint = "correct the cell, or tag it `%%airflow_skip` if the DAG does not need it"
        if problem.needs_version:
            hint = f"it is newer than this interpreter: run nb2dag with Python {problem.needs_version} or later"
        elif cell.cell.source.split("\n")[problem.region.line - 1].startswith(_CONFLICT_MARKERS):
            hint = "a Git conflict stands here unresolved: keep one side, and take the markers out"
        place = cell.cell.span(program.notebook.path, problem.region)
        yield SYNTAX_ERROR.diagnostic(problem.message, place, hint, fix=_percent_sign(cell.cell, problem))


def _percent_sign(cell: Cell, problem: SyntaxProblem) -> Fix | None:
    """Return the percent sign that IPython puts before a command such as `ls -l` by itself."""
    if _COMMAND not in problem.message:
        return None
    line = cell.source.split("\n")[problem.region.line - 1]
    column = len(line) - len(line.lstrip()) + 1
    edit = Edit(cell.index, cell.id, Region(problem.region.line, column, problem.region.line, column), "%")
    return Fix("Write the percent sign", (edit,), Applicability.SAFE)


def _is_sql(cell: ProgramCell) -> bool:
    return cell.directive is not None and cell.directive.kind is DirectiveKind.SQL


def _empty(program: Program) -> Iterator[Diagnostic]:
    filled = {cell.task_id for cell in program.cells if cell.code.tree.body or cell.code.problem is not None}
    seen = set(filled)
    for cell in program.cells:
        if cell.role is Role.TASK and cell.task_id not in seen:
            seen.add(cell.task_id)
            region = cell.directive.region if cell.directive is not None else None
            span = (
                cell.cell.span(program.notebook.path)
                if region is None
                else cell.cell.span(program.notebook.path, region)
            )
            yield EMPTY_TASK.diagnostic(
                f"task `{cell.task_id}` has no code", span, "put code below its tag, or remove the cell"
            )


def _unread(program: Program) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for cell in program.cells:
        for module in cell.code.unread:
            if module.name not in seen and cell.role not in _WITHOUT_CODE:
                seen.add(module.name)
                yield UNREAD_MODULE.diagnostic(
                    f"the module `{module.name}` beside the notebook is taken for a library: {module.reason}",
                    cell.cell.span(program.notebook.path, module.region),
                    "divide it, or mend it; `nb2dag verify` shows whether it matters here",
                )
