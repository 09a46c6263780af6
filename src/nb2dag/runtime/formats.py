"""Define every file that the compiler writes and the runtime reads, in this one place.

Three JSON formats and one binary header, each with its version:

* the *bundle manifest* `nb2dag.json`, written by `compile`, read by the operator and by `nb2dag run`;
* the *job file*, written per attempt by whoever runs a task, read by the load and save cells of its notebook;
* the *pointer manifest*, written by the save cells, read by whoever runs the task, and handed to the tasks
  downstream (through XCom in Airflow, through the run's folder locally);
* the header in front of every stored object.

This module imports the standard library only: it is loaded while Airflow parses a DAG file.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

BUNDLE_FORMAT = 1
"""Version of the bundle's layout and of `nb2dag.json`; the operator refuses another one."""

BUNDLE_MANIFEST = "nb2dag.json"
"""File name of the bundle manifest."""

FOLDER_KEEPER = ".nb2dag-folder"
"""File that keeps a folder in the bundle of which no file ships, since git and archives know files only."""

HANDOFF_FORMAT = 1
"""Version of job file, pointer manifest and object header together."""

LAID_DOWN = "laid-down.json"
"""File beside the pointer manifest in which load cells note the files that they laid down."""

JOB_VARIABLE = "NB2DAG_JOB"
"""Environment variable that holds the path of the job file in a task's kernel."""

FINGERPRINTS_VARIABLE = "NB2DAG_FINGERPRINTS"
"""Environment variable that is set in a task's kernel where changes of loaded values are to be noticed."""

NOTEBOOKS_VARIABLE = "NB2DAG_NOTEBOOKS"
"""The environment variable that says where executed notebooks are kept, a folder or an fsspec URL."""

STORE_VARIABLE = "NB2DAG_STORE"
"""Environment variable that names the handoff store, any fsspec URL or a folder."""

CELL_METADATA = "nb2dag"
"""Key of the metadata that each cell of a task notebook carries (see `CellOrigin`)."""


OBJECT_MAGIC = b"nb2dag\r\n"
"""First bytes of a stored object; the line ending shows a transfer in text mode, as PNG's does."""

OBJECT_ALIGNMENT = 64
"""Buffers begin at a multiple of this many bytes, so that a mapped array is aligned for vector instructions."""

CHECKSUM_CHUNK = 4 * 1024 * 1024
"""Bytes covered by one checksum; chunks are checked in parallel."""

_PREFIX = struct.Struct(">8sII")


def path_component(identifier: str) -> str:
    """Return `identifier` as one path component: the same for the same id, different for different ids.

    Letters, digits, `_`, `-`, `.` and `~` stay; the rest is percent-encoded. What would be too long for a file system
    ends in a hash of the whole.

    Examples:
        >>> path_component("manual__2026-01-01T00:00:00+00:00")
        'manual__2026-01-01T00%3A00%3A00%2B00%3A00'
        >>> path_component("..")
        '%2E%2E'
    """
    quoted = quote(identifier, safe="")
    if not quoted.strip("."):
        return "%2E" * len(quoted) or "%"
    if len(quoted) > 200:
        return f"{quoted[:150]}%{blake2b(identifier.encode(), digest_size=16).hexdigest()}"
    return quoted


def aligned(offset: int) -> int:
    """Return the first multiple of `OBJECT_ALIGNMENT` that is not below `offset`."""
    return -(-offset // OBJECT_ALIGNMENT) * OBJECT_ALIGNMENT


@dataclass(frozen=True, slots=True)
class ObjectHeader:
    """What stands in front of a stored object's payload, and vouches for it.

    The payload begins at the first aligned offset after the header; `regions` are its stretches as (offset, size)
    from there, the codec's stream first; `buffers` are the out-of-band buffers as (offset, size), each within a
    region, and two that overlap share memory after a load as they did before. `checksums` holds a CRC-32 per
    `CHECKSUM_CHUNK` of every region, in order. The object's digest is the header's own, so a pointer vouches for the
    header and the header for the payload.
    """

    key: str
    task_id: str
    bundle: str
    codec: str
    python: str
    packages: dict[str, str]
    regions: tuple[tuple[int, int], ...]
    buffers: tuple[tuple[int, int], ...]
    checksums: tuple[int, ...]

    def to_bytes(self) -> bytes:
        """Return the header as it stands in the file, without the padding that follows it."""
        text = json.dumps(
            {
                "key": self.key,
                "task_id": self.task_id,
                "bundle": self.bundle,
                "codec": self.codec,
                "python": self.python,
                "packages": dict(sorted(self.packages.items())),
                "regions": self.regions,
                "buffers": self.buffers,
                "checksums": "".join(f"{checksum:08x}" for checksum in self.checksums),
            },
            separators=(",", ":"),
        ).encode("ascii")
        return _PREFIX.pack(OBJECT_MAGIC, HANDOFF_FORMAT, len(text)) + text

    @staticmethod
    def length(data: memoryview) -> int:
        """Return the length of the header that `data` begins with.

        Raises:
            ValueError: `data` does not begin with a whole header of this format.
        """
        if len(data) < _PREFIX.size:
            raise ValueError(f"it has {len(data)} bytes, too few for a header")
        magic, version, size = _PREFIX.unpack_from(data)
        if magic != OBJECT_MAGIC:
            raise ValueError("it is not an nb2dag object")
        if version != HANDOFF_FORMAT:
            raise ValueError(f"it is of handoff format {version}, and this nb2dag reads format {HANDOFF_FORMAT}")
        length: int = _PREFIX.size + size
        if len(data) < length:
            raise ValueError(f"it has {len(data)} bytes, fewer than its header of {length}")
        return length

    @classmethod
    def from_bytes(cls, data: memoryview) -> ObjectHeader:
        """Read what `to_bytes` wrote.

        Raises:
            ValueError: `data` does not begin with a whole header of this format.
        """
        value = json.loads(bytes(data[_PREFIX.size : cls.length(data)]))
        sums = value["checksums"]
        return cls(
            value["key"],
            value["task_id"],
            value["bundle"],
            value["codec"],
            value["python"],
            value["packages"],
            tuple((offset, size) for offset, size in value["regions"]),
            tuple((offset, size) for offset, size in value["buffers"]),
            tuple(int(sums[start : start + 8], 16) for start in range(0, len(sums), 8)),
        )


@dataclass(frozen=True, slots=True)
class CellOrigin:
    """Where a cell of a task notebook came from, kept as its metadata `nb2dag`.

    `purpose` is `preamble`, `parameters`, `load`, `body` or `save`; `cell` is the 1-based index in the source
    notebook (0 for a load cell) and `lines[i]` the line of that cell from which generated line `i + 1` came.
    """

    purpose: str
    cell: int = 0
    cell_id: str = ""
    lines: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the metadata value; consecutive source lines are written as one `[first, last]` pair."""
        runs: list[list[int]] = []
        for line in self.lines:
            if runs and runs[-1][1] == line - 1:
                runs[-1][1] = line
            else:
                runs.append([line, line])
        return {"purpose": self.purpose, "cell": self.cell, "source": self.cell_id, "lines": runs}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> CellOrigin:
        """Read what `to_json` wrote."""
        lines = tuple(line for first, last in value["lines"] for line in range(first, last + 1))
        return cls(value["purpose"], value["cell"], value["source"], lines)


@dataclass(frozen=True, slots=True)
class ChangedInput:
    """A value that task `task_id` handed over under `key`, and that a cell of its reader changed.

    `cell` is the source notebook's.
    """

    task_id: str
    key: str
    name: str
    cell: int

    def to_json(self) -> list[Any]:
        """Return it as JSON."""
        return [self.task_id, self.key, self.name, self.cell]


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A pointer to one saved alias group.

    `path` is relative to the store's root; `digest` is the hex digest of the object's header (which holds the payload's
    checksums) and the object's file name, `size` the file's bytes.
    `names` are the names bound in it (a subset of what the plan saves where some were optional and unbound).
    """

    key: str
    path: str
    digest: str
    size: int
    names: tuple[str, ...]
    codec: str = "pickle"

    def to_json(self) -> dict[str, Any]:
        """Return the pointer as JSON."""
        return {
            "path": self.path,
            "digest": self.digest,
            "size": self.size,
            "names": list(self.names),
            "codec": self.codec,
        }

    @classmethod
    def from_json(cls, key: str, value: dict[str, Any]) -> StoredObject:
        """Read what `to_json` wrote."""
        return cls(key, value["path"], value["digest"], value["size"], tuple(value["names"]), value["codec"])


@dataclass(frozen=True, slots=True)
class PointerManifest:
    """What one attempt of one task committed.

    `python` and `packages` describe the interpreter that saved (packages: those whose objects the values contain, with
    versions). `returned` is the JSON value of `--return name`, None without one. `changed` are inputs that the task's
    cells changed in place, where that was watched.
    """

    task_id: str
    attempt: int
    bundle: str
    python: str
    objects: dict[str, StoredObject] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    returned: Any = None
    changed: tuple[ChangedInput, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the manifest as JSON, keys in a fixed order."""
        return {
            "version": HANDOFF_FORMAT,
            "task_id": self.task_id,
            "attempt": self.attempt,
            "bundle": self.bundle,
            "python": self.python,
            "packages": dict(sorted(self.packages.items())),
            "objects": {key: self.objects[key].to_json() for key in sorted(self.objects)},
            "returned": self.returned,
            "changed": [change.to_json() for change in self.changed],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> PointerManifest:
        """Read what `to_json` wrote.

        Raises:
            ValueError: The manifest is of another version.
        """
        if value.get("version") != HANDOFF_FORMAT:
            raise ValueError(f"a pointer manifest of version {value.get('version')!r}, not {HANDOFF_FORMAT}")
        objects = {key: StoredObject.from_json(key, item) for key, item in value["objects"].items()}
        return cls(
            value["task_id"],
            value["attempt"],
            value["bundle"],
            value["python"],
            objects,
            dict(value["packages"]),
            value.get("returned"),
            tuple(ChangedInput(*change) for change in value.get("changed", ())),
        )


@dataclass(frozen=True, slots=True)
class Job:
    """Everything the load and save cells of one attempt need to know.

    `inputs` maps an upstream task id to the pointer manifest it committed. `manifest` is the path where the save
    cells leave this attempt's pointer manifest; whoever runs the task reads it after the notebook's last cell and
    only then publishes it. `store` is an fsspec URL or a folder. `map_index` is -1 for an unmapped task. `returns` is
    the name whose value goes to XCom. `directory` is the attempt's working directory and `files` the folder that it was
    copied from, both empty where nobody says.
    """

    dag_id: str
    run_id: str
    task_id: str
    attempt: int
    store: str
    bundle: str
    manifest: str
    map_index: int = -1
    inputs: dict[str, PointerManifest] = field(default_factory=dict)
    returns: str | None = None
    directory: str = ""
    files: str = ""

    @property
    def prefix(self) -> str:
        """The store folder of this attempt: `dag_id/run_id/task_id/map_index/try-N`, each id made safe for a path."""
        ids = "/".join(path_component(part) for part in (self.dag_id, self.run_id, self.task_id))
        return f"{ids}/{self.map_index}/try-{self.attempt}"

    def to_json(self) -> dict[str, Any]:
        """Return the job as JSON."""
        return {
            "version": HANDOFF_FORMAT,
            "dag_id": self.dag_id,
            "run_id": self.run_id,
            "task_id": self.task_id,
            "map_index": self.map_index,
            "attempt": self.attempt,
            "store": self.store,
            "bundle": self.bundle,
            "manifest": self.manifest,
            "inputs": {task: self.inputs[task].to_json() for task in sorted(self.inputs)},
            "returns": self.returns,
            "directory": self.directory,
            "files": self.files,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Job:
        """Read what `to_json` wrote.

        Raises:
            ValueError: The job file is of another version.
        """
        if value.get("version") != HANDOFF_FORMAT:
            raise ValueError(f"a job file of version {value.get('version')!r}, not {HANDOFF_FORMAT}")
        return cls(
            value["dag_id"],
            value["run_id"],
            value["task_id"],
            value["attempt"],
            value["store"],
            value["bundle"],
            value["manifest"],
            value["map_index"],
            {task: PointerManifest.from_json(item) for task, item in value["inputs"].items()},
            value.get("returns"),
            value.get("directory", ""),
            value.get("files", ""),
        )


@dataclass(frozen=True, slots=True)
class BundleTask:
    """One task as `nb2dag.json` lists it: what `nb2dag run` needs to run it without Airflow.

    `notebook` is relative to the bundle. `upstream` are the direct upstream ids. `inputs` maps a producer to the keys
    read from it, `outputs` a key to the names saved under it. `cells` are the source notebook's cell numbers. Times
    are seconds.
    """

    task_id: str
    notebook: str
    upstream: tuple[str, ...]
    inputs: dict[str, tuple[str, ...]]
    outputs: dict[str, tuple[str, ...]]
    cells: tuple[int, ...]
    parameters: tuple[str, ...] = ()
    kernel_name: str = ""
    trigger_rule: str = "all_success"
    retries: int = 0
    retry_delay: float = 0.0
    retry_exponential_backoff: bool = False
    timeout: float | None = None
    implicit: bool = False
    returns: str | None = None
    not_honoured: tuple[str, ...] = ()
    """Options that only Airflow honours (`pool`, `queue` ...), so that `nb2dag run` can say so."""


@dataclass(frozen=True, slots=True)
class BundleManifest:
    """`nb2dag.json`: the bundle described for whoever runs it, checks it or overwrites it.

    `params` maps a param to its default. `files` are the shipped files' paths relative to `files/`. `written` maps
    every file nb2dag wrote (relative to the bundle, `nb2dag.json` excepted) to the sha256 of its bytes, so that an
    edit by hand is noticed. `lines` maps a line of the DAG file to the source cell whose tag made it.
    """

    dag_id: str
    source: str
    digest: str
    dag_file: str
    tasks: tuple[BundleTask, ...]
    params: dict[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    written: dict[str, str] = field(default_factory=dict)
    lines: tuple[tuple[int, int], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the manifest as JSON, keys in a fixed order."""
        return {
            "format": BUNDLE_FORMAT,
            "dag_id": self.dag_id,
            "source": self.source,
            "digest": self.digest,
            "dag_file": self.dag_file,
            "params": self.params,
            "tasks": [_task_to_json(task) for task in self.tasks],
            "files": list(self.files),
            "lines": [list(pair) for pair in self.lines],
            "written": dict(sorted(self.written.items())),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> BundleManifest:
        """Read what `to_json` wrote.

        Raises:
            ValueError: The bundle is of another format.
        """
        found = value.get("format")
        if found != BUNDLE_FORMAT:
            newer = isinstance(found, int) and found > BUNDLE_FORMAT
            advice = "upgrade nb2dag here, or " if newer else ""
            raise ValueError(
                f"a bundle of format {found!r}, and this nb2dag reads format {BUNDLE_FORMAT}: {advice}"
                "compile the notebook again with the nb2dag that runs it"
            )
        return cls(
            value["dag_id"],
            value["source"],
            value["digest"],
            value["dag_file"],
            tuple(_task_from_json(item) for item in value["tasks"]),
            value["params"],
            tuple(value["files"]),
            dict(value["written"]),
            tuple((line, cell) for line, cell in value["lines"]),
        )


def _task_to_json(task: BundleTask) -> dict[str, Any]:
    return {
        "task_id": task.task_id,
        "notebook": task.notebook,
        "upstream": list(task.upstream),
        "inputs": {producer: list(keys) for producer, keys in sorted(task.inputs.items())},
        "outputs": {key: list(names) for key, names in sorted(task.outputs.items())},
        "cells": list(task.cells),
        "parameters": list(task.parameters),
        "kernel_name": task.kernel_name,
        "trigger_rule": task.trigger_rule,
        "retries": task.retries,
        "retry_delay": task.retry_delay,
        "retry_exponential_backoff": task.retry_exponential_backoff,
        "timeout": task.timeout,
        "implicit": task.implicit,
        "returns": task.returns,
        "not_honoured": list(task.not_honoured),
    }


def _task_from_json(value: dict[str, Any]) -> BundleTask:
    return BundleTask(
        task_id=value["task_id"],
        notebook=value["notebook"],
        upstream=tuple(value["upstream"]),
        inputs={producer: tuple(keys) for producer, keys in value["inputs"].items()},
        outputs={key: tuple(names) for key, names in value["outputs"].items()},
        cells=tuple(value["cells"]),
        parameters=tuple(value["parameters"]),
        kernel_name=value["kernel_name"],
        trigger_rule=value["trigger_rule"],
        retries=value["retries"],
        retry_delay=value["retry_delay"],
        retry_exponential_backoff=value["retry_exponential_backoff"],
        timeout=value["timeout"],
        implicit=value["implicit"],
        returns=value["returns"],
        not_honoured=tuple(value["not_honoured"]),
    )
