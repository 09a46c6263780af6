"""Define what the vocabulary's table is made of: directive specs, option specs and value types."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from nb2dag.model.directive import DirectiveKind


class ValueType(Enum):
    """What an option's text becomes; the value is the name that documentation uses."""

    TEXT = "text"
    IDENTIFIER = "Python name"
    TASK_IDS = "list of tasks"
    TASK = "task"
    GROUP = "group id"
    KERNEL = "kernel name"
    TEXTS = "list"
    ASSETS = "list of assets"
    INTEGER = "integer"
    BACKOFF = "flag or number"
    FLAG = "flag"
    CHOICE = "one of"
    DURATION = "duration"
    DATE = "date"
    TIMEZONE = "timezone"
    SCHEDULE = "schedule"
    MAPPING = "mapping"
    DEFAULT_ARGS = "mapping of task options"
    ANY = "value"


class NameRule(Enum):
    """Whether a directive is followed by a name."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class DirectiveSpec:
    """One directive: its option-line keyword, and the magics that spell it (`%`, `%%`, both or neither)."""

    kind: DirectiveKind
    keyword: str
    help: str
    name: NameRule = NameRule.NONE
    line_magic: bool = False
    cell_magic: bool = True
    lowered: bool = True

    @property
    def magic(self) -> str:
        """The spelling to show to people: the line magic where there is one, else the cell magic."""
        if self.line_magic:
            return f"%{self.kind.value}"
        return f"%%{self.kind.value}" if self.cell_magic else f"#| {self.keyword}"


@dataclass(frozen=True, slots=True)
class OptionSpec:
    """One option.

    `airflow` is the argument of Airflow's DAG or operator that it becomes, empty where it has no single one; where
    it differs from `name` it is accepted as a second spelling. `minimum` bounds integers (and, set to 1, forbids an
    empty duration). A task option with `default_arg` may stand on the DAG line, where it holds for every task.
    """

    name: str
    type: ValueType
    directives: tuple[DirectiveKind, ...]
    help: str
    example: str
    airflow: str = ""
    lowered: bool = True
    default_arg: bool = False
    choices: tuple[str, ...] = ()
    minimum: int | None = None

    @property
    def flag(self) -> str:
        """The option as a magic's flag: `--retry-delay`."""
        return "--" + self.name.replace("_", "-")

    @property
    def metavar(self) -> str:
        """The placeholder of its value in a usage line; empty for a flag."""
        if self.type is ValueType.CHOICE:
            return "RULE" if self.name == "trigger_rule" else "|".join(self.choices)
        return _METAVARS[self.type]


_METAVARS = {
    ValueType.TEXT: "TEXT",
    ValueType.IDENTIFIER: "NAME",
    ValueType.TASK_IDS: "TASK,...",
    ValueType.TASK: "TASK",
    ValueType.GROUP: "GROUP",
    ValueType.KERNEL: "KERNEL",
    ValueType.TEXTS: "A,B,...",
    ValueType.ASSETS: "ASSET,...",
    ValueType.INTEGER: "N",
    ValueType.BACKOFF: "[FACTOR]",
    ValueType.FLAG: "",
    ValueType.DURATION: "DURATION",
    ValueType.DATE: "DATE",
    ValueType.TIMEZONE: "ZONE",
    ValueType.SCHEDULE: "SCHEDULE",
    ValueType.MAPPING: "YAML",
    ValueType.DEFAULT_ARGS: "YAML",
    ValueType.ANY: "VALUE",
}
