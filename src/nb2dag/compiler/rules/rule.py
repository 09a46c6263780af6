"""Define what a rule is: a permanent code and name, a severity, and the page that explains it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nb2dag.model.diagnostic import Diagnostic, Fix, Label, Severity
from nb2dag.model.span import Span

SECTIONS = ("What it does", "Why is this bad?", "Example", "Use instead", "When it is wrong")
"""The headings of a page, in their order; each one is `## ` and its text."""

_SILENCED = "`# nb2dag: ignore[{name}]` at the end of its line, or `ignore` in the settings, silences it."
_WEIGHT = {
    Severity.ERROR: "An **error**: it stops `compile`, and nothing silences it.",
    Severity.WARNING: f"A **warning**: it stops nothing. {_SILENCED}",
    Severity.NOTE: f"A **note**: it stops nothing. {_SILENCED}",
}

_CELL_BREAK = re.compile(r"^# %%[^\n]*\n", re.MULTILINE)
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    `page` is Markdown with the sections of `SECTIONS`; `nb2dag explain` prints it. In `Example` and `Use instead` the
    first ```` ```python ```` block is a notebook: a line `# %%` begins a further cell. The example raises exactly this
    rule, and what to use instead raises nothing.
    """

    code: str
    name: str
    severity: Severity
    page: str

    def diagnostic(
        self,
        message: str,
        span: Span,
        hint: str = "",
        labels: tuple[Label, ...] = (),
        fix: Fix | None = None,
    ) -> Diagnostic:
        """Return a finding of this rule: `message` is one line without a final stop, names in backticks."""
        return Diagnostic(self.code, self.name, self.severity, message, span, hint, labels, fix)

    def section(self, heading: str) -> str:
        """Return the text under one of the page's headings, an empty string where there is none."""
        _, _, rest = f"\n{self.page}".partition(f"\n## {heading}\n")
        return re.split(r"^## ", rest, maxsplit=1, flags=re.MULTILINE)[0].strip()

    @property
    def summary(self) -> str:
        """What the rule does, in one sentence of plain text."""
        text = " ".join(self.section("What it does").split())
        return re.split(r"(?<=\.) ", text, maxsplit=1)[0]

    def document(self) -> str:
        """Return the whole page in Markdown: title, severity, sections. The docs and `nb2dag explain` show it."""
        return f"# {self.name} ({self.code})\n\n{_WEIGHT[self.severity].format(name=self.name)}\n\n{self.page}"

    def example_cells(self, heading: str) -> tuple[str, ...]:
        """Return the code cells of the notebook under `Example` or `Use instead`, none where there is no code."""
        block = _BLOCK.search(self.section(heading) + "\n")
        if block is None:
            return ()
        return tuple(cell.strip("\n") for cell in _CELL_BREAK.split(block[1]) if cell.strip())


def page(what: str, why: str, example: str, instead: str, wrong: str) -> str:
    """Return a page from its five sections; `example` and `instead` are code, the rest is Markdown."""
    return (
        f"## What it does\n{what.strip()}\n\n## Why is this bad?\n{why.strip()}\n\n"
        f"## Example\n```python\n{example.strip()}\n```\n\n## Use instead\n```python\n{instead.strip()}\n```\n\n"
        f"## When it is wrong\n{wrong.strip()}\n"
    )
