"""Hold a finding as data: a code, where it stands, what it says and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from nb2dag.model.span import Region, Span


class Severity(Enum):
    """How much a finding weighs: an error stops `compile`, a warning and a note do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Applicability(Enum):
    """Whether a fix may be applied unasked (as ruff means these words)."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY_ONLY = "display-only"


@dataclass(frozen=True, slots=True)
class Label:
    """Another place that belongs to a finding, with what it has to do with it."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Edit:
    """A replacement of one region of one cell's text."""

    cell: int
    cell_id: str
    region: Region
    replacement: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that would remove a finding."""

    title: str
    edits: tuple[Edit, ...]
    applicability: Applicability = Applicability.DISPLAY_ONLY


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding. `code` is `NBD` and three digits, `name` the kebab-case pattern; both are permanent.

    `message` is one line without a final stop, names in backticks; `hint` says what to do next. The text under a `span`
    that `is_secret` must not be shown.
    """

    code: str
    name: str
    severity: Severity
    message: str
    span: Span
    hint: str = ""
    labels: tuple[Label, ...] = ()
    fix: Fix | None = None
    is_secret: bool = False
