"""Rules of the family NBD9xx: nb2dag itself, and the comments that are meant for it."""

from __future__ import annotations

from nb2dag.compiler.rules.rule import Rule, page
from nb2dag.model.diagnostic import Severity

UNUSED_SUPPRESSION = Rule(
    "NBD902",
    "unused-suppression",
    Severity.WARNING,
    page(
        "Reports a comment `# nb2dag: ignore[...]` that silences nothing.",
        "It is left over, or stands on another line than the finding, and would hide the next one unseen.",
        "%%airflow_task load\nrows = [1, 2]  # nb2dag: ignore[bare-call]",
        "%%airflow_task load\nrows = [1, 2]",
        "When the finding comes and goes with the machine, such as one about a file that only some have.",
    ),
)

INVALID_SUPPRESSION = Rule(
    "NBD903",
    "invalid-suppression",
    Severity.WARNING,
    page(
        "Reports a comment `# nb2dag: ignore` that names no rule, or one that does not exist.",
        "It silences nothing. A comment that silenced everything would hide what nobody has looked at.",
        "%%airflow_task load\nrows = [1, 2]  # nb2dag: ignore[bare-cal]",
        "%%airflow_task load\nrows = [1, 2]",
        "Never.",
    ),
)

SUPPRESSED_ERROR = Rule(
    "NBD904",
    "suppressed-error",
    Severity.WARNING,
    page(
        "Reports a comment `# nb2dag: ignore[...]` that names a rule whose findings are errors.",
        "An error says that the DAG would not compute what the notebook computes, or would not run. Silence does not "
        "change that.",
        "%%airflow_task load\nrows = [1, 2]  # nb2dag: ignore[undefined-name]",
        "%%airflow_task load\nrows = [1, 2]",
        "Never. If you hold an error to be mistaken, please report it; `%%airflow_skip` keeps a cell out of the DAG.",
    ),
)

RULES: tuple[Rule, ...] = (UNUSED_SUPPRESSION, INVALID_SUPPRESSION, SUPPRESSED_ERROR)
"""The family's rules, in the order of their codes. NBD901 is no finding: it marks an internal error of nb2dag."""
