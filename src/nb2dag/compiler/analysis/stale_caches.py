"""Find answers that a cached function keeps in one task's process although they are out of date, where another asks.

In the notebook the other task gets the old answer; in the DAG its process has a cache of its own, and finds a new one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache

from nb2dag.compiler.analysis.effects import CLEARED, READ, Remembered
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.places import is_file_state
from nb2dag.compiler.analysis.statements import MOST_STATEMENTS, Statement
from nb2dag.model.code import nodes_of
from nb2dag.model.dataflow import FlowProblem


def find_stale(flow: Flow, path: str) -> Iterator[FlowProblem]:
    """Yield where a task may be given an answer that another task above had, and that would now be another one."""
    asking: dict[tuple[str, int], list[Statement]] = {}
    for statement in filter(_asks, flow.statements):
        for owner, cache in {(item.owner, id(item.cache)) for item in statement.effects.remembered}:
            asking.setdefault((owner, cache), []).append(statement)
    for (owner, cache), statements in asking.items():
        if len(statements) > 1:
            yield from _problems(flow, path, owner, [(each, _of(each, cache)) for each in statements])


@lru_cache(MOST_STATEMENTS)
def _asks(statement: Statement) -> bool:
    return bool(statement.effects.remembered)


def _of(statement: Statement, cache: int) -> list[Remembered]:
    return [item for item in statement.effects.remembered if id(item.cache) == cache]


def _problems(
    flow: Flow, path: str, owner: str, asking: list[tuple[Statement, list[Remembered]]]
) -> Iterator[FlowProblem]:
    kept: list[Statement] = []
    for statement, items in asking:
        if any(item.name == CLEARED for item in items):
            kept.clear()
            continue
        definition = flow.timeline.before(owner, statement.position)
        node = None if definition is None or definition.definition is None else definition.definition.node
        if all(item.cache is not node and item.cache not in getattr(node, "body", ()) for item in items):
            continue
        for before in kept:
            if before.task_id == statement.task_id or _ask_apart(before, statement, items):
                continue
            changed = _changed(flow, before, statement, items)
            if changed is not None:
                yield _problem(path, _shown(owner, items), changed, before, statement)
                return
        kept.append(statement)


def _ask_apart(before: Statement, statement: Statement, items: Iterable[Remembered]) -> bool:
    """Tell whether two statements call a function with other arguments, as far as these are written down in them."""
    cache = next(iter(items)).cache
    name = getattr(cache, "name", "")
    asked = [_questions(each, name) for each in (before, statement)]
    alone = isinstance(cache, ast.FunctionDef) and name not in map(_name, nodes_of(cache))
    return alone and None not in asked and frozenset.isdisjoint(*(each or frozenset() for each in asked))


def _questions(statement: Statement, name: str) -> frozenset[str] | None:
    """Return the calls of a function in a statement, None where it is used in another way, or not written there."""
    nodes = list(nodes_of(statement.node))
    named = sum(_name(node) == name for node in nodes)
    calls = [node for node in nodes if isinstance(node, ast.Call) and _name(node.func) == name]
    given = [argument for call in calls for argument in (*call.args, *(item.value for item in call.keywords))]
    if not calls or named != len(calls) or not all(isinstance(argument, ast.Constant) for argument in given):
        return None
    return frozenset(map(ast.unparse, calls))


def _name(node: ast.AST) -> str:
    return str(getattr(node, "id", "") or getattr(node, "attr", ""))


def _shown(owner: str, items: Iterable[Remembered]) -> str:
    """Return a function, or a method of a class, as it is written."""
    names = {str(getattr(item.cache, "name", owner)) for item in items}
    return owner if owner in names else f"{owner}.{min(names)}"


def _changed(flow: Flow, before: Statement, statement: Statement, items: Iterable[Remembered]) -> str | None:
    """Return a name that an answer follows from and that stands for something else than a statement before found."""
    timeline = flow.timeline
    for item in sorted(items, key=lambda each: each.name):
        for name in _names(statement, item):
            look = timeline.look(name, statement.position)
            if look is None or look.version < before.position:
                continue
            if not item.given or any(_is_older(flow, number, before) for number in look.snapshot.own):
                return name
    return None


def _names(statement: Statement, item: Remembered) -> list[str]:
    if item.name == READ:
        return sorted(filter(is_file_state, statement.use.names))
    return [item.name]


def _is_older(flow: Flow, number: int, statement: Statement) -> bool:
    """Tell whether the object of a region was there when a statement ran."""
    return flow.timeline.made_at(number) < statement.position


def _problem(path: str, owner: str, changed: str, before: Statement, statement: Statement) -> FlowProblem:
    values = (
        ("name", owner),
        ("task", statement.task_id or "the shared code"),
        ("other", before.task_id or "the shared code"),
        ("stale", changed),
    )
    return FlowProblem("definition-state", statement.span(path), values, ((before.span(path), "asked before here"),))
