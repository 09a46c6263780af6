"""A plan made by hand that uses everything a plan can hold."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from nb2dag.model.plan import (
    CellPurpose,
    CodeCell,
    DagPlan,
    FilePlan,
    Load,
    LoadCell,
    ParamPlan,
    Save,
    SaveCell,
    TaskPlan,
)
from nb2dag.model.schedule import Asset, AssetCondition, AssetSchedule, CronSchedule, IntervalSchedule

DIGEST = "3f1d0c5b9e7a4c62810f5d7e6b3a2918c4d5e6f70819a2b3c4d5e6f708192a3b"


def code(purpose: CellPurpose, source: str, cell: int, first_line: int = 1) -> CodeCell:
    """Return a code cell whose lines follow one another from `first_line` on."""
    count = len(source.splitlines())
    return CodeCell(purpose, source, cell, f"c{cell:03}", tuple(range(first_line, first_line + count)))


IMPORTS = code(CellPurpose.PREAMBLE, "import pandas as pd", 2)
PARAMETERS = code(CellPurpose.PARAMETERS, 'region = "north"  # which region\nalpha = 0.2', 3, 2)

EXTRACT = TaskPlan(
    "extract",
    (
        IMPORTS,
        PARAMETERS,
        code(CellPurpose.BODY, 'df = pd.read_csv("data/sales.csv")\ndf = df[df.region == region]', 5, 2),
        SaveCell((Save("df", ("df", "rows"), ("rows",)), Save("generators", ("<random>",))), 5, "c005"),
    ),
    options={
        "retries": 3,
        "retry_delay": timedelta(minutes=5),
        "retry_exponential_backoff": True,
        "pool": "database",
        "pool_slots": 2,
        "cell_timeout": timedelta(minutes=2),
        "connections": ("warehouse",),
        "variables": ("api_key",),
        "outlets": ("s3://lake/sales", Asset("raw sales")),
    },
    parameters=("region", "day"),
    source_cells=(5,),
    doc="Reads the sales of one region.\n\nThe file is `data/sales.csv`.",
)

FIT = TaskPlan(
    "fit-model",
    (
        IMPORTS,
        code(CellPurpose.PREAMBLE, "def model(x):\n    return x.mean()", 4),
        PARAMETERS,
        LoadCell((Load("extract", "df", ("df", "rows"), ("rows",)), Load("extract", "generators", ("<random>",)))),
        code(CellPurpose.BODY, "fitted = model(df.price) * alpha", 7),
        SaveCell((Save("fitted", ("fitted",)),), 7, "c007"),
        code(CellPurpose.BODY, "score = abs(fitted)", 9),
        SaveCell((Save("score", ("score",)),), 9, "c009"),
    ),
    upstream=("extract",),
    options={
        "group": "models",
        "after": ("extract",),
        "timeout": timedelta(hours=1, minutes=30),
        "queue": "large",
        "priority_weight": 10,
        "executor": "LocalExecutor",
        "executor_config": {"LocalExecutor": {"image": "python", "limits": [1, 2.5, None]}},
        "depends_on_past": True,
        "kernel": "gpu",
    },
    parameters=("alpha",),
    source_cells=(7, 9),
    kernel_name="gpu",
)

BASELINE = TaskPlan(
    "baseline",
    (
        LoadCell((Load("extract", "df", ("df", "rows"), ("rows",)),)),
        code(CellPurpose.BODY, 'base = df.price.mean()\nprint(f"base {base}")', 10, 2),
        SaveCell((Save("base", ("base",)),), 10, "c010"),
    ),
    upstream=("extract",),
    options={"group": "models"},
    source_cells=(10,),
)

REPORT = TaskPlan(
    "report",
    (
        LoadCell((Load("fit-model", "score", ("score",)), Load("baseline", "base", ("base",)))),
        code(CellPurpose.BODY, "", 11),
        code(CellPurpose.BODY, 'best = max(score, base)\n"Größe: \\u20ac"', 12),
    ),
    upstream=("fit-model", "baseline"),
    options={"trigger_rule": "none_failed", "inlets": ("s3://lake/sales",)},
    source_cells=(11, 12),
    return_name="best",
)

SAMPLE = DagPlan(
    dag_id="daily_sales",
    source_name="daily_sales.ipynb",
    digest=DIGEST,
    tasks=(EXTRACT, FIT, BASELINE, REPORT),
    schedule=CronSchedule("0 6 * * *"),
    timezone="Europe/Oslo",
    options={
        "start_date": datetime(2026, 1, 1, tzinfo=ZoneInfo("Europe/Oslo")),
        "end_date": datetime(2026, 12, 31, 23, 59, tzinfo=timezone.utc),
        "max_active_runs": 1,
        "max_active_tasks": 4,
        "dagrun_timeout": timedelta(hours=2),
        "tags": ("sales", "daily"),
        "owner": "data-team",
        "description": 'Sales per "region"',
    },
    default_args={"retries": 1, "trigger_rule": "all_success"},
    params=(
        ParamPlan("region", "north", ("string",), "which region", None, 3, 2),
        ParamPlan("alpha", 0.2, ("number",), cell=3, line=3),
        ParamPlan("day", None, ("null", "string"), "the day to report on", "{{ ds }}", 3, 4),
        ParamPlan("weights", {"a": [1, 2]}, ("object",), cell=3, line=5),
    ),
    doc='# Daily sales\n\nWhat we sold, per region. It says "hello" and """more""" and C:\\new.',
    files=(FilePlan("lib/prices.py", 20), FilePlan("data/sales.csv", 26)),
    kernel_name="python3",
    kernel_display_name="Python 3 (ipykernel)",
    dag_cell=1,
)

SHIPPED = {
    "lib/prices.py": b"# no airflow dag here\nVAT = 0.25\n",
    "data/sales.csv": b"region,price\nnorth,1\n\xff\x00\n",
}

BARE = DagPlan("bare", "bare.ipynb", DIGEST, ())

ON_ASSETS = DagPlan(
    "on-assets",
    "on assets.ipynb",
    DIGEST,
    (TaskPlan("class", (code(CellPurpose.BODY, "1 + 1", 2),), source_cells=(2,)),),
    schedule=AssetSchedule(
        AssetCondition("all", (Asset("s3://lake/sales"), AssetCondition("any", (Asset("prices"), Asset("rates")))))
    ),
)

EVERY_TWO_HOURS = DagPlan(
    "every_two_hours",
    "interval.ipynb",
    DIGEST,
    tuple(
        TaskPlan(name, (code(CellPurpose.BODY, "pass", number),), upstream, source_cells=(number,))
        for number, (name, upstream) in enumerate(
            {
                "a": (),
                "a.b": ("a",),
                "a-b": ("a",),
                "a_b": ("a",),
                "2nd": ("a.b", "a-b", "a_b"),
                "dag": ("2nd",),
                "print": ("dag", "a"),
                **{f"one_of_many_reports_side_by_side_{n}": ("print",) for n in range(4)},
                "last": tuple(f"one_of_many_reports_side_by_side_{n}" for n in range(4)),
            }.items(),
            start=2,
        )
    ),
    schedule=IntervalSchedule(timedelta(hours=2)),
    options={"start_date": datetime(2026, 1, 1, 6, 30, tzinfo=timezone(timedelta(hours=1)))},
)

PLANS = {plan.dag_id: plan for plan in (SAMPLE, BARE, ON_ASSETS, EVERY_TWO_HOURS)}
