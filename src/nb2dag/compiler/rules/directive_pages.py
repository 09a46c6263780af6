"""The pages of the rules about tags, family NBD1xx."""

from __future__ import annotations

from nb2dag.compiler.rules.rule import Rule
from nb2dag.model.diagnostic import Severity


def _page(what: str, why: str, example: str, instead: str, wrong: str) -> str:
    return (
        f"## What it does\n{what.strip()}\n\n## Why is this bad?\n{why.strip()}\n\n"
        f"## Example\n```python\n{example.strip()}\n```\n\n## Use instead\n```python\n{instead.strip()}\n```\n\n"
        f"## When it is wrong\n{wrong.strip()}\n"
    )


UNKNOWN_DIRECTIVE = Rule(
    "NBD101",
    "unknown-directive",
    Severity.ERROR,
    _page(
        "Reports a tag whose directive nb2dag does not know: a magic that begins with `airflow_`, or a `#|` line whose "
        "key is nearly one of nb2dag's.",
        "The cell would not become what its author meant: an untagged cell below the first task is never exported.",
        "%%airflow_taks clean\nrows = [1, 2]",
        "%%airflow_task clean\nrows = [1, 2]",
        "Another extension may own a magic that begins with `airflow_`. nb2dag cannot compile such a cell: tag it "
        "`#| skip` and call the magic as `get_ipython().run_line_magic(...)`.",
    ),
)

MISPLACED_TAG = Rule(
    "NBD102",
    "misplaced-tag",
    Severity.ERROR,
    _page(
        "Reports a tag that stands where neither IPython nor nb2dag looks for one: a `%%` tag that is not on the "
        "cell's first line, `#|` lines below code, an indented `%airflow_dag`.",
        "IPython runs a `%%` magic only on the first line, and a reader looks for a cell's tag at its top.",
        "rows = [1, 2]\n#| task: clean\nkept = rows[:1]",
        "#| task: clean\nrows = [1, 2]\nkept = rows[:1]",
        "A comment below code may look like a tag by chance, as in an ASCII table: write it without `|` after the `#`.",
    ),
)

LINE_MAGIC = Rule(
    "NBD103",
    "line-magic-for-a-cell",
    Severity.ERROR,
    _page(
        "Reports a directive that tags a whole cell, written as a line magic with one percent sign.",
        "A line magic concerns its line. IPython would not know the magic, and nothing would be tagged.",
        "%airflow_task clean\nrows = [1, 2]",
        "%%airflow_task clean\nrows = [1, 2]",
        "Never: only `airflow_dag` exists with one percent sign.",
    ),
)

CONFLICTING_DIRECTIVES = Rule(
    "NBD104",
    "conflicting-directives",
    Severity.ERROR,
    _page(
        "Reports a second directive in a cell; papermill's cell tag `parameters` counts as one.",
        "A cell has one role. Which of the two is meant, nobody can tell.",
        "#| task: clean\n#| skip\nrows = [1, 2]",
        "#| task: clean\nrows = [1, 2]",
        "Never. To use a cell in two roles, make two cells of it.",
    ),
)

OPTIONS_WITHOUT_DIRECTIVE = Rule(
    "NBD105",
    "options-without-directive",
    Severity.ERROR,
    _page(
        "Reports option lines that only nb2dag knows, in a cell without a directive.",
        "The options would be ignored and the cell would stay untagged.",
        "#| retries: 2\nrows = [1, 2]",
        "#| task: clean\n#| retries: 2\nrows = [1, 2]",
        "Another tool may read a key of the same name from `#|` lines. Keys of Quarto and nbdev are left alone.",
    ),
)

MISSING_NAME = Rule(
    "NBD106",
    "missing-name",
    Severity.ERROR,
    _page(
        "Reports a directive without the name it needs.",
        "The name becomes the task's id in Airflow; a made-up one would change when cells are moved.",
        "%%airflow_task --retries 2\nrows = [1, 2]",
        "%%airflow_task clean --retries 2\nrows = [1, 2]",
        "Never.",
    ),
)

INVALID_NAME = Rule(
    "NBD107",
    "invalid-name",
    Severity.ERROR,
    _page(
        "Reports a name that Airflow would refuse as an id, or that cannot be a file name.",
        "Airflow's ids are made of letters, digits, hyphens, dots and underscores, at most 250 of them. An id is also "
        "the name of the task's notebook in the bundle.",
        '%%airflow_task "load/raw data"\nrows = [1, 2]',
        "%%airflow_task load_raw_data\nrows = [1, 2]",
        "A name of 241 to 250 bytes is fine for Airflow alone, but its file could not be written everywhere.",
    ),
)

UNEXPECTED_ARGUMENT = Rule(
    "NBD108",
    "unexpected-argument",
    Severity.ERROR,
    _page(
        "Reports a word in a tag that is neither the name nor belongs to an option.",
        "Most often it is the rest of a value that has blanks and no quotes: the option would get a part of it.",
        "%airflow_dag sales --schedule 0 6 * * *\n# %%\n%%airflow_task clean\nrows = [1, 2]",
        '%airflow_dag sales --schedule "0 6 * * *"\n# %%\n%%airflow_task clean\nrows = [1, 2]',
        "Never: a magic's line has no room for comments either.",
    ),
)

UNCLOSED_QUOTE = Rule(
    "NBD109",
    "unclosed-quote",
    Severity.ERROR,
    _page(
        "Reports a quote in a magic's line that is never closed.",
        "Where the value ends cannot be told.",
        '%airflow_dag sales --description "Sales per region\n# %%\n%%airflow_task clean\nrows = [1, 2]',
        '%airflow_dag sales --description "Sales per region"\n# %%\n%%airflow_task clean\nrows = [1, 2]',
        'Never. An apostrophe is written in double quotes: `"the team\'s"`.',
    ),
)

INVALID_YAML = Rule(
    "NBD110",
    "invalid-yaml",
    Severity.ERROR,
    _page(
        "Reports option lines, or a line of a `%%airflow_dag` body, that are not `option: value` in YAML.",
        "The options cannot be read.",
        "#| task: clean\n#| executor_config: {image: python\nrows = [1, 2]",
        "#| task: clean\n#| executor_config: {image: python}\nrows = [1, 2]",
        "Anchors, aliases, merge keys and YAML tags are YAML, but no part of the tag language.",
    ),
)

UNKNOWN_OPTION = Rule(
    "NBD111",
    "unknown-option",
    Severity.ERROR,
    _page(
        "Reports an option that nb2dag does not know.",
        "Nothing in a tag is ever ignored: a misspelt `retries` would be found out on the night it is needed.",
        "%%airflow_task clean --retrys 2\nrows = [1, 2]",
        "%%airflow_task clean --retries 2\nrows = [1, 2]",
        "An option of Quarto beside a directive is reported too: set it for the document, or in another cell.",
    ),
)

OPTION_ELSEWHERE = Rule(
    "NBD112",
    "option-elsewhere",
    Severity.ERROR,
    _page(
        "Reports an option that exists, but for another directive.",
        "A task has no schedule of its own, and a DAG comes after nothing: the option would have no effect.",
        '%%airflow_task clean --schedule "@daily"\nrows = [1, 2]',
        '%airflow_dag sales --schedule "@daily"\n# %%\n%%airflow_task clean\nrows = [1, 2]',
        "Never.",
    ),
)

REPEATED_OPTION = Rule(
    "NBD113",
    "repeated-option",
    Severity.ERROR,
    _page(
        "Reports an option that a tag gives twice.",
        "One of the two values would be ignored.",
        "%%airflow_task clean --retries 2 --retries 3\nrows = [1, 2]",
        "%%airflow_task clean --retries 3\nrows = [1, 2]",
        "Never: several values of one option make a list, `--after extract,check`.",
    ),
)

MISSING_VALUE = Rule(
    "NBD114",
    "missing-value",
    Severity.ERROR,
    _page(
        "Reports an option without the value it needs.",
        "Nothing says what was meant; Airflow's default would apply unseen.",
        "%%airflow_task clean --pool\nrows = [1, 2]",
        "%%airflow_task clean --pool database\nrows = [1, 2]",
        "Never: to get Airflow's default, leave the option out.",
    ),
)

INVALID_VALUE = Rule(
    "NBD115",
    "invalid-value",
    Severity.ERROR,
    _page(
        "Reports a value that is not what its option takes: a duration without a unit, a cron expression with a sixth "
        "field or a 31st of February, a trigger rule that Airflow does not have.",
        "Airflow would refuse the DAG when it is deployed, or understand something else.",
        "%%airflow_task clean --timeout 10\nrows = [1, 2]",
        "%%airflow_task clean --timeout 10m\nrows = [1, 2]",
        "An Airflow with plugins may know more; the tag language takes what every Airflow 3 knows.",
    ),
)

END_BEFORE_START = Rule(
    "NBD116",
    "end-before-start",
    Severity.ERROR,
    _page(
        "Reports an end date that is before the start date.",
        "The DAG would never run.",
        "%airflow_dag sales --start-date 2026-06-01 --end-date 2026-01-01\n# %%\n%%airflow_task clean\nrows = [1, 2]",
        "%airflow_dag sales --start-date 2026-01-01 --end-date 2026-06-01\n# %%\n%%airflow_task clean\nrows = [1, 2]",
        "Never: to stop a DAG, pause it in Airflow.",
    ),
)

NOT_LOWERED = Rule(
    "NBD117",
    "not-lowered",
    Severity.ERROR,
    _page(
        "Reports a directive or an option that is part of the tag language, but that this version of nb2dag cannot "
        "turn into Airflow code yet.",
        "To leave it out silently would make a DAG that does something else than the notebook says.",
        "%%airflow_task train --gpu 1\nrows = [1, 2]",
        "%%airflow_task train --queue gpu\nrows = [1, 2]",
        "Never; a later version of nb2dag may know how.",
    ),
)

REPEATED_DAG = Rule(
    "NBD118",
    "repeated-dag",
    Severity.ERROR,
    _page(
        "Reports a second cell with DAG settings.",
        "A notebook is one DAG; one of the two would be ignored.",
        "%airflow_dag sales --retries 2\n# %%\n%airflow_dag sales --tags daily\n# %%\n%%airflow_task a\nx = 1",
        "%airflow_dag sales --retries 2 --tags daily\n# %%\n%%airflow_task a\nx = 1",
        "Never: two DAGs are two notebooks.",
    ),
)

CONTRADICTING_OPTION = Rule(
    "NBD119",
    "contradicting-option",
    Severity.ERROR,
    _page(
        "Reports an option that two cells of one task give with different values.",
        "The cells are one task in Airflow, and it has one value.",
        "%%airflow_task clean --retries 2\nx = 1\n# %%\n%%airflow_task clean --retries 3\ny = 1",
        "%%airflow_task clean --retries 3\nx = 1\n# %%\n%%airflow_task clean\ny = 1",
        "Never: the list options `after`, `inlets` and `outlets` of several cells add up and are not reported.",
    ),
)

REPEATED_PARAMETERS = Rule(
    "NBD120",
    "repeated-parameters",
    Severity.WARNING,
    _page(
        "Reports a second parameters cell. It is compiled as an untagged cell.",
        "papermill injects values below the first one only, so the names of the others can never be set from outside.",
        "#| parameters\nlimit = 2\n# %%\n#| parameters\nregion = 'north'\n# %%\n#| task: a\nx = limit, region",
        "#| parameters\nlimit = 2\nregion = 'north'\n# %%\n#| task: a\nx = limit, region",
        "Never: put all parameters into one cell, or take the tag away from what is none.",
    ),
)

RULES = (
    UNKNOWN_DIRECTIVE,
    MISPLACED_TAG,
    LINE_MAGIC,
    CONFLICTING_DIRECTIVES,
    OPTIONS_WITHOUT_DIRECTIVE,
    MISSING_NAME,
    INVALID_NAME,
    UNEXPECTED_ARGUMENT,
    UNCLOSED_QUOTE,
    INVALID_YAML,
    UNKNOWN_OPTION,
    OPTION_ELSEWHERE,
    REPEATED_OPTION,
    MISSING_VALUE,
    INVALID_VALUE,
    END_BEFORE_START,
    NOT_LOWERED,
    REPEATED_DAG,
    CONTRADICTING_OPTION,
    REPEATED_PARAMETERS,
)
"""The family's rules, in the order of their codes."""
