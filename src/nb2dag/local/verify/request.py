"""Define what is asked of the comparison in the notebook's kernel, and what it answers: two JSON files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from nb2dag.runtime.formats import PointerManifest


class Kind(Enum):
    """What was compared.

    `INPUT` is a value as a task loads it against what its name is bound to in the notebook when the task's first cell
    begins; `ALIAS` is whether two of them share an object.
    """

    INPUT = "input"
    ALIAS = "alias"
    HANDOFF = "handoff"
    OUTPUT = "output"
    FILE = "file"
    FAILURE = "failure"


class Outcome(Enum):
    """What came of comparing one thing."""

    BY_VALUE = "by_value"
    BY_STRUCTURE = "by_structure"
    DIFFERENT = "different"
    NOT_COMPARABLE = "not_comparable"
    NOT_REPRODUCIBLE = "not_reproducible"


@dataclass(frozen=True, slots=True)
class Check:
    """One handoff, or all inputs of one task, to compare.

    `key` is the group's key in the whole run. `sources` says where the same names are in a DAG's run: task, key, names.
    `cell` is the cell that made the values, for inputs the one that reads them.
    """

    kind: Kind
    task_id: str
    cell: int
    key: str
    sources: tuple[tuple[str, str, tuple[str, ...]], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Every name to compare."""
        return tuple(name for _, _, names in self.sources for name in names)


@dataclass(frozen=True, slots=True)
class Item:
    """What came of one comparison. `whole` and `dag` are shortened; for NOT_COMPARABLE `whole` says why."""

    kind: Kind
    outcome: Outcome
    task_id: str
    cell: int
    name: str
    whole: str = ""
    dag: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the item as JSON."""
        return asdict(self) | {"kind": self.kind.value, "outcome": self.outcome.value}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Item:
        """Read what `to_json` wrote."""
        return cls(**{**value, "kind": Kind(value["kind"]), "outcome": Outcome(value["outcome"])})


@dataclass(frozen=True, slots=True)
class Request:
    """What the comparison needs: what to compare, and what the earlier runs committed.

    `first` is the manifest of the first whole run, None for the kernel's own, which is that of the second. `dags` are
    the manifests of each run of the DAG by task; a task that did not succeed is missing.
    """

    checks: tuple[Check, ...]
    store: str
    first: PointerManifest | None
    failed: Mapping[str, str]
    dags: tuple[Mapping[str, PointerManifest], ...]

    def write(self, path: Path) -> None:
        """Write the request."""
        document = {
            "checks": [asdict(check) | {"kind": check.kind.value} for check in self.checks],
            "store": self.store,
            "first": self.first.to_json() if self.first is not None else None,
            "failed": dict(self.failed),
            "dags": [{task: manifest.to_json() for task, manifest in dag.items()} for dag in self.dags],
        }
        path.write_text(json.dumps(document), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Request:
        """Read what `write` wrote."""
        value = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            tuple(_check(item) for item in value["checks"]),
            value["store"],
            PointerManifest.from_json(value["first"]) if value["first"] is not None else None,
            value["failed"],
            tuple(
                {task: PointerManifest.from_json(manifest) for task, manifest in dag.items()} for dag in value["dags"]
            ),
        )


def _check(value: dict[str, Any]) -> Check:
    sources = tuple((task, key, tuple(names)) for task, key, names in value["sources"])
    return Check(Kind(value["kind"]), value["task_id"], value["cell"], value["key"], sources)
