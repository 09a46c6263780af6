"""A pulled notebook is connected to its folder: inputs, a working directory each time, and nothing outside."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import nb2dag.runtime as _nb2dag
from nb2dag.runtime import versions
from nb2dag.runtime.codecs import CODECS
from nb2dag.runtime.failures import HandoffError
from nb2dag.runtime.formats import JOB_VARIABLE, Job, PointerManifest
from nb2dag.runtime.objects import DamagedObjectError, Label, copy_object, write_object
from nb2dag.runtime.store import open_store


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A pulled folder whose task reads `rows` of `extract`; the test is in another folder."""
    monkeypatch.setenv(JOB_VARIABLE, "")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    place = tmp_path / "pulled"
    (place / "files").mkdir(parents=True)
    (place / "files/prices.csv").write_text("1\n2\n")
    (place / "files/prices.csv").chmod(0o444)
    stored = stored_rows(open_store(str(place / ".nb2dag/store")))
    inputs = {"extract": PointerManifest("extract", 1, "d1", "3.11.0", {"rows": stored})}
    job = Job("sales", "r1", "clean", 4, "", "d1", "", inputs=inputs)
    (place / ".nb2dag/job.json").write_text(json.dumps(job.to_json()))
    return place


def stored_rows(store):
    encoded = CODECS["pickle"].encode({"rows": [1, 2, 3]}, {})
    label = Label("rows", "extract", "d1", "pickle", versions.python(), {})
    return write_object(store, "sales/r1/extract/-1/try-1", label, encoded.payload, ("rows",))


def test_inputs_are_loaded_and_what_is_handed_over_stays_in_the_folder(folder, capsys):
    _nb2dag.connect(str(folder))
    assert Path.cwd() == folder / "attempts/1"
    assert "task `clean` of r1, working directory" in capsys.readouterr().out
    values: dict = {}
    _nb2dag.load(values, "extract", "rows")
    assert values["rows"] == [1, 2, 3]
    with Path("prices.csv").open("a") as file:
        file.write("3\n")
    values["total"] = 6
    _nb2dag.save(values, "total")
    manifest = json.loads((folder / ".nb2dag/attempts/1/manifest.json").read_text())
    place = manifest["objects"]["total"]["path"]
    assert place.startswith("sales/r1/clean/-1/try-1/")
    assert (folder / ".nb2dag/store" / place).exists()


def test_each_time_has_a_working_directory_of_its_own(folder):
    _nb2dag.connect(str(folder))
    Path("prices.csv").write_text("spoilt")
    Path("mine.txt").write_text("kept")
    _nb2dag.connect(str(folder))
    assert Path.cwd() == folder / "attempts/2"
    assert Path("prices.csv").read_text() == "1\n2\n"
    assert not Path("mine.txt").exists()
    assert (folder / "attempts/1/mine.txt").read_text() == "kept"


def test_without_files_the_working_directory_is_empty(folder):
    shutil.rmtree(folder / "files")
    _nb2dag.connect(str(folder))
    assert list(Path.cwd().iterdir()) == []


def test_a_folder_that_was_moved_is_found_from_inside(folder, tmp_path, monkeypatch):
    moved = tmp_path / "moved"
    folder.rename(moved)
    with pytest.raises(HandoffError, match="is no folder of a pulled notebook any more"):
        _nb2dag.connect(str(folder))
    monkeypatch.chdir(moved)
    _nb2dag.connect(str(folder))
    assert Path.cwd() == moved / "attempts/1"


def test_a_current_folder_that_is_gone_is_no_place_to_look(folder, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(HandoffError, match="is no folder of a pulled notebook any more"):
        _nb2dag.connect(str(tmp_path / "nowhere"))
    _nb2dag.connect(str(folder))
    assert Path.cwd() == folder / "attempts/1"


def test_a_job_of_another_nb2dag_is_refused(folder):
    (folder / ".nb2dag/job.json").write_text('{"version": 9}')
    with pytest.raises(HandoffError, match=r"a job file of version 9, not 1.*: use a kernel with the nb2dag that"):
        _nb2dag.connect(str(folder))
    assert not (folder / "attempts").exists()
    assert os.environ[JOB_VARIABLE] == ""


def test_an_object_is_copied_whole_and_checked(tmp_path):
    source, target = open_store(str(tmp_path / "a")), open_store(str(tmp_path / "b"))
    stored = stored_rows(source)
    copy_object(source, stored, target)
    copy_object(source, stored, target)
    assert (tmp_path / "b" / stored.path).read_bytes() == (tmp_path / "a" / stored.path).read_bytes()
    for path in ("../x", "/etc/passwd", "a//b", "a/./b"):
        with pytest.raises(DamagedObjectError, match="its path is none in a store"):
            copy_object(source, replace(stored, path=path), target)
