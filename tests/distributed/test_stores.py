"""Handoffs in two S3 servers that differ: rclone ignores conditions and sums up parts as wholes, moto does neither."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import fsspec
import pytest
from cluster.processes import Processes
from cluster.services import BUCKET, ObjectStore, Service, client_environment
from standalone_airflow import free_ports

from nb2dag.runtime.objects import DamagedObjectError, Label, Payload, read_object, write_object
from nb2dag.runtime.store import RemoteStore

pytestmark = pytest.mark.timeout(600)

LABEL = Label("big", "make", "digest", "pickle", "3.11.7", {})


class Moto(Service):
    """moto's server, in memory."""

    name = "moto"

    def command(self) -> Sequence[str]:
        program = str(Path(sys.executable).with_name("moto_server"))
        return [program, "--host", "127.0.0.1", "--port", str(self.port)]


@pytest.fixture(params=[ObjectStore, Moto], ids=["rclone", "moto"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RemoteStore]:
    processes = Processes(tmp_path)
    (port,) = free_ports(1)
    server = request.param(new_folder(tmp_path / "server"), port, processes)
    for name, value in client_environment(port).items():
        monkeypatch.setenv(name, value)
    server.start()
    fsspec.filesystem("s3").clear_instance_cache()
    yield RemoteStore(f"s3://{BUCKET}/handoffs")
    processes.end()
    assert processes.alive() == []


def new_folder(path: Path) -> Path:
    path.mkdir()
    return path


@pytest.mark.parametrize("size", [1, 60 << 20, 210 << 20])
def test_a_value_comes_back_as_it_was_saved(store: RemoteStore, size: int) -> None:
    value = memoryview(bytes(range(251)) * (size // 251 + 1))[:size]
    pointer = write_object(store, "dag/run/make/-1/try-1", LABEL, Payload((value,)), ("big",))
    # A save done twice is one object.
    assert write_object(store, "dag/run/make/-1/try-1", LABEL, Payload((value,)), ("big",)) == pointer
    header, stream, _ = read_object(store, pointer)
    assert (header.task_id, stream == value) == ("make", True)


def test_an_object_that_is_not_there_is_named(store: RemoteStore) -> None:
    pointer = write_object(store, "dag/run/make/-1/try-1", LABEL, Payload((memoryview(b"value"),)), ("big",))
    store._filesystem.rm(f"{BUCKET}/handoffs/{pointer.path}")
    with pytest.raises(DamagedObjectError, match="there is no such file"):
        read_object(store, pointer)
