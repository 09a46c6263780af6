"""Say what came of a verification: the verdict, then every difference and doubt by cell and name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from nb2dag.local.verify.report import Report, Verdict
from nb2dag.local.verify.request import Item, Kind, Outcome
from nb2dag.report.style import Style, printable
from nb2dag.report.summary import counted

_MOST = 10
"""Entries of one kind that are written out; the JSON form has them all."""

_COLOURS = {Verdict.SAME: "green", Verdict.UNPROVEN: "yellow", Verdict.DIFFERENT: "red"}


def report_text(report: Report, style: Style) -> str:
    """Return what to print after a verification, ending with a newline."""
    blocks = [*_differences(report, style), *_doubts(report, style), "\n".join(_closing(report, style))]
    return "\n\n".join(blocks) + "\n"


def _differences(report: Report, style: Style) -> Iterator[str]:
    found = report.of(Outcome.DIFFERENT)
    for item in found[:_MOST]:
        first = f"{style.paint(_where(report, item), 'bold')} {style.paint(_what(item), 'bold', 'red')}"
        yield f"{first}\n  notebook: {printable(item.whole)}\n  DAG:      {printable(item.dag)}"
    yield from _more(found)


def _doubts(report: Report, style: Style) -> Iterator[str]:
    for outcome, word in (
        (Outcome.NOT_COMPARABLE, "not comparable"),
        (Outcome.NOT_REPRODUCIBLE, "not reproducible"),
    ):
        found = report.of(outcome)
        for item in found[:_MOST]:
            first = f"{style.paint(_where(report, item), 'bold')} {style.paint(_subject(item), 'yellow')} is {word}"
            if outcome is Outcome.NOT_COMPARABLE:
                yield f"{first}: {printable(item.whole)}"
            else:
                yield f"{first}\n  first run:  {printable(item.whole)}\n  second run: {printable(item.dag)}"
        yield from _more(found)


def _more(found: Sequence[Item]) -> Iterator[str]:
    if len(found) > _MOST:
        yield f"... and {len(found) - _MOST} more (see `--format json`)"


def _where(report: Report, item: Item) -> str:
    return printable(f"{report.notebook}:cell {item.cell}:" if item.cell else f"{report.notebook}:")


def _what(item: Item) -> str:
    match item.kind:
        case Kind.FAILURE:
            return f"{_subject(item)} does not do what the notebook does"
        case Kind.ALIAS:
            return printable(f"`{item.name}`, as task `{item.task_id}` gets them, are not shared as in the notebook")
        case _:
            return f"{_subject(item)} differs"


def _subject(item: Item) -> str:
    match item.kind:
        case Kind.INPUT:
            text = f"`{item.name}`, as task `{item.task_id}` gets it,"
        case Kind.OUTPUT:
            text = f"the output ({item.name}) of task `{item.task_id}`"
        case Kind.FAILURE:
            text = f"task `{item.task_id}`"
        case Kind.FILE:
            text = f"the file {item.name} of task `{item.task_id}`"
        case _:
            text = f"`{item.name}`, which task `{item.task_id}` hands over,"
    return printable(text)


def _closing(report: Report, style: Style) -> Iterator[str]:
    sentence = {
        Verdict.SAME: "the DAG computes what the notebook computes",
        Verdict.UNPROVEN: "not proven: nothing differs, but not everything could be compared",
        Verdict.DIFFERENT: "the DAG does not compute what the notebook computes",
    }[report.verdict]
    yield style.paint(f"{printable(report.dag_id)}: {sentence}", "bold", _COLOURS[report.verdict])
    numbers = {outcome: len(report.of(outcome)) for outcome in Outcome}
    yield (
        f"compared {numbers[Outcome.BY_VALUE]} by value and {numbers[Outcome.BY_STRUCTURE]} by structure; "
        f"{numbers[Outcome.DIFFERENT]} different, {numbers[Outcome.NOT_COMPARABLE]} not comparable, "
        f"{numbers[Outcome.NOT_REPRODUCIBLE]} not reproducible ({counted(len(report.orders), 'task order')})"
    )
    for note in report.notes:
        yield f"note: {printable(note)}"
    relative = os.path.relpath(report.folder)
    yield f"runs: {printable(str(report.folder) if relative.startswith('..') else relative)}"
