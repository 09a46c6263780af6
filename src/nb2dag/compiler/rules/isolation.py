"""Word what the tasks' folders and processes of their own break: the family NBD3xx."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nb2dag.compiler.rules.rule import Rule, page
from nb2dag.model.dataflow import FlowProblem
from nb2dag.model.diagnostic import Diagnostic, Label, Severity
from nb2dag.model.plan import FilePlan
from nb2dag.model.span import Span
from nb2dag.report.style import printable

FILE_BETWEEN_TASKS = Rule(
    "NBD301",
    "file-between-tasks",
    Severity.WARNING,
    page(
        "Reports a file outside of the notebook's folder that one task writes and another one reads.",
        "Files in the notebook's folder are handed over from task to task like values. One outside of it, such as "
        "`/tmp/rows.txt`, stays on the machine where it was written, and the next task may run on another one.",
        '%%airflow_task load\nwith open("/tmp/rows.txt", "w") as file:\n    file.write("1")\n# %%\n'
        '%%airflow_task report\nwith open("/tmp/rows.txt") as file:\n    print(file.read())',
        '%%airflow_task load\nwith open("rows.txt", "w") as file:\n    file.write("1")\n# %%\n'
        '%%airflow_task report\nwith open("rows.txt") as file:\n    print(file.read())',
        "When all workers share that folder, or there is only one. The tasks run in the notebook's order either way.",
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

ABSOLUTE_LOCAL_PATH = Rule(
    "NBD303",
    "absolute-local-path",
    Severity.WARNING,
    page(
        "Reports a path below somebody's home folder, or on a Windows drive, in code that a task runs.",
        "The folder is on the machine where the notebook was written. A worker has another one.",
        '%%airflow_task load\nrows = open("/home/ann/sales/rows.csv").read()',
        '%%airflow_task load\nrows = open("rows.csv").read()',
        "When every worker has that folder too. A path beside the notebook ships with the DAG; for the rest use a "
        "parameter, or storage that all workers reach.",
    ),
)

INTERACTIVE_INPUT = Rule(
    "NBD304",
    "interactive-input",
    Severity.ERROR,
    page(
        "Reports a call that waits for a person, such as `input()`, `getpass()` or `breakpoint()`, in code that a task "
        "runs.",
        "Nobody sits before a scheduled run: the task fails there.",
        '%%airflow_task load\nregion = input("region? ")\nprint(region)',
        '#| parameters\nregion = "north"\n# %%\n%%airflow_task load\nprint(region)',
        "Never in a task. A cell that only you use is tagged `%%airflow_skip`.",
    ),
)

INSTALLS_PACKAGES = Rule(
    "NBD305",
    "installs-packages",
    Severity.WARNING,
    page(
        "Reports an installation (`%pip install`, `!pip install`, `conda`, `apt-get`) in code that a task runs.",
        "It would run at every run of the task, change the worker for other tasks, and take whatever version is there "
        "that day.",
        "%%airflow_task load\n%pip install rows\nx = 1",
        "%%airflow_task load\nx = 1",
        "When the task's environment is its own and thrown away afterwards. Otherwise install where the workers are "
        "built, and tag the cell `%%airflow_skip` to keep it for yourself.",
    ),
)

RULES: tuple[Rule, ...] = (
    FILE_BETWEEN_TASKS,
    FILE_TOO_LARGE,
    ABSOLUTE_LOCAL_PATH,
    INTERACTIVE_INPUT,
    INSTALLS_PACKAGES,
)
"""The family's rules, in the order of their codes."""


def file_diagnostics(problems: Iterable[FlowProblem]) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each problem of files between tasks."""
    for problem in problems:
        if problem.rule == FILE_BETWEEN_TASKS.name:
            values = dict(problem.values)
            yield FILE_BETWEEN_TASKS.diagnostic(
                f"`{values['path']}` is written by `{values['writer']}` and read by `{values['reader']}`: "
                "it is there only if both run on one machine",
                problem.span,
                "write it to a relative path: a file in the notebook's folder is handed over",
                tuple(Label(span, text) for span, text in problem.labels),
            )


def exported_diagnostics(problems: Iterable[FlowProblem]) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each thing in exported code that works only where the notebook was written."""
    for problem in problems:
        entry = _WORDINGS.get(problem.rule)
        if entry is not None:
            rule, message, hint = entry
            values = {key: printable(value) for key, value in problem.values}
            yield rule.diagnostic(message.format(**values), problem.span, hint)


_WORDINGS = {
    rule.name: (rule, message, hint)
    for rule, message, hint in (
        (
            ABSOLUTE_LOCAL_PATH,
            "`{path}` is a path on one person's machine",
            "put the file beside the notebook and name it from there, or make the path a parameter",
        ),
        (
            INTERACTIVE_INPUT,
            "`{call}()` waits for a person, and nobody is there when a task runs",
            "make the answer a parameter; what is only for yourself goes into a cell tagged `%%airflow_skip`",
        ),
        (
            INSTALLS_PACKAGES,
            "`{command} install` would change the worker at every run",
            "install it where the workers are built, and tag a cell that is only for yourself `%%airflow_skip`",
        ),
    )
}


def size_diagnostics(path: str, files: Iterable[FilePlan], most_bytes: int) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each file that is too large to ship."""
    for file in files:
        yield FILE_TOO_LARGE.diagnostic(
            f"`{file.path}` has {file.size / 1e6:.1f} MB and would ship with the DAG; "
            f"the limit is {most_bytes / 1e6:.1f} MB",
            Span(path, 0, ""),
            "read it from storage that every worker reaches, or raise `max-file-size` in `[tool.nb2dag]`",
        )
