"""List every directive and option of the tag language: types, Airflow's meaning, help, and whether it is lowered.

This table drives the grammar, the formatter, `%%airflow_task?`, completion, the documentation and the JSON schema.
Nothing else in nb2dag lists options.
"""

from __future__ import annotations

from collections.abc import Iterator

from nb2dag.directives.spec import DirectiveSpec, NameRule, OptionSpec, ValueType
from nb2dag.model.directive import DirectiveKind

TRIGGER_RULES = (
    "all_success",
    "all_failed",
    "all_done",
    "all_done_min_one_success",
    "all_done_setup_success",
    "one_success",
    "one_failed",
    "one_done",
    "none_failed",
    "none_failed_min_one_success",
    "none_skipped",
    "always",
    "all_skipped",
)
"""Airflow 3's trigger rules (`airflow.sdk.TriggerRule`)."""

_DAG = (DirectiveKind.DAG,)
_TASK = (DirectiveKind.TASK, DirectiveKind.SQL, DirectiveKind.CHECK, DirectiveKind.SENSOR)

DIRECTIVES = (
    DirectiveSpec(
        DirectiveKind.DAG,
        "dag",
        "The DAG's settings, one per notebook. Without it the DAG is named after the file and has no schedule. "
        "`%%airflow_dag` takes a YAML body in Airflow's own words. A task option here holds for every task.",
        NameRule.OPTIONAL,
        line_magic=True,
    ),
    DirectiveSpec(DirectiveKind.TASK, "task", "A task. The same name on a later cell continues it.", NameRule.REQUIRED),
    DirectiveSpec(DirectiveKind.SHARED, "shared", "Code that every task runs first, whole."),
    DirectiveSpec(DirectiveKind.SKIP, "skip", "Interactive only: the cell is no part of what the notebook means."),
    DirectiveSpec(
        DirectiveKind.PARAMETERS,
        "parameters",
        "The cell's literals become the DAG's params. The same as papermill's `parameters` cell tag.",
        cell_magic=False,
    ),
    DirectiveSpec(DirectiveKind.SQL, "sql", "A SQL task; the cell is the statement.", NameRule.REQUIRED, lowered=False),
    DirectiveSpec(
        DirectiveKind.CHECK,
        "check",
        "A data-quality task: assertions that stop the run, or only warn.",
        NameRule.REQUIRED,
        lowered=False,
    ),
    DirectiveSpec(
        DirectiveKind.SENSOR,
        "sensor",
        "A task that waits for a file, an asset, a time, another DAG, or a cell whose last value is true.",
        NameRule.REQUIRED,
        lowered=False,
    ),
    DirectiveSpec(
        DirectiveKind.TEST,
        "test",
        "Inputs and assertions for a unit test of a task; never exported.",
        NameRule.REQUIRED,
        lowered=False,
    ),
)
"""Every directive, in the order documentation lists them."""

_DAG_OPTIONS = (
    OptionSpec(
        "schedule",
        ValueType.SCHEDULE,
        _DAG,
        "When the DAG runs: a cron expression, a preset, an interval, or assets joined by `&` and `|`. "
        "Without it the DAG runs only when somebody triggers it.",
        '"0 6 * * *"',
        airflow="schedule",
    ),
    OptionSpec(
        "start_date",
        ValueType.DATE,
        _DAG,
        "The first moment a run may be scheduled for; without an offset it is meant in the DAG's timezone.",
        "2026-01-01",
        airflow="start_date",
    ),
    OptionSpec(
        "end_date",
        ValueType.DATE,
        _DAG,
        "The last moment a run may be scheduled for.",
        "2026-12-31",
        airflow="end_date",
    ),
    OptionSpec(
        "timezone",
        ValueType.TIMEZONE,
        _DAG,
        "The IANA timezone in which the schedule and the dates are meant; UTC without it.",
        "Europe/Oslo",
    ),
    OptionSpec(
        "catchup",
        ValueType.FLAG,
        _DAG,
        "Run the intervals missed since the start date, too.",
        "",
        airflow="catchup",
    ),
    OptionSpec(
        "max_active_runs",
        ValueType.INTEGER,
        _DAG,
        "How many runs of the DAG may be active at once.",
        "1",
        airflow="max_active_runs",
        minimum=1,
    ),
    OptionSpec(
        "max_active_tasks",
        ValueType.INTEGER,
        _DAG,
        "How many task instances of the DAG may run at once.",
        "4",
        airflow="max_active_tasks",
        minimum=1,
    ),
    OptionSpec(
        "dagrun_timeout",
        ValueType.DURATION,
        _DAG,
        "How long a run may take before it fails.",
        "2h",
        airflow="dagrun_timeout",
        minimum=1,
    ),
    OptionSpec(
        "tags", ValueType.TEXTS, _DAG, "Labels that Airflow's list of DAGs filters by.", "sales,daily", airflow="tags"
    ),
    OptionSpec(
        "owner",
        ValueType.TEXT,
        _DAG,
        "Whom Airflow shows as the owner of the DAG's tasks.",
        "data-team",
        airflow="owner",
        default_arg=True,
    ),
    OptionSpec(
        "description",
        ValueType.TEXT,
        _DAG,
        "One line that Airflow shows beside the DAG's name.",
        '"Sales per region"',
        airflow="description",
    ),
    OptionSpec(
        "default_args",
        ValueType.DEFAULT_ARGS,
        _DAG,
        "Task options that hold for every task that does not give its own.",
        "{retries: 2, retry_delay: 5m}",
        airflow="default_args",
    ),
    OptionSpec(
        "params",
        ValueType.MAPPING,
        _DAG,
        "DAG params with their defaults, beside those of the parameters cell.",
        "{region: north}",
        airflow="params",
    ),
)

_TASK_OPTIONS = (
    OptionSpec(
        "after",
        ValueType.TASK_IDS,
        _TASK,
        "Tasks that must come first, beside those whose values this one reads.",
        "extract",
    ),
    OptionSpec(
        "retries",
        ValueType.INTEGER,
        _TASK,
        "How often a failed task is tried again.",
        "2",
        airflow="retries",
        default_arg=True,
        minimum=0,
    ),
    OptionSpec(
        "retry_delay",
        ValueType.DURATION,
        _TASK,
        "How long to wait before the next try.",
        "5m",
        airflow="retry_delay",
        default_arg=True,
    ),
    OptionSpec(
        "retry_exponential_backoff",
        ValueType.BACKOFF,
        _TASK,
        "Wait longer before each further try: twice as long, or as many times as the number says.",
        "",
        airflow="retry_exponential_backoff",
        default_arg=True,
        minimum=1,
    ),
    OptionSpec(
        "timeout",
        ValueType.DURATION,
        _TASK,
        "How long one try may take before it fails.",
        "10m",
        airflow="execution_timeout",
        default_arg=True,
        minimum=1,
    ),
    OptionSpec(
        "cell_timeout",
        ValueType.DURATION,
        _TASK,
        "How long each cell may take before the try fails.",
        "2m",
        airflow="cell_timeout",
        default_arg=True,
        minimum=1,
    ),
    OptionSpec(
        "connections",
        ValueType.TEXTS,
        _TASK,
        "Airflow Connections that the task gets by reference, in its environment as `AIRFLOW_CONN_<ID>`.",
        "warehouse",
        airflow="connections",
        default_arg=True,
    ),
    OptionSpec(
        "variables",
        ValueType.TEXTS,
        _TASK,
        "Airflow Variables that the task gets by reference, in its environment as `AIRFLOW_VAR_<KEY>`.",
        "api_key",
        airflow="variables",
        default_arg=True,
    ),
    OptionSpec(
        "pool",
        ValueType.TEXT,
        _TASK,
        "The Airflow pool the task runs in, which limits how many run at once.",
        "database",
        airflow="pool",
        default_arg=True,
    ),
    OptionSpec(
        "pool_slots",
        ValueType.INTEGER,
        _TASK,
        "How many slots of its pool the task takes.",
        "2",
        airflow="pool_slots",
        default_arg=True,
        minimum=1,
    ),
    OptionSpec(
        "priority_weight",
        ValueType.INTEGER,
        _TASK,
        "Tasks with a higher weight are started first.",
        "10",
        airflow="priority_weight",
        default_arg=True,
    ),
    OptionSpec(
        "queue",
        ValueType.TEXT,
        _TASK,
        "The executor's queue, that is, which workers may run the task.",
        "large",
        airflow="queue",
        default_arg=True,
    ),
    OptionSpec(
        "executor",
        ValueType.TEXT,
        _TASK,
        "The executor that runs the task, where Airflow has several.",
        "KubernetesExecutor",
        airflow="executor",
        default_arg=True,
    ),
    OptionSpec(
        "executor_config",
        ValueType.MAPPING,
        _TASK,
        "Settings that the executor understands.",
        "{pod_template_file: /opt/airflow/pod_templates/large.yaml}",
        airflow="executor_config",
        default_arg=True,
    ),
    OptionSpec(
        "trigger_rule",
        ValueType.CHOICE,
        _TASK,
        "When the task runs, by the states of the tasks right before it: " + ", ".join(f"`{r}`" for r in TRIGGER_RULES),
        "all_done",
        airflow="trigger_rule",
        default_arg=True,
        choices=TRIGGER_RULES,
    ),
    OptionSpec(
        "depends_on_past",
        ValueType.FLAG,
        _TASK,
        "Run only if the task succeeded in the DAG's previous run.",
        "",
        airflow="depends_on_past",
        default_arg=True,
    ),
    OptionSpec(
        "group",
        ValueType.GROUP,
        _TASK,
        "The task group that Airflow draws the task in; task ids get no prefix.",
        "models",
        airflow="task_group",
    ),
    OptionSpec(
        "inlets",
        ValueType.ASSETS,
        _TASK,
        "Assets the task reads, by name or URI.",
        "s3://lake/raw",
        airflow="inlets",
    ),
    OptionSpec(
        "outlets",
        ValueType.ASSETS,
        _TASK,
        "Assets the task updates, by name or URI: DAGs scheduled on them then run.",
        "sales",
        airflow="outlets",
    ),
    OptionSpec(
        "kernel",
        ValueType.KERNEL,
        _TASK,
        "The Jupyter kernel that runs the task; without it the notebook's own.",
        "python3",
        airflow="kernel_name",
        default_arg=True,
    ),
    OptionSpec(
        "return",
        ValueType.IDENTIFIER,
        _TASK,
        "The name whose value, small and JSON, the task leaves in XCom for tasks outside this notebook.",
        "row_count",
    ),
    OptionSpec(
        "doc",
        ValueType.TEXT,
        _TASK,
        "The task's documentation; without it the Markdown right above the cell.",
        '"Drops rows without a price"',
        airflow="doc_md",
    ),
    OptionSpec(
        "map", ValueType.TEXT, _TASK, "One task instance per item of an upstream value.", "regions", lowered=False
    ),
    OptionSpec(
        "branch", ValueType.FLAG, _TASK, "The cell's last value names the tasks that run next.", "", lowered=False
    ),
    OptionSpec(
        "short_circuit",
        ValueType.FLAG,
        _TASK,
        "Skip everything downstream unless the cell's last value is true.",
        "",
        lowered=False,
    ),
    OptionSpec("setup", ValueType.FLAG, _TASK, "Prepare a resource for the tasks downstream.", "", lowered=False),
    OptionSpec(
        "teardown",
        ValueType.TASK_IDS,
        _TASK,
        "Remove what these setup tasks prepared, whatever happened between.",
        "start_cluster",
        lowered=False,
    ),
    OptionSpec("env", ValueType.TEXT, _TASK, "Another Python environment to run in.", "gpu", lowered=False),
    OptionSpec("cpu", ValueType.TEXT, _TASK, "CPU cores the task asks for.", "2", lowered=False),
    OptionSpec("memory", ValueType.TEXT, _TASK, "Memory the task asks for.", "4Gi", lowered=False),
    OptionSpec("gpu", ValueType.INTEGER, _TASK, "GPUs the task asks for.", "1", lowered=False, minimum=0),
    OptionSpec("image", ValueType.TEXT, _TASK, "The container image the task runs in.", "python", lowered=False),
    OptionSpec(
        "codec",
        ValueType.CHOICE,
        _TASK,
        "The format in which the task hands its values over.",
        "parquet",
        lowered=False,
        choices=("pickle", "parquet", "json"),
    ),
    OptionSpec(
        "cache", ValueType.FLAG, _TASK, "`nb2dag run` may skip the task while nothing changed.", "", lowered=False
    ),
)

_OTHER_OPTIONS = (
    OptionSpec("conn", ValueType.TEXT, (DirectiveKind.SQL,), "The Airflow connection.", "warehouse", lowered=False),
    OptionSpec(
        "out", ValueType.IDENTIFIER, (DirectiveKind.SQL,), "The name that gets the result.", "df", lowered=False
    ),
    OptionSpec(
        "warn", ValueType.FLAG, (DirectiveKind.CHECK,), "Report a failed assertion, but go on.", "", lowered=False
    ),
    OptionSpec("file", ValueType.TEXT, (DirectiveKind.SENSOR,), "Wait for a file.", "raw/done", lowered=False),
    OptionSpec("asset", ValueType.TEXT, (DirectiveKind.SENSOR,), "Wait for an asset's update.", "sales", lowered=False),
    OptionSpec("until", ValueType.TEXT, (DirectiveKind.SENSOR,), "Wait for a time of the day.", "06:30", lowered=False),
    OptionSpec(
        "external_dag",
        ValueType.TEXT,
        (DirectiveKind.SENSOR,),
        "Wait for another DAG's run.",
        "upstream_dag",
        airflow="external_dag_id",
        lowered=False,
    ),
    OptionSpec(
        "poke_interval",
        ValueType.DURATION,
        (DirectiveKind.SENSOR,),
        "How long to wait between two looks.",
        "1m",
        airflow="poke_interval",
        lowered=False,
        minimum=1,
    ),
)

OPTIONS = _DAG_OPTIONS + _TASK_OPTIONS + _OTHER_OPTIONS
"""Every option, in the order documentation lists them."""

FOREIGN_KEYS = frozenset(
    {"label", "echo", "eval", "output", "warning", "error", "include", "cache", "tags", "classes", "panel", "column"}
    | {"layout", "id", "file", "filename", "hide", "export", "freeze", "doc", "description", "params", "return", "env"}
    | {"image", "map", "owner", "out", "warn", "until", "asset", "group", "variables", "connections"}
)
"""Keys that Quarto and nbdev use in `#|` lines, or that are too plain to be ours without a directive beside them."""

DISTINCTIVE_KEYS = frozenset(
    spelling
    for spec in OPTIONS
    if spec.name not in FOREIGN_KEYS
    for spelling in (spec.name, spec.name.replace("_", "-"))
)
"""Option keys that tell by themselves that an option line is ours."""

ELSEWHERE = {
    **dict.fromkeys(("depends_on", "dependencies", "needs", "requires", "upstream", "wait_for", "run_after"), "after"),
    **dict.fromkeys(("cron", "every", "interval", "schedule_interval", "timetable"), "schedule"),
    **dict.fromkeys(("max_retries", "attempts", "max_attempts"), "retries"),
}
"""What other tools call an option, or what is guessed at first."""

_BY_KIND = {spec.kind: spec for spec in DIRECTIVES}
_BY_KEYWORD = {spec.keyword: spec for spec in DIRECTIVES}
_BY_OPTION = {
    **{spec.airflow: spec for spec in OPTIONS if spec.airflow and spec.airflow != "task_group"},
    **{spec.name: spec for spec in OPTIONS},
}


def directive_spec(kind: DirectiveKind) -> DirectiveSpec:
    """Return the table's entry for a directive."""
    return _BY_KIND[kind]


def directive_of_magic(name: str) -> DirectiveSpec | None:
    """Return the directive that a magic of this name (without percent signs) spells, or None.

    >>> directive_of_magic("airflow_task").kind.name, directive_of_magic("airflow_parameters")
    ('TASK', None)
    """
    return next((spec for spec in DIRECTIVES if spec.cell_magic and spec.kind.value == name), None)


def directive_of_keyword(keyword: str) -> DirectiveSpec | None:
    """Return the directive that an option line with this key spells (`task` in `#| task: clean`), or None."""
    return _BY_KEYWORD.get(keyword)


def find_option(written: str) -> OptionSpec | None:
    """Return the option a flag or key names, in any of its spellings: `retry-delay`, `retry_delay`, Airflow's own.

    >>> [find_option(name).name for name in ("retry-delay", "retry_delay", "execution_timeout")]
    ['retry_delay', 'retry_delay', 'timeout']
    """
    return _BY_OPTION.get(written.replace("-", "_"))


def accepts(kind: DirectiveKind, option: OptionSpec) -> bool:
    """Whether an option may stand in a directive: its own, or on the DAG line as a default for every task."""
    return kind in option.directives or (kind is DirectiveKind.DAG and option.default_arg)


def options_of(kind: DirectiveKind) -> Iterator[OptionSpec]:
    """Yield every option that may stand in a directive, its own first, in the table's order."""
    yield from (option for option in OPTIONS if kind in option.directives)
    yield from (option for option in OPTIONS if kind not in option.directives and accepts(kind, option))
