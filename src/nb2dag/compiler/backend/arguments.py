"""Choose the arguments of `DAG(...)` and of each task's operator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from nb2dag.compiler.backend.dialects import OPERATORS_OWN, PAPERMILL_OPERATOR, TASK_ARGUMENT_OF_OPTION, Dialect
from nb2dag.compiler.backend.layout import Atom, Expression, Text, call, dict_of
from nb2dag.compiler.backend.literals import expression
from nb2dag.compiler.backend.papermill_operator import stock_arguments
from nb2dag.compiler.backend.schedules import assets_expression, schedule_expression
from nb2dag.errors import Nb2dagError
from nb2dag.model.plan import DagPlan, ParamPlan, TaskPlan
from nb2dag.model.schedule import PresetSchedule

BUNDLE_CONSTANT = "BUNDLE"
"""Name of the generated file's constant that holds the digest."""

_FIRST_DAG_ARGUMENTS = ("dag_id", "description", "schedule", "start_date", "end_date", "catchup")

_DAG_FIELDS = frozenset({"default_args", "doc", "params", "schedule", "timezone"})
"""DAG options that a plan holds in fields of its own."""

_TASK_FIELDS = frozenset({"after", "doc", "group", "kernel", "kernel_name", "return"})
"""Task options that a plan holds in fields of its own, or that say where the operator stands."""


def dag_arguments(plan: DagPlan, dialect: Dialect) -> dict[str, Expression]:
    """Return the keyword arguments of `DAG(...)`, in the order they are written.

    `schedule` and `catchup` are always there, since their defaults depend on Airflow's configuration and version.

    Raises:
        Nb2dagError: An option that `DAG` has no argument for, or a value that is no literal.
    """
    options = {"catchup": False, **plan.options}
    owner = options.pop("owner", None)
    if isinstance(plan.schedule, PresetSchedule) and plan.schedule.name == "@continuous":
        # Airflow refuses @continuous with its own default of 16.
        options.setdefault("max_active_runs", 1)
    arguments: dict[str, Expression] = {
        "dag_id": Text(plan.dag_id),
        "schedule": schedule_expression(plan.schedule, plan.timezone),
    }
    for name, value in options.items():
        if name in _DAG_FIELDS:
            continue
        if name not in dialect.dag_arguments:
            raise _unknown("the DAG", [name], dialect)
        arguments[name] = _value("the DAG", name, list(value) if isinstance(value, (tuple, set, frozenset)) else value)
    defaults = _task_options("default_args", {**({"owner": owner} if owner else {}), **plan.default_args}, dialect)
    if defaults:
        arguments["default_args"] = dict_of(defaults)
    if dialect.operator is PAPERMILL_OPERATOR:
        if options.get("render_template_as_native_obj") is False:
            raise Nb2dagError("`PapermillOperator` needs `render_template_as_native_obj`: leave that option out")
        # Else every parameter would reach its notebook as text.
        arguments["render_template_as_native_obj"] = expression(True)
    if plan.params:
        arguments["params"] = dict_of({param.name: _param(param) for param in plan.params}, exploded=True)
    first = {name: arguments.pop(name) for name in _FIRST_DAG_ARGUMENTS if name in arguments}
    tags = {name: arguments.pop(name) for name in ("tags",) if name in arguments}
    return {**first, **arguments, **tags, "doc_md": Text(dag_doc(plan))}


def dag_doc(plan: DagPlan) -> str:
    """Return the DAG's documentation.

    Its last line holds the digest: Airflow makes a new DAG version when the serialised DAG changes, and a notebook's
    text is no part of that.
    """
    digest = plan.digest if ":" in plan.digest else f"sha256:{plan.digest}"
    parts = [plan.doc.strip(), f"nb2dag source digest: {digest}"]
    return "\n\n".join(part for part in parts if part)


def kernel_of(plan: DagPlan, task: TaskPlan) -> str:
    """Return the kernel a task asks for: its own, the DAG line's, the notebook's; empty where none is named."""
    return task.kernel_name or str(plan.default_args.get("kernel", "")) or plan.kernel_name


def task_arguments(plan: DagPlan, task: TaskPlan, notebook: str, dialect: Dialect) -> dict[str, Expression]:
    """Return the keyword arguments of a task's operator, in the order they are written.

    Raises:
        Nb2dagError: An option that the operator has no argument for, or a value that is no literal.
    """
    if dialect.operator is PAPERMILL_OPERATOR:
        given: dict[str, Expression] = {"task_id": Text(task.task_id)}
        given |= stock_arguments(plan, task, notebook, _other_kernel(plan, task))
        return given | _common_arguments(task, dialect)
    given = _notebook_arguments(plan, task, notebook) | _common_arguments(task, dialect)
    return {**given, "bundle": Atom(BUNDLE_CONSTANT)}


def _notebook_arguments(plan: DagPlan, task: TaskPlan, notebook: str) -> dict[str, Expression]:
    arguments: dict[str, Any] = {"task_id": task.task_id, "input_nb": notebook}
    inputs: dict[str, list[str]] = {}
    for load in task.loads:
        inputs[load.task_id] = list(dict.fromkeys([*inputs.get(load.task_id, []), load.key]))
    arguments["inputs"] = inputs
    arguments["outputs"] = list(dict.fromkeys(save.key for save in task.saves))
    arguments["parameters"] = list(task.parameters)
    arguments["scheduled_parameters"] = {
        param.name: param.scheduled
        for param in plan.params
        if param.scheduled is not None and param.name in task.parameters
    }
    arguments["kernel_name"] = _other_kernel(plan, task)
    arguments["returns"] = task.return_name
    return {name: expression(value) for name, value in arguments.items() if value}


def _other_kernel(plan: DagPlan, task: TaskPlan) -> str:
    """Return the kernel of a task where it is not the one that its notebook names."""
    kernel_name = kernel_of(plan, task)
    return kernel_name if kernel_name != plan.kernel_name else ""


def _common_arguments(task: TaskPlan, dialect: Dialect) -> dict[str, Expression]:
    cell = f", cell {task.source_cells[0]}" if task.source_cells else ""
    given = _task_options(f"task `{task.task_id}`{cell}", task.options, dialect)
    if task.doc.strip():
        given["doc_md"] = Text(task.doc.strip())
    return given


def _task_options(place: str, options: Mapping[str, object], dialect: Dialect) -> dict[str, Expression]:
    arguments: dict[str, Expression] = {}
    unknown = []
    for option, value in options.items():
        if option in _TASK_FIELDS:
            continue
        name = TASK_ARGUMENT_OF_OPTION.get(option, option)
        if name in dialect.task_arguments:
            arguments[name] = _value(place, option, value)
        else:
            unknown.append(option)
    if unknown:
        raise _unknown(place, unknown, dialect)
    return arguments


def _param(param: ParamPlan) -> Expression:
    try:
        json.dumps(param.value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise Nb2dagError(
            f"the default of param `{param.name}` is no JSON value, which Airflow requires: {error}"
        ) from error
    types: object = param.schema_type[0] if len(param.schema_type) == 1 else list(param.schema_type)
    keywords = {"type": _value(f"param `{param.name}`", "type", types)}
    if param.description:
        keywords["description"] = Text(param.description)
    return call("Param", _value(f"param `{param.name}`", "default", param.value), **keywords)


def _value(place: str, name: str, value: Any) -> Expression:
    try:
        if name in ("inlets", "outlets"):
            return assets_expression(value)
        return expression(list(value) if name in ("connections", "variables") else value)
    except TypeError as error:
        raise Nb2dagError(f"`{name}` of {place} cannot be written to a DAG file: {error}") from error


def _unknown(place: str, names: list[str], dialect: Dialect) -> Nb2dagError:
    options = f"the option{'s' if len(names) > 1 else ''} {' and '.join(f'`{name}`' for name in names)}"
    if dialect.operator is PAPERMILL_OPERATOR and OPERATORS_OWN.issuperset(names):
        return Nb2dagError(
            f"{place}: `PapermillOperator` has no argument for {options}: leave out what it has none for, or compile "
            "for nb2dag's own operator"
        )
    return Nb2dagError(f"{place}: Airflow {dialect.release} has no argument for {options}")
