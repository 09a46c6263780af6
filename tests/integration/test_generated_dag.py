"""A real Airflow parses and serialises generated DAG files.

Airflow runs in processes of its own: its configuration is global, and its import must not decide what other tests see.
"""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from nb2dag.compiler.backend.dialects import DIALECTS
from nb2dag.compiler.bundle import build_bundle, write_bundle
from nb2dag.model.schedule import AssetSchedule, CronSchedule, IntervalSchedule, PresetSchedule
from nb2dag.model.schedule import Asset as AssetOf

SAMPLES = runpy.run_path(str(Path(__file__).parents[1] / "golden" / "backend" / "sample_plan.py"))
PLANS = SAMPLES["PLANS"]

FACTS = """
import json, sys, warnings
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

warnings.simplefilter("error")
# Airflow's own way of reading .airflowignore.
warnings.filterwarnings("ignore", "GitWildMatchPattern")
bag = DagBag(dag_folder=sys.argv[1])
facts = {
    "errors": bag.import_errors,
    "warnings": [str(warning) for warning in bag.dag_warnings],
    "files": sorted(entry.file for entry in bag.dagbag_stats),
    "dags": {},
    "heavy": [name for name in ("IPython", "nb2dag.compiler", "nbformat", "papermill") if name in sys.modules],
}
for dag in bag.dags.values():
    dag.check_cycle()
    serialized = DagSerialization.to_dict(dag)
    # A round trip, as the scheduler sees it.
    again = DagSerialization.from_dict(json.loads(json.dumps(serialized)))
    facts["dags"][dag.dag_id] = {
        "serialized": serialized["dag"],
        "upstream": {task.task_id: sorted(task.upstream_task_ids) for task in again.tasks},
        "groups": {task.task_id: task.task_group.group_id for task in again.tasks},
        "timetable": type(again.timetable).__name__,
        "timezone": str(again.timezone),
        "start_date": again.start_date and again.start_date.isoformat(),
        "doc_md": again.doc_md,
        "backoff": {task.task_id: task.retry_exponential_backoff for task in again.tasks},
    }
print("\\n" + json.dumps(facts, default=str))
"""


def write_all(plans, folder, notebooks, **options):
    for path, content in SAMPLES["SHIPPED"].items():
        (notebooks / path).parent.mkdir(parents=True, exist_ok=True)
        (notebooks / path).write_bytes(content)
    for plan in plans:
        write_bundle(build_bundle(plan, notebooks, **options), folder / plan.dag_id)


def facts_of(dags, tmp_path, **environment):
    command = [sys.executable, "-c", FACTS, dags]
    settings = {"AIRFLOW_HOME": str(tmp_path / "airflow"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", **environment}
    outcome = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ, **settings}
    )
    assert outcome.returncode == 0, outcome.stderr
    return json.loads(outcome.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("generated")


@pytest.fixture(scope="module")
def facts(folder):
    write_all(PLANS.values(), folder / "dags", folder / "notebooks")
    return facts_of(folder / "dags", folder)


def test_airflow_finds_the_dags_and_nothing_else(facts):
    assert (facts["errors"], facts["warnings"], facts["heavy"]) == ({}, [], [])
    assert facts["files"] == sorted(f"{dag_id}/{dag_id}.py" for dag_id in PLANS)
    assert set(facts["dags"]) == set(PLANS)


@pytest.mark.parametrize("dag_id", PLANS)
def test_airflow_has_the_edges_and_groups_of_the_plan(dag_id, facts):
    dag = facts["dags"][dag_id]
    assert dag["upstream"] == {task.task_id: sorted(task.upstream) for task in PLANS[dag_id].tasks}
    assert dag["groups"] == {task.task_id: task.options.get("group") for task in PLANS[dag_id].tasks}
    assert dag["doc_md"].splitlines()[-1].startswith("nb2dag source digest: sha256:")


def test_airflow_has_the_settings_of_the_plan(facts):
    dag = facts["dags"]["daily_sales"]
    serialized = dag["serialized"]
    assert (dag["timetable"], dag["timezone"]) == ("CronTriggerTimetable", "Europe/Oslo")
    assert dag["start_date"] == "2025-12-31T23:00:00+00:00"
    assert (serialized["catchup"], serialized["max_active_runs"], serialized["max_active_tasks"]) == (False, 1, 4)
    assert serialized["dagrun_timeout"] == 7200.0
    assert serialized["description"] == 'Sales per "region"'
    assert sorted(serialized["tags"]) == ["daily", "sales"]
    params = {name: (param["default"], param["schema"]["__var"]) for name, param in serialized["params"]}
    assert params["alpha"] == (0.2, {"type": "number"})
    assert params["day"] == (None, {"type": ["null", "string"]})
    tasks = {task["__var"]["task_id"]: task["__var"] for task in serialized["tasks"]}
    assert (tasks["extract"]["retries"], tasks["extract"]["retry_delay"]) == (3, 300.0)
    assert (tasks["extract"]["pool"], tasks["extract"]["pool_slots"]) == ("database", 2)
    assert [asset["__var"]["uri"] for asset in tasks["extract"]["outlets"]] == ["s3://lake/sales", "raw sales"]
    assert tasks["fit-model"]["execution_timeout"] == 5400.0
    assert (tasks["fit-model"]["retries"], tasks["fit-model"]["owner"]) == (1, "data-team")
    assert dag["backoff"] == {"extract": 2.0, "fit-model": 0, "baseline": 0, "report": 0}


def test_a_shipped_module_is_no_dag_file_in_either_syntax_of_airflowignore(facts, folder):
    assert b"airflow" in SAMPLES["SHIPPED"]["lib/prices.py"]
    again = facts_of(folder / "dags", folder, AIRFLOW__CORE__DAG_IGNORE_FILE_SYNTAX="regexp")
    assert again["files"] == facts["files"]


SCHEDULES = {
    "never": (None, "NullTimetable"),
    "once": (PresetSchedule("@once"), "OnceTimetable"),
    "continuous": (PresetSchedule("@continuous"), "ContinuousTimetable"),
    "cron": (CronSchedule("*/5 * * * 1-5"), "CronTriggerTimetable"),
    "asset": (AssetSchedule(AssetOf("sales")), "AssetTriggeredTimetable"),
}


def test_every_schedule_in_every_dialect(tmp_path):
    plans = {
        f"{name}-{release}": replace(PLANS["every_two_hours"], dag_id=f"{name}-{release}", schedule=schedule)
        for name, (schedule, _) in {
            **SCHEDULES,
            "interval": (IntervalSchedule(PLANS["every_two_hours"].schedule.every), ""),
        }.items()
        for release in DIALECTS
    }
    for dag_id, plan in plans.items():
        dialect = DIALECTS[dag_id.rpartition("-")[2]]
        write_all([plan], tmp_path / "dags", tmp_path / "notebooks", dialect=dialect)
    facts = facts_of(tmp_path / "dags", tmp_path)
    assert (facts["errors"], facts["warnings"]) == ({}, [])
    expected = {**{name: timetable for name, (_, timetable) in SCHEDULES.items()}, "interval": "DeltaTriggerTimetable"}
    assert {dag_id: dag["timetable"] for dag_id, dag in facts["dags"].items()} == {
        dag_id: expected[dag_id.rpartition("-")[0]] for dag_id in plans
    }


ARGUMENTS = """
import inspect, json, sys
from airflow.sdk import DAG, BaseOperator, __version__
print(json.dumps([__version__, list(inspect.signature(DAG).parameters), list(inspect.signature(BaseOperator).parameters)]))
"""


def test_the_installed_airflow_knows_every_argument_that_the_newest_dialect_lists():
    outcome = subprocess.run([sys.executable, "-c", ARGUMENTS], capture_output=True, text=True, check=True)
    _, dag_arguments, task_arguments = json.loads(outcome.stdout.splitlines()[-1])
    newest = list(DIALECTS.values())[-1]
    assert newest.dag_arguments <= set(dag_arguments)
    assert newest.task_arguments <= set(task_arguments)
