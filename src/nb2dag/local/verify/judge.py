"""Compare the values of all runs, in the kernel of the second whole run: the call in its last cell.

There every definition is at hand that the values need, and nothing of the notebook is left to run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nb2dag.local.verify import probe
from nb2dag.local.verify.aliases import sharing
from nb2dag.local.verify.equality import DifferenceError, IncomparableError
from nb2dag.local.verify.request import Check, Item, Kind, Outcome, Request
from nb2dag.local.verify.values import compare, shortened
from nb2dag.runtime.codecs import CODECS
from nb2dag.runtime.formats import JOB_VARIABLE, Job, PointerManifest
from nb2dag.runtime.objects import read_object
from nb2dag.runtime.store import open_store

NOT_BOUND = "not bound"

Values = dict[str, Any]


def judge(namespace: dict[str, Any], request_path: str, answer_path: str) -> None:
    """Compare all that the request at `request_path` asks for, and write the items to `answer_path`."""
    request = Request.read(Path(request_path))
    comparison = _Comparison(namespace, request, _own_manifest())
    items = [item.to_json() for check in request.checks for item in comparison.items(check)]
    Path(answer_path).write_text(json.dumps(items), encoding="utf-8")


def _own_manifest() -> PointerManifest:
    job = Job.from_json(json.loads(Path(os.environ[JOB_VARIABLE]).read_text("utf-8")))
    path = Path(job.manifest)
    if not path.exists():
        return PointerManifest(job.task_id, job.attempt, job.bundle, "")
    return PointerManifest.from_json(json.loads(path.read_text("utf-8")))


class _Comparison:
    def __init__(self, namespace: dict[str, Any], request: Request, second: PointerManifest) -> None:
        self._namespace = namespace
        self._request = request
        self._second = second
        self._failed = {**request.failed, **probe.failures()}

    def items(self, check: Check) -> Iterator[Item]:
        dags = [dag for dag in self._request.dags if all(task in dag for task, _, _ in check.sources)]
        if not dags:
            # A task that made none of its values has failed, which is said once, by its failure.
            return
        try:
            if check.key in self._failed:
                raise IncomparableError(f"it cannot be saved in the notebook's run: {self._failed[check.key]}")
            first, second = (self._load(run, check.key) for run in (self._request.first or self._second, self._second))
            runs = [self._inputs(dag, check) for dag in dags]
        except IncomparableError as error:
            for name in check.names:
                yield Item(check.kind, Outcome.NOT_COMPARABLE, check.task_id, check.cell, name, str(error))
            return
        for name in check.names:
            yield self._compared(check, name, first, second, runs)
        if check.kind is Kind.INPUT:
            yield from _aliases(check, first, second, runs)

    def _compared(self, check: Check, name: str, first: Values, second: Values, runs: list[Values]) -> Item:
        def item(outcome: Outcome, path: str = "", whole: str = "", dag: str = "") -> Item:
            return Item(check.kind, outcome, check.task_id, check.cell, f"{name}{path}", whole, dag)

        try:
            outcomes = [_compare_names(name, first, second)]
        except DifferenceError as error:
            return item(Outcome.NOT_REPRODUCIBLE, error.path, error.one, error.other)
        except IncomparableError as error:
            return item(Outcome.NOT_COMPARABLE, whole=str(error))
        try:
            outcomes += [_compare_names(name, first, run) for run in runs]
        except DifferenceError as error:
            return item(Outcome.DIFFERENT, error.path, error.one, error.other)
        except IncomparableError as error:
            return item(Outcome.NOT_COMPARABLE, whole=str(error))
        return item(Outcome.BY_STRUCTURE if "structure" in outcomes else Outcome.BY_VALUE)

    def _inputs(self, dag: Mapping[str, PointerManifest], check: Check) -> Values:
        values: Values = {}
        for task_id, key, names in check.sources:
            found = self._load(dag[task_id], key)
            values |= {name: found[name] for name in names if name in found}
        return values

    def _load(self, manifest: PointerManifest, key: str) -> Values:
        pointer = manifest.objects.get(key)
        if pointer is None:
            return {}
        try:
            header, stream, buffers = read_object(open_store(self._request.store), pointer)
            return CODECS[header.codec].decode(stream, buffers, self._namespace)
        except Exception as error:
            # Whatever rebuilding a value raises.
            raise IncomparableError(f"it cannot be loaded again: {type(error).__name__}: {error}") from error


def _compare_names(name: str, one: Values, other: Values) -> str:
    if name not in one or name not in other:
        if name not in one and name not in other:
            return "value"
        sides = [shortened(values[name]) if name in values else NOT_BOUND for values in (one, other)]
        raise DifferenceError("", sides[0], sides[1])
    try:
        return compare(one[name], other[name])
    except (DifferenceError, IncomparableError):
        raise
    except Exception as error:
        # A notebook's `__eq__` or a library's may raise anything.
        raise IncomparableError(f"comparing it raised {type(error).__name__}: {error}") from error


def _aliases(check: Check, first: Values, second: Values, runs: list[Values]) -> Iterator[Item]:
    """Find names that share an object in the notebook and not in a DAG's run, or the other way round."""
    expected = sharing(first)
    if expected != sharing(second):
        return
    for pair in sorted({pair for run in runs for pair in sharing(run).keys() ^ expected.keys()}):
        kinds = {**expected, **{key: kind for run in runs for key, kind in sharing(run).items()}}
        share, part = f"share a {kinds[pair]}", "share nothing"
        sides = (share, part) if pair in expected else (part, share)
        yield Item(Kind.ALIAS, Outcome.DIFFERENT, check.task_id, check.cell, ", ".join(pair), *sides)
