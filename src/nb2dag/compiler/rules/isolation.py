"""Word what the tasks' folders and processes of their own break: the family NBD3xx."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nb2dag.compiler.rules.rule import Rule, page
from nb2dag.model.dataflow import FlowProblem
from nb2dag.model.diagnostic import Diagnostic, Label, Severity
from nb2dag.model.plan import FilePlan
from nb2dag.model.span import Span

FILE_BETWEEN_TASKS = Rule(
    "NBD301",
    "file-between-tasks",
    Severity.ERROR,
    page(
        "Reports a relative path that one task writes and another one uses.",
        "Each task works in a folder of its own, perhaps on another machine: the file is not there.",
        '%%airflow_task load\nwith open("rows.txt", "w") as file:\n    file.write("1")\n# %%\n'
        '%%airflow_task report --after load\nwith open("rows.txt") as file:\n    print(file.read())',
        '%%airflow_task load\nrows = "1"\n# %%\n%%airflow_task report\nprint(rows)',
        "When the reader writes the file itself first.",
    ),
)

FILE_TOO_LARGE = Rule(
    "NBD302",
    "file-too-large",
    Severity.ERROR,
    page(
        "Reports a file beside the notebook that its code reads and that is too large to ship with the DAG.",
        "The bundle is code: it is reviewed and deployed. A large file belongs into storage that workers reach.",
        '%%airflow_task load\nwith open("rows.csv") as file:\n    rows = file.read()',
        '%%airflow_task load\nwith open("/data/rows.csv") as file:\n    rows = file.read()',
        "When the deployment can carry it: raise `max-file-size` in `[tool.nb2dag]`.",
    ),
)

RULES: tuple[Rule, ...] = (FILE_BETWEEN_TASKS, FILE_TOO_LARGE)
"""The family's rules, in the order of their codes."""


def file_diagnostics(problems: Iterable[FlowProblem]) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each problem of files between tasks."""
    for problem in problems:
        if problem.rule == FILE_BETWEEN_TASKS.name:
            values = dict(problem.values)
            yield FILE_BETWEEN_TASKS.diagnostic(
                f"`{values['path']}` is written by `{values['writer']}` and used by `{values['reader']}`, "
                "each in a folder of its own",
                problem.span,
                "hand over a value instead: read the file back into a name in the task that wrote it",
                tuple(Label(span, text) for span, text in problem.labels),
            )


def size_diagnostics(path: str, files: Iterable[FilePlan], most_bytes: int) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each file that is too large to ship."""
    for file in files:
        yield FILE_TOO_LARGE.diagnostic(
            f"`{file.path}` has {file.size / 1e6:.1f} MB and would ship with the DAG; "
            f"the limit is {most_bytes / 1e6:.1f} MB",
            Span(path, 0, ""),
            "read it from storage that every worker reaches, or raise `max-file-size` in `[tool.nb2dag]`",
        )
