"""Word what the tasks' folders and processes of their own break: the family NBD3xx."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nb2dag.compiler.rules.fixes import fix_for
from nb2dag.compiler.rules.rule import Rule, page
from nb2dag.model.dataflow import FlowProblem
from nb2dag.model.diagnostic import Diagnostic, Label, Severity
from nb2dag.model.plan import FilePlan
from nb2dag.model.program import Program
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

UNORDERED_ACCESS = Rule(
    "NBD310",
    "unordered-access",
    Severity.ERROR,
    page(
        "Reports two tasks that use the same address in a storage or the same table of a database, one of them "
        "writing, where neither waits for the other. Addresses and tables are compared as they stand in the code.",
        "The notebook runs them in its order. In the DAG nothing keeps that order: the reader may come first.",
        'import pandas as pd\n# %%\n%%airflow_task load\npd.DataFrame({"n": [1]}).to_parquet("s3://shop/rows")\n# %%\n'
        '%%airflow_task report\nprint(pd.read_parquet("s3://shop/rows"))',
        'import pandas as pd\n# %%\n%%airflow_task load\npd.DataFrame({"n": [1]}).to_parquet("s3://shop/rows")\n# %%\n'
        '%%airflow_task report --after load\nprint(pd.read_parquet("s3://shop/rows"))',
        "When the order really does not matter. An edge costs little: declare it all the same.",
    ),
)

FIGURES_IN_LOOP = Rule(
    "NBD311",
    "figures-in-loop",
    Severity.NOTE,
    page(
        "Reports `plt.show()` in a loop that may turn many times.",
        "Every figure is kept in the executed notebook of the task, for every try of every run. Hundreds of them make "
        "it slow to open, and nobody looks at them.",
        "import matplotlib.pyplot as plt\n# %%\n%%airflow_task load\nnames = open('/data/names').readlines()\n# %%\n"
        "%%airflow_task draw\nfor name in names:\n    plt.title(name)\n    plt.show()",
        "import matplotlib.pyplot as plt\n# %%\n%%airflow_task load\nnames = open('/data/names').readlines()\n# %%\n"
        "%%airflow_task draw\nfigure, axes = plt.subplots(len(names))\nfor name, ax in zip(names, axes):\n"
        "    ax.set_title(name)\nplt.show()",
        "When the loop is known to turn a few times only.",
    ),
)

RULES: tuple[Rule, ...] = (
    FILE_BETWEEN_TASKS,
    FILE_TOO_LARGE,
    ABSOLUTE_LOCAL_PATH,
    INTERACTIVE_INPUT,
    INSTALLS_PACKAGES,
    UNORDERED_ACCESS,
    FIGURES_IN_LOOP,
)
"""The family's rules, in the order of their codes."""


def file_diagnostics(problems: Iterable[FlowProblem], program: Program) -> Iterator[Diagnostic]:
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
        elif problem.rule == UNORDERED_ACCESS.name:
            values = {key: printable(value) for key, value in problem.values}
            yield UNORDERED_ACCESS.diagnostic(
                f"task `{values['task']}` {values['verb']} {values['thing']}, which `{values['other']}` has "
                f"{values['earlier']} above, and it does not wait for `{values['other']}`",
                problem.span,
                f"give `{values['task']}` the option `--after {values['other']}`",
                tuple(Label(span, text) for span, text in problem.labels),
                fix_for(problem, program),
            )


def exported_diagnostics(problems: Iterable[FlowProblem], program: Program) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each thing in exported code that works only where the notebook was written."""
    for problem in problems:
        entry = _WORDINGS.get(problem.rule)
        if entry is not None:
            rule, message, hint = entry
            values = {key: printable(value) for key, value in problem.values}
            values["instead"] = _instead(values.get("call", ""))
            fix = fix_for(problem, program)
            yield rule.diagnostic(message.format(**values), problem.span, hint.format(**values), fix=fix)


def _instead(call: str) -> str:
    """Return what a task does instead of asking a person."""
    if call.endswith("getpass"):
        return "read the password when the task runs, from an environment variable or an Airflow connection"
    if call.endswith(("breakpoint", "set_trace")):
        return "take the call away"
    return "make the answer a parameter"


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
            "{instead}; what is only for yourself goes into a cell tagged `%%airflow_skip`",
        ),
        (
            INSTALLS_PACKAGES,
            "`{command} install` would change the worker at every run",
            "install it where the workers are built, and tag a cell that is only for yourself `%%airflow_skip`",
        ),
        (
            FIGURES_IN_LOOP,
            "`{call}()` in a loop keeps a figure for each turn in the executed notebook",
            "draw into the axes of one figure, or save the figures to files and close them",
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
