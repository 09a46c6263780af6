"""Read Kale's tags as Kale does: which cell belongs to which step, and what each tag asks for.

The rules are those of Kale's `processors/nbprocessor.py` (Apache License 2.0): of a cell's tags a special one (`skip`,
`imports`, `functions`, `pipeline-parameters`, `pipeline-metrics`) decides alone; a cell without a step's name continues
what the last cell above that was not skipped is; an empty name (`block:`) counts as none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from nb2dag.directives.names import id_like, why_not_id
from nb2dag.errors import Nb2dagError
from nb2dag.model.notebook import Cell
from nb2dag.report.style import printable


class Part(Enum):
    """What a cell is to Kale; the value is its special tag, where it has one."""

    SKIP = "skip"
    IMPORTS = "imports"
    FUNCTIONS = "functions"
    PARAMETERS = "pipeline-parameters"
    METRICS = "pipeline-metrics"
    STEP = "step"
    NONE = ""


@dataclass(frozen=True, slots=True)
class KaleCell:
    """A code cell as Kale reads it: what it is, for a step its name, and what it comes after.

    `continues` says that the cell has no tag of its own and belongs to what stands above. `left` are the tags that are
    not translated.
    """

    cell: Cell
    part: Part
    step: str = ""
    prev: tuple[str, ...] = ()
    continues: bool = False
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that a person has to look at: the cell it is about (0 for the notebook), and what it is."""

    cell: int
    message: str


@dataclass(slots=True)
class KaleTags:
    """All code cells of a notebook as Kale reads them, and what could not be read."""

    cells: list[KaleCell] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)

    @property
    def steps(self) -> list[str]:
        """The steps' names in the order of their first cells."""
        return list(dict.fromkeys(cell.step for cell in self.cells if cell.part is Part.STEP))


_SPECIAL = {part.value: part for part in Part if part not in (Part.STEP, Part.NONE)}
_STEP = re.compile(r"(?:step|block):(.*)", re.DOTALL)
_PREV = re.compile(r"prev:(.+)", re.DOTALL)
_RESOURCES = re.compile(r"(annotation|label|limit):.+", re.DOTALL)


def is_kale_tag(tag: str) -> bool:
    """Tell whether a cell tag is Kale's beyond doubt; `skip` and `imports` are others' words too.

    >>> [is_kale_tag(tag) for tag in ("step:load", "prev:load", "pipeline-parameters", "skip", "hide-input")]
    [True, True, True, False, False]
    """
    return bool(_STEP.fullmatch(tag) or _PREV.fullmatch(tag)) or tag in (Part.PARAMETERS.value, Part.METRICS.value)


def read_kale(cells: Iterable[Cell]) -> KaleTags:
    """Return the code cells of a notebook with their part in Kale's pipeline.

    Raises:
        Nb2dagError: A cell has two steps' names, which Kale refuses as well.
    """
    found = KaleTags()
    above, step = Part.NONE, ""
    for cell in cells:
        read = _read(cell, found.warnings)
        if read.part is Part.NONE:
            read = KaleCell(cell, above, step, read.prev, continues=True, left=read.left)
        elif read.part is not Part.SKIP:
            above, step = read.part, read.step
        found.cells.append(read)
    found.warnings += _odd_places(found.cells)
    return found


def _read(cell: Cell, warnings: list[Warned]) -> KaleCell:
    """Return what the tags of one cell say by themselves."""
    steps: list[str] = []
    prev: list[str] = []
    left: list[str] = []
    special = next((_SPECIAL[tag] for tag in cell.tags if tag in _SPECIAL), None)
    for tag in cell.tags:
        if match := _STEP.fullmatch(tag):
            steps += [_name(match[1], cell, warnings)] if match[1] else []
        elif match := _PREV.fullmatch(tag):
            prev.append(_name(match[1], cell, warnings))
        elif tag not in _SPECIAL:
            left.append(tag)
            warnings.append(Warned(cell.index, _not_translated(tag)))
    if special is not None:
        for name in (*steps, *prev):
            text = f"Kale does not read the step name `{name}` of a cell tagged `{special.value}`: it is left out"
            warnings.append(Warned(cell.index, text))
        return KaleCell(cell, special, left=tuple(left))
    if len(set(steps)) > 1:
        raise Nb2dagError(
            f"cell {cell.index} is part of several steps ({', '.join(sorted(set(steps)))}): give it one, as Kale asks "
            "for too"
        )
    part = Part.STEP if steps else Part.NONE
    return KaleCell(cell, part, steps[0] if steps else "", tuple(dict.fromkeys(prev)), left=tuple(left))


def _name(text: str, cell: Cell, warnings: list[Warned]) -> str:
    reason = why_not_id(text)
    if not reason:
        return text
    name = id_like(text)
    if not name:
        raise Nb2dagError(f"cell {cell.index}: `{printable(text)}` cannot be a task's name: {reason}")
    warnings.append(Warned(cell.index, f"`{printable(text)}` cannot be a task's name, since {reason}: it is `{name}`"))
    return name


def _not_translated(tag: str) -> str:
    shown = printable(tag)
    if _RESOURCES.fullmatch(tag):
        return (
            f"`{shown}` is not carried over: Airflow's executor decides about pods; write what it shall have as "
            "`#| executor_config:` of the task"
        )
    return f"the cell tag `{shown}` is unknown: it stays as it is"


def _odd_places(cells: Iterable[KaleCell]) -> Iterator[Warned]:
    for read in cells:
        text = bool(read.cell.source.strip())
        if read.part is Part.NONE and text:
            yield Warned(
                read.cell.index,
                "Kale leaves out what stands above its first tag: here it is shared code, of which each task gets what "
                "it needs",
            )
        if read.prev and read.part is not Part.STEP:
            names = ", ".join(read.prev)
            yield Warned(read.cell.index, f"`prev:{names}` stands where no step is: it is left out, as Kale refuses it")
