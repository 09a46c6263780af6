"""Make the fixes of findings about the flow, the graph and exported code: from a problem and the program, edits."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import PurePosixPath, PureWindowsPath

from nb2dag.compiler.rules import tag_edits
from nb2dag.model.code import ESCAPE_NAME
from nb2dag.model.dataflow import FlowProblem
from nb2dag.model.diagnostic import Applicability, Edit, Fix
from nb2dag.model.directive import DirectiveKind
from nb2dag.model.program import Program, ProgramCell, Role
from nb2dag.model.span import Region

_SAFE, _UNSAFE, _SHOWN = Applicability.SAFE, Applicability.UNSAFE, Applicability.DISPLAY_ONLY


def fix_for(problem: FlowProblem, program: Program) -> Fix | None:
    """Return what mends a problem, None where nothing does without a person's thought."""
    make = _FIXES.get(problem.rule)
    return make(problem, dict(problem.values), program) if make is not None else None


_Values = dict[str, str]


def _export_scratch(_: FlowProblem, values: _Values, program: Program) -> Fix | None:
    """Export the scratch cell: as shared code where it stands alone, else as a part of the task above it."""
    cell = tag_edits.cell_at(program, int(values["cell"]))
    if cell is None or cell.role is not Role.SCRATCH:
        return None
    if values.get("repair") == "shared":
        edit = tag_edits.tagged(program, cell, DirectiveKind.SHARED)
        return Fix(f"Tag cell {values['cell']} as shared code", (edit,), _SAFE)
    above = tag_edits.task_above(program, cell.cell.index)
    if above is None:
        return None
    edit = tag_edits.tagged(program, cell, DirectiveKind.TASK, above)
    safe = _SAFE if values.get("repair") == "task" else _UNSAFE
    return Fix(f"Continue task `{above}` in cell {values['cell']}", (edit,), safe)


def _split_task(problem: FlowProblem, values: _Values, program: Program) -> Fix | None:
    """Give the lower cells of a task, from the one of the finding on, a task of their own."""
    cells = tag_edits.task_cells(program, values["task"])
    lower = [cell for cell in cells if cell.cell.index >= problem.span.cell]
    if not lower or len(lower) == len(cells):
        return None
    name = tag_edits.free_task_id(program, values["task"])
    edits = [tag_edits.renamed(cell, name) for cell in lower]
    plain = not any(tag_edits.options_of_task(program, values["task"]))
    plain = plain and not tag_edits.names_in_after(program, values["task"])
    made = tuple(edit for edit in edits if edit is not None)
    which = "cell" if len(lower) == 1 else "cells"
    numbers = ", ".join(str(cell.cell.index) for cell in lower)
    title = f"Make {which} {numbers} a task of its own, `{name}`"
    return Fix(title, made, _SAFE if plain else _UNSAFE) if len(made) == len(lower) else None


def _wait(_: FlowProblem, values: _Values, program: Program) -> Fix | None:
    return _after(values, program, _SAFE, f"Let `{values['task']}` wait for `{values['other']}`")


def _say_order(_: FlowProblem, values: _Values, program: Program) -> Fix | None:
    return _after(values, program, _SHOWN, f"Say that `{values['task']}` is meant to come after `{values['other']}`")


def _after(values: _Values, program: Program, safe: Applicability, title: str) -> Fix | None:
    cells = tag_edits.task_cells(program, values["task"])
    edit = tag_edits.waiting_for(cells[0], values["other"]) if cells else None
    return Fix(title, (edit,), safe) if edit is not None else None


def _not_after_itself(problem: FlowProblem, values: _Values, program: Program) -> Fix | None:
    cell = tag_edits.cell_at(program, problem.span.cell)
    option = cell.directive.option("after") if cell is not None and cell.directive is not None else None
    if cell is None or option is None:
        return None
    left = [task for task in tag_edits.tasks_after(option) if task != values["task"]]
    return Fix(f"Remove `{values['task']}` from `after`", (tag_edits.with_after(cell, option, left),), _SAFE)


def _respell(problem: FlowProblem, values: _Values, program: Program) -> Fix | None:
    """Write the name that is nearly the same, where one is."""
    span, similar = problem.span, values.get("similar", "")
    cell = tag_edits.cell_at(program, span.cell)
    if not similar or cell is None or _text(cell, span.region) != values["name"]:
        return None
    return Fix(f"Replace with `{similar}`", (Edit(span.cell, span.cell_id, span.region, similar),), _UNSAFE)


def _untag(_: FlowProblem, values: _Values, program: Program) -> Fix | None:
    cells = tag_edits.task_cells(program, values["task"])
    edits = [tag_edits.untagged(cell) for cell in cells]
    if not values.get("defines") or tag_edits.names_in_after(program, values["task"]):
        return None
    made = tuple(edit for edit in edits if edit is not None)
    return Fix(f"Take the tag of `{values['task']}` away", made, _UNSAFE) if len(made) == len(cells) else None


def _relative_path(problem: FlowProblem, values: _Values, program: Program) -> Fix | None:
    """Name the file beside the notebook, where the literal is a plain one and names a file."""
    span = problem.span
    cell = tag_edits.cell_at(program, span.cell)
    relative = _beside(values["path"], program.notebook.path)
    if cell is None or not relative or _literal(_text(cell, span.region)) != values["path"]:
        return None
    edit = Edit(span.cell, span.cell_id, span.region, f'"{relative}"')
    return Fix(f"Name the file beside the notebook: `{relative}`", (edit,), _UNSAFE)


def _beside(path: str, notebook: str) -> str:
    r"""Return a path relative to the notebook's folder where it lies below it, else its last part if that is a file.

    >>> _beside("/home/ann/shop/data/a.csv", "/home/ann/shop/n.ipynb"), _beside(r"C:\data\a.csv", "n.ipynb")
    ('data/a.csv', 'a.csv')
    >>> _beside("/home/ann/data/", "n.ipynb")
    ''
    """
    plain = path.removeprefix("file://")
    if not plain.startswith(("/", "~")):
        name = PureWindowsPath(plain).name
        return name if "." in name[1:] else ""
    folder, pure = PurePosixPath(notebook).parent, PurePosixPath(plain)
    if folder.is_absolute() and pure.is_relative_to(folder):
        return str(pure.relative_to(folder))
    return pure.name if pure.suffix and not plain.endswith("/") and '"' not in pure.name else ""


def _from_environment(problem: FlowProblem, values: _Values, program: Program) -> Fix | None:
    """Read a secret from an environment variable that is named as the literal is."""
    span = problem.span
    cell = tag_edits.cell_at(program, span.cell)
    if cell is None or cell.role is Role.PARAMETERS or not isinstance(_literal(_text(cell, span.region)), str):
        return None
    name = re.sub(r"\W+", "_", _name_given(cell, span.region) or _USUAL_NAMES.get(values["what"], "")).upper()
    if not name or not name.isascii():
        return None
    edits = [Edit(span.cell, span.cell_id, span.region, f'os.environ["{name}"]')]
    if not _imports_os(program, cell):
        first = next((node for node in cell.code.tree.body if not _leads(node)), None)
        if first is None:
            return None
        line = min([first.lineno, *(item.lineno for item in getattr(first, "decorator_list", ()))])
        edits.append(Edit(span.cell, span.cell_id, Region(line, 1, line, 1), "import os\n\n"))
    return Fix(f"Read it from the environment variable `{name}`", tuple(edits), _UNSAFE)


def _leads(node: ast.stmt) -> bool:
    """Tell whether a statement has to stay above others: a cell magic, an import from `__future__`."""
    if isinstance(node, ast.ImportFrom):
        return node.module == "__future__"
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == ESCAPE_NAME


_USUAL_NAMES = {
    "an AWS access key": "AWS_ACCESS_KEY_ID",
    "a GitHub token": "GITHUB_TOKEN",
    "a Slack token": "SLACK_TOKEN",
    "a Google API key": "GOOGLE_API_KEY",
    "a Stripe key": "STRIPE_API_KEY",
    "a URL with a password": "DATABASE_URL",
}


def _name_given(cell: ProgramCell, region: Region) -> str:
    """Return the variable, attribute, key or argument that a literal is the value of."""
    for node in ast.walk(cell.code.tree):
        pairs: list[tuple[str, ast.expr | None]] = []
        if isinstance(node, ast.Assign):
            pairs = [(_target_name(node.targets[0]), node.value)]
        elif isinstance(node, ast.AnnAssign):
            pairs = [(_target_name(node.target), node.value)]
        elif isinstance(node, ast.keyword):
            pairs = [(node.arg or "", node.value)]
        elif isinstance(node, ast.Dict):
            pairs = [(_target_name(key), value) for key, value in zip(node.keys, node.values, strict=True)]
        for name, value in pairs:
            if value is not None and _stands_at(cell, value, region):
                return name
    return ""


def _target_name(target: ast.expr | None) -> str:
    if isinstance(target, ast.Subscript):
        target = target.slice
    if isinstance(target, ast.Constant):
        return target.value if isinstance(target.value, str) else ""
    return getattr(target, "id", "") or getattr(target, "attr", "")


def _stands_at(cell: ProgramCell, node: ast.expr, region: Region) -> bool:
    line = cell.cell.source.split("\n")[region.line - 1]
    return (node.lineno, node.col_offset) == (region.line, len(line[: region.column - 1].encode()))


def _imports_os(program: Program, cell: ProgramCell) -> bool:
    """Tell whether `os` is imported at the top of this cell or of an exported one above."""
    exported = {Role.SHARED, Role.WHOLE, Role.DEFINITIONS}
    return any(
        isinstance(node, ast.Import) and any(alias.name == "os" and alias.asname is None for alias in node.names)
        for other in program.cells
        if other is cell or (other.role in exported and other.cell.index < cell.cell.index)
        for node in other.code.tree.body
    )


def _text(cell: ProgramCell, region: Region) -> str:
    lines = cell.cell.source.split("\n")[region.line - 1 : region.end_line]
    if not lines:
        return ""
    lines[-1] = lines[-1][: region.end_column - 1]
    lines[0] = lines[0][region.column - 1 :]
    return "\n".join(lines)


def _literal(text: str) -> object:
    """Return the value of a literal's text, None where it is no literal."""
    try:
        return ast.literal_eval(f"({text})")
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


_FIXES: dict[str, Callable[[FlowProblem, _Values, Program], Fix | None]] = {
    "scratch-value": _export_scratch,
    "reopened-task": _split_task,
    "two-versions": _split_task,
    "unordered-access": _wait,
    "serial-mutation": _say_order,
    "after-itself": _not_after_itself,
    "undefined-name": _respell,
    "unused-task": _untag,
    "absolute-local-path": _relative_path,
    "secret-in-source": _from_environment,
}
