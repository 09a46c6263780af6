"""Decide the parameter values of one run: what the user gave, else the scheduled value, else the default."""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

SCHEDULED_RUNS = frozenset({"scheduled", "backfill", "asset_triggered"})
"""The run types (Airflow's `DagRunType`) that nobody started by hand."""


class ParameterError(Exception):
    """A parameter has no usable value in this run."""


def run_parameters(
    names: Iterable[str],
    scheduled: Mapping[str, str],
    context: Mapping[str, Any],
    declared: Any,
    render: Callable[[str], Any],
) -> dict[str, Any]:
    """Return a typed value for each of `names`, from the DAG params of this run.

    Args:
        names: DAG params that the notebook reads.
        scheduled: Templates that replace a param's default in a scheduled run.
        context: The task's context; `params`, `dag_run.run_type` and `dag_run.conf` are read.
        declared: The DAG's `ParamsDict`, for the types.
        render: Renders one template in this context.

    Raises:
        ParameterError: A name is no param of the DAG, or its template cannot be rendered, or gives another type.
    """
    dag_run = context["dag_run"]
    given = dag_run.conf or {}
    templates = scheduled if _text(dag_run.run_type) in SCHEDULED_RUNS else {}
    values: dict[str, Any] = {}
    for name in names:
        if name not in context["params"]:
            raise ParameterError(f"the notebook reads parameter `{name}`, and the DAG has no param of that name")
        template = None if name in given else templates.get(name)
        values[name] = context["params"][name]
        if template is not None:
            values[name] = _scheduled_value(name, template, declared.get_param(name), render)
    return values


def _scheduled_value(name: str, template: str, param: Any, render: Callable[[str], Any]) -> Any:
    try:
        rendered = render(template)
    except Exception as error:
        raise ParameterError(
            f"the scheduled value `{template}` of parameter `{name}` cannot be rendered in this run: {error}"
        ) from error
    try:
        # A copy: `resolve` leaves the value behind in the param, which is the DAG's.
        return copy.copy(param).resolve(typed(rendered, _types(param)))
    except Exception as error:
        raise ParameterError(
            f"the scheduled value `{template}` of parameter `{name}` gives {rendered!r} in this run: {error}"
        ) from error


def typed(rendered: Any, types: tuple[str, ...]) -> Any:
    """Return what a template gave as a value of one of the JSON-Schema `types`; a template gives text as a rule.

    >>> typed("2026-01-01", ("string",)), typed("7", ("integer",)), typed("7", ("number",)), typed("True", ("boolean",))
    ('2026-01-01', 7, 7.0, True)
    >>> typed("['a', 'b']", ("array",)), typed('{"k": null}', ("object",))
    (['a', 'b'], {'k': None})

    Raises:
        ValueError: The text is no literal, where a type other than text is wanted.
    """
    if not isinstance(rendered, str) or not types or "string" in types:
        return rendered
    try:
        value = json.loads(rendered)
    except ValueError:
        try:
            value = ast.literal_eval(rendered.strip())
        except (ValueError, SyntaxError):
            raise ValueError(f"no value of type {' or '.join(types)}") from None
    return float(value) if type(value) is int and types == ("number",) else value


def _types(param: Any) -> tuple[str, ...]:
    declared = param.schema.get("type", ())
    return (declared,) if isinstance(declared, str) else tuple(declared)


def _text(run_type: Any) -> str:
    return str(getattr(run_type, "value", run_type))
