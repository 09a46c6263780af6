"""Word what should be neither in a notebook nor in a bundle: the family NBD5xx."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from nb2dag.compiler.rules.fixes import fix_for
from nb2dag.compiler.rules.rule import Rule, page
from nb2dag.model.dataflow import FlowProblem
from nb2dag.model.diagnostic import Diagnostic, Severity
from nb2dag.model.program import Program
from nb2dag.report.style import printable

SECRET_IN_SOURCE = Rule(
    "NBD501",
    "secret-in-source",
    Severity.WARNING,
    page(
        "Reports a literal that looks like a password, a token or a key. Judged are its form (a key of a known "
        "service, a URL with a password) and the name it is given (`db_password`).",
        "Whoever can read the repository, the bundle or an executed notebook can use it, and history keeps it.",
        '%%airflow_task load\ndb_password = "hunter2-in-production"\nprint(len(db_password))',
        '%%airflow_task load\nimport os\ndb_password = os.environ["DB_PASSWORD"]\nprint(len(db_password))',
        "When the literal opens nothing: a placeholder, or a test database. If it was real, replace it where it is "
        "used: taking it out of the notebook does not take it out of git's history.",
    ),
)

RULES: tuple[Rule, ...] = (SECRET_IN_SOURCE,)
"""The family's rules, in the order of their codes."""


def secret_diagnostics(problems: Iterable[FlowProblem], program: Program) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each literal that looks like a secret; the secret is never shown."""
    for problem in problems:
        if problem.rule == SECRET_IN_SOURCE.name:
            values = dict(problem.values)
            what = printable(values["what"])
            shown = "take it out of the parameters, which stand in the DAG file and in Airflow's UI, and "
            found = SECRET_IN_SOURCE.diagnostic(
                f"{what} stands here as a literal and looks like a secret",
                problem.span,
                (shown if values.get("param") else "")
                + "read it when the task runs: from an environment variable, or from an Airflow connection",
                fix=fix_for(problem, program),
            )
            yield replace(found, is_secret=True)
