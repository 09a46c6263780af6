"""Files of a working directory are read whole and laid down whole, wherever and whatever was there."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from nb2dag.runtime.failures import HandoffError
from nb2dag.runtime.task_folder import Content, TaskFolder, read_record


def folder(root: Path, shipped: Path | None = None) -> TaskFolder:
    root.mkdir(exist_ok=True)
    return TaskFolder(root, shipped, root.parent / f"{root.name}.json")


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def all_files(root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): path.read_text() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("a.txt", {"a.txt": "1", "b.txt": "old", "out/c.txt": "old"}),
        ("out", {"a.txt": "old", "b.txt": "old", "out/d.txt": "4"}),
        ("*.txt", {"a.txt": "1", "out/d.txt": "4"}),
        ("*", {"a.txt": "1", "out/d.txt": "4", "e.csv": "5"}),
        ("missing.txt", {"a.txt": "old", "b.txt": "old", "out/c.txt": "old"}),
        ("b.txt", {"a.txt": "old", "out/c.txt": "old"}),
        ("out/", {"a.txt": "old", "b.txt": "old", "out/c.txt": "old"}),
    ],
)
def test_a_place_becomes_what_it_was(place: str, expected: dict[str, str], tmp_path: Path) -> None:
    producer, consumer = folder(tmp_path / "producer"), folder(tmp_path / "consumer")
    write(producer.root, a_txt="1", out__d_txt="4", e_csv="5")
    write(consumer.root, a_txt="old", b_txt="old", out__c_txt="old")
    consumer.write(place, producer.read(place))
    assert all_files(consumer.root) == expected


def test_what_is_as_shipped_is_not_stored(tmp_path: Path) -> None:
    shipped = tmp_path / "files"
    shipped.mkdir()
    write(shipped, big_csv="shipped")
    os.utime(shipped / "big.csv", (1, 1))
    producer, consumer = folder(tmp_path / "producer", shipped), folder(tmp_path / "consumer", shipped)
    for one in (producer, consumer):
        write(one.root, big_csv="shipped")
        os.utime(one.root / "big.csv", (1, 1))
    write(consumer.root, big_csv="changed here")
    tree = producer.read("*.csv")
    assert (tree.files, tree.shipped) == ({}, ("big.csv",))
    consumer.write("*.csv", tree)
    assert all_files(consumer.root) == {"big.csv": "shipped"}


def test_laid_down_files_are_noted_with_their_stamps(tmp_path: Path) -> None:
    producer, consumer = folder(tmp_path / "producer"), folder(tmp_path / "consumer")
    write(producer.root, a_txt="1")
    (producer.root / "a.txt").chmod(0o755)
    consumer.write("a.txt", producer.read("a.txt"))
    status = (consumer.root / "a.txt").stat()
    assert read_record(consumer.record) == {"a.txt": (1, status.st_mtime_ns)}
    assert status.st_mode & 0o100


def test_a_transaction_that_is_not_committed_is_refused(tmp_path: Path) -> None:
    here = folder(tmp_path / "work")
    connection = sqlite3.connect(here.root / "rows.db")
    connection.execute("create table rows (n)")
    connection.execute("insert into rows values (1)")
    with pytest.raises(HandoffError, match="transaction that is not committed"):
        here.read("rows.db")
    connection.commit()
    there = folder(tmp_path / "other")
    there.write("rows.db", here.read("rows.db"))
    with closing(sqlite3.connect(there.root / "rows.db")) as copy:
        assert copy.execute("select n from rows").fetchall() == [(1,)]
    connection.close()


def test_contents_are_equal_by_their_bytes() -> None:
    assert Content(b"1") == Content(memoryview(b"1"))
    assert Content(b"1") != Content(b"2")
    assert Content(b"1") != Content(b"1", mode=0o755)
    assert Content(b"1") == Content(b"1", changed=7)
    assert repr(Content(b"1")) == "b'1'"
