"""Define what goes between a run and the process of an attempt: a request file, and a line of JSON per message back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nb2dag.local.events import TaskFailure
from nb2dag.runtime.formats import Job, PointerManifest


@dataclass(frozen=True, slots=True)
class Request:
    """Everything the process of one attempt needs; all paths are absolute."""

    notebook: str
    output: str
    job: Job
    files: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    kernel_name: str | None = None
    timeout: float | None = None
    fingerprints: bool = False

    def dumps(self) -> str:
        """Return the request as JSON."""
        return json.dumps(
            {
                "notebook": self.notebook,
                "output": self.output,
                "job": self.job.to_json(),
                "files": self.files,
                "parameters": dict(self.parameters),
                "kernel_name": self.kernel_name,
                "timeout": self.timeout,
                "fingerprints": self.fingerprints,
            },
            indent=2,
        )

    @classmethod
    def loads(cls, text: str) -> Request:
        """Read what `dumps` wrote."""
        value = json.loads(text)
        return cls(**{**value, "job": Job.from_json(value["job"])})


@dataclass(frozen=True, slots=True)
class Progress:
    """Code cell `number` of `total` begins; `cell` is its source cell, 0 for none, and `what` says what it is."""

    number: int
    total: int
    cell: int
    what: str


@dataclass(frozen=True, slots=True)
class Output:
    """A cell wrote one line."""

    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class Committed:
    """The attempt succeeded and this is what it committed."""

    manifest: PointerManifest


@dataclass(frozen=True, slots=True)
class Failed:
    """The attempt failed."""

    failure: TaskFailure


Message = Progress | Output | Committed | Failed


def encode(message: Message) -> bytes:
    """Return a message as one line of JSON, all ASCII, so that no text a cell prints can break it."""
    match message:
        case Progress(number, total, cell, what):
            value: dict[str, Any] = {"kind": "progress", "number": number, "total": total, "cell": cell, "what": what}
        case Output(stream, text):
            value = {"kind": "output", "stream": stream, "text": text}
        case Committed(manifest):
            value = {"kind": "committed", "manifest": manifest.to_json()}
        case Failed(failure):
            value = {
                "kind": "failed",
                "message": failure.message,
                "cell": failure.cell,
                "line": failure.line,
                "traceback": failure.traceback,
                "can_retry": failure.can_retry,
                "skips": failure.skips,
            }
    return json.dumps(value).encode("ascii") + b"\n"


def decode(line: bytes) -> Message:
    """Read what `encode` wrote."""
    value = json.loads(line)
    match value.pop("kind"):
        case "progress":
            return Progress(**value)
        case "output":
            return Output(**value)
        case "committed":
            return Committed(PointerManifest.from_json(value["manifest"]))
        case "failed":
            return Failed(TaskFailure(**value))
        case kind:
            raise ValueError(f"a message of the unknown kind {kind!r}")
