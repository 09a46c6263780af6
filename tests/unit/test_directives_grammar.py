"""What the grammar makes of a cell: which directive, which options, which lines, and what is wrong where."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

import pytest

from nb2dag.directives.grammar import parse_directive
from nb2dag.model.directive import Directive, DirectiveKind, Spelling
from nb2dag.model.schedule import (
    Asset,
    AssetCondition,
    AssetSchedule,
    CronSchedule,
    IntervalSchedule,
    PresetSchedule,
)
from nb2dag.model.span import Region


def directive(source: str, *tags: str) -> Directive:
    tag = parse_directive(source, tags)
    assert tag.problems == ()
    assert tag.directive is not None
    return tag.directive


def values(source: str) -> dict[str, object]:
    return {option.name: option.value for option in directive(source).options}


def problems(source: str, *tags: str) -> list[tuple[str, str]]:
    """Return each problem's rule and the text at its region, lines joined."""
    return [(problem.rule, text_at(source, problem.region)) for problem in sorted_problems(source, *tags)]


def sorted_problems(source: str, *tags: str):
    return parse_directive(source, tags).problems


def text_at(source: str, region: Region) -> str:
    lines = source.split("\n")[region.line - 1 : region.end_line]
    lines[-1] = lines[-1][: region.end_column - 1]
    lines[0] = lines[0][region.column - 1 :]
    return "\n".join(lines)


UNTAGGED = [
    "",
    "\n\n",
    "x = 1",
    "#| echo: false\n#| label: fig-x\nplot()",
    "#| export\ndef f(): pass",
    "#| default_exp core",
    "# | a | b |\n# | - | - |\nx = 1",
    "#| cache: true",
    "#| tags: [parameters]",
    "%%airflow_task?",
    "%airflow_dag??",
    "%airflow_preview",
    "import os\n%airflow_preview --live",
    "?%airflow_task",
    "%%bash\n%%airflow_task clean\n#| task: x",
    "%%writefile cell.py\n#| task: clean",
    "text = '''\n%airflow_dag x\n#| task: y\n'''",
    'text = """\n%%airflow_task clean\n"""',
    "print(1  # comment\n  %airflow_dag\n)",
    "# see %airflow_dag",
    "s = '%airflow_dag x'",
    "# parameters",
]


@pytest.mark.parametrize("source", UNTAGGED)
def test_cell_without_a_tag(source):
    tag = parse_directive(source)
    assert (tag.directive, tag.problems) == (None, ())


SHAPES = [
    ("%airflow_dag", DirectiveKind.DAG, None, (1,), 2),
    ("%airflow_dag daily", DirectiveKind.DAG, "daily", (1,), 2),
    ("%load_ext nb2dag\n%airflow_dag daily", DirectiveKind.DAG, "daily", (2,), 1),
    (
        "# settings\n%load_ext nb2dag\n\n%airflow_dag daily\n#| tags: [a]\nimport os",
        DirectiveKind.DAG,
        "daily",
        (4, 5),
        1,
    ),
    ("import os\n\n%airflow_dag daily", DirectiveKind.DAG, "daily", (3,), 1),
    ("x = (1,\n 2)\n%airflow_dag daily", DirectiveKind.DAG, "daily", (3,), 1),
    ("x = '''\n'''\n%airflow_dag daily", DirectiveKind.DAG, "daily", (3,), 1),
    ("%airflow_dag daily \\\n  --retries 2\nimport os", DirectiveKind.DAG, "daily", (1, 2), 3),
    ("%%airflow_dag daily\ntags: [a]\n\n# done\n", DirectiveKind.DAG, "daily", (1, 2, 3, 4), 5),
    ("#| dag: daily\n#| tags: [a]", DirectiveKind.DAG, "daily", (1, 2), 3),
    ("#| dag\nx = 1", DirectiveKind.DAG, None, (1,), 2),
    ("%%airflow_task clean\nx = 1", DirectiveKind.TASK, "clean", (1,), 2),
    ("%%airflow_task clean", DirectiveKind.TASK, "clean", (1,), 2),
    ("\n\n%%airflow_task clean\nx = 1", DirectiveKind.TASK, "clean", (3,), 1),
    ("%%airflow_task clean\n%%time\nx = 1", DirectiveKind.TASK, "clean", (1,), 2),
    ("%%airflow_task clean\n%%bash\n%%airflow_task other", DirectiveKind.TASK, "clean", (1,), 2),
    ("%%airflow_task clean\n# note\n#| retries: 2\nx = 1", DirectiveKind.TASK, "clean", (1, 3), 2),
    ("  %%airflow_task clean\n  x = 1", DirectiveKind.TASK, "clean", (1,), 2),
    ("%%airflow_task clean\r\nx = 1\r\n", DirectiveKind.TASK, "clean", (1,), 2),
    ("x = 1\r%airflow_dag daily\ry = 1", DirectiveKind.DAG, "daily", (2,), 1),
    ("#| task: clean\n#| after:\n#|   - a\n#|   - b\nx = 1", DirectiveKind.TASK, "clean", (1, 2, 3, 4), 5),
    ("#|task: clean\nx = 1", DirectiveKind.TASK, "clean", (1,), 2),
    ("# | task: clean\nx = 1", DirectiveKind.TASK, "clean", (1,), 2),
    ("# a comment\n\n#| task: clean\n# another\n#| retries: 1\nx = 1", DirectiveKind.TASK, "clean", (3, 5), 1),
    ("%%airflow_shared\nx = 1", DirectiveKind.SHARED, None, (1,), 2),
    ("#| shared\nx = 1", DirectiveKind.SHARED, None, (1,), 2),
    ("#| shared: true\nx = 1", DirectiveKind.SHARED, None, (1,), 2),
    ("%%airflow_skip\nx = 1", DirectiveKind.SKIP, None, (1,), 2),
    ("#| skip\n", DirectiveKind.SKIP, None, (1,), 2),
    ("#| parameters\nx = 1", DirectiveKind.PARAMETERS, None, (1,), 2),
]


@pytest.mark.parametrize(("source", "kind", "name", "tag_lines", "body_line"), SHAPES)
def test_shape_of_a_tag(source, kind, name, tag_lines, body_line):
    made = directive(source)
    assert (made.kind, made.name, made.tag_lines, made.body_line) == (kind, name, tag_lines, body_line)


def test_parameters_cell_tag():
    made = directive("x = 1", "parameters", "other")
    assert (made.kind, made.spelling, made.tag_lines, made.body_line) == (
        DirectiveKind.PARAMETERS,
        Spelling.CELL_TAG,
        (),
        1,
    )
    assert directive("#| parameters\nx = 1", "parameters").spelling is Spelling.OPTION_LINES
    assert problems("%%airflow_task a\nx = 1", "parameters") == [("conflicting-directives", "%%airflow_task a")]


def test_two_spellings_are_one_language():
    flags = directive('%%airflow_task clean --after a,b --timeout 10m --depends-on-past --pool "big one"\nx = 1')
    lines = directive("#| task: clean\n#| after: [a, b]\n#| timeout: 10m\n#| depends_on_past\n#| pool: big one\nx = 1")
    assert [(o.name, o.value) for o in flags.options] == [(o.name, o.value) for o in lines.options]
    assert flags.name == lines.name


TASK_VALUES = [
    ("--retries 3", {"retries": 3}),
    ("--retries=3", {"retries": 3}),
    ("--retry_delay 5m", {"retry_delay": timedelta(minutes=5)}),
    ("--execution-timeout 1h", {"timeout": timedelta(hours=1)}),
    ("--retry-exponential-backoff", {"retry_exponential_backoff": True}),
    ("--retry-exponential-backoff --retries 1", {"retry_exponential_backoff": True, "retries": 1}),
    ("--retry-exponential-backoff 1.5", {"retry_exponential_backoff": 1.5}),
    ("--no-retry-exponential-backoff", {"retry_exponential_backoff": False}),
    ("--depends-on-past", {"depends_on_past": True}),
    ("--depends-on-past=false", {"depends_on_past": False}),
    ("--depends-on-past no", {"depends_on_past": False}),
    ("--no-depends-on-past", {"depends_on_past": False}),
    ("--priority-weight -5", {"priority_weight": -5}),
    ("--trigger-rule all_done", {"trigger_rule": "all_done"}),
    ("--after a,b", {"after": ("a", "b")}),
    ('--after "a, b"', {"after": ("a", "b")}),
    ('--after "[a, b]"', {"after": ("a", "b")}),
    ("--after [a,b]", {"after": ("a", "b")}),
    ("--outlets s3://lake/sales,report", {"outlets": (Asset("s3://lake/sales"), Asset("report"))}),
    (
        "--executor-config '{image: python, n: 2, f: 1.5, ok: true, none: null}'",
        {"executor_config": {"image": "python", "n": 2, "f": 1.5, "ok": True, "none": None}},
    ),
    ("--return row_count", {"return": "row_count"}),
    ("--kernel python3", {"kernel": "python3"}),
    ("--group models", {"group": "models"}),
    ("--doc 'it is \"so\"'", {"doc": 'it is "so"'}),
    ('--doc "the team\'s \\"own\\""', {"doc": 'the team\'s "own"'}),
    ("--doc ''\"\"x", {"doc": "x"}),
]


@pytest.mark.parametrize(("flags", "expected"), TASK_VALUES)
def test_task_values(flags, expected):
    assert values(f"%%airflow_task clean {flags}\nx = 1") == expected


UTC = timezone.utc
DAG_VALUES = [
    ("schedule: '0 6 * * *'", {"schedule": CronSchedule("0 6 * * *")}),
    ("schedule: 0 6 * * *", {"schedule": CronSchedule("0 6 * * *")}),
    ("schedule: '* * * * *'  # often", {"schedule": CronSchedule("* * * * *")}),
    ("schedule: * * * * *", {"schedule": CronSchedule("* * * * *")}),
    ("schedule: 0 6 * * mon-fri", {"schedule": CronSchedule("0 6 * * mon-fri")}),
    ("schedule: 0 6 * * MON#1", {"schedule": CronSchedule("0 6 * * MON#1")}),
    ("schedule: 0 0 L * *", {"schedule": CronSchedule("0 0 L * *")}),
    ("schedule: 5/15 0 29 2 *", {"schedule": CronSchedule("5/15 0 29 2 *")}),
    ("schedule: @daily", {"schedule": CronSchedule("0 0 * * *")}),
    ("schedule: '@once'", {"schedule": PresetSchedule("@once")}),
    ("schedule: @continuous", {"schedule": PresetSchedule("@continuous")}),
    ("schedule: 90m", {"schedule": IntervalSchedule(timedelta(minutes=90))}),
    ("schedule: none", {"schedule": None}),
    ("schedule: null", {"schedule": None}),
    ("schedule: asset a", {"schedule": AssetSchedule(Asset("a"))}),
    (
        "schedule: asset a & b | c",
        {
            "schedule": AssetSchedule(
                AssetCondition("any", (AssetCondition("all", (Asset("a"), Asset("b"))), Asset("c")))
            )
        },
    ),
    (
        'schedule: asset (a | "b c") & s3://lake/x',
        {
            "schedule": AssetSchedule(
                AssetCondition("all", (AssetCondition("any", (Asset("a"), Asset("b c"))), Asset("s3://lake/x")))
            )
        },
    ),
    ("start_date: 2026-01-01", {"start_date": datetime(2026, 1, 1)}),  # noqa: DTZ001 - naive is what is meant
    ("start_date: 2026-01-01T06:30Z", {"start_date": datetime(2026, 1, 1, 6, 30, tzinfo=UTC)}),
    (
        "end-date: 2026-01-01 06:30:15+01:00",
        {"end_date": datetime(2026, 1, 1, 6, 30, 15, tzinfo=timezone(timedelta(hours=1)))},
    ),
    ("timezone: Europe/Oslo", {"timezone": "Europe/Oslo"}),
    ("catchup: false", {"catchup": False}),
    ("catchup", {"catchup": True}),
    ("max_active_runs: 1\nmax_active_tasks: 2", {"max_active_runs": 1, "max_active_tasks": 2}),
    ("dagrun_timeout: PT1H30M", {"dagrun_timeout": timedelta(minutes=90)}),
    ("dagrun_timeout: 1d 2h", {"dagrun_timeout": timedelta(hours=26)}),
    ("tags: sales, daily", {"tags": ("sales", "daily")}),
    ("tags:\n- sales\n- daily", {"tags": ("sales", "daily")}),
    ("tags: ['a, b', 2026]", {"tags": ("a, b", "2026")}),
    ("owner: data-team", {"owner": "data-team"}),
    ("description: |\n  One.\n  Two.", {"description": "One.\nTwo.\n"}),
    ("description: 'see: here'", {"description": "see: here"}),
    ("retries: 2", {"retries": 2}),
    (
        (
            "default_args:\n  owner: me\n  retries: 2\n  retry_delay: 5m\n  execution_timeout: 1h\n"
            "  depends_on_past: false"
        ),
        {
            "default_args": {
                "owner": "me",
                "retries": 2,
                "retry_delay": timedelta(minutes=5),
                "timeout": timedelta(hours=1),
                "depends_on_past": False,
            }
        },
    ),
    (
        "params:\n  day: 2026-01-01\n  n: 0x10\n  no: no\n  time: 1:30\n  nested: {a: [1, '2']}\n",
        {"params": {"day": "2026-01-01", "n": 16, "no": "no", "time": "1:30", "nested": {"a": [1, "2"]}}},
    ),
    ("params: {\n  a: 1\n}", {"params": {"a": 1}}),
]


@pytest.mark.parametrize(("body", "expected"), DAG_VALUES)
@pytest.mark.parametrize("spelling", ["%%", "#|"])
def test_dag_values(spelling, body, expected):
    if spelling == "%%":
        source = f"%%airflow_dag daily\n{body}"
    else:
        source = "#| dag: daily\n" + "\n".join(f"#| {line}" for line in body.split("\n"))
    assert values(source) == expected


PROBLEMS = [
    # directives
    ("%%airflow_taks clean", [("unknown-directive", "airflow_taks")]),
    ("%airflow_dga x", [("unknown-directive", "airflow_dga")]),
    ("#| taks: clean\nx = 1", [("unknown-directive", "taks")]),
    ("#| Task: clean\nx = 1", [("unknown-directive", "Task")]),
    ("%%Airflow_Task clean\nx = 1", [("unknown-directive", "Airflow_Task")]),
    ("%%airflow-task clean\nx = 1", [("unknown-directive", "airflow-task")]),
    ("%%airflowtask clean\nx = 1", [("unknown-directive", "airflowtask")]),
    ("%%airflow_task: clean\nx = 1", [("unknown-directive", "airflow_task:")]),
    ("%% airflow_task clean\nx = 1", [("unknown-directive", " airflow_task")]),
    ("#| task clean\nx = 1", [("invalid-yaml", "task clean")]),
    ("#| task:clean\nx = 1", [("invalid-yaml", "task:clean")]),
    ("#| retries: 2\nx = 1", [("options-without-directive", "#| retries: 2")]),
    ("x = 1\n#| retries: 2", [("options-without-directive", "#| retries: 2")]),
    ("# note\n%%airflow_task clean\nx = 1", [("misplaced-tag", "%%airflow_task clean")]),
    ("%%time\n%%airflow_task clean\nx = 1", [("misplaced-tag", "%%airflow_task clean")]),
    ("%%time\n#| task: clean\nx = 1", [("misplaced-tag", "task: clean")]),
    ("x = 1\n#| task: clean", [("misplaced-tag", "task: clean")]),
    ("if x:\n    %airflow_dag y", [("misplaced-tag", "%airflow_dag y")]),
    ("%airflow_task clean\nx = 1", [("line-magic-for-a-cell", "%airflow_task")]),
    ("#| task: a\n#| skip\nx = 1", [("conflicting-directives", "skip")]),
    ("%%airflow_task a\n#| shared\nx = 1", [("unknown-option", "shared")]),
    ("#| task: a\nx = 1\n%airflow_dag b", [("conflicting-directives", "%airflow_dag b")]),
    ("%airflow_dag a\n%airflow_dag b", [("conflicting-directives", "%airflow_dag b")]),
    ("#| retries: 2\n%airflow_dag a", [("misplaced-tag", "#| retries: 2")]),
    # names
    ("%%airflow_task", [("missing-name", "%%airflow_task")]),
    ("%%airflow_task --retries 2", [("missing-name", "%%airflow_task --retries 2")]),
    ("#| task:\nx = 1", [("missing-name", "task")]),
    ("#| task\nx = 1", [("missing-name", "task")]),
    ("%%airflow_task 'x\"; import os'", [("invalid-name", "'x\"; import os'")]),
    ('#| task: x"; import os', [("invalid-name", 'x"; import os')]),
    ("%%airflow_task ../x", [("invalid-name", "../x")]),
    ("%%airflow_task ..", [("invalid-name", "..")]),
    ('#| task: "x\\ny"', [("invalid-name", '"x\\ny"')]),
    (f"%%airflow_task {'x' * 300}", [("invalid-name", "x" * 300)]),
    (f"%%airflow_task {'é' * 200}", [("invalid-name", "é" * 200)]),
    ("%%airflow_task ''", [("invalid-name", "''")]),
    ("#| task: [a]", [("invalid-name", "[a]")]),
    ("%airflow_dag my dag", [("unexpected-argument", "dag")]),
    ("%%airflow_shared x", [("unexpected-argument", "x")]),
    ("#| shared: x", [("unexpected-argument", "x")]),
    ("%airflow_dag x # note", [("unexpected-argument", "# note")]),
    ("%%airflow_task a -r 2", [("unexpected-argument", "-r 2")]),
    ("%%airflow_task a --catchup b", [("option-elsewhere", "--catchup"), ("unexpected-argument", "b")]),
    ("%%airflow_task a --pool b c --retries 2", [("unexpected-argument", "b c")]),
    ('%%airflow_task a --doc "x y', [("unclosed-quote", '"x y')]),
    ('%%airflow_task x"; import os', [("unclosed-quote", '"; import os')]),
    # options
    ("%%airflow_task a --retrys 2", [("unknown-option", "retrys")]),
    ("%%airflow_task a --xyz --retries 2", [("unknown-option", "xyz")]),
    ("#| task: a\n#| echo: false", [("unknown-option", "echo")]),
    ("%%airflow_task a --schedule @daily", [("option-elsewhere", "--schedule @daily")]),
    ("%airflow_dag a --after b", [("option-elsewhere", "--after b")]),
    ("%%airflow_shared --retries 2", [("option-elsewhere", "--retries 2")]),
    ("%airflow_dag a --retries 2 --retries 3", [("repeated-option", "--retries 3")]),
    ("%%airflow_task a --timeout 1m\n#| execution_timeout: 1m", [("repeated-option", "execution_timeout: 1m")]),
    ("%%airflow_task a --pool", [("missing-value", "--pool")]),
    ("%%airflow_task a --pool --retries 2", [("missing-value", "--pool")]),
    ("%%airflow_task a --pool=", [("missing-value", "")]),
    ("%%airflow_task a --pool ''", [("missing-value", "''")]),
    ("#| task: a\n#| pool:", [("missing-value", "pool")]),
    ("#| task: a\n#| pool: null", [("missing-value", "null")]),
    ("#| task: a\n#| after: []", [("missing-value", "[]")]),
    ("%%airflow_task a --timeout 10", [("invalid-value", "10")]),
    ("%%airflow_task a --timeout soon", [("invalid-value", "soon")]),
    ("%%airflow_task a --timeout 0s", [("invalid-value", "0s")]),
    ("%%airflow_task a --timeout 99999999999d", [("invalid-value", "99999999999d")]),
    ("%%airflow_task a --timeout P1Y", [("invalid-value", "P1Y")]),
    ("%%airflow_task a --retries two", [("invalid-value", "two")]),
    ("%%airflow_task a --retries -1", [("invalid-value", "-1")]),
    ("%%airflow_task a --retries 1.5", [("invalid-value", "1.5")]),
    ("%%airflow_task a --retries 99999999999", [("invalid-value", "99999999999")]),
    ("%%airflow_task a --pool-slots 0", [("invalid-value", "0")]),
    ("%%airflow_task a --trigger-rule all_sucess", [("invalid-value", "all_sucess")]),
    ("%%airflow_task a --depends-on-past=maybe", [("invalid-value", "maybe")]),
    ("%%airflow_task a --after b,../c,d", [("invalid-value", "../c")]),
    ('%%airflow_task a --after "b,,c"', [("invalid-value", '"b,,c"')]),
    ("%%airflow_task a --after b,b", [("repeated-option", "b")]),
    ("#| task: a\n#| after: [b, 'c d', '']", [("missing-value", "''")]),
    ("%%airflow_task a --return class", [("invalid-value", "class")]),
    ("%%airflow_task a --return a.b", [("invalid-value", "a.b")]),
    ("%%airflow_task a --group a.b", [("invalid-value", "a.b")]),
    ("%%airflow_task a --kernel ../x", [("invalid-value", "../x")]),
    ("%%airflow_task a --outlets 'asset b'", [("invalid-value", "asset b")]),
    ("%%airflow_task a --outlets airflow://x", [("invalid-value", "airflow://x")]),
    ("%%airflow_task a --executor-config 3", [("invalid-value", "3")]),
    ("#| task: a\n#| executor_config: [1]", [("invalid-value", "[1]")]),
    ("#| task: a\n#| executor_config: {a: .inf}", [("invalid-value", ".inf")]),
    ("#| task: a\n#| executor_config: {1: x}", [("invalid-value", "1")]),
    ("%airflow_dag a --schedule daily", [("invalid-value", "daily")]),
    ("%airflow_dag a --schedule @dayly", [("invalid-value", "@dayly")]),
    ("%airflow_dag a --schedule '61 * * * *'", [("invalid-value", "'61 * * * *'")]),
    ("%airflow_dag a --schedule '0 6 * *'", [("invalid-value", "'0 6 * *'")]),
    ("%airflow_dag a --schedule '0 0 6 * * *'", [("invalid-value", "'0 0 6 * * *'")]),
    ("%airflow_dag a --schedule '0 0 31 2 *'", [("invalid-value", "'0 0 31 2 *'")]),
    ("%airflow_dag a --schedule 'H 6 * * *'", [("invalid-value", "'H 6 * * *'")]),
    ("%airflow_dag a --schedule '0 6 * * xyz'", [("invalid-value", "'0 6 * * xyz'")]),
    ("%airflow_dag a --schedule '*/0 * * * *'", [("invalid-value", "'*/0 * * * *'")]),
    ("%airflow_dag a --schedule 'asset'", [("invalid-value", "'asset'")]),
    ("%airflow_dag a --schedule 'asset a &'", [("invalid-value", "'asset a &'")]),
    ("%airflow_dag a --schedule 'asset (a'", [("invalid-value", "'asset (a'")]),
    ("%airflow_dag a --schedule 'asset a b'", [("invalid-value", "'asset a b'")]),
    ("%airflow_dag a --schedule 0s", [("invalid-value", "0s")]),
    (
        "%airflow_dag a --schedule 0 6 * * *",
        [("unexpected-argument", "0 6 * * *")],
    ),
    ("%airflow_dag a --start-date 2026-13-01", [("invalid-value", "2026-13-01")]),
    ("%airflow_dag a --start-date 1.1.2026", [("invalid-value", "1.1.2026")]),
    ("%airflow_dag a --timezone Europe/Olso", [("invalid-value", "Europe/Olso")]),
    ("%airflow_dag a --timezone ../../etc/passwd", [("invalid-value", "../../etc/passwd")]),
    ("%airflow_dag a --timezone Europe", [("invalid-value", "Europe")]),
    ("%airflow_dag a --start-date 2026-02-01 --end-date 2026-01-01", [("end-before-start", "--end-date 2026-01-01")]),
    (f"%airflow_dag a --tags {'t' * 101}", [("invalid-value", "t" * 101)]),
    # default_args and YAML
    ("#| dag: a\n#| default_args: {retrys: 2}", [("unknown-option", "retrys")]),
    ("#| dag: a\n#| default_args: {start_date: 2026-01-01}", [("option-elsewhere", "start_date")]),
    ("#| dag: a\n#| default_args: {retry_delay: 300}", [("invalid-value", "300")]),
    ("#| dag: a\n#| default_args: {timeout: 1m, execution_timeout: 2m}", [("repeated-option", "execution_timeout")]),
    ("#| dag: a\n#| default_args: {pool: }", [("missing-value", "pool")]),
    ("#| dag: a\n#| retries: 1\n#| default_args: {retries: 2}", [("repeated-option", "retries: 1")]),
    ("#| dag: a\n#| params: {a: 1", [("invalid-yaml", "")]),
    ("#| dag: a\n#| params: {a: 1, a: 2}", [("invalid-yaml", "a")]),
    ("#| dag: a\n#| params: {a: !!python/name:os.system x}", [("invalid-yaml", "!")]),
    ("#| dag: a\n#| params: {a: !!str 3}", [("invalid-yaml", "!")]),
    ("#| dag: a\n#| params: {a: &x 1, b: *x}", [("invalid-yaml", "&")]),
    ("%%airflow_dag a\nimport os\ntags: [x]", [("invalid-yaml", "import os")]),
    ("%%airflow_dag a\ndescription: a: b", [("invalid-yaml", ":")]),
    # several at once, in the order of the text
    (
        "%%airflow_task ../x --retrys 2 --timeout 10\n#| pool_slots: 0",
        [("invalid-name", "../x"), ("unknown-option", "retrys"), ("invalid-value", "10"), ("invalid-value", "0")],
    ),
    # known, not lowered
    ("%%airflow_sql x --conn db --out df\nselect 1", [("not-lowered", "%%airflow_sql x --conn db --out df")]),
    ("#| sensor: wait\n#| external_dag: other", [("not-lowered", "sensor: wait")]),
    ("%%airflow_check rows --warn", [("not-lowered", "%%airflow_check rows --warn")]),
    ("%%airflow_test clean", [("not-lowered", "%%airflow_test clean")]),
    ("%%airflow_task a --map xs --gpu 1", [("not-lowered", "--map xs"), ("not-lowered", "--gpu 1")]),
    ("#| task: a\n#| branch", [("not-lowered", "branch")]),
]


@pytest.mark.parametrize(("source", "expected"), PROBLEMS)
def test_problems_and_their_places(source, expected):
    assert problems(source) == expected


def test_suggestions():
    def suggestion(source: str) -> str:
        return dict(parse_directive(source).problems[0].values)["suggestion"]

    assert suggestion("%%airflow_taks x") == "airflow_task"
    assert suggestion("#| taks: x") == "task"
    assert suggestion("%%airflow_task x --retrys 2") == "retries"
    assert suggestion("%%airflow_task x --retry-dely 2m") == "retry-delay"
    assert suggestion("#| task: x\n#| triger_rule: all_done") == "trigger_rule"
    assert suggestion("%%airflow_task x --trigger-rule all_sucess") == "all_success"
    assert suggestion("%airflow_dag x --schedule daily") == "@daily"
    assert suggestion("%airflow_dag x --timezone Oslo") == "Europe/Oslo"
    assert suggestion("%%airflow_task 'load data!'") == "load_data"


def test_positions_count_code_points_and_tag_lines():
    source = "#| task: clean\n#| description: é漢😀\n#| pool_slots: 0\nx = 1"
    regions = [problem.region for problem in parse_directive(source).problems]
    assert regions == [Region(2, 4, 2, 20), Region(3, 16, 3, 17)]
    made = parse_directive("%%airflow_task 漢 \\\n  --after=a,b").directive
    assert made is not None
    assert made.name_region == Region(1, 16, 1, 17)
    assert made.options[0].region == Region(2, 3, 2, 14)


def test_deep_nesting_and_aliases_are_refused_quickly():
    deep = "#| task: a\n#| executor_config: {a: " + "[" * 100_000
    bomb = "%%airflow_dag x\nparams:\n  a: &a [x, x]\n" + "".join(
        f"  {chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(9)
    )
    for source in (deep, bomb):
        start = time.process_time()
        assert [problem.rule for problem in parse_directive(source).problems] == ["invalid-yaml"]
        assert time.process_time() - start < 2


def test_untagged_cells_are_cheap():
    cells = ["import pandas as pd\n" * 20] * 10_000
    start = time.process_time()
    for cell in cells:
        parse_directive(cell)
    assert time.process_time() - start < 1
