"""Hold what the analysis found: per task its code, its inputs and its outputs, and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass

from nb2dag.model.span import Region, Span


@dataclass(frozen=True, slots=True, order=True)
class Slice:
    """One top-level statement of a cell, decorators included."""

    cell: int
    region: Region


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """Where a version is saved: the producing task and the cell (1-based index) after which it is saved."""

    task_id: str
    cell: int


@dataclass(frozen=True, slots=True)
class Input:
    """Names that a task loads from one alias group of one version; `optional` ones may be unbound there."""

    source: Source
    names: tuple[str, ...]
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Output:
    """An alias group that a task saves after one of its cells, all names in one stream."""

    source: Source
    names: tuple[str, ...]
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskFlow:
    """One task: `preamble` are the statements that run before the loads, in source order; `cells` its own cells.

    `early` are the files that are laid down even before the preamble, because it opens or imports them. `follows` are
    tasks that use the same file outside of the working directory before it does. `parts` are dotted modules that
    it uses and that other cells import.
    An implicit task computes shared values once: it has a `body` of statements in place of whole cells.
    """

    task_id: str
    cells: tuple[int, ...]
    preamble: tuple[Slice, ...] = ()
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    early: tuple[Input, ...] = ()
    follows: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    implicit: bool = False
    body: tuple[Slice, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowProblem:
    """Something in the flow between tasks that needs saying, as a fact: the rule's name, where, and its values.

    `labels` are the other places, each with the words a rule's label wants (`bound here`).
    """

    rule: str
    span: Span
    values: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[Span, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file beside the notebook that exported code names, by its path relative to the notebook.

    Of `only_folder` nothing is read: code writes into it, and counts on its being there.
    """

    path: str
    is_module: bool = False
    only_folder: bool = False


@dataclass(frozen=True, slots=True)
class Dataflow:
    """The whole notebook's flow."""

    tasks: tuple[TaskFlow, ...]
    problems: tuple[FlowProblem, ...] = ()
    files: tuple[LocalFile, ...] = ()
