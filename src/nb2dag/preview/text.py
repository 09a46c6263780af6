"""Say in plain text what the preview shows: for terminals, diffs and pages that draw nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nb2dag.report.style import printable


def preview_text(document: Mapping[str, Any], source: str) -> str:
    """Return tasks with their upstream tasks, and findings, of a panel document; `source` says what it is of."""
    return "\n".join(_lines(document, source))


def finding_line(found: Mapping[str, Any]) -> str:
    """Return one finding in a line: cell, line, severity, rule, message."""
    span = found["span"]
    place = f"cell {span['cell']}, line {span['line']}" if span["cell"] else "notebook"
    rule = f"[{found['code']} {found['name']}]" if found["code"] else ""
    return printable(f"{place}: {found['severity']}{rule} {found['message']}")


def _lines(document: Mapping[str, Any], source: str) -> Iterator[str]:
    tasks = document["graph"]["tasks"] if document["graph"] is not None else []
    count = f"{len(tasks)} {'task' if len(tasks) == 1 else 'tasks'}"
    yield f"{printable(document['dag_id'])}: {count} ({printable(source)})"
    for task in tasks:
        after = f" after {', '.join(task['upstream'])}" if task["upstream"] else ""
        yield f"  {printable(task['task_id'] + after)}"
    if document["graph"] is None and document["tagged"]:
        yield "  no graph while a cell or tag is broken"
    if not document["tagged"]:
        yield "  no cell is a task yet"
    for found in document["diagnostics"]:
        yield finding_line(found)
