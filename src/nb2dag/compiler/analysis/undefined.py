"""Find names that are read and that nothing binds: above the place, or, in bodies of functions, anywhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import lru_cache

from nb2dag.compiler.analysis.effects import ANNOTATIONS
from nb2dag.compiler.analysis.flow import BUILTIN_NAMES, Flow
from nb2dag.compiler.analysis.regions import node_region
from nb2dag.compiler.analysis.spelled_out import is_optional
from nb2dag.compiler.analysis.statements import MOST_STATEMENTS, OwnerKind, Statement
from nb2dag.model.dataflow import FlowProblem
from nb2dag.model.span import Span

_ALIKE = 0.72
"""From which ratio of `difflib` on one name may have been meant by another."""

_BINDERS = {"exec", "globals", "locals", "vars", "run_cell", "run_line_magic", "run_cell_magic", "push"}
"""What may bind a name that no statement names."""

_SESSIONS_OWN = re.compile(r"_+|_i*\d*|In|Out")
"""What IPython itself binds."""


def undefined_names(flow: Flow, path: str) -> Iterator[FlowProblem]:
    """Yield each name that a statement reads before any statement above binds it, once per cell."""
    reported: set[tuple[int, str]] = set()
    close: dict[str, list[str]] = {}
    names: frozenset[str] | None = None
    for statement, name in (missing for cell in flow.cells for missing in cell.missing):
        if (
            name in BUILTIN_NAMES
            or name == ANNOTATIONS
            or statement.kind is OwnerKind.SCRATCH
            or flow.stars.first < statement.position
        ):
            continue
        if is_optional(statement.names.reads[name]) or (statement.cell.cell.index, name) in reported:
            continue
        if _guarded(statement) or _bound_above(statement, name):
            continue
        reported.add((statement.cell.cell.index, name))
        if name not in close:
            names = names or frozenset(flow.timeline.names)
            close[name] = _close_names(name, names)
        position = statement.position
        similar = next((other for other in close[name] if flow.timeline.before(other, position) is not None), "")
        below = flow.timeline.first_binding_below(name, position - 1)
        labels: tuple[tuple[Span, str], ...] = ()
        values: tuple[tuple[str, str], ...] = (("name", name), ("similar", similar))
        if below is not None:
            maker = flow.statements[below]
            if maker.cell is statement.cell and _is_in_lambda(statement.node, statement.names.reads[name]):
                # It may be called below that: a cell runs as a whole.
                continue
            labels = ((maker.span(path), "bound only here"),)
            values += (("below", str(maker.cell.cell.index)),)
        yield FlowProblem("undefined-name", _span(statement, statement.names.reads[name], path), values, labels)


def unbound_in_functions(flow: Flow, exported: Iterable[Statement], path: str) -> Iterator[FlowProblem]:
    """Yield, once each, the names in bodies of exported functions that would not be there in the notebook either.

    Nothing is said where names may come from elsewhere: from a star import, or from code that is made of text.
    """
    known = flow.timeline.names
    missing = [
        (name, statement, node)
        for statement in exported
        for name, node in _read_in_functions(statement)
        if name not in known
    ]
    if not missing or flow.stars.last >= 0 or any(map(_binds_unseen, flow.statements)):
        return
    told = frozenset[str]().union(*map(_declared_global, flow.statements))
    for name, statement, node in missing:
        if name not in told:
            told |= {name}
            similar = next(iter(_close_names(name, frozenset(known))), "")
            values = (("name", name), ("similar", similar))
            yield FlowProblem("unbound-in-function", _span(statement, node, path), values)


@lru_cache(MOST_STATEMENTS)
def _read_in_functions(statement: Statement) -> tuple[tuple[str, ast.Name], ...]:
    """Return the names that bodies of functions read, without those that are there anyway, or need not be there."""
    return tuple(
        (name, node)
        for name, node in statement.names.deferred.items()
        if isinstance(node, ast.Name)
        and name not in BUILTIN_NAMES
        and name != ANNOTATIONS
        and not (_SESSIONS_OWN.fullmatch(name) or is_optional(node) or _guarded(statement))
    )


@lru_cache(MOST_STATEMENTS)
def _binds_unseen(statement: Statement) -> bool:
    named = {*statement.names.reads, *statement.names.deferred}
    return not named.isdisjoint(_BINDERS) or any(f".{name}(" in statement.facts.text for name in _BINDERS)


@lru_cache(MOST_STATEMENTS)
def _declared_global(statement: Statement) -> frozenset[str]:
    if "global " not in statement.facts.text:
        return frozenset()
    return frozenset(name for node in ast.walk(statement.node) if isinstance(node, ast.Global) for name in node.names)


def _span(statement: Statement, node: ast.AST, path: str) -> Span:
    if not hasattr(node, "lineno"):
        return statement.span(path)
    return statement.cell.cell.span(path, node_region(node, statement.cell.cell.source))


def _bound_above(statement: Statement, name: str) -> bool:
    """Tell whether the statement itself may bind the name above the place where it reads it, by `:=` or in a block."""
    names = statement.names
    bound = names.binds.get(name) or names.maybe.get(name)
    read = names.reads[name]
    if bound is None or not (statement.compound or _by_walrus(statement.node, bound)):
        return False
    places = [(getattr(node, "lineno", 0), getattr(node, "col_offset", 0)) for node in (bound, read)]
    return places[0] < places[1]


def _is_in_lambda(statement: ast.AST, read: ast.AST) -> bool:
    bodies = (node.body for node in ast.walk(statement) if isinstance(node, ast.Lambda))
    return any(read is node for body in bodies for node in ast.walk(body))


def _by_walrus(statement: ast.AST, target: ast.AST) -> bool:
    return any(isinstance(node, ast.NamedExpr) and node.target is target for node in ast.walk(statement))


@lru_cache(MOST_STATEMENTS)
def _guarded(statement: Statement) -> bool:
    """Tell whether the statement itself copes with a missing name (`try: x` and `except NameError`)."""
    return "except" in statement.facts.text and any(
        isinstance(node, ast.ExceptHandler)
        and (node.type is None or bool({"NameError", "Exception", "BaseException"} & _names_in(node.type)))
        for node in ast.walk(statement.node)
    )


def _names_in(node: ast.AST) -> set[str]:
    return {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}


@lru_cache(1_000)
def _close_names(name: str, others: frozenset[str]) -> list[str]:
    """Return the names that may have been meant by `name`, the likeliest first."""
    return get_close_matches(name, others, n=len(others) or 1, cutoff=_ALIKE)
