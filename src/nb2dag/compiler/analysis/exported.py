"""Find in exported code what does not work on a worker: a person's folders, questions to a person, installations."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from nb2dag.compiler.analysis.statements import is_extension_load, node_region
from nb2dag.model.code import Escape, EscapeKind
from nb2dag.model.dataflow import Dataflow, FlowProblem
from nb2dag.model.program import Program, ProgramCell
from nb2dag.model.span import Region

_LOCAL_PATH = re.compile(r"(?:file://)?(?:/(?:home|Users|root)/|~/|[A-Za-z]:(?:\\|/(?!/)))[^\n\0]*")
_LONGEST_PATH = 300

_QUESTIONS = {"input", "breakpoint", "getpass", "getpass.getpass", "pdb.set_trace", "sys.stdin.readline"}
"""Calls that wait for a person at the keyboard."""

_INSTALL = re.compile(
    r"(?:^|[;&|]\s*)(?:sudo\s+)?((?:\S*python[\d.]*\s+-m\s+|uv\s+)?pip[\d.]*|conda|mamba|apt|apt-get)"
    r"(?:\s+-\S+)*\s+install\b"
)
_INSTALLERS = ("pip", "conda", "mamba", "uv")
_SHELL_BODIES = ("bash", "sh", "script", "!", "!!")

_PATH = "absolute-local-path"
_QUESTION = "interactive-input"
_INSTALLS = "installs-packages"
_FIGURES = "figures-in-loop"

_MANY_FIGURES = 20
"""Turns of a loop up to which its figures are few enough to look at."""


def exported_problems(program: Program, dataflow: Dataflow) -> Iterator[FlowProblem]:
    """Yield what stands in code that tasks run and only works where the notebook was written."""
    bound = _bound_names(program)
    path = program.notebook.path
    for cell, statement in exported_statements(program, dataflow):
        source = cell.cell.source
        for node, text in _local_paths(statement):
            yield FlowProblem(_PATH, cell.cell.span(path, node_region(node, source)), (("path", text),))
        for call, name in _questions(statement, bound):
            yield FlowProblem(_QUESTION, cell.cell.span(path, node_region(call, source)), (("call", name),))
        if "show(" in source:
            for call in _figures_in_loops(statement):
                place = cell.cell.span(path, node_region(call, source))
                yield FlowProblem(_FIGURES, place, (("call", _dotted(call.func)),))
    for cell in _exported_cells(program, dataflow):
        for region, command in _installations(cell):
            yield FlowProblem(_INSTALLS, cell.cell.span(path, region), (("command", command),))


def exported_statements(program: Program, dataflow: Dataflow) -> Iterator[tuple[ProgramCell, ast.stmt]]:
    """Yield every top-level statement that some task runs, in notebook order."""
    whole = {index for task in dataflow.tasks if not task.implicit for index in task.cells}
    slices = {(item.cell, item.region) for task in dataflow.tasks for item in (*task.preamble, *task.body)}
    for cell in program.cells:
        index = cell.cell.index
        for statement in cell.code.tree.body:
            if is_extension_load(statement, cell):
                continue
            if index in whole or (index, node_region(statement, cell.cell.source)) in slices:
                yield cell, statement


def _exported_cells(program: Program, dataflow: Dataflow) -> Iterator[ProgramCell]:
    indexes = {cell.cell.index for cell, _ in exported_statements(program, dataflow)}
    return (cell for cell in program.cells if cell.cell.index in indexes)


def _bound_names(program: Program) -> set[str]:
    """Return names that the notebook binds itself anywhere: its own `input` asks nobody."""
    return {
        name
        for cell in program.cells
        for node in ast.walk(cell.code.tree)
        if (name := _bound(node)) is not None and name in _QUESTIONS
    }


def _bound(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return node.id
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return node.name
    return node.arg if isinstance(node, ast.arg) else None


def _local_paths(statement: ast.stmt) -> Iterator[tuple[ast.Constant, str]]:
    """Yield string constants that are paths of one person's machine; prose and what is compared are passed over."""
    passed: set[ast.AST] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Expr):
            passed.add(node.value)
        elif isinstance(node, ast.Compare):
            passed.update((node.left, *node.comparators))
        elif isinstance(node, ast.JoinedStr):
            passed.update(node.values[1:])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            if node not in passed and len(text) < _LONGEST_PATH and _LOCAL_PATH.fullmatch(text):
                yield node, text


def _questions(statement: ast.stmt, bound: set[str]) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Call):
            name = _dotted(node.func)
            if name in _QUESTIONS and name not in bound:
                yield node, name


def _figures_in_loops(statement: ast.stmt) -> Iterator[ast.Call]:
    """Yield the first `plt.show()` of each loop whose number of turns is not plainly small."""
    for loop in ast.walk(statement):
        if isinstance(loop, ast.While) or (isinstance(loop, ast.For) and not _is_short(loop.iter)):
            shows = (node for part in loop.body for node in ast.walk(part) if _shows_figure(node))
            call = next(shows, None)
            if isinstance(call, ast.Call):
                yield call
                return


def _shows_figure(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _dotted(node.func) in ("plt.show", "pyplot.show", "pylab.show", "fig.show")


def _is_short(iterated: ast.expr) -> bool:
    """Tell whether a loop turns a few times only, as its literal says."""
    while isinstance(iterated, ast.Call) and _dotted(iterated.func) in ("enumerate", "zip", "sorted") and iterated.args:
        iterated = iterated.args[0]
    if isinstance(iterated, (ast.List, ast.Tuple, ast.Set, ast.Dict)):
        return True
    bounds = iterated.args if isinstance(iterated, ast.Call) and _dotted(iterated.func) == "range" else []
    numbers = [bound.value for bound in bounds if isinstance(bound, ast.Constant) and isinstance(bound.value, int)]
    return bool(bounds) and len(numbers) == len(bounds) and max(numbers) <= _MANY_FIGURES


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return f"{_dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else ""


def _installations(cell: ProgramCell) -> Iterator[tuple[Region, str]]:
    for escape in cell.code.escapes:
        if escape.kind is EscapeKind.LINE_MAGIC and escape.name in _INSTALLERS and "install" in escape.text.split():
            yield escape.region, f"%{escape.name}"
        elif escape.kind is EscapeKind.SHELL and (match := _INSTALL.search(escape.text.strip())):
            yield escape.region, " ".join(match[1].split())
        elif escape.body is not None and escape.name in _SHELL_BODIES:
            yield from _body_installations(cell, escape)


def _body_installations(cell: ProgramCell, escape: Escape) -> Iterator[tuple[Region, str]]:
    lines = cell.cell.source.split("\n")
    for number in range(escape.region.line, min(escape.region.end_line, len(lines)) + 1):
        line = lines[number - 1]
        if match := _INSTALL.search(line.strip()):
            yield Region(number, 1, number, len(line) + 1), " ".join(match[1].split())
