"""Hold a parsed tag: which directive a cell carries, with its options as typed values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from nb2dag.model.span import Region


class DirectiveKind(Enum):
    """The directives of the tag language; the value is the magic's name without its percent signs."""

    DAG = "airflow_dag"
    TASK = "airflow_task"
    SQL = "airflow_sql"
    CHECK = "airflow_check"
    SENSOR = "airflow_sensor"
    TEST = "airflow_test"
    SHARED = "airflow_shared"
    SKIP = "airflow_skip"
    PARAMETERS = "parameters"


class Spelling(Enum):
    """How a tag was written."""

    MAGIC = "magic"
    OPTION_LINES = "option lines"
    CELL_TAG = "cell tag"


@dataclass(frozen=True, slots=True)
class Option:
    """One option as written: its canonical name (underscores), its typed value, and where it stands.

    The value is what the vocabulary's type makes of the text: `str`, `int`, `float`, `bool`,
    `datetime.timedelta`, `datetime.datetime`, `tuple` for lists, `dict` for mappings, or one of the value
    classes of `nb2dag.model.schedule`.
    """

    name: str
    value: object
    region: Region


@dataclass(frozen=True, slots=True)
class Directive:
    """A cell's tag.

    `body_line` is the first line (1-based) of the cell's text that is not part of the tag; it is one past the
    last line when the cell is nothing but a tag. `tag_lines` are the lines the tag takes up.
    """

    kind: DirectiveKind
    name: str | None
    options: tuple[Option, ...]
    spelling: Spelling
    region: Region
    name_region: Region | None
    tag_lines: tuple[int, ...]
    body_line: int

    def option(self, name: str) -> Option | None:
        """Return the option called `name`, or None where the tag does not give it."""
        for option in self.options:
            if option.name == name:
                return option
        return None


@dataclass(frozen=True, slots=True)
class DirectiveProblem:
    """Something wrong in a tag, as a fact: the rule's name, where, and the values its message needs.

    `rule` is the kebab-case name of a rule of family NBD1xx; `values` fills that rule's message.
    """

    rule: str
    region: Region
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Tag:
    """What the grammar found in one cell: a directive or none, and what is wrong with it."""

    directive: Directive | None
    problems: tuple[DirectiveProblem, ...] = ()
