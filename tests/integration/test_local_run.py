"""Bundles run without Airflow: real processes, real kernels, real handoffs; the plans are made by hand."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from datetime import timedelta

import psutil
import pytest

from nb2dag.compiler.bundle import build_bundle, write_bundle
from nb2dag.errors import Nb2dagError
from nb2dag.local.events import TaskEnded, TaskOutput, TaskProgress, TaskRetrying, TaskStarted
from nb2dag.local.layout import KEEP_DAYS, RunFolder, new_run_folder, prune
from nb2dag.local.run import RunOptions, run_bundle
from nb2dag.model.plan import CellPurpose, CodeCell, DagPlan, Load, LoadCell, ParamPlan, Save, SaveCell, TaskPlan
from support.oracle import compile_cells


def task(task_id, source, *, number, loads=(), saves=(), upstream=(), parameters=(), **options):
    source = textwrap.dedent(source).strip()
    lines = tuple(range(2, 2 + source.count("\n") + 1))
    cells = [CodeCell(CellPurpose.PARAMETERS, f"{name} = None", 1, "params", (1,)) for name in parameters]
    cells.append(LoadCell(tuple(Load(producer, name, (name,)) for producer, name in loads)))
    cells.append(CodeCell(CellPurpose.BODY, source, number, f"id-{number}", lines))
    cells.append(SaveCell(tuple(Save(name, (name,)) for name in saves), number, f"id-{number}"))
    everything = tuple(sorted({*upstream, *(producer for producer, _ in loads)}))
    return TaskPlan(task_id, tuple(cells), everything, options, tuple(parameters), (number,))


def run(tmp_path, *tasks, dag_params=(), on_event=lambda _: None, **options):
    plan = DagPlan("demo", "demo.ipynb", "sha256:" + "0" * 64, tasks, params=dag_params, kernel_name="python3")
    folder = new_run_folder(tmp_path)
    write_bundle(build_bundle(plan, tmp_path), folder.bundle)
    return run_bundle(folder.bundle, folder, RunOptions(**options), on_event)


def states(result):
    return {one.task_id: one.state.value for one in result.tasks}


def sources(path):
    return [output for cell in json.loads(path.read_text("utf-8"))["cells"] for output in cell.get("outputs", ())]


def test_values_travel_and_events_tell_it(tmp_path):
    events = []
    result = run(
        tmp_path,
        task("extract", "rows = list(range(n))\nprint(len(rows), 'rows')", number=2, saves=["rows"], parameters=["n"]),
        task("total", "total = sum(rows)", number=3, loads=[("extract", "rows")], saves=["total"]),
        task("count", "count = len(rows)", number=4, loads=[("extract", "rows")], saves=["count"]),
        task("report", "print(total / count)", number=5, loads=[("total", "total"), ("count", "count")]),
        dag_params=(ParamPlan("n", 3, ("integer",)),),
        on_event=events.append,
    )
    assert states(result) == dict.fromkeys(["extract", "total", "count", "report"], "success")
    assert result.ok
    assert [event.text for event in events if isinstance(event, TaskOutput)] == ["3 rows", "1.0"]
    assert TaskStarted("extract", 1, 1) in events
    assert any(isinstance(event, TaskProgress) and event.task_id == "report" and event.cell == 5 for event in events)
    order = [event.task_id for event in events if isinstance(event, TaskEnded)]
    assert order[0] == "extract"
    assert order[-1] == "report"
    assert all(one.notebook.is_file() and one.seconds > 0 for one in result.tasks)
    assert any(output.get("text") in ("1.0\n", ["1.0\n"]) for output in sources(result.task("report").notebook))
    record = json.loads((result.folder / "run.json").read_text("utf-8"))
    assert [one["state"] for one in record["tasks"]] == ["success"] * 4
    assert (tmp_path / ".nb2dag" / ".gitignore").read_text("utf-8") == "*\n"


def test_params_output_folder_and_store(tmp_path):
    options = {"store": str(tmp_path / "elsewhere"), "jobs": 1, "notebooks": tmp_path / "executed"}
    only = task("extract", "assert n == 5, n\nrows = [n]", number=2, saves=["rows"], parameters=["n"])
    param = ParamPlan("n", 3, ("integer",))
    with pytest.raises(Nb2dagError, match="no param `m`: its params are `n`"):
        run(tmp_path, only, dag_params=(param,), params={"m": 1}, **options)
    result = run(tmp_path, only, dag_params=(param,), params={"n": 5}, **options)
    assert states(result) == {"extract": "success"}
    assert result.task("extract").notebook == tmp_path / "executed" / "extract.ipynb"
    assert [path.is_file() for path in (tmp_path / "elsewhere").rglob("*")].count(True) >= 1
    assert not (tmp_path / ".nb2dag" / "store").exists()


def test_a_failure_names_cell_and_line_and_trigger_rules_decide_the_rest(tmp_path):
    result = run(
        tmp_path,
        task("bad", "x = 1\nraise KeyError('nothing here')", number=7),
        task("after", "print(1)", number=8, upstream=["bad"]),
        task("further", "print(1)", number=9, upstream=["after"]),
        task("cleanup", "print('swept')", number=10, upstream=["bad"], trigger_rule="all_done"),
        task("alarm", "print('ring')", number=11, upstream=["cleanup"], trigger_rule="one_failed"),
        task("below", "print('below')", number=12, upstream=["alarm"]),
        task("anyway", "print('anyway')", number=13, upstream=["alarm", "cleanup"], trigger_rule="none_failed"),
    )
    assert states(result) == {
        "bad": "failed",
        "after": "upstream_failed",
        "further": "upstream_failed",
        "cleanup": "success",
        "alarm": "skipped",
        "below": "skipped",
        "anyway": "success",
    }
    assert not result.ok
    failure = result.task("bad").failure
    assert (failure.cell, failure.line) == (7, 3)
    assert "nothing here" in failure.message
    assert any(output["output_type"] == "error" for output in sources(result.task("bad").notebook))


def test_retries_keep_the_notebook_of_each_try(tmp_path):
    events = []
    marker = tmp_path / "marker"
    source = f"""
    from pathlib import Path
    marker = Path({str(marker)!r})
    if not marker.exists():
        marker.touch()
        raise ValueError("the first time")
    done = True
    """
    result = run(
        tmp_path,
        task("flaky", source, number=2, saves=["done"], retries=2, retry_delay=timedelta(seconds=0.2)),
        task("after", "assert done", number=3, loads=[("flaky", "done")]),
        on_event=events.append,
    )
    assert states(result) == {"flaky": "success", "after": "success"}
    assert result.task("flaky").attempts == 2
    assert result.task("flaky").failure is None
    assert sorted(path.name for path in result.notebooks.iterdir()) == [
        "after.ipynb",
        "flaky.ipynb",
        "flaky.try-1.ipynb",
    ]
    (retry,) = [event for event in events if isinstance(event, TaskRetrying)]
    assert (retry.attempt, retry.attempts, retry.delay) == (1, 3, 0.2)
    assert "the first time" in retry.failure.message


def _command(process):
    """Return a process's command line, empty where it has ended and is only not yet waited for."""
    try:
        return " ".join(process.cmdline())
    except psutil.ZombieProcess:
        return ""


def test_what_cannot_go_well_fails_with_a_reason(tmp_path):
    def kill_worker(event):
        if event == TaskOutput("killed", "stdout", "kill me"):
            workers = [child for child in psutil.Process().children() if "killed" in _command(child)]
            assert len(workers) == 1
            workers[0].kill()

    result = run(
        tmp_path,
        task("slow", "import time\ntime.sleep(60)", number=2, timeout=timedelta(seconds=1)),
        task("dead", "import os\nos._exit(3)", number=3),
        task("killed", "print('kill me', flush=True)\nimport time\ntime.sleep(60)", number=4),
        on_event=kill_worker,
    )
    assert states(result) == {"slow": "failed", "dead": "failed", "killed": "failed"}
    assert "1" in result.task("slow").failure.message
    assert result.task("slow").seconds < 30
    assert result.task("slow").notebook.is_file()
    assert "the notebook's process ended with exit code 3" in result.task("dead").failure.message
    assert "was ended by SIGKILL" in result.task("killed").failure.message
    assert "log.txt" in result.task("killed").failure.message


def test_a_cell_can_skip_its_task_or_give_it_up(tmp_path):
    mine = "class {0}(Exception): pass\nraise {0}('as it is')"
    result = run(
        tmp_path,
        task("skips", mine.format("AirflowSkipException"), number=2, retries=2),
        task("after", "print('unheard')", upstream=("skips",), number=3),
        task("hopeless", mine.format("AirflowFailException"), number=4, retries=2),
    )
    assert states(result) == {"skips": "skipped", "after": "skipped", "hopeless": "failed"}
    assert [result.task(name).attempts for name in ("skips", "hopeless")] == [1, 1]
    assert "in cell 4, line 3: AirflowFailException: as it is" in result.task("hopeless").failure.message


def test_a_missing_kernel_is_named_before_anything_runs(tmp_path):
    with pytest.raises(Nb2dagError, match="no-such-kernel"):
        run(
            tmp_path,
            task("fine", "print(1)", number=2),
            TaskPlan(
                "strange",
                (CodeCell(CellPurpose.BODY, "print(1)", 3, "c", (1,)),),
                source_cells=(3,),
                options={"kernel": "no-such-kernel"},
                kernel_name="no-such-kernel",
            ),
        )
    assert not list(tmp_path.rglob("notebooks/*.ipynb"))


def test_tasks_run_side_by_side(tmp_path):
    source = """
    import time
    from pathlib import Path
    folder = Path({!r})
    (folder / {!r}).touch()
    deadline = time.monotonic() + 120
    while not (folder / {!r}).exists():
        assert time.monotonic() < deadline, "the other task never began"
        time.sleep(0.05)
    """
    first = task("a", source.format(str(tmp_path), "a", "b"), number=2)
    second = task("b", source.format(str(tmp_path), "b", "a"), number=3)
    assert run(tmp_path, first, second, jobs=2).ok


def test_texts_have_one_hash_and_their_sets_one_order_in_all_tasks_of_a_run(tmp_path, monkeypatch):
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    make = """
        words = set("the quick brown fox jumps over the lazy dog".split()) | {"cat"}
        pairs = {(word, len(word)) for word in words}
        words.discard("quick")
        order, places, hashed = list(words), list(pairs), hash("dog")
    """
    names = ["words", "pairs", "order", "places", "hashed"]
    result = run(
        tmp_path,
        task("make", make, number=2, saves=names),
        task(
            "look",
            "assert (list(words), list(pairs), hash('dog')) == (order, places, hashed)",
            number=3,
            loads=[("make", name) for name in names],
        ),
    )
    assert states(result) == {"make": "success", "look": "success"}, sources(tmp_path)


def test_with_one_job_tasks_run_one_after_the_other(tmp_path):
    events = []
    tasks = [task(name, "print(1)", number=2) for name in "ab"]
    assert run(tmp_path, *tasks, jobs=1, on_event=events.append).ok
    order = [(type(event), event.task_id) for event in events if isinstance(event, TaskStarted | TaskEnded)]
    assert order == [(TaskStarted, "a"), (TaskEnded, "a"), (TaskStarted, "b"), (TaskEnded, "b")]


SCRIPT = """
import sys
from pathlib import Path
from nb2dag.local.layout import RunFolder
from nb2dag.local.run import run_bundle
folder = RunFolder(Path(sys.argv[1]), sys.argv[2])
def tell(event):
    print(event, flush=True)
result = run_bundle(folder.bundle, folder, on_event=tell)
print("interrupted", result.interrupted, [task.state.value for task in result.tasks], flush=True)
"""


@pytest.fixture
def sleeping(tmp_path):
    """A run in another process whose one task sleeps in a child of its own; yields it with every process it started."""
    source = """
    import subprocess, time
    child = subprocess.Popen(["sleep", "300"])
    print("asleep", flush=True)
    time.sleep(300)
    """
    plan = DagPlan(
        "demo",
        "demo.ipynb",
        "sha256:" + "0" * 64,
        (task("early", "print('early')", number=2), task("sleeper", source, number=3, upstream=["early"])),
        kernel_name="python3",
    )
    folder = new_run_folder(tmp_path)
    write_bundle(build_bundle(plan, tmp_path), folder.bundle)
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder.home), folder.run_id], stdout=subprocess.PIPE, text=True
    )
    assert any("asleep" in line for line in process.stdout)
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 3, family
    yield process, family, folder
    for member in family:
        if member.is_running():
            member.kill()
    process.kill()
    process.wait()
    process.stdout.close()


def gone(family, seconds):
    _, alive = psutil.wait_procs(family, seconds)
    return not [member for member in alive if member.status() != psutil.STATUS_ZOMBIE]


def test_ctrl_c_stops_everything_and_keeps_what_ran(sleeping):
    process, family, folder = sleeping
    process.send_signal(signal.SIGINT)
    rest = process.stdout.read()
    assert process.wait(30) == 0
    assert "interrupted True ['success', 'stopped']" in rest
    assert gone(family, 5)
    assert sorted(path.name for path in folder.notebooks.iterdir()) == ["early.ipynb", "sleeper.ipynb"]
    assert "asleep" in (folder.notebooks / "sleeper.ipynb").read_text("utf-8")


def test_a_run_that_is_killed_takes_its_tasks_along(sleeping):
    process, family, _ = sleeping
    process.kill()
    process.wait()
    assert gone(family, 30)


def test_a_folder_that_is_no_bundle(tmp_path):
    folder = RunFolder(tmp_path, "r")
    with pytest.raises(Nb2dagError, match="is no bundle"):
        run_bundle(tmp_path, folder)
    (tmp_path / "nb2dag.json").write_text('{"format": 99}', "utf-8")
    with pytest.raises(Nb2dagError, match="a bundle of format 99"):
        run_bundle(tmp_path, folder)
    (tmp_path / "nb2dag.json").write_text("[]", "utf-8")
    with pytest.raises(Nb2dagError, match="cannot be used"):
        run_bundle(tmp_path, folder)


def test_old_runs_are_removed_and_young_ones_stay(tmp_path):
    home = tmp_path / ".nb2dag"
    old = [home / "runs" / "old", home / "store" / "dag" / "old"]
    young = [home / "runs" / "young", home / "store" / "dag" / "young"]
    for path in (*old, *young):
        path.mkdir(parents=True)
    now = time.time()
    for path in old:
        os.utime(path, (now, now - (KEEP_DAYS + 1) * 86400))
    prune(home, now - KEEP_DAYS * 86400)
    assert [path.exists() for path in (*old, *young)] == [False, False, True, True]


def test_an_unforeseen_change_of_an_input_fails_the_task_that_made_it(tmp_path):
    # Made when it is imported, so that nobody can read in the file what the function does.
    text = "exec('def summarise(rows): rows.sort(); return len(rows)')"
    (tmp_path / "meddling.py").write_text(text)
    cells = (
        "from meddling import summarise",
        "#| task: load\nrows = [3, 1, 2]",
        "#| task: count\nn = summarise(rows)",
        "#| task: last\nprint(rows)",
    )
    results = {}
    for watched in (True, False):
        folder = new_run_folder(tmp_path)
        write_bundle(build_bundle(compile_cells(cells, tmp_path).plan, tmp_path), folder.bundle)
        results[watched] = run_bundle(folder.bundle, folder, RunOptions(fingerprints=watched))
    assert states(results[True]) == {"load": "success", "count": "failed", "last": "success"}
    failure = next(task.failure for task in results[True].tasks if task.failure is not None)
    assert failure.cell == 3
    assert "`count` changed `rows`" in failure.message
    assert "`last` reads `rows`" in failure.message
    assert results[False].ok
