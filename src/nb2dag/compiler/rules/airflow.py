"""Word what Airflow would refuse in the DAG: the family NBD4xx."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nb2dag.compiler.rules.fixes import fix_for
from nb2dag.compiler.rules.rule import Rule, page
from nb2dag.model.dataflow import FlowProblem
from nb2dag.model.diagnostic import Applicability, Diagnostic, Edit, Fix, Label, Severity
from nb2dag.model.program import Program
from nb2dag.model.span import Span

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

WALL_CLOCK_DATE = Rule(
    "NBD410",
    "wall-clock-date",
    Severity.NOTE,
    page(
        "Reports, once per notebook, that a task asks the clock for the date: `date.today()`, `datetime.now()`.",
        "A scheduled run stands for a day of its own. When it is late, tried again, or run for last month, the clock "
        "says another day than the one that is meant.",
        "from datetime import date\n# %%\n%%airflow_task load\nday = date.today()\nprint(day)",
        '#| parameters\nday = "2026-01-01"  # airflow: {{ ds }}\n# %%\n%%airflow_task load\nprint(day)',
        "When the moment of the work itself is meant, as in the heading of a report.",
    ),
)

RULES: tuple[Rule, ...] = (UNKNOWN_UPSTREAM, AFTER_ITSELF, WALL_CLOCK_DATE)
"""The family's rules, in the order of their codes."""


def graph_diagnostics(problems: Iterable[FlowProblem], program: Program) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each problem of the declared edges, and of what Airflow's runs mean."""
    for problem in problems:
        values = dict(problem.values)
        if problem.rule == AFTER_ITSELF.name:
            yield AFTER_ITSELF.diagnostic(
                f"task `{values['task']}` is to come after itself",
                problem.span,
                "remove it from `after`",
                fix=fix_for(problem, program),
            )
        elif problem.rule == WALL_CLOCK_DATE.name:
            yield WALL_CLOCK_DATE.diagnostic(
                f"`{values['call']}` is the day on which the task happens to run, not the day the run is meant for",
                problem.span,
                'make the day a parameter, and a scheduled run sets it: `day = "2026-01-01"  # airflow: {{ ds }}`',
                tuple(Label(span, text) for span, text in problem.labels),
            )
        elif problem.rule == UNKNOWN_UPSTREAM.name:
            similar = values["similar"]
            yield UNKNOWN_UPSTREAM.diagnostic(
                f"`after` names `{values['other']}`, and no task is called so",
                problem.span,
                f"did you mean `{similar}`?" if similar else "name a task of this notebook",
                fix=_respelt(problem.span, values["other"], similar),
            )


def _respelt(span: Span, written: str, similar: str) -> Fix | None:
    """Return the replacement of a misspelt task; None where the span is not just that word."""
    region = span.region
    is_word = region.line == region.end_line and region.end_column - region.column == len(written)
    if not similar or not is_word:
        return None
    edit = Edit(span.cell, span.cell_id, region, similar)
    return Fix(f"Replace with `{similar}`", (edit,), Applicability.UNSAFE)
