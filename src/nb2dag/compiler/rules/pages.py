"""Make the documents of `docs/rules` from the catalogue: a page per rule, and the index."""

from __future__ import annotations

from nb2dag.compiler.rules.catalogue import all_rules
from nb2dag.compiler.rules.rule import Rule

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
    pages = {file_name(rule): rule.document() for rule in all_rules()}
    return {INDEX: _index(), **pages}


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
