"""Write the DAG file: static Airflow code that reads as if a careful person had written it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from nb2dag.compiler.backend.arguments import BUNDLE_CONSTANT, dag_arguments, task_arguments
from nb2dag.compiler.backend.dependencies import Step, chains
from nb2dag.compiler.backend.dialects import DEFAULT_DIALECT, PAPERMILL_OPERATOR, Dialect
from nb2dag.compiler.backend.groups import Group, group_tasks
from nb2dag.compiler.backend.layout import (
    INDENT,
    WIDTH,
    Atom,
    Bracket,
    Expression,
    Text,
    call,
    escape,
    flat,
    lay_out,
    list_of,
    symbols,
)
from nb2dag.compiler.backend.literals import MODULES
from nb2dag.compiler.backend.names import variables
from nb2dag.compiler.backend.papermill_operator import JOB_CONSTANT, OUTPUT_CONSTANT, stock_constants
from nb2dag.errors import Nb2dagError
from nb2dag.model.plan import DagPlan, TaskPlan

_Arguments = Mapping[str, Expression]
_LONGEST_TITLE = 90


@dataclass(frozen=True, slots=True)
class DagModule:
    """The text of a DAG file.

    `lines` are pairs of a 1-based line and the source cell whose tag made what begins there; a line belongs to the
    last pair at or above it, and cell 0 means that no tag made it.
    """

    text: str
    lines: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class _Lines:
    """Lines written so far, and where each source cell's stretch begins."""

    lines: list[str] = field(default_factory=list)
    origins: list[tuple[int, int]] = field(default_factory=list)

    def add(self, lines: Sequence[str], cell: int = 0) -> None:
        before = self.origins[-1][1] if self.origins else 0
        if cell != before and any(lines):
            self.origins.append((len(self.lines) + 1, cell))
        self.lines.extend(lines)


@dataclass(frozen=True, slots=True)
class _Names:
    """The variable of each task, and where everything else that the file names is imported from."""

    variables: Mapping[str, str]
    modules: Mapping[str, str]
    operator: str


def emit_dag_module(plan: DagPlan, notebooks: Mapping[str, str], dialect: Dialect = DEFAULT_DIALECT) -> DagModule:
    """Return the DAG file of `plan`.

    The file imports `airflow.sdk`, the operator's module and what `dialect` and `literals.MODULES` list for a name in
    use. It holds neither a time nor an absolute path, and the user's text only in literals. `notebooks` maps each
    task to the path of its notebook within the bundle.

    Raises:
        Nb2dagError: The plan holds what this release of Airflow has no argument for, or a value that is no literal.
    """
    modules = {**MODULES, **dialect.modules, dialect.operator.name: dialect.operator.module}
    taken = (*modules, "dag", BUNDLE_CONSTANT, OUTPUT_CONSTANT, JOB_CONSTANT)
    names = _Names(variables((task.task_id for task in plan.tasks), taken), modules, dialect.operator.name)
    arguments = dag_arguments(plan, dialect)
    tasks = {task.task_id: task_arguments(plan, task, notebooks[task.task_id], dialect) for task in plan.tasks}
    members = group_tasks(plan.tasks)
    lines = _Lines()
    lines.add(_docstring(plan))
    lines.add(["", *_imports(_used(arguments, tasks, members, names), names.modules), ""])
    constants = _constants(plan, dialect)
    for name, value in constants.items():
        lines.add(lay_out(value, f"{name} = "))
    if constants:
        lines.add([""])
    _add_dag(lines, plan, arguments)
    _add_members(lines, members, tasks, names, depth=1)
    _add_dependencies(lines, plan, names)
    return DagModule("\n".join(lines.lines) + "\n", tuple(lines.origins))


def _constants(plan: DagPlan, dialect: Dialect) -> _Arguments:
    stock = stock_constants(plan) if dialect.operator is PAPERMILL_OPERATOR else {}
    used = plan.tasks and (dialect.operator is not PAPERMILL_OPERATOR or JOB_CONSTANT in stock)
    return {BUNDLE_CONSTANT: Text(plan.digest), **stock} if used else stock


def _add_dag(lines: _Lines, plan: DagPlan, arguments: _Arguments) -> None:
    lines.add(["with DAG("], plan.dag_cell)
    for name, value in arguments.items():
        if name == "params" and isinstance(value, Bracket):
            lines.add([f"{INDENT}params={{"], plan.dag_cell)
            for param, item in zip(plan.params, value.items, strict=True):
                lines.add(lay_out(item.expression, item.prefix, ",", depth=2), param.cell)
            lines.add([f"{INDENT}}},"], plan.dag_cell)
        else:
            lines.add(lay_out(value, f"{name}=", ",", depth=1), plan.dag_cell)
    lines.add([") as dag:"], plan.dag_cell)
    if not plan.tasks:
        lines.add([f"{INDENT}pass"], plan.dag_cell)


def _add_members(
    lines: _Lines, members: Sequence[TaskPlan | Group], tasks: Mapping[str, _Arguments], names: _Names, depth: int
) -> None:
    for index, member in enumerate(members):
        if index:
            lines.add([""])
        if isinstance(member, Group):
            lines.add(lay_out(_task_group(member), "with ", ":", depth=depth), _first_cell(member.tasks[0]))
            _add_members(lines, member.tasks, tasks, names, depth + 1)
        else:
            operator = replace(call(names.operator, **tasks[member.task_id]), exploded=True)
            prefix = f"{names.variables[member.task_id]} = "
            lines.add(lay_out(operator, prefix, depth=depth), _first_cell(member))


def _task_group(group: Group) -> Bracket:
    return call("TaskGroup", Text(group.group_id), prefix_group_id=Atom("False"))


def _add_dependencies(lines: _Lines, plan: DagPlan, names: _Names) -> None:
    tasks = {task.task_id: task for task in plan.tasks}
    for task in plan.tasks:
        for above in task.upstream:
            if above not in tasks:
                raise Nb2dagError(f"task `{task.task_id}` comes after `{above}`, which is no task of `{plan.dag_id}`")
    found = chains({task.task_id: task.upstream for task in plan.tasks})
    if found:
        lines.add([""])
    for chain in found:
        for part, text in _dependency_lines(chain, names.variables):
            lines.add(text, _first_cell(tasks[part[1][0]]))


def _dependency_lines(
    chain: tuple[Step, ...], variable_of: Mapping[str, str]
) -> list[tuple[tuple[Step, ...], list[str]]]:
    """Return `chain` with its line, or, where it is too long for one, its links with theirs."""
    steps = [_step(step, variable_of) for step in chain]
    line = INDENT + " >> ".join(flat(step) for step in steps)
    if len(line) <= WIDTH:
        return [(chain, [line])]
    if len(chain) > 2:
        pairs = pairwise(chain)
        return [part for pair in pairs for part in _dependency_lines(pair, variable_of)]
    first, second = steps
    if isinstance(first, Bracket):
        return [(chain, lay_out(first, f"{flat(second)} << ", depth=1))]
    return [(chain, lay_out(second, f"{flat(first)} >> ", depth=1))]


def _step(step: Step, variable_of: Mapping[str, str]) -> Expression:
    atoms: list[Expression] = [Atom(variable_of[task]) for task in step]
    return atoms[0] if len(atoms) == 1 else list_of(atoms)


def _first_cell(task: TaskPlan) -> int:
    return task.source_cells[0] if task.source_cells else 0


def _used(
    arguments: _Arguments, tasks: Mapping[str, _Arguments], members: Sequence[TaskPlan | Group], names: _Names
) -> set[str]:
    used = {"DAG"} | ({names.operator} if tasks else set())
    if any(isinstance(member, Group) for member in members):
        used.add("TaskGroup")
    for keywords in (arguments, *tasks.values()):
        for value in keywords.values():
            used |= symbols(value)
    return used


def _docstring(plan: DagPlan) -> list[str]:
    source = _docstring_text(plan.source_name)
    return [
        f'"""{_docstring_text(_title(plan))}',
        "",
        f"Generated by nb2dag from `{source}`: edit the notebook and compile again.",
        '"""',
    ]


def _title(plan: DagPlan) -> str:
    """Return the notebook's first heading, or the DAG's id where it opens without one."""
    first = plan.doc.strip().partition("\n")[0]
    title = first.lstrip("#").strip(" #") if first.startswith("#") else ""
    title = title or f"The DAG `{plan.dag_id}`"
    title = title if len(title) <= _LONGEST_TITLE else f"{title[:_LONGEST_TITLE]}..."
    return title if title.endswith((".", "!", "?", ":")) else f"{title}."


def _docstring_text(text: str) -> str:
    return escape(text).replace('"""', r"\"\"\"")


def _imports(used: set[str], modules: Mapping[str, str]) -> list[str]:
    """Return the import lines as isort orders them: the standard library, a blank line, the rest."""
    by_module: dict[str, list[str]] = {}
    for name in sorted(used, key=_import_order):
        by_module.setdefault(modules[name], []).append(name)
    standard = [module for module in sorted(by_module) if module in MODULES.values()]
    others = [module for module in sorted(by_module) if module not in MODULES.values()]
    blank = [""] if standard else []
    lines = [f"from {module} import {', '.join(by_module[module])}" for module in (*standard, *others)]
    return [*lines[: len(standard)], *blank, *lines[len(standard) :]]


def _import_order(name: str) -> tuple[int, str]:
    if name.isupper():
        return (0, name)
    return (1 if name[0].isupper() else 2, name)
