"""Make the documents of `docs/rules`: the index, and a page per rule with what is said of its example."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.compiler.pipeline import compile_program
from nb2dag.compiler.rules.catalogue import all_rules
from nb2dag.compiler.rules.rule import Rule
from nb2dag.report.text import render_text

INDEX = "README.md"

_INTRODUCTION = """# Rules

What `nb2dag check` reports. `nb2dag explain CODE` prints the same page in the terminal. The examples on the pages are
run by the tests: each *Example* raises exactly its rule, and each *Use instead* raises nothing.

An **error** stops `compile`, and nothing ignores, lowers or silences it: the DAG would not compute what the notebook
computes, or would not run. A **warning** or **note** stops nothing, and three things change it:

- `# nb2dag: ignore[name]` at the end of the line it is on; several names with commas between. A line to itself is meant
  for the next line of code, and above the cell's first line of code for the tag too, whose line takes no comment.
- `select` and `ignore` in `[tool.nb2dag]`, or `--select` and `--ignore`: codes, names, or beginnings of codes
  (`NBD2`).
- `severity` in `[tool.nb2dag]`: `severity = { bare-call = "error", empty-task = "note" }`.
"""

_FAMILIES = {
    "0": "The notebook",
    "1": "Tags",
    "2": "The flow of values",
    "3": "Tasks apart from each other and from you",
    "4": "The Airflow DAG",
    "5": "Security",
    "9": "nb2dag itself",
}


def documents() -> dict[str, str]:
    """Return the text of every document by its file name."""
    return {INDEX: _index(), **{file_name(rule): document(rule) for rule in all_rules()}}


def document(rule: Rule) -> str:
    """Return a rule's page, with the report of its example: the message, the hint, the fix where there is one."""
    said = _said(rule)
    shown = f"## What is said\n```text\n{said}```\n\n" if said else ""
    before, heading, after = rule.document().partition("## Use instead\n")
    return f"{before}{shown}{heading}{after}"


def _said(rule: Rule) -> str:
    """Return the findings of the example as `nb2dag check` prints them, nothing where cells alone cannot show it."""
    notebook = parse_notebook(_notebook_text(rule.example_cells("Example")), "example.ipynb")
    # A folder without files: an example is its cells.
    found = compile_program(notebook, Path("/nonexistent"), 0).diagnostics
    return render_text([item for item in found if item.name == rule.name], [notebook])


def _notebook_text(cells: tuple[str, ...]) -> str:
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    made: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {},
            "source": cell,
            "outputs": [],
            "execution_count": None,
        }
        for number, cell in enumerate(cells, 1)
    ]
    return json.dumps({"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


def file_name(rule: Rule) -> str:
    """Return the name of a rule's page, such as `undefined-name.md`."""
    return f"{rule.name}.md"


def _index() -> str:
    parts = [_INTRODUCTION]
    for digit, title in _FAMILIES.items():
        rules = [rule for rule in all_rules() if rule.code[3] == digit]
        if rules:
            parts.append(f"## {title}\n\n| code | rule | severity | |\n|---|---|---|---|\n" + "".join(map(_row, rules)))
    return "\n".join(parts)


def _row(rule: Rule) -> str:
    summary = rule.summary.replace("|", "\\|")
    return f"| {rule.code} | [{rule.name}]({file_name(rule)}) | {rule.severity.value} | {summary} |\n"
