"""Turn what a form or menu asks for into edits of cells: the tag in the text is the only place where it is kept."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from typing import Any

from nb2dag.compiler.lowering import dag_id
from nb2dag.compiler.rules.directive import directive_diagnostics
from nb2dag.directives.names import id_like, why_not_id
from nb2dag.directives.rewrite import (
    NotWritable,
    Replacement,
    read_option,
    renamed,
    require_task_name,
    with_option,
    with_tag,
)
from nb2dag.directives.vocabulary import directive_of_keyword
from nb2dag.model.diagnostic import Edit
from nb2dag.model.directive import Directive, DirectiveKind, DirectiveProblem, Option, Spelling
from nb2dag.model.notebook import Cell, CellType
from nb2dag.model.program import Program, ProgramCell, Role
from nb2dag.model.span import START, Region
from nb2dag.report.json_format import edit_to_json
from nb2dag.server.compiling import compile_sent

_LOAD = "%load_ext nb2dag"
_ASSIGNED = (ast.Assign, ast.AnnAssign, ast.AugAssign)


def edit_document(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the edits that a change means, the cells to insert, or the problem that stands in the way.

    `body["change"]` has a `type`: `option` sets or removes (`text` null) one option of the task or, with `task` null,
    of the DAG; `tag` gives the cell with index `cell` another directive (null takes the tag away); `rename` renames the
    task `task` to `name`.
    """
    program = compile_sent(body).compilation.program
    change = body["change"]
    try:
        match change["type"]:
            case "option":
                return _set_option(program, change)
            case "rename":
                return _rename(program, change["task"], change["name"])
            case _:
                return _set_tag(program, change)
    except NotWritable as error:
        return _answer(problem=_worded(error.problems))


def _answer(
    edits: Iterable[Edit] = (), inserts: Iterable[tuple[int, str]] = (), problem: str = "", name: str | None = None
) -> dict[str, Any]:
    return {
        "edits": [edit_to_json(edit) for edit in edits],
        "inserts": [{"before": before, "source": source} for before, source in inserts],
        "problem": problem,
        "name": name,
    }


def _worded(problems: tuple[DirectiveProblem, ...]) -> str:
    found = next(iter(directive_diagnostics("", Cell(1, "", CellType.CODE, ""), problems)), None)
    return found.message if found is not None else "it cannot be written in a tag"


def _edit(cell: Cell, replacement: Replacement | None) -> list[Edit]:
    return [] if replacement is None else [Edit(cell.index, cell.id, replacement.region, replacement.text)]


# -- one option --------------------------------------------------------------------------------------------------


def _set_option(program: Program, change: Mapping[str, Any]) -> dict[str, Any]:
    name, text, task = change["option"], change["text"], change["task"]
    homes = [cell for cell in program.cells if _is_home(cell, task)]
    kind = homes[0].directive.kind if homes and homes[0].directive is not None else DirectiveKind.DAG
    option = None if text is None or text == "" else read_option(kind, name, text)
    if not homes:
        return _new_settings(program, option) if task is None else _answer(problem=f"there is no task `{task}`")
    edits: list[Edit] = []
    given = [cell for cell in homes if cell.directive is not None and cell.directive.option(name) is not None]
    for number, cell in enumerate(given or homes[:1]):
        assert cell.directive is not None
        # An option that several cells of a task give is kept in the first of them.
        wanted = option if number == 0 else None
        edits += _edit(cell.cell, with_option(cell.cell.source, cell.directive, name, wanted))
    return _answer(edits)


def _is_home(cell: ProgramCell, task: str | None) -> bool:
    if cell.directive is None:
        return False
    return cell.directive.kind is DirectiveKind.DAG if task is None else cell.task_id == task


def _new_settings(program: Program, option: Option | None) -> dict[str, Any]:
    """Return the edits that make a DAG line: below the line that loads the extension, else in a new first cell."""
    if option is None:
        return _answer()
    settings = Directive(DirectiveKind.DAG, dag_id(program), (option,), Spelling.MAGIC, START, None, (), 1)
    line = with_tag("", None, settings, Spelling.MAGIC).text.rstrip("\n")
    for cell in program.cells:
        if cell.role is Role.CONFIG and _LOAD in cell.cell.source:
            lines = cell.cell.source.split("\n")
            last = len(lines)
            while last > 1 and not lines[last - 1].strip():
                last -= 1
            column = len(lines[last - 1]) + 1
            place = Region(last, column, last, column)
            return _answer([Edit(cell.cell.index, cell.cell.id, place, f"\n{line}")])
    return _answer(inserts=[(1, f"{_LOAD}\n{line}")])


# -- the whole tag -----------------------------------------------------------------------------------------------


def _set_tag(program: Program, change: Mapping[str, Any]) -> dict[str, Any]:
    cell = next((each for each in program.cells if each.cell.index == change["cell"]), None)
    if cell is None:
        return _answer(problem="the cell is no code cell")
    spelling = _spelling(program)
    keyword = change["directive"]
    if keyword is None:
        return _answer(_edit(cell.cell, with_tag(cell.cell.source, cell.directive, None, spelling)))
    spec = directive_of_keyword(keyword)
    if spec is None:
        return _answer(problem=f"there is no directive `{keyword}`")
    name = change.get("name") or (suggested_name(program, cell) if spec.kind is DirectiveKind.TASK else None)
    if name is not None:
        require_task_name(name)
    kept = cell.directive.options if cell.directive is not None and cell.directive.kind is spec.kind else ()
    tag = Directive(spec.kind, name, kept, spelling, START, None, (), 1)
    edits = _edit(cell.cell, with_tag(cell.cell.source, cell.directive, tag, spelling))
    inserts = [(1, _LOAD)] if spelling is Spelling.MAGIC and not _loads(program) else []
    return _answer(edits, inserts, name=name)


def _loads(program: Program) -> bool:
    return any(escape.text.strip() == "nb2dag" for cell in program.cells for escape in cell.code.escapes)


def _spelling(program: Program) -> Spelling:
    """Return the spelling that most of the notebook's tags have: magics where there is none yet."""
    used = [cell.directive.spelling for cell in program.cells if cell.directive is not None]
    lines, magics = used.count(Spelling.OPTION_LINES), used.count(Spelling.MAGIC)
    return Spelling.OPTION_LINES if lines > magics else Spelling.MAGIC


def suggested_name(program: Program, cell: ProgramCell) -> str:
    """Return a name for a cell that becomes a task: its heading, else the last name it binds, else a number."""
    taken = set(program.task_ids)
    for words in (_heading(program, cell), _last_bound(cell)):
        name = id_like(words.lower()) if words else ""
        if name and name not in taken and not why_not_id(name):
            return name
    number = len(taken) + 1
    while f"task_{number}" in taken:
        number += 1
    return f"task_{number}"


def _heading(program: Program, cell: ProgramCell) -> str:
    index = cell.cell.index
    above = program.notebook.cell(index - 1) if index > 1 else None
    if above is None or above.type is not CellType.MARKDOWN:
        return ""
    # A title of the whole notebook names no task.
    found = re.findall(r"^#{2,6}[ \t]+(.+?)[ \t#]*$", above.source, re.MULTILINE)
    words = re.findall(r"\w+", found[-1]) if found else []
    return "_".join(words) if len(words) <= 4 else ""


def _last_bound(cell: ProgramCell) -> str:
    for node in reversed(cell.code.tree.body):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, _ASSIGNED) and isinstance(targets[0], ast.Name):
            return targets[0].id
    return ""


# -- a task's name -----------------------------------------------------------------------------------------------


def _rename(program: Program, old: str, new: str) -> dict[str, Any]:
    require_task_name(new)
    if new != old and new in program.task_ids:
        return _answer(problem=f"there is a task `{new}` already")
    edits = [
        Edit(cell.cell.index, cell.cell.id, change.region, change.text)
        for cell in program.cells
        if cell.directive is not None
        for change in renamed(cell.cell.source, cell.directive, old, new)
    ]
    return _answer(edits if new != old else (), name=new)
