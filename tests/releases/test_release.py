"""What holds in every Airflow release that has a dialect: parse, serialise, run, progress, links, no deprecation.

`make test` runs this on the newest Airflow, `make test-airflow-matrix` on each release, in environments that have
nothing but the built wheel, that Airflow and pytest.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from nb2dag.compiler.backend.dialects import DIALECTS
from support.airflow_home import Airflow, Run, new_airflow
from support.releases import INFLATION_CHECK, RELEASE, STATE_STORE, TABS, compile_examples

DAG_IDS = ("daily_sales", "digit_models", "seattle_weather", "wine_kinds")

FACTS = """
import json, sys, warnings

ours = []

def note(message, category, filename, lineno, file=None, line=None):
    if "nb2dag" in filename or filename.startswith(sys.argv[1]):
        ours.append(f"{filename}:{lineno}: {category.__name__}: {message}")

# Airflow 3.0 and 3.1 import deprecated names of their own: it is who causes a warning that counts.
warnings.simplefilter("always")
warnings.showwarning = note
try:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization as Serialized
except ImportError:
    from airflow.models.dagbag import DagBag
    from airflow.serialization.serialized_objects import SerializedDAG as Serialized

bag = DagBag(sys.argv[1])
facts = {"errors": bag.import_errors, "notes": [str(found) for found in getattr(bag, "dag_warnings", ())], "dags": {}}
for dag in bag.dags.values():
    serialized = Serialized.to_dict(dag)
    again = Serialized.from_dict(json.loads(json.dumps(serialized)))
    links = {task.task_id: [link.name for link in task.operator_extra_links] for task in dag.tasks}
    facts["dags"][dag.dag_id] = {
        "upstream": {task.task_id: sorted(task.upstream_task_ids) for task in again.tasks},
        "timetable": type(again.timetable).__name__,
        "links": sorted({name for names in links.values() for name in names}),
    }
facts["ours"] = ours
try:
    # Since 3.2 the DAG processor asks this of a file before it parses it.
    from airflow.utils.dag_version_inflation_checker import check_dag_file_stability
except ImportError:
    facts["inflated"] = None
else:
    files = [dag.fileloc for dag in bag.dags.values()]
    facts["inflated"] = [file for file in files if check_dag_file_stability(file).get_error_format_dict(file, None)]
facts["heavy"] = [name for name in ("IPython", "nb2dag.compiler", "nbformat", "papermill") if name in sys.modules]
print("\\n" + json.dumps(facts))
"""


def look_at(airflow: Airflow, dags: Path) -> dict:
    """Return what a real DagBag of this release finds in a folder."""
    environment = airflow.environment | {"AIRFLOW__DAG_PROCESSOR__DAG_VERSION_INFLATION_CHECK_LEVEL": "error"}
    command = [sys.executable, "-c", FACTS, str(dags)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    """A home with the examples, compiled for this release."""
    home = tmp_path_factory.mktemp("release")
    compile_examples(home / "dags", "--airflow", RELEASE)
    return new_airflow(home)


@pytest.fixture(scope="module")
def facts(airflow: Airflow) -> dict:
    return look_at(airflow, airflow.home / "dags")


@pytest.fixture(scope="module")
def run(airflow: Airflow) -> Run:
    with airflow.start("wine_kinds") as process:
        log = process.communicate()[0]
    return airflow.result("wine_kinds", log)


def test_there_is_a_dialect_for_this_release() -> None:
    assert RELEASE in DIALECTS


def test_every_dag_is_imported_without_a_word(facts: dict) -> None:
    assert (facts["errors"], facts["notes"], facts["ours"], facts["heavy"]) == ({}, [], [], [])
    assert sorted(facts["dags"]) == list(DAG_IDS)


def test_the_graph_survives_serialisation(facts: dict) -> None:
    wines = facts["dags"]["wine_kinds"]
    assert wines["upstream"]["cluster"] == ["choose_number", "scale"]
    assert {dag["timetable"] for dag in facts["dags"].values()} == {"CronTriggerTimetable"}


def test_the_oldest_dialect_says_as_little(airflow: Airflow) -> None:
    """It is what `compile` writes unless told otherwise, whatever Airflow will read it."""
    dags = airflow.home / "oldest"
    compile_examples(dags)
    facts = look_at(airflow, dags)
    assert (facts["errors"], facts["notes"], facts["ours"]) == ({}, [], [])
    assert sorted(facts["dags"]) == list(DAG_IDS)


def test_no_dag_has_another_version_at_every_parse(airflow: Airflow, facts: dict) -> None:
    """`dag_version_inflation_check_level = error` lets them pass, and would not let everything pass."""
    if not INFLATION_CHECK:
        assert facts["inflated"] is None
        return
    assert facts["inflated"] == []
    dags = airflow.home / "inflated"
    dags.mkdir()
    text = (
        "from datetime import datetime\nfrom airflow.sdk import DAG\n"
        "dag = DAG('d', schedule=None, start_date=datetime.now())"
    )
    (dags / "d.py").write_text(text, encoding="utf-8")
    assert look_at(airflow, dags)["inflated"] == [str(dags / "d.py")]


def test_a_dag_runs(run: Run) -> None:
    assert run.state == "success", run.log
    assert set(run.tasks.values()) == {"success"}


def test_nothing_of_ours_is_deprecated_while_it_runs(run: Run) -> None:
    ours = [line for line in run.log.splitlines() if "Deprecat" in line and ("nb2dag" in line or "wine_kinds" in line)]
    assert ours == []


def test_the_executed_notebook_is_kept_and_linked(run: Run, facts: dict) -> None:
    assert facts["dags"]["wine_kinds"]["links"] == ["Executed notebook"]
    (link,) = (value for name, value in run.xcoms.items() if name.startswith("cluster._link_"))
    assert str(link).endswith("/tasks/cluster/plugin/nb2dag" if TABS else "/cluster/-1/try-1.ipynb")
    assert "execution_count" in run.notebook("cluster")


def test_the_asked_for_value_is_in_xcom(run: Run) -> None:
    assert isinstance(run.xcoms["compare_with_growers.return_value"], int | float | dict)


def test_progress_is_where_this_release_has_a_place_for_it(airflow: Airflow, run: Run) -> None:
    in_xcom = {name: value for name, value in run.xcoms.items() if name.endswith(".nb2dag_progress")}
    if not STATE_STORE:
        notes = {name.partition(".")[0]: value for name, value in in_xcom.items()}
    else:
        assert in_xcom == {}
        with closing(sqlite3.connect(airflow.home / "airflow.db")) as database:
            rows = database.execute("select task_id, value from task_state_store where key = 'progress'").fetchall()
        notes = {task_id: json.loads(value) for task_id, value in rows}
    assert notes.keys() == run.tasks.keys()
    assert all(note["status"] == "completed" and note["percent"] == 100 for note in notes.values())
