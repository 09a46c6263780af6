"""Paths of the working directory are the consumer's own, wherever in a value they stand."""

from __future__ import annotations

import pickle
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest

from nb2dag.runtime.codecs import CODECS
from nb2dag.runtime.paths_inside import with_folder, without_folder

HERE = Path("/tmp/nb2dag-task-abc/work")
THERE = Path("/var/a/longer/folder/work")


def crossed(value: Any) -> Any:
    payload = CODECS["pickle"].encode({"value": value}, {"__name__": "__main__"}).payload
    first, *others = payload.regions
    stream = with_folder(without_folder(first, HERE), THERE)
    regions = [stream, *others]
    buffers = [regions[region][start : start + size] for region, start, size in payload.buffers]
    return CODECS["pickle"].decode(stream, buffers, {"__name__": "__main__"})["value"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (HERE / "a.csv", THERE / "a.csv"),
        (HERE, THERE),
        (str(HERE / "a b.csv"), str(THERE / "a b.csv")),
        ([HERE / "a.csv", {"k": str(HERE)}], [THERE / "a.csv", {"k": str(THERE)}]),
        ({str(HERE / "x")}, {str(THERE / "x")}),
        (f"sqlite:///{HERE}/t.db", f"sqlite:///{THERE}/t.db"),
        (f"{HERE}:{HERE}/lib", f"{THERE}:{THERE}/lib"),
        ("x" * 300 + str(HERE), "x" * 300 + str(THERE)),
        (str(HERE) + "space", str(HERE) + "space"),
        (Path("/tmp/nb2dag-task-abc/other"), Path("/tmp/nb2dag-task-abc/other")),
        (Path("a.csv"), Path("a.csv")),
        (PurePosixPath("a/b"), PurePosixPath("a/b")),
        ("\udcff" + str(HERE), "\udcff" + str(THERE)),
        (SimpleNamespace(root=HERE / "a"), SimpleNamespace(root=THERE / "a")),
    ],
)
def test_a_path_crosses(value: object, expected: object) -> None:
    assert crossed(value) == expected


def test_one_object_stays_one() -> None:
    path, rows = HERE / "a.csv", [1]
    first, second, third, fourth = crossed([path, path, rows, {"rows": rows, "text": str(HERE)}])
    assert first is second
    assert fourth["rows"] is third


def test_a_large_stream_with_frames_and_memos() -> None:
    value = [[f"row {number}", number, {"path": str(HERE / str(number))}] for number in range(20_000)]
    assert crossed(value) == [[f"row {n}", n, {"path": str(THERE / str(n))}] for n in range(20_000)]


def test_a_stream_without_such_a_path_is_left_as_it_is() -> None:
    stream = memoryview(pickle.dumps({"a": [1, "/etc/hosts"]}, 5))
    assert without_folder(stream, HERE) is stream
    assert with_folder(stream, HERE) is stream


def test_the_root_of_all_folders_says_nothing() -> None:
    stream = memoryview(pickle.dumps("/etc/hosts", 5))
    assert without_folder(stream, Path("/")) is stream
