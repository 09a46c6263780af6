"""Follow databases that live in the memory of one process: what is written to them is a change of the connection."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence

from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.marks import IN_MEMORY
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.texts import ANY
from nb2dag.compiler.analysis.values import NONE, Names, Value

_CONNECTS = {"sqlite3.connect", "duckdb.connect", "sqlalchemy.create_engine"}
_URL = re.compile(r"(?:sqlite|duckdb)(?:\+\w+)?:(?://)?/?(?::memory:)?(?:\?.*)?")
_WRITES = {"to_sql"}
_READS = re.compile(r"\s*(?:select|explain|values)\b", re.IGNORECASE)


def mark_of_memory(path: str, arguments: Arguments) -> Names:
    """Return the mark of a connection that a call of `path` makes to a database in memory; none of any other result."""
    if path not in _CONNECTS:
        return NONE
    value = arguments.get(0) or arguments.get("database") or arguments.get("url")
    text = ":memory:" if value is None else value.constant or ANY
    return frozenset({IN_MEMORY}) if text == ":memory:" or _URL.fullmatch(text) else NONE


def is_in_memory(values: Iterable[Value]) -> bool:
    """Tell whether one of some values is a connection to a database in memory."""
    return any(IN_MEMORY in value.draws for value in values)


def only_reads(owner: Value, name: str, arguments: Arguments) -> bool:
    """Tell whether a method of a connection to a database in memory looks something up: `conn.execute("select 1")`."""
    text = arguments.positional[0].constant if arguments.positional else None
    return name == "execute" and IN_MEMORY in owner.draws and _READS.match(text or "") is not None


def write_to_database(evaluator: CallingEvaluator, name: str, arguments: Arguments, node: ast.AST) -> None:
    """Record that a method writes to the database in memory behind a connection it is given: `df.to_sql("t", conn)`."""
    if name in _WRITES:
        _change_in_memory(evaluator, arguments.all(), (), node)


def _change_in_memory(
    evaluator: CallingEvaluator, values: Sequence[Value], _given: Sequence[Value], node: ast.AST
) -> None:
    for value in values:
        if IN_MEMORY in value.draws:
            evaluator.effects.mutate(value, node)
        if evaluator.function:
            evaluator.effects.ask(_change_in_memory, [value], ())
