"""The parts around NotebookOperator that need no running Airflow."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from nb2dag.airflow.deployed import BundleUnusable, read_bundle
from nb2dag.airflow.parameters import ParameterError, run_parameters
from nb2dag.airflow.places import executed_notebook, input_notebook, store_url
from nb2dag.airflow.pointers import HandoffMissing, pull_manifests
from nb2dag.airflow.progress import ProgressReporter, publisher
from nb2dag.runtime.formats import BundleManifest, BundleTask, CellOrigin, PointerManifest, StoredObject
from nb2dag.runtime.progress import CellFinished, CellStarted, KernelStarted, OutputCut, OutputLine

CLEAN = BundleTask("clean", "tasks/clean.ipynb", upstream=(), inputs={}, outputs={"df": ("df", "names")}, cells=(2,))
BUNDLE = BundleManifest("sales", "sales.ipynb", "d1", "sales.py", (CLEAN,))


class TaskInstance(SimpleNamespace):
    """What an attempt reads of Airflow's task instance, over XComs held in a dictionary."""

    dag_id, run_id, task_id, map_index, try_number = "sales", "manual__1", "report", -1, 1

    def xcom_pull(self, *, task_ids, key, map_indexes):
        assert (key, map_indexes) == ("nb2dag", -1)
        return self.published.get(task_ids)


class Param(SimpleNamespace):
    """A DAG param that refuses what is not of its type, as Airflow's does by JSON Schema."""

    def resolve(self, value):
        expected = {"integer": int, "string": str, "array": list}[self.schema["type"]]
        if type(value) is not expected:
            raise ValueError(f"{value!r} is not of type {self.schema['type']}")
        return value


class Params(dict):
    def get_param(self, name):
        return self[name]


class Log:
    """Collect what is logged as (level, text)."""

    def __init__(self):
        self.lines = []

    def log(self, level, text, *values):
        self.lines.append((level, text % values))

    def info(self, text, *values):
        self.log(20, text, *values)

    def warning(self, text, *values):
        self.log(30, text, *values)

    def error(self, text, *values):
        self.log(40, text, *values)


def in_airflow(code: str, home: Path) -> str:
    """Run `code` in a process of its own, for it loads Airflow and its configuration."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"AIRFLOW_HOME": str(home), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# Importing and constructing


def test_importing_the_operator_loads_nothing_heavy(tmp_path):
    code = """
import sys
from nb2dag.airflow import NotebookOperator
heavy = ["papermill", "nbformat", "nbclient", "IPython", "cloudpickle", "nb2dag.compiler", "nb2dag.runtime.commit"]
print([name for name in heavy if name in sys.modules])
"""
    assert in_airflow(code, tmp_path).splitlines()[-1] == "[]"


def test_the_serialized_dag_holds_no_path_of_this_machine(tmp_path):
    code = """
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization
from nb2dag.airflow import NotebookOperator
with DAG("sales", schedule=None, params={"day": "x"}) as dag:
    NotebookOperator(task_id="clean", input_nb="tasks/clean.ipynb", parameters=["day"], outputs=["df"],
                     scheduled_parameters={"day": "{{ ds }}"}, bundle="d1")
import json
task = DagSerialization.to_dict(dag)["dag"]["tasks"][0]["__var"]
print(json.dumps([task["input_nb"], task["parameters"], "output_nb" in task, task["_operator_extra_links"]]))
"""
    input_nb, parameters, output_given, links = json.loads(in_airflow(code, tmp_path).splitlines()[-1])
    assert (input_nb, parameters, output_given) == ("tasks/clean.ipynb", ["day"], False)
    assert list(links) == ["Executed notebook"]


def test_a_scheduled_parameter_must_be_a_parameter(tmp_path):
    code = """
from nb2dag.airflow import NotebookOperator
try:
    NotebookOperator(task_id="a", input_nb="a.ipynb", parameters=["day"], scheduled_parameters={"dya": "{{ ds }}"})
except ValueError as error:
    print(error)
"""
    message = "task `a`: `scheduled_parameters` names 'dya', which is no DAG param in `parameters`"
    assert in_airflow(code, tmp_path).splitlines()[-1] == message


# Places


def test_each_attempt_keeps_its_own_notebook(monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    ti = TaskInstance(run_id="manual__2026-01-01T00:00:00+00:00", try_number=2, map_index=3)
    expected = "nb2dag/notebooks/sales/manual__2026-01-01T00%3A00%3A00%2B00%3A00/report/3/try-2.ipynb"
    assert executed_notebook(None, ti) == str(tmp_path / expected)


@pytest.mark.parametrize(
    ("output_nb", "expected"),
    [
        ("x/out.ipynb", "{home}/nb2dag/notebooks/x/out.ipynb"),
        ("/a/out.ipynb", "/a/out.ipynb"),
        ("s3://b/o", "s3://b/o"),
    ],
)
def test_a_given_output_is_taken_as_it_is(monkeypatch, tmp_path, output_nb, expected):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    assert executed_notebook(output_nb, TaskInstance()) == expected.format(home=tmp_path)


def test_executed_notebooks_are_kept_below_the_folder_or_url_of_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("NB2DAG_NOTEBOOKS", "s3://bucket/kept/")
    ti = TaskInstance(run_id="manual__1:2")
    assert executed_notebook(None, ti) == "s3://bucket/kept/sales/manual__1%3A2/report/-1/try-1.ipynb"
    assert executed_notebook("x.ipynb", ti) == "s3://bucket/kept/x.ipynb"
    monkeypatch.setenv("NB2DAG_NOTEBOOKS", str(tmp_path))
    assert executed_notebook("x.ipynb", ti) == str(tmp_path / "x.ipynb")
    assert executed_notebook("/a/x.ipynb", ti) == "/a/x.ipynb"


@pytest.mark.parametrize(
    ("input_nb", "expected"),
    [("tasks/a.ipynb", "/dags/sales/tasks/a.ipynb"), ("/a.ipynb", "/a.ipynb"), ("gs://b/a.ipynb", "gs://b/a.ipynb")],
)
def test_a_relative_input_starts_at_the_dag_file(input_nb, expected):
    assert input_notebook(input_nb, "/dags/sales/sales.py") == expected


def test_the_store_is_given_or_from_the_environment_or_below_airflow_home(monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.delenv("NB2DAG_STORE", raising=False)
    assert store_url() == str(tmp_path / "nb2dag" / "store")
    monkeypatch.setenv("NB2DAG_STORE", "s3://bucket/handoffs")
    assert store_url() == "s3://bucket/handoffs"
    assert store_url("/shared") == "/shared"


# The bundle beside the DAG file


def bundle_text(**changes) -> str:
    return json.dumps(BUNDLE.to_json() | changes)


def test_a_dag_file_without_a_bundle_is_fine_where_it_names_none(tmp_path):
    assert read_bundle(str(tmp_path / "sales.py"), None) is None


def test_the_bundle_of_the_dag_file_is_read(tmp_path):
    (tmp_path / "nb2dag.json").write_text(bundle_text(), encoding="utf-8")
    assert read_bundle(str(tmp_path / "sales.py"), "d1") == BUNDLE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "is missing: deploy the bundle's whole folder"),
        ("{", "is damaged"),
        ("[]", "is damaged"),
        (bundle_text(tasks=[{}]), "is damaged"),
        (
            bundle_text(format=99),
            "is a bundle of format 99, and this nb2dag reads format 1: upgrade nb2dag here, or compile the",
        ),
        (bundle_text(digest="d2"), "come from two compilations (d2 and d1)"),
    ],
)
def test_a_bundle_that_does_not_fit_is_refused(tmp_path, text, message):
    if text is not None:
        (tmp_path / "nb2dag.json").write_text(text, encoding="utf-8")
    with pytest.raises(BundleUnusable) as refused:
        read_bundle(str(tmp_path / "sales.py"), "d1")
    assert message in str(refused.value)
    assert str(tmp_path / "nb2dag.json") in str(refused.value)


# Pointers


def manifest(bundle: str = "d1") -> PointerManifest:
    return PointerManifest("clean", 1, bundle, "3.11", {"df": StoredObject("df", "p", "x", 10, ("df", "names"))})


def test_the_manifests_of_the_producers_are_pulled():
    ti = TaskInstance(published={"clean": manifest().to_json()})
    assert pull_manifests({"clean": ["df"]}, ti, BUNDLE) == {"clean": manifest()}


def test_a_missing_manifest_names_producer_values_and_state():
    ti = TaskInstance(published={}, get_task_states=lambda **_: {"manual__1": {"clean": "skipped"}})
    with pytest.raises(HandoffMissing) as missing:
        pull_manifests({"clean": ["df"]}, ti, BUNDLE)
    assert str(missing.value) == (
        "`report` needs `df`, `names` from `clean`, which handed over nothing in this run (that task is skipped): "
        "clear from `clean`"
    )


def test_a_missing_manifest_is_explained_where_airflow_tells_no_states():
    with pytest.raises(HandoffMissing, match="it was skipped, or marked as success by hand, or its XComs are gone"):
        pull_manifests({"clean": ["df"]}, TaskInstance(published={}), BUNDLE)


@pytest.mark.parametrize(
    ("published", "message"),
    [
        (manifest("d0").to_json(), "which ran before the DAG was compiled anew from sales.ipynb: clear from `clean`"),
        (manifest().to_json() | {"version": 99}, "cannot be read (a pointer manifest of version 99, not 1)"),
        ({"version": 1}, "cannot be read ('objects')"),
        ("text", "cannot be read"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(published, message):
    with pytest.raises(HandoffMissing) as refused:
        pull_manifests({"clean": ["df"]}, TaskInstance(published={"clean": published}), BUNDLE)
    assert message in str(refused.value)
    assert "clear from `clean`" in str(refused.value)


# Parameters

DECLARED = Params(day=Param(schema={"type": "string"}), top=Param(schema={"type": "integer"}))
TEMPLATES = {"day": "{{ ds }}", "top": "{{ n }}"}


def values_of(run_type: str, conf=None, templates=TEMPLATES, rendered=None) -> dict:
    context = {
        "dag_run": SimpleNamespace(run_type=SimpleNamespace(value=run_type), conf=conf),
        "params": {"day": "2020-01-01", "top": 3} | (conf or {}),
    }
    texts = {"{{ ds }}": "2026-01-01", "{{ n }}": "7"} | (rendered or {})
    return run_parameters(["day", "top"], templates, context, DECLARED, texts.__getitem__)


@pytest.mark.parametrize("run_type", ["manual", "operator_triggered"])
def test_a_run_started_by_hand_has_the_defaults(run_type):
    assert values_of(run_type) == {"day": "2020-01-01", "top": 3}


@pytest.mark.parametrize("run_type", ["scheduled", "backfill", "asset_triggered"])
def test_a_scheduled_run_has_the_templates_values_typed(run_type):
    assert values_of(run_type) == {"day": "2026-01-01", "top": 7}


def test_what_the_user_gave_wins():
    assert values_of("scheduled", {"top": 1}) == {"day": "2026-01-01", "top": 1}


@pytest.mark.parametrize(
    ("templates", "rendered", "message"),
    [
        ({"day": "{{ no }}"}, {}, "the scheduled value `{{ no }}` of parameter `day` cannot be rendered"),
        ({"top": "{{ n }}"}, {"{{ n }}": "seven"}, "gives 'seven' in this run: no value of type integer"),
        ({"top": "{{ n }}"}, {"{{ n }}": "7.5"}, "gives '7.5' in this run: 7.5 is not of type integer"),
    ],
)
def test_a_scheduled_value_that_does_not_fit_is_refused(templates, rendered, message):
    with pytest.raises(ParameterError) as refused:
        values_of("scheduled", templates=templates, rendered=rendered)
    assert message in str(refused.value)


def test_a_parameter_that_the_dag_lacks_is_named():
    context = {"dag_run": SimpleNamespace(run_type="manual", conf=None), "params": {}}
    with pytest.raises(ParameterError, match="reads parameter `day`, and the DAG has no param of that name"):
        run_parameters(["day"], {}, context, Params(), str)


# Progress

BODY = CellOrigin("body", 7, "ab12")


def test_a_cell_is_logged_with_its_output_and_its_share():
    log, notes = Log(), []
    report = ProgressReporter("clean", log, notes.append)
    for event in (
        KernelStarted("python3", 17),
        CellStarted(3, 12, BODY),
        OutputLine(3, "stdout", "100 % done"),
        OutputLine(3, "stderr", "careful"),
        CellFinished(3, 12, 0.25, True, BODY),
    ):
        report(event)
    assert log.lines == [
        (20, "kernel python3 started (process 17)"),
        (20, "cell 3/12 clean: notebook cell 7"),
        (20, "100 % done"),
        (30, "careful"),
        (20, "cell 3/12 clean 25 % in 0.25 s"),
    ]
    assert notes == [{"cell": 3, "of": 12, "percent": 16, "status": "running", "notebook_cell": 7}]


def test_progress_is_noted_once_a_second_and_at_the_end():
    notes, now = [], [0.0]
    report = ProgressReporter("clean", Log(), notes.append, clock=lambda: now[0])
    for number in range(1, 5):
        report(CellStarted(number, 4, BODY))
        now[0] += 0.4
        report(CellFinished(number, 4, 0.4, True, BODY))
    assert [(note["cell"], note["status"]) for note in notes] == [(1, "running"), (4, "running"), (4, "completed")]


def test_a_failed_cell_is_noted_at_once():
    log, notes = Log(), []
    report = ProgressReporter("clean", log, notes.append)
    report(CellStarted(1, 2, BODY))
    report(CellFinished(1, 2, 1.5, False, BODY))
    assert log.lines[-1] == (40, "cell 1/2 clean failed after 1.50 s")
    assert notes[-1] == {"cell": 1, "of": 2, "percent": 0, "status": "failed", "notebook_cell": 7}


def test_a_cell_that_skips_its_task_is_no_failure_in_the_log():
    log, notes = Log(), []
    report = ProgressReporter("clean", log, notes.append)
    report(CellStarted(1, 2, BODY))
    report(CellFinished(1, 2, 1.5, False, BODY, "AirflowSkipException"))
    assert log.lines[-1] == (20, "cell 1/2 clean skips the task")
    assert notes[-1]["status"] == "skipped"


def test_output_can_be_left_out_of_the_log():
    log = Log()
    report = ProgressReporter("clean", log, lambda _: None, shows_output=False)
    for event in (CellStarted(1, 2, BODY), OutputLine(1, "stdout", "rows"), OutputCut(1, 5)):
        report(event)
    assert [text for _, text in log.lines] == ["cell 1/2 clean: notebook cell 7"]


def test_progress_that_cannot_be_stored_does_not_stop_the_task():
    def refuse(note):
        raise RuntimeError("no such table")

    log = Log()
    report = ProgressReporter("clean", log, refuse)
    for number in (1, 2):
        report(CellStarted(number, 2, None))
        report(CellFinished(number, 2, 0.1, True, None))
    warnings = [text for level, text in log.lines if level == 30]
    assert warnings == ["progress cannot be stored, and is left out from here on: no such table"]


def test_progress_goes_to_the_state_store_where_there_is_one():
    noted = {}
    store = SimpleNamespace(set=noted.__setitem__)
    publisher({"task_state_store": store, "ti": None})({"cell": 1})
    pushed = []
    publisher({"ti": SimpleNamespace(xcom_push=lambda **what: pushed.append(what))})({"cell": 1})
    assert noted == {"progress": {"cell": 1}}
    assert pushed == [{"key": "nb2dag_progress", "value": {"cell": 1}}]


def test_the_plugin_that_all_of_airflow_loads_imports_no_web_server(tmp_path):
    code = """
import json, sys
from airflow.sdk import BaseOperator
from nb2dag.airflow.plugin import NotebookPlugin
heavy = [name for name in ("fastapi", "airflow.api_fastapi.app", "markdown_it") if name in sys.modules]
(view,) = NotebookPlugin.external_views
print(json.dumps([heavy, view["destination"], view["href"], NotebookPlugin.fastapi_apps[0]["url_prefix"]]))
"""
    heavy, destination, href, prefix = json.loads(in_airflow(code, tmp_path).splitlines()[-1])
    assert (heavy, destination, prefix) == ([], "task_instance", "/nb2dag")
    assert href == "nb2dag/notebook/{DAG_ID}/{RUN_ID}/{TASK_ID}/{MAP_INDEX}"


def test_where_airflow_has_no_tabs_the_plugin_offers_nothing_and_the_button_leads_to_the_file(tmp_path):
    # What `AirflowPlugin` is in Airflow 3.0.
    code = """
import sys, types
stand_in = types.ModuleType("airflow.plugins_manager")
stand_in.AirflowPlugin = type("AirflowPlugin", (), {"fastapi_apps": []})
sys.modules["airflow.plugins_manager"] = stand_in
from nb2dag.airflow.plugin import NotebookPlugin
from nb2dag.airflow.links import ExecutedNotebookLink
assert NotebookPlugin.fastapi_apps == NotebookPlugin.external_views == []
operator = types.SimpleNamespace(output_nb="s3://bucket/a.ipynb")
print(ExecutedNotebookLink().get_link(operator, ti_key=None))
"""
    assert in_airflow(code, tmp_path).splitlines()[-1] == "s3://bucket/a.ipynb"
