"""Say what is suggested: the tasks with their cells and handoffs, then the difference of every cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from nb2dag.report.style import Style, printable
from nb2dag.report.summary import counted

if TYPE_CHECKING:
    from nb2dag.cli.retagging import Retagged
    from nb2dag.compiler.suggestion.notebook import SuggestedTags

_MOST_NAMES = 6


def suggestion_text(found: SuggestedTags, changed: Retagged, style: Style, *, accepted: bool) -> str:
    """Return what to print for a suggestion, ending with a newline; without the difference once it is `accepted`."""
    # Cells are counted as they are in the notebook that the reader has then.
    blocks = ["\n".join(_summary(found, style, added=changed.added if accepted else 0))]
    if not accepted:
        blocks += [changed.cell_diff(style), f"accept it: nb2dag suggest {printable(found.path)} --write"]
    return "\n\n".join(blocks) + "\n"


def _summary(found: SuggestedTags, style: Style, added: int) -> Iterator[str]:
    proposal = found.proposal
    assert proposal is not None
    yield style.paint(f"{printable(found.path)}: {counted(len(proposal.tasks), 'task')}", "bold")
    width = max(len(task.name) for task in proposal.tasks)
    cells = [cell_ranges(task.cells, added) for task in proposal.tasks]
    wide = max(map(len, cells))
    for task, own in zip(proposal.tasks, cells, strict=True):
        line = f"  {style.paint(task.name.ljust(width), 'green')}  {own.ljust(wide)}"
        yield f"{line}  hands over {_names(task.hands_over)}" if task.hands_over else line.rstrip()
    if proposal.parameters is not None:
        yield f"  parameters: cell {proposal.parameters + added}"
    rest = [index for index in proposal.shared if index != proposal.parameters]
    if rest:
        yield f"  shared, as each task needs it: {cell_ranges(rest, added)}"
    if proposal.skipped:
        yield f"  left out of the DAG, since they install packages: {cell_ranges(proposal.skipped, added)}"


def cell_ranges(indexes: Iterable[int], added: int = 0) -> str:
    """Return cell numbers in words, each higher by those that are `added` before them.

    >>> cell_ranges([2]), cell_ranges([2, 3, 5]), cell_ranges([2], added=1)
    ('cell 2', 'cells 2, 3, 5', 'cell 3')
    >>> cell_ranges([2, 3, 4, 7, 9, 10, 11])
    'cells 2-4, 7, 9-11'
    """
    found: list[list[int]] = []
    for index in sorted(index + added for index in indexes):
        if found and index == found[-1][-1] + 1:
            found[-1].append(index)
        else:
            found.append([index])
    parts = [f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in found]
    count = sum(map(len, found))
    return f"{'cell' if count == 1 else 'cells'} {', '.join(parts)}"


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    return f"{shown} and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else shown
