"""Find calls that look as if they set up a library nothing is known of: what uses it below stays in their task."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.statements import Statement

_SETS_UP = re.compile(
    r"(set|use|init|enable|disable|config|configure|setup|register|reset|activate|seed|patch|install|load|go)(_.*|up|[A-Z].*)?"
    r"|.*_(mode|notebook|offline|config|options?|theme|style|seed|defaults?)|rc|style|theme"
)


def set_up(flow: Flow) -> Iterator[tuple[int, int]]:
    """Yield pairs of positions: a call that may set up an unknown library, and the last statement that uses that one.

    What is known of a library's configuration is for the analysis; here, where a cut can as well be made elsewhere,
    a name that sounds like it is enough.
    """
    last: dict[str, int] = {}
    calls: list[tuple[int, str]] = []
    for statement in flow.statements:
        roots = {name: root for name in statement.use.names if (root := _root(flow, name, statement))}
        for root in roots.values():
            last[root] = statement.position
        if (name := _called_for_effect(statement)) in roots:
            calls.append((statement.position, roots[name]))
    return ((position, last[root]) for position, root in calls if last[root] > position)


def _root(flow: Flow, name: str, statement: Statement) -> str:
    snapshot = flow.timeline.before(name, statement.position)
    return snapshot.module.partition(".")[0] if snapshot is not None else ""


def _called_for_effect(statement: Statement) -> str:
    """Return the name from which a statement that is a bare unknown call reaches what it calls."""
    node = statement.node
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return ""
    if not any(reason.startswith("`") for reason in statement.effects.unstable):
        return ""
    function = node.value.func
    called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    while isinstance(function, ast.Attribute):
        function = function.value
    return function.id if isinstance(function, ast.Name) and _SETS_UP.fullmatch(called) else ""
