"""What a task wrote is kept; what was shipped to it is not."""

from __future__ import annotations

import os
from pathlib import Path

from nb2dag.runtime.kept_files import keep_files


def test_new_and_changed_files_are_kept(tmp_path: Path) -> None:
    shipped, work, kept = tmp_path / "files", tmp_path / "work", tmp_path / "kept"
    for folder in (shipped, work):
        (folder / "data").mkdir(parents=True)
        for name in ("data/a.csv", "b.csv"):
            (folder / name).write_text("1\n")
            os.utime(folder / name, (1, 1))
    (work / "b.csv").write_text("2\n")
    (work / "out").mkdir()
    (work / "out" / "report.html").write_text("<p>")
    (work / "__pycache__").mkdir()
    (work / "__pycache__" / "m.pyc").write_bytes(b"")
    assert keep_files(work, shipped, str(kept)) == ("b.csv", "out/report.html")
    assert (kept / "b.csv").read_text() == "2\n"
    assert (kept / "out" / "report.html").read_text() == "<p>"
    assert not (kept / "data").exists()


def test_nothing_is_made_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    assert keep_files(tmp_path / "work", None, str(tmp_path / "kept")) == ()
    assert not (tmp_path / "kept").exists()


def test_a_url_is_a_target_too(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    assert keep_files(tmp_path, None, "memory://kept/run.files") == ("a.txt",)
    import fsspec

    assert fsspec.filesystem("memory").cat("kept/run.files/a.txt") == b"a"
