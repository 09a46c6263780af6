"""Values cross from task to task as the load and save cells of a task notebook hand them over."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nb2dag.runtime as _nb2dag
from nb2dag.runtime.failures import HandoffError, StoreError
from nb2dag.runtime.formats import JOB_VARIABLE, Job, PointerManifest

RUN_ID = "manual__2026-01-01T00:00:00+00:00"


class Run:
    """A DAG run whose tasks are this process, one after the other."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._monkeypatch = folder, monkeypatch
        self.store = str(folder / "store")
        self.manifests: dict[str, PointerManifest] = {}

    def begin(self, task_id: str, **changes: object) -> None:
        job = Job("sales", RUN_ID, task_id, 1, self.store, "bundle-1", str(self.folder / f"{task_id}.json"))
        job = replace(job, inputs=dict(self.manifests), **changes)
        path = self.folder / f"{task_id}.job.json"
        path.write_text(json.dumps(job.to_json()))
        self._monkeypatch.setenv(JOB_VARIABLE, str(path))

    def end(self, task_id: str) -> PointerManifest:
        manifest = PointerManifest.from_json(json.loads((self.folder / f"{task_id}.json").read_text()))
        self.manifests[task_id] = manifest
        return manifest

    def object_file(self, task_id: str, key: str) -> Path:
        return Path(self.store, self.manifests[task_id].objects[key].path)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(tmp_path, monkeypatch)


def notebook(source: str = "", **values: object) -> dict:
    namespace: dict = {"__name__": "__main__", **values}
    exec(textwrap.dedent(source), namespace)
    return namespace


def hand_over(run: Run, producer: dict, consumer: dict, key: str, *names: str, **options: object) -> None:
    run.begin("extract")
    _nb2dag.save(producer, key, *names, **options)
    run.end("extract")
    run.begin("clean")
    _nb2dag.load(consumer, "extract", key, *names, **options)


def test_key_is_the_name_where_no_name_is_given(run: Run) -> None:
    consumer = notebook()
    hand_over(run, notebook(rows=[1, 2]), consumer, "rows")
    assert consumer["rows"] == [1, 2]


def test_an_alias_group_keeps_its_identities(run: Run) -> None:
    consumer = notebook()
    rows = [1]
    hand_over(run, notebook(rows=rows, also=rows, box={"rows": rows}), consumer, "rows", "rows", "also", "box")
    assert consumer["rows"] is consumer["also"]
    assert consumer["rows"] is consumer["box"]["rows"]


def test_only_the_named_names_are_bound(run: Run) -> None:
    run.begin("extract")
    _nb2dag.save(notebook(a=1, b=2), "a", "a", "b")
    run.end("extract")
    run.begin("clean")
    consumer = notebook(b="mine")
    _nb2dag.load(consumer, "extract", "a", "a")
    assert (consumer["a"], consumer["b"]) == (1, "mine")


def test_an_optional_name_may_be_unbound(run: Run) -> None:
    consumer = notebook()
    hand_over(run, notebook(model=1), consumer, "model", "model", optional=("cache",))
    assert consumer["model"] == 1
    assert "cache" not in consumer
    assert run.manifests["extract"].objects["model"].names == ("model",)


def test_a_group_of_optional_names_alone(run: Run) -> None:
    consumer = notebook()
    hand_over(run, notebook(), consumer, "cache", optional=("cache",))
    assert "cache" not in consumer


def test_an_unbound_name_is_an_error_that_names_task_and_name(run: Run) -> None:
    run.begin("extract")
    with pytest.raises(HandoffError, match="task `extract` hands over `df`, which is not bound"):
        _nb2dag.save(notebook(), "df")


def test_the_state_of_the_global_generators(run: Run) -> None:
    random.seed(1)
    np.random.seed(2)
    run.begin("extract")
    _nb2dag.save(notebook(), "<random>")
    _nb2dag.save(notebook(), "<numpy.random>")
    run.end("extract")
    expected = random.random(), np.random.rand()
    run.begin("clean")
    _nb2dag.load(notebook(), "extract", "<random>")
    _nb2dag.load(notebook(), "extract", "<numpy.random>")
    assert (random.random(), np.random.rand()) == expected


def test_the_store_path_is_dag_run_task_index_attempt_and_digest(run: Run) -> None:
    run.begin("extract")
    _nb2dag.save(notebook(a=1), "a")
    stored = run.end("extract").objects["a"]
    assert stored.path == f"sales/manual__2026-01-01T00%3A00%3A00%2B00%3A00/extract/-1/try-1/{stored.digest}"
    assert run.object_file("extract", "a").stat().st_size == stored.size


def test_the_manifest_lists_every_save_and_the_packages(run: Run) -> None:
    run.begin("extract")
    _nb2dag.save(notebook(a=1), "a")
    _nb2dag.save(notebook(df=pd.DataFrame({"x": [1]})), "df")
    manifest = run.end("extract")
    assert sorted(manifest.objects) == ["a", "df"]
    assert manifest.packages["pandas"] == pd.__version__
    assert manifest.bundle == "bundle-1"


def test_a_loaded_frame_is_writable_and_the_store_unchanged(run: Run) -> None:
    frame = pd.DataFrame({"x": np.arange(100_000.0)})
    consumer = notebook()
    hand_over(run, notebook(df=frame), consumer, "df")
    before = run.object_file("extract", "df").read_bytes()
    consumer["df"]["x"].to_numpy()
    consumer["df"].loc[0, "x"] = -1.0
    assert consumer["df"].loc[0, "x"] == -1.0
    assert run.object_file("extract", "df").read_bytes() == before
    again = notebook()
    _nb2dag.load(again, "extract", "df")
    pd.testing.assert_frame_equal(again["df"], frame)


def test_saving_the_same_value_twice_leaves_the_object_alone(run: Run) -> None:
    run.begin("extract")
    _nb2dag.save(notebook(a=[1]), "a")
    run.end("extract")
    first = run.object_file("extract", "a").stat()
    _nb2dag.save(notebook(a=[1]), "a")
    run.end("extract")
    assert run.object_file("extract", "a").stat().st_ino == first.st_ino
    assert len(list(run.object_file("extract", "a").parent.iterdir())) == 1


DAMAGES = {
    "missing": (lambda path: path.unlink(), "there is no such file"),
    "truncated": (lambda path: os.truncate(path, path.stat().st_size - 1), "bytes, and"),
    "empty": (lambda path: os.truncate(path, 0), "it has 0 bytes"),
    "header": (lambda path: _flip(path, 20), "its header is not the one that was written"),
    "magic": (lambda path: _flip(path, 0), "it is not an nb2dag object"),
    "payload": (lambda path: _flip(path, -5), "a checksum differs"),
}


def _flip(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_object_names_producer_value_path_and_remedy(run: Run, damage: str) -> None:
    run.begin("extract")
    _nb2dag.save(notebook(df=np.arange(10_000)), "df")
    run.end("extract")
    path = run.object_file("extract", "df")
    harm, why = DAMAGES[damage]
    harm(path)
    run.begin("clean")
    with pytest.raises(HandoffError) as caught:
        _nb2dag.load(notebook(), "extract", "df")
    assert f"`df` of task `extract` ({path})" in str(caught.value)
    assert why in str(caught.value)
    assert "clear from `extract`" in str(caught.value)


def test_a_bundle_changed_in_mid_run(run: Run) -> None:
    run.begin("extract")
    _nb2dag.save(notebook(a=1), "a")
    run.end("extract")
    run.begin("clean", bundle="bundle-2")
    with pytest.raises(HandoffError, match=r"the bundle changed in mid-run.*clear from `extract`"):
        _nb2dag.load(notebook(), "extract", "a")


def test_an_object_of_another_bundle_behind_a_right_manifest(run: Run) -> None:
    run.begin("extract", bundle="bundle-2")
    _nb2dag.save(notebook(a=1), "a")
    run.manifests["extract"] = replace(run.end("extract"), bundle="bundle-1")
    run.begin("clean")
    with pytest.raises(HandoffError, match="the bundle changed in mid-run; clear from `extract`"):
        _nb2dag.load(notebook(), "extract", "a")


@pytest.mark.parametrize(
    ("python", "packages", "message"),
    [
        ("3.1.4", {}, r"was saved by Python 3\.1\.4, and this is Python 3\."),
        ("PyPy 3.11.1", {}, r"was saved by Python PyPy 3\.11\.1"),
        (None, {"pandas": "1.5.3"}, r"was saved with pandas 1\.5\.3, and here is pandas"),
        (None, {"cloudpickle": "0.9.0"}, r"was saved with cloudpickle 0\.9\.0"),
        (None, {"no_such_package": "1.0"}, r"needs the package `no_such_package` \(1\.0\)"),
    ],
)
def test_a_value_of_an_incompatible_interpreter(
    run: Run, monkeypatch: pytest.MonkeyPatch, python: str | None, packages: dict[str, str], message: str
) -> None:
    run.begin("extract")
    with monkeypatch.context() as patched:
        if python is not None:
            patched.setattr("nb2dag.runtime.versions.python", lambda: python)
        patched.setattr("nb2dag.runtime.versions.of_packages", lambda names: packages)
        _nb2dag.save(notebook(a=1), "a")
    run.end("extract")
    run.begin("clean")
    with pytest.raises(HandoffError, match=message):
        _nb2dag.load(notebook(), "extract", "a")


def test_a_task_that_handed_over_nothing(run: Run) -> None:
    run.begin("clean")
    with pytest.raises(HandoffError, match="task `clean` was given nothing from task `extract`"):
        _nb2dag.load(notebook(), "extract", "a")
    run.begin("extract")
    _nb2dag.save(notebook(a=1), "a")
    run.end("extract")
    run.begin("clean")
    with pytest.raises(HandoffError, match="task `extract` handed over no `b`"):
        _nb2dag.load(notebook(), "extract", "b")
    with pytest.raises(HandoffError, match="task `extract` handed over no `b` in `a`"):
        _nb2dag.load(notebook(), "extract", "a", "a", "b")


def test_a_notebook_opened_by_hand_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(JOB_VARIABLE, raising=False)
    with pytest.raises(HandoffError, match="open the notebook it was compiled from instead"):
        _nb2dag.load(notebook(), "extract", "a")
    with pytest.raises(HandoffError, match="open the notebook it was compiled from instead"):
        _nb2dag.save(notebook(a=1), "a")


def test_a_job_file_that_is_gone_or_not_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(JOB_VARIABLE, str(tmp_path / "gone.json"))
    with pytest.raises(HandoffError, match=r"job file .*gone\.json, which cannot be read"):
        _nb2dag.save(notebook(a=1), "a")
    (tmp_path / "old.json").write_text('{"version": 0}')
    monkeypatch.setenv(JOB_VARIABLE, str(tmp_path / "old.json"))
    with pytest.raises(HandoffError, match="a job file of version 0"):
        _nb2dag.save(notebook(a=1), "a")


def test_a_store_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    run.store = str(tmp_path / "file" / "store")
    run.begin("extract")
    with pytest.raises(StoreError, match=r"cannot write to the handoff store .*NB2DAG_STORE"):
        _nb2dag.save(notebook(a=1), "a")


def test_a_store_that_is_not_there(run: Run) -> None:
    run.begin("extract")
    _nb2dag.save(notebook(a=1), "a")
    run.end("extract")
    run.store = str(run.folder / "elsewhere")
    run.begin("clean")
    with pytest.raises(HandoffError, match=r"elsewhere/sales.*is missing or damaged"):
        _nb2dag.load(notebook(), "extract", "a")


def test_a_remote_store(run: Run) -> None:
    run.store = "memory://handoffs/prefix"
    frame = pd.DataFrame({"x": np.arange(50_000.0), "s": ["a"] * 50_000})
    consumer = notebook()
    hand_over(run, notebook(df=frame), consumer, "df")
    consumer["df"].loc[0, "x"] = 5.0
    frame.loc[0, "x"] = 5.0
    pd.testing.assert_frame_equal(consumer["df"], frame)


def test_a_remote_store_without_its_object_or_protocol(run: Run) -> None:
    run.store = "memory://handoffs/other"
    run.begin("extract")
    _nb2dag.save(notebook(a=1), "a")
    run.end("extract")
    run.store = "memory://handoffs/gone"
    run.begin("clean")
    with pytest.raises(HandoffError, match=r"memory://handoffs/gone/sales.*there is no such file"):
        _nb2dag.load(notebook(), "extract", "a")
    run.store = "nosuch://handoffs"
    run.begin("clean")
    with pytest.raises(StoreError, match="nosuch://handoffs is no folder and no URL that fsspec knows"):
        _nb2dag.load(notebook(), "extract", "a")


def test_the_return_value_goes_into_the_manifest(run: Run) -> None:
    run.begin("compare")
    _nb2dag.save(notebook(a=1), "a")
    _nb2dag.save_return(notebook(best={"auc": np.float64(0.5), "n": np.int64(3), "names": ["a", None, True]}), "best")
    manifest = run.end("compare")
    assert manifest.returned == {"auc": 0.5, "n": 3, "names": ["a", None, True]}
    assert type(manifest.returned["auc"]) is float
    assert "a" in manifest.objects


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ((1, 2), "`best` is of type tuple, which is not JSON: use `list"),
        ({"a": {1: 2}}, r"`best\['a'\]` has the key 1"),
        ([pd.Timestamp("2026-01-01")], r"`best\[0\]` is of type Timestamp, which is not JSON: use `.isoformat"),
        (np.arange(3), "of type ndarray, which is not JSON: use `.tolist"),
        (float("nan"), "`best` is nan, which JSON does not know"),
        (np.float64("inf"), "`best` is inf, which JSON does not know"),
        ("x" * 70_000, "70,002 bytes of JSON, and a return value may have 65,536"),
    ],
)
def test_a_return_value_that_xcom_would_change(run: Run, value: object, message: str) -> None:
    run.begin("compare")
    with pytest.raises(HandoffError, match=f"task `compare` cannot return `best`: .*{message}"):
        _nb2dag.save_return(notebook(best=value), "best")


def test_a_return_value_that_holds_itself(run: Run) -> None:
    best: list = []
    best.append(best)
    run.begin("compare")
    with pytest.raises(HandoffError, match="it holds itself"):
        _nb2dag.save_return(notebook(best=best), "best")


def test_a_save_killed_in_the_middle_leaves_nothing_that_a_reader_sees(run: Run) -> None:
    run.begin("extract")
    code = "import numpy as np, nb2dag.runtime as r; a = np.ones(40_000_000); r.save({'a': a}, 'a')"
    process = subprocess.Popen([sys.executable, "-c", code])
    folder = Path(run.store)
    deadline = time.monotonic() + 60
    while not list(folder.rglob(".partial-*")) and time.monotonic() < deadline:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (run.folder / "extract.json").exists()
    assert all(path.name.startswith(".partial-") for path in folder.rglob("*") if path.is_file())
    consumer = notebook()
    hand_over(run, notebook(a=[1]), consumer, "a")
    assert consumer["a"] == [1]
