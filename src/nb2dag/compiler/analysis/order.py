"""Find what two tasks do in storage and databases in an order that the DAG does not keep."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from nb2dag.compiler.analysis.demand import IMPLICIT, Demands
from nb2dag.compiler.analysis.edges import after_options, task_ids
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.regions import node_region
from nb2dag.compiler.analysis.statements import MOST_STATEMENTS, Statement
from nb2dag.compiler.analysis.texts import ANY
from nb2dag.model.dataflow import FlowProblem
from nb2dag.model.program import Program
from nb2dag.model.span import Span

_QUERIES = {"read_sql": 1, "read_sql_query": 1, "read_sql_table": 1}
"""pandas functions that read from a connection, with the place of that argument."""


@dataclass(frozen=True, slots=True)
class _Access:
    """A use of something outside: `thing` in words, `key` what makes two uses meet, None for all of a database."""

    store: str
    key: str | None
    thing: str
    writes: bool
    node: ast.AST
    statement: Statement

    def meets(self, other: _Access) -> bool:
        """Tell whether the order of two uses matters."""
        if self.store != other.store or not (self.writes or other.writes):
            return False
        return self.key is None or other.key is None or self.key == other.key


def unordered_accesses(flow: Flow, demands: Demands, program: Program) -> Iterator[FlowProblem]:
    """Yield, once for each pair of tasks, what both use outside, one writing, with no way from one to the other."""
    accesses = [
        access for statement in flow.statements if statement.task_id is not None for access in _accesses(statement)
    ]
    if len({access.statement.task_id for access in accesses}) < 2:
        return
    above = _above(flow, demands, program)
    reported: set[tuple[str, str]] = set()
    for number, later in enumerate(accesses):
        for earlier in accesses[:number]:
            first, second = earlier.statement.task_id or "", later.statement.task_id or ""
            if first == second or (first, second) in reported or not earlier.meets(later):
                continue
            if first in above.get(second, ()) or second in above.get(first, ()):
                continue
            reported.add((first, second))
            yield _problem(earlier, later, program.notebook.path)


def _problem(earlier: _Access, later: _Access, path: str) -> FlowProblem:
    words = "written" if earlier.writes else "read"
    values = (
        ("thing", later.thing if later.key is not None else earlier.thing),
        ("task", later.statement.task_id or ""),
        ("other", earlier.statement.task_id or ""),
        ("verb", "writes" if later.writes else "reads"),
        ("earlier", words),
    )
    return FlowProblem("unordered-access", _span(later, path), values, ((_span(earlier, path), f"{words} here"),))


def _span(access: _Access, path: str) -> Span:
    cell = access.statement.cell.cell
    return cell.span(path, node_region(access.node, cell.source))


@lru_cache(MOST_STATEMENTS)
def _accesses(statement: Statement) -> tuple[_Access, ...]:
    return tuple(_accesses_of(statement))


def _accesses_of(statement: Statement) -> Iterator[_Access]:
    for use in statement.effects.files:
        if "://" in use.text and ANY not in use.text and hasattr(use.why, "lineno"):
            yield _Access("storage", use.text, f"`{use.text}`", use.writes, use.why, statement)
    source = statement.cell.cell.source
    if "sql" in source:
        for node in ast.walk(statement.node):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield from _tables(statement, node, node.func)


def _tables(statement: Statement, node: ast.Call, function: ast.Attribute) -> Iterator[_Access]:
    """Yield a table that pandas reads or writes through a connection with a name."""
    name = function.attr
    arguments = {keyword.arg: keyword.value for keyword in node.keywords}
    arguments |= dict(zip(("first", "second"), node.args, strict=False))
    connection = arguments.get("con", arguments.get("second"))
    if not isinstance(connection, ast.Name) or (name != "to_sql" and name not in _QUERIES):
        return
    writes = name == "to_sql"
    first = arguments.get("first") or arguments.get("name") or arguments.get("sql") or arguments.get("table_name")
    text = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
    for table in [text] if writes or text is None or not re.search(r"\s", text) else _queried(text):
        thing = f"the table `{table}` behind `{connection.id}`" if table else f"the database behind `{connection.id}`"
        yield _Access(f"database {connection.id}", table, thing, writes, node, statement)


def _queried(query: str) -> list[str | None]:
    """Return the tables that a query names; the whole database where none is found."""
    found = re.findall(r"\b(?:from|join|into|update|table)\s+[\"`\[]?([\w.]+)", query, re.IGNORECASE)
    return list(dict.fromkeys(found)) or [None]


def _above(flow: Flow, demands: Demands, program: Program) -> dict[str, set[str]]:
    """Return for each task every task that it comes after, by data or by declaration, directly or not."""
    direct: dict[str, set[str]] = {task_id: set() for task_id in demands.tasks}
    for task_id, demand in demands.tasks.items():
        direct[task_id] |= {flow.statements[position].task_id or IMPLICIT for position in demand.sources.values()}
    for cell, option in after_options(program):
        direct.setdefault(cell.task_id or "", set()).update(task_ids(option.value))
    found: dict[str, set[str]] = {}
    for task_id, upstream in direct.items():
        reached: set[str] = set()
        waiting = list(upstream)
        while waiting:
            other = waiting.pop()
            if other not in reached:
                reached.add(other)
                waiting += direct.get(other, ())
        found[task_id] = reached
    return found
