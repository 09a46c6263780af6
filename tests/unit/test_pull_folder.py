"""The folder of a pulled notebook appears whole or not at all, with the very files that ran beside it."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from nb2dag.local.pull.folder import require_free, write_folder
from nb2dag.local.pull.production import PullRefused
from nb2dag.local.pull.shipped import find_shipped
from nb2dag.runtime.formats import Job


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def write_one(place: Path) -> None:
    (place / "one.txt").write_text("new")


def test_a_folder_is_made_whole(tmp_path):
    write_folder(tmp_path / "pulled/sales/clean", write_one)
    assert names(tmp_path / "pulled/sales") == ["clean"]
    assert names(tmp_path / "pulled/sales/clean") == ["one.txt"]


@pytest.mark.parametrize("before", [False, True])
def test_what_cannot_be_written_leaves_things_as_they_were(tmp_path, before):
    folder = tmp_path / "clean"
    if before:
        folder.mkdir()
        (folder / "mine.txt").write_text("old")

    def write(place):
        write_one(place)
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        write_folder(folder, write)
    assert names(tmp_path) == (["clean"] if before else [])
    if before:
        assert names(folder) == ["mine.txt"]
        write_folder(folder, write_one)
        assert names(folder) == ["one.txt"]
        assert names(tmp_path) == ["clean"]


def test_the_old_folder_comes_back_where_the_new_one_cannot_be_put(tmp_path):
    folder = tmp_path / "clean"
    folder.mkdir()
    (folder / "mine.txt").write_text("old")
    # The new one has gone before it is put in place.
    with pytest.raises(FileNotFoundError):
        write_folder(folder, lambda place: place.rmdir())
    assert names(tmp_path) == ["clean"]
    assert names(folder) == ["mine.txt"]


def test_what_stands_there_is_looked_at_first(tmp_path):
    folder = tmp_path / "clean"
    require_free(folder, force=False)
    folder.mkdir()
    with pytest.raises(PullRefused, match="is nothing that was pulled: choose another folder with -o"):
        require_free(folder, force=True)
    (folder / ".nb2dag").mkdir()
    job = Job("sales", "r1", "clean", 2, "", "", "")
    (folder / ".nb2dag/job.json").write_text(json.dumps(job.to_json()))
    with pytest.raises(
        PullRefused, match="what was pulled of r1, attempt 2, and maybe your work on it: replace it with"
    ):
        require_free(folder, force=False)
    require_free(folder, force=True)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(PullRefused, match="is nothing that was pulled"):
        require_free(tmp_path / "link", force=True)


def test_files_are_found_by_their_content(tmp_path):
    wanted = {"a/b.csv": sha256(b"1\n").hexdigest()}
    for name, content in (("old", "0\n"), ("right", "1\n")):
        (tmp_path / name / "files/a").mkdir(parents=True)
        (tmp_path / name / "files/a/b.csv").write_text(content)
    usual = [tmp_path / "missing", tmp_path / "old", tmp_path / "right"]
    assert find_shipped(wanted, None, usual) == tmp_path / "right/files"
    assert find_shipped({}, None, []) is None
    with pytest.raises(PullRefused, match=r"old/files/a/b.csv is another one, or missing\): a/b.csv. Name the bundle"):
        find_shipped(wanted, None, usual[:2])
    with pytest.raises(PullRefused, match=r"`../x` is no file of a bundle"):
        find_shipped({"../x": ""}, None, usual)
