"""Word what Airflow would refuse in the DAG: the family NBD4xx."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nb2dag.compiler.rules.rule import Rule, page
from nb2dag.model.dataflow import FlowProblem
from nb2dag.model.diagnostic import Diagnostic, Severity

UNKNOWN_UPSTREAM = Rule(
    "NBD401",
    "unknown-upstream",
    Severity.ERROR,
    page(
        "Reports an `after` that names no task of the notebook.",
        "The edge would be lost, or Airflow would refuse the DAG.",
        "%%airflow_task load\nx = 1\n# %%\n%%airflow_task report --after laod\ny = 1",
        "%%airflow_task load\nx = 1\n# %%\n%%airflow_task report --after load\ny = 1",
        "Never.",
    ),
)

AFTER_ITSELF = Rule(
    "NBD402",
    "after-itself",
    Severity.ERROR,
    page(
        "Reports a task that is to come after itself.",
        "It could never start.",
        "%%airflow_task load --after load\nx = 1",
        "%%airflow_task load\nx = 1",
        "Never.",
    ),
)

RULES: tuple[Rule, ...] = (UNKNOWN_UPSTREAM, AFTER_ITSELF)
"""The family's rules, in the order of their codes."""


def graph_diagnostics(problems: Iterable[FlowProblem]) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each problem of the declared edges."""
    for problem in problems:
        values = dict(problem.values)
        if problem.rule == AFTER_ITSELF.name:
            yield AFTER_ITSELF.diagnostic(
                f"task `{values['task']}` is to come after itself", problem.span, "remove it from `after`"
            )
        elif problem.rule == UNKNOWN_UPSTREAM.name:
            similar = values["similar"]
            yield UNKNOWN_UPSTREAM.diagnostic(
                f"`after` names `{values['other']}`, and no task is called so",
                problem.span,
                f"did you mean `{similar}`?" if similar else "name a task of this notebook",
            )
