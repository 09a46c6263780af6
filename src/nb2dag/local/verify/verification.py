"""Verify a plan: run the notebook whole, as its DAG in two orders, and whole again, then compare everything.

The values are compared in the kernel of the last run, beside the notebook's definitions; outputs and files here.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nb2dag.compiler.bundle import build_bundle, write_bundle
from nb2dag.errors import Nb2dagError
from nb2dag.local.events import RunEvent, TaskEnded
from nb2dag.local.layout import RunFolder
from nb2dag.local.results import RunResult
from nb2dag.local.run import RunOptions
from nb2dag.local.scheduling import TaskState
from nb2dag.local.verify.execution import Executor, KernelExecutor, NotebookFailsError, WholeRun
from nb2dag.local.verify.files import Record, file_items, read_record
from nb2dag.local.verify.folder import copy_folder
from nb2dag.local.verify.outputs import Mismatch, Shown, mismatch, shown_by_cell, without_changing
from nb2dag.local.verify.pinning import (
    by_chance,
    pinned_bundle,
    pinned_hashes,
    pinned_notebook,
    settled,
    unseeded_generators,
)
from nb2dag.local.verify.report import Report, Verdict
from nb2dag.local.verify.request import Check, Item, Kind, Outcome, Request
from nb2dag.local.verify.whole import call, checks_of, whole_notebook, write_notebook
from nb2dag.model.plan import DagPlan
from nb2dag.model.program import Program
from nb2dag.runtime.formats import Job, PointerManifest
from nb2dag.runtime.progress import CellStarted, Event

WHOLE_TASK = "notebook"
"""What a whole run is called where a task's id is asked for."""


RUNS = "the task's cells run"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of progress: which of the runs goes on, and where it is."""

    run: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """How to verify.

    Attributes:
        params: Values in place of the params' defaults, in all runs.
        jobs: How many tasks of the DAG may run at once in the first order; None for one per processor.
        executor: What runs the notebooks.
        on_step: Called for every step of progress.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    jobs: int | None = None
    executor: Executor = field(default_factory=KernelExecutor)
    on_step: Callable[[Step], None] = lambda _: None


def verify_plan(program: Program, plan: DagPlan, folder: Path, options: VerifyOptions | None = None) -> Report:
    """Run the notebook `program` and `plan`, which claims to compute the same, and compare what they compute.

    Args:
        program: The notebook with roles, as the pipeline has it.
        plan: The plan to verify.
        folder: Takes everything that the runs leave, and `report.json`; it is there and empty.
        options: How to verify.

    Raises:
        NotebookFailsError: The notebook does not run whole; the message names the cell.
        Nb2dagError: The bundle cannot be written, or the comparison did not come to an end.
        KeyboardInterrupt: The user interrupted a run.
    """
    return _Verification(program, plan, folder.absolute(), options or VerifyOptions()).run()


@dataclass(frozen=True, slots=True)
class _Whole:
    manifest: PointerManifest
    shown: dict[int, Shown]
    record: Record


class _Verification:
    def __init__(self, program: Program, plan: DagPlan, folder: Path, options: VerifyOptions) -> None:
        self.program = program
        self.plan = plan
        self.folder = folder
        self.options = options
        self.checks: tuple[Check, ...] = checks_of(plan)
        self.beside = Path(program.notebook.path).parent
        self.bundle = folder / "bundle"
        self.source = folder / "source"
        self.store = folder / "store"
        self.path = program.notebook.path
        self.digest = ""
        self.notes: list[str] = []
        self.generators: tuple[str, ...] | None = None
        """The random number generators that are pinned, once they are."""

    def run(self) -> Report:
        bundle = build_bundle(self.plan, self.beside)
        write_bundle(bundle, self.bundle)
        self.digest = bundle.manifest.digest
        if not copy_folder(self.beside, self.source, [file.path for file in self.plan.files]):
            self.notes.append("the notebook's folder is too large to copy: the whole runs saw the shipped files only")
        orders = _orders(self.plan)
        first = self._whole("the notebook", 1)
        dags = [self._dag("the DAG", 1, RunOptions(self.options.params, str(self.store), self.options.jobs))]
        if len(orders) > 1 and dags[0].ok:
            one_by_one = RunOptions(self.options.params, str(self.store), 1, order=orders[1])
            dags.append(self._dag("the DAG, in another order", 2, one_by_one))
        second, values = self._judged("the notebook again", 2, first, dags)
        items = [*self._failures(dags), *values, *self._outputs(first, second, dags)]
        for dag in dags:
            items += file_items(self.plan.tasks, first.record.files, second.record.files, dag)
        if _only_chance_is_in_doubt(items):
            items = self._pinned(items)
        return self._report(items, orders[: len(dags)])

    def _pinned(self, items: list[Item]) -> list[Item]:
        """Run once more with the same random numbers in the notebook and in the DAG, and settle what that proves."""
        self.generators = unseeded_generators(self.program)
        bundle = self.folder / "bundle-pinned"
        pinned_bundle(self.bundle, bundle, self.generators)
        options = RunOptions(self.options.params, str(self.store), self.options.jobs)
        with pinned_hashes():
            dag = self._dag("the DAG, with the notebook's random numbers", 3, options, bundle)
            if not dag.ok:
                return items
            whole, values = self._judged("the notebook, with the DAG's random numbers", 3, None, [dag])
        proofs = [*values, *self._outputs(whole, whole, [dag])]
        proofs += file_items(self.plan.tasks, whole.record.files, whole.record.files, dag)
        after = settled(items, proofs)
        count = sum(one != other for one, other in zip(items, after, strict=True))
        if count:
            self.notes.append(
                f"{count} of the values and outputs depend on random numbers that nothing seeds: they were compared "
                "with the same numbers in the notebook and in the DAG"
            )
        return after

    def _whole(self, name: str, number: int, last: str | None = None) -> _Whole:
        folder = self.folder / f"whole-{number}"
        record, notebook, output = folder / "files.jsonl", folder / "source.ipynb", folder / "notebook.ipynb"
        document = whole_notebook(self.program, self.plan, self.checks, record, last)
        write_notebook(document if self.generators is None else pinned_notebook(document, self.generators), notebook)
        job = Job(self.plan.dag_id, f"whole-{number}", WHOLE_TASK, 1, str(self.store), self.digest, manifest="")
        run = WholeRun(notebook, output, job, self.source, self._params(), lambda event: self._tell(name, event))
        try:
            manifest = self.options.executor.run_whole(run)
        except NotebookFailsError as error:
            raise self._notebook_fails(error) from error
        return _Whole(manifest, shown_by_cell(output), read_record(record))

    def _params(self) -> dict[str, Any]:
        """Return the values for the notebook itself; one that only the DAG's settings name is none of its variables."""
        own = {param.name for param in self.plan.params if param.cell}
        return {name: value for name, value in self.options.params.items() if name in own}

    def _notebook_fails(self, error: NotebookFailsError) -> NotebookFailsError:
        where = f"{self.path}:cell {error.cell}" if error.cell else self.path
        where += f":{error.line}" if error.cell and error.line else ""
        said = f"{where}: the notebook itself fails when it is run from top to bottom: {error}"
        return NotebookFailsError(f"{said}; mend it first, there is nothing to compare yet", error.cell, error.line)

    def _dag(self, name: str, number: int, run: RunOptions, bundle: Path | None = None) -> RunResult:
        folder = RunFolder(self.folder, f"dag-{number}")
        folder.path.mkdir(parents=True)
        self.options.on_step(Step(name))
        result = self.options.executor.run_dag(
            bundle or self.bundle, folder, run, lambda event: self._tell_task(name, event)
        )
        if result.interrupted:
            raise KeyboardInterrupt
        return result

    def _judged(self, name: str, number: int, first: _Whole | None, dags: list[RunResult]) -> tuple[_Whole, list[Item]]:
        """Run the notebook whole, and compare its values in the end: with those of the first whole run and the DAGs."""
        request, answer = self.folder / f"request-{number}.json", self.folder / f"answer-{number}.json"
        committed = tuple(
            {task.task_id: task.manifest for task in dag.tasks if task.manifest is not None} for dag in dags
        )
        manifest, failed = (None, {}) if first is None else (first.manifest, first.record.failed)
        Request(self.checks, str(self.store), manifest, failed, committed).write(request)
        judged = call("judge", "judge", "globals()", repr(str(request)), repr(str(answer)))
        whole = self._whole(name, number, judged)
        if not answer.exists():
            raise Nb2dagError(f"{self.path}: the comparison of the values did not end; see {self.folder}")
        return whole, [Item.from_json(item) for item in json.loads(answer.read_text(encoding="utf-8"))]

    def _outputs(self, first: _Whole, second: _Whole, dags: list[RunResult]) -> Iterator[Item]:
        for task in self.plan.tasks:
            for dag in dags if not task.implicit else ():
                result = dag.task(task.task_id)
                if result.state is TaskState.SUCCESS and result.notebook is not None:
                    found = shown_by_cell(result.notebook)
                    for cell in self._own_cells(task.task_id):
                        shown = (first.shown.get(cell, ()), second.shown.get(cell, ()), found.get(cell, ()))
                        yield from _output_items(task.task_id, cell, *shown)

    def _own_cells(self, task_id: str) -> tuple[int, ...]:
        """Return the cells that are tagged with a task; the plan, which is to be verified, is not asked."""
        return tuple(cell.cell.index for cell in self.program.cells if cell.task_id == task_id)

    def _failures(self, dags: Sequence[RunResult]) -> Iterator[Item]:
        """Yield the tasks that the notebook runs and a run of the DAG does not."""
        for task_id in self.program.task_ids:
            first = min(self._own_cells(task_id))
            for dag in dags:
                task = next((task for task in dag.tasks if task.task_id == task_id), None)
                if task is None:
                    yield Item(Kind.FAILURE, Outcome.DIFFERENT, task_id, first, "", RUNS, "there is no such task")
                elif task.state is TaskState.SKIPPED:
                    reason = "the DAG skips the task, by its trigger rule"
                    yield Item(Kind.FAILURE, Outcome.NOT_COMPARABLE, task_id, first, "", reason)
        for task in (task for dag in dags for task in dag.tasks if task.state is TaskState.FAILED):
            message = task.failure.message.partition("\n")[0] if task.failure else "it fails"
            cell = (task.failure.cell if task.failure else 0) or min(self._own_cells(task.task_id), default=0)
            yield Item(Kind.FAILURE, Outcome.DIFFERENT, task.task_id, cell, "", RUNS, message)

    def _report(self, items: list[Item], orders: Sequence[tuple[str, ...]]) -> Report:
        lost = [item for item in _in_order(items) if item.kind is Kind.ALIAS]
        if not any(item.outcome is Outcome.DIFFERENT for item in items if item.kind is not Kind.ALIAS):
            # Objects that nobody changes may be apart: it is the cause of a difference, or of nothing.
            items = [item for item in items if item.kind is not Kind.ALIAS]
            self.notes += [_harmless(item) for item in lost]
        report = Report(
            self.path,
            self.plan.dag_id,
            self.folder,
            tuple(_in_order(items)),
            tuple(orders),
            {cell.cell.index: cell.cell.id for cell in self.program.cells},
            tuple(self.notes),
        )
        (self.folder / "report.json").write_text(json.dumps(report.to_json(), indent=2) + "\n", encoding="utf-8")
        if report.verdict is Verdict.SAME:
            # The values themselves have served; what is different or unproven is worth a look.
            shutil.rmtree(self.store, ignore_errors=True)
        return report

    def _tell(self, name: str, event: Event) -> None:
        if isinstance(event, CellStarted) and event.origin is not None and event.origin.purpose == "body":
            self.options.on_step(Step(name, f"cell {event.origin.cell}"))

    def _tell_task(self, name: str, event: RunEvent) -> None:
        if isinstance(event, TaskEnded):
            self.options.on_step(Step(name, f"task {event.task_id}: {event.state.value.replace('_', ' ')}"))


def _only_chance_is_in_doubt(items: Sequence[Item]) -> bool:
    """Tell whether nothing but values that are not reproducible stands between a notebook and its proof."""
    doubted = [item for item in items if item.kind is not Kind.ALIAS and item not in by_chance(items)]
    if any(item.outcome in (Outcome.DIFFERENT, Outcome.NOT_COMPARABLE) for item in doubted):
        return False
    changes = any(item.outcome is Outcome.NOT_REPRODUCIBLE for item in items if item.kind is not Kind.OUTPUT)
    return changes or bool(by_chance(items))


def _orders(plan: DagPlan) -> tuple[tuple[str, ...], ...]:
    """Return the plan's own order, and where there is another one the order that takes the last free task first."""
    own = tuple(task.task_id for task in plan.tasks)
    waiting = {task.task_id: set(task.upstream) for task in plan.tasks}
    other: list[str] = []
    while waiting:
        free = [task_id for task_id in waiting if not waiting[task_id] & waiting.keys()]
        if not free:
            return (own,)
        other.append(free[-1])
        del waiting[free[-1]]
    return (own,) if tuple(other) == own else (own, tuple(other))


def _output_items(task_id: str, cell: int, whole: Shown, again: Shown, dag: Shown) -> Iterator[Item]:
    """Compare what one cell shows; where it shows something else each time, what stays the same is compared."""

    def item(outcome: Outcome, found: Mismatch) -> Item:
        return Item(Kind.OUTPUT, outcome, task_id, cell, found.part, found.one, found.other)

    if not whole and not dag:
        return
    changing = mismatch(whole, again)
    if changing.part:
        yield item(Outcome.NOT_REPRODUCIBLE, changing)
        whole, dag = without_changing(whole, again, dag)
    differing = mismatch(whole, dag)
    if differing.part:
        yield item(Outcome.DIFFERENT, differing)
    elif not changing.part:
        yield item(Outcome.BY_VALUE, differing)


def _harmless(item: Item) -> str:
    apart = f"{item.whole} in the notebook and {item.dag} in task `{item.task_id}`"
    return f"cell {item.cell}: `{item.name}` {apart}; nothing came of it"


def _in_order(items: Sequence[Item]) -> list[Item]:
    """Return each item once, in notebook order; of one cell, what goes into it before what comes out of it."""
    order = list(Kind)
    return sorted(dict.fromkeys(items), key=lambda item: (item.cell or 10**9, order.index(item.kind), item.name))
