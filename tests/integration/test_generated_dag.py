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
from datetime import timedelta
from pathlib import Path

import pytest

from nb2dag.compiler.backend.dialects import DIALECTS
from nb2dag.compiler.bundle import build_bundle, write_bundle
from nb2dag.model.schedule import Asset, AssetSchedule, CronSchedule, IntervalSchedule, PresetSchedule

SAMPLES = runpy.run_path(str(Path(__file__).parents[1] / "golden" / "backend" / "sample_plan.py"))
PLANS = SAMPLES["PLANS"]

FACTS = """
import inspect, json, sys, warnings
from airflow.configuration import conf
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG, BaseOperator
from airflow.serialization.serialized_objects import DagSerialization
from airflow.utils.file import list_py_file_paths
from nb2dag.airflow import NotebookOperator

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
kinds = (DAG, BaseOperator, NotebookOperator)
facts["arguments"] = {kind.__name__: list(inspect.signature(kind).parameters) for kind in kinds}
facts["listed"] = {}
for syntax in ("glob", "regexp"):
    conf.set("core", "dag_ignore_file_syntax", syntax)
    facts["listed"][syntax] = sorted(list_py_file_paths(sys.argv[1]))
print("\\n" + json.dumps(facts, default=str))
"""


SCHEDULES = {
    "never": (None, "NullTimetable"),
    "once": (PresetSchedule("@once"), "OnceTimetable"),
    "continuous": (PresetSchedule("@continuous"), "ContinuousTimetable"),
    "cron": (CronSchedule("*/5 * * * 1-5"), "CronTriggerTimetable"),
    "interval": (IntervalSchedule(timedelta(hours=2)), "DeltaTriggerTimetable"),
    "asset": (AssetSchedule(Asset("sales")), "AssetTriggeredTimetable"),
}
SPELLED = {f"{name}-{release}": (name, release) for name in SCHEDULES for release in DIALECTS}


@pytest.fixture(scope="module")
def dags(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generated")
    for path, content in SAMPLES["SHIPPED"].items():
        shipped = folder / "notebooks" / path
        shipped.parent.mkdir(parents=True, exist_ok=True)
        shipped.write_bytes(content)
    for plan in PLANS.values():
        write_bundle(build_bundle(plan, folder / "notebooks"), folder / "dags" / plan.dag_id)
    for dag_id, (name, release) in SPELLED.items():
        plan = replace(PLANS["every_two_hours"], dag_id=dag_id, schedule=SCHEDULES[name][0])
        write_bundle(build_bundle(plan, folder / "notebooks", DIALECTS[release]), folder / "dags" / dag_id)
    return folder / "dags"


@pytest.fixture(scope="module")
def facts(dags):
    settings = {"AIRFLOW_HOME": str(dags.parent / "airflow"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    outcome = subprocess.run(
        [sys.executable, "-c", FACTS, dags],
        capture_output=True,
        text=True,
        check=False,
        cwd=dags.parent,
        env={**os.environ, **settings},
    )
    assert outcome.returncode == 0, outcome.stderr
    return json.loads(outcome.stdout.splitlines()[-1])


def test_airflow_finds_the_dags_and_nothing_else(facts):
    assert (facts["errors"], facts["warnings"], facts["heavy"]) == ({}, [], [])
    assert facts["files"] == sorted(f"{dag_id}/{dag_id}.py" for dag_id in (*PLANS, *SPELLED))
    assert set(facts["dags"]) == {*PLANS, *SPELLED}


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
    assert (tasks["extract"]["connections"], tasks["extract"]["variables"]) == (["warehouse"], ["api_key"])
    assert [asset["__var"]["uri"] for asset in tasks["extract"]["outlets"]] == ["s3://lake/sales", "raw sales"]
    assert tasks["fit-model"]["execution_timeout"] == 5400.0
    assert (tasks["fit-model"]["retries"], tasks["fit-model"]["owner"]) == (1, "data-team")
    assert dag["backoff"] == {"extract": 2.0, "fit-model": 0, "baseline": 0, "report": 0}


@pytest.mark.parametrize("syntax", ["glob", "regexp"])
def test_a_shipped_module_is_no_dag_file_in_either_syntax_of_airflowignore(syntax, facts, dags):
    assert b"airflow" in SAMPLES["SHIPPED"]["lib/prices.py"]
    assert facts["listed"][syntax] == [str(dags / file) for file in facts["files"]]


@pytest.mark.parametrize("dag_id", SPELLED)
def test_every_schedule_in_every_dialect(dag_id, facts):
    assert facts["dags"][dag_id]["timetable"] == SCHEDULES[SPELLED[dag_id][0]][1]


def test_airflow_knows_every_argument_that_the_newest_dialect_lists(facts):
    newest = list(DIALECTS.values())[-1]
    assert newest.dag_arguments <= set(facts["arguments"]["DAG"])
    known = facts["arguments"]["BaseOperator"] + facts["arguments"]["NotebookOperator"]
    assert newest.task_arguments <= set(known)
