"""Spell a task for Airflow's own `PapermillOperator`, whose worker need not have nb2dag: only its kernel.

That operator hands a notebook nothing but parameters. So its values travel as templates, which Airflow renders as
native Python objects. A notebook with handoffs or files gets its job as a parameter: its first cell takes the job on,
its last one publishes what it saved. The values of its params are in the job, since papermill sets parameters in one
place, and the job must be known above any other code.
"""

from __future__ import annotations

import re

from nb2dag.compiler.backend.layout import Atom, Bracket, Expression, Item, Text, dict_of
from nb2dag.errors import Nb2dagError
from nb2dag.model.plan import DagPlan, ParamPlan, TaskPlan

JOB_PARAMETER = "nb2dag_job"
"""The parameter that brings a notebook its job."""

JOB_CONSTANT = "JOB"
OUTPUT_CONSTANT = "EXECUTED_NOTEBOOK"

_FOLDER = "{{ dag.folder }}"
_EXECUTED = (
    "{{ var.value.get('nb2dag_notebooks', '/tmp') }}"
    "/{{ dag.dag_id }}.{{ run_id }}.{{ task.task_id }}.try-{{ ti.try_number }}.ipynb"
)
"""One flat folder, since papermill writes to none that it would have to make (`papermill.iorw.LocalHandler.write`)."""

_ATTEMPT = "{{ {'dag_id': dag.dag_id, 'run_id': run_id, 'task_id': task.task_id, 'try': ti.try_number} }}"
_NOT_BY_HAND = "dag_run.run_type in ('scheduled', 'backfill', 'asset_triggered')"
_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


def needs_job(plan: DagPlan, task: TaskPlan) -> bool:
    """Tell whether a task's notebook reads or makes handoffs, or files of the bundle."""
    return bool(task.loads or task.saves or plan.files)


def stock_constants(plan: DagPlan) -> dict[str, Expression]:
    """Return the constants of a DAG file with `PapermillOperator`s, beside the digest."""
    constants: dict[str, Expression] = {OUTPUT_CONSTANT: Text(_EXECUTED)} if plan.tasks else {}
    if any(needs_job(plan, task) for task in plan.tasks):
        job: dict[str, Expression] = {"bundle": Atom("BUNDLE"), "run": Text(_ATTEMPT)}
        if plan.files:
            job["files"] = Text(f"{_FOLDER}/files")
        constants[JOB_CONSTANT] = dict_of(job, exploded=True)
    return constants


def stock_arguments(plan: DagPlan, task: TaskPlan, notebook: str, kernel_name: str) -> dict[str, Expression]:
    """Return the arguments of a task's `PapermillOperator` that are not any operator's.

    Raises:
        Nb2dagError: A scheduled value cannot be passed by that operator.
    """
    parameters: dict[str, Expression] = {
        param.name: Text(_template(task, param)) for param in plan.params if param.name in task.parameters
    }
    arguments: dict[str, Expression] = {"input_nb": Text(f"{_FOLDER}/{notebook}"), "output_nb": Atom(OUTPUT_CONSTANT)}
    if needs_job(plan, task):
        arguments["parameters"] = dict_of({JOB_PARAMETER: _job(parameters)})
    elif parameters:
        arguments["parameters"] = dict_of(parameters)
    if kernel_name:
        arguments["kernel_name"] = Text(kernel_name)
    return arguments


def left_out(plan: DagPlan) -> list[str]:
    """Return what a DAG of `PapermillOperator`s does not do, a line for each."""
    return [
        f"task `{task.task_id}`: `return` has no effect: `PapermillOperator` puts the notebook's place into XCom"
        for task in plan.tasks
        if task.return_name is not None
    ]


def _job(parameters: dict[str, Expression]) -> Expression:
    job = Atom(JOB_CONSTANT)
    if not parameters:
        return job
    return Bracket("{", (Item(job, "**"), Item(dict_of(parameters), '"parameters": ')), "}")


def _template(task: TaskPlan, param: ParamPlan) -> str:
    """Return the template of a param's value.

    A native template takes text for Python source where it can; `%r` gives it source that says the same.
    """
    given = f"params.{param.name}"
    if param.scheduled is None:
        return f"{{{{ '%r' | format({given}) }}}}"
    scheduled = _expression(task, param.scheduled)
    condition = f"{_NOT_BY_HAND} and '{param.name}' not in (dag_run.conf or {{}})"
    if "string" in param.schema_type:
        return f"{{{{ '%r' | format({scheduled} if {condition} else {given}) }}}}"
    return f"{{{{ {scheduled} if {condition} else '%r' | format({given}) }}}}"


def _expression(task: TaskPlan, template: str) -> str:
    """Return a template's text as one Jinja expression.

    Raises:
        Nb2dagError: It has statements or comments of Jinja's.
    """
    if "{%" in template or "{#" in template:
        raise Nb2dagError(
            f"task `{task.task_id}`: the scheduled value `{template}` has more than `{{{{ ... }}}}` in it, which "
            "cannot be passed by `PapermillOperator`: put it more simply, or compile for nb2dag's own operator"
        )
    parts = []
    for index, part in enumerate(_PLACEHOLDER.split(template)):
        if index % 2:
            parts.append(f"({part.strip()})")
        elif part:
            parts.append(repr(part))
    return "(" + " ~ ".join([*parts, "''"]) + ")"
