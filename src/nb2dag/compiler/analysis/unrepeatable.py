"""Find values that differ in each run although nobody may mean them to: unseeded randomness, the day of the clock."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from nb2dag.compiler.analysis.effects import Seed
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.outside import called_name
from nb2dag.compiler.analysis.regions import node_region
from nb2dag.compiler.analysis.statements import MOST_STATEMENTS, Statement
from nb2dag.model.dataflow import FlowProblem
from nb2dag.model.span import Span

_GENERATORS = {"default_rng", "RandomState", "Random", "SeedSequence"}
"""Calls that make a generator of their own, from entropy where they are given no seed."""

_BY_SAMPLE = {"silhouette_score"}
"""Calls that draw only where they are told to look at a sample."""

_CHANCE = re.compile(
    r"\b(?:RandomForest|ExtraTrees|Bagging|MLP|SGD)(?:Classifier|Regressor)\b"
    r"|\b(?:KMeans|MiniBatchKMeans|TSNE|IsolationForest|RandomizedSearchCV)\b"
)
"""Models of scikit-learn whose result depends on chance whatever the data and the other arguments are."""

_DRAWN = ("<random>", "<numpy.random>", "<torch.random>", "<entropy>")
"""Reasons why a statement need not give the same again, for which there are seeds."""

_MOST_LABELS = 3

_STOPWATCH = re.compile(r"^_?(?:t\d*|tic|toc|start|begin|began|end|stop|finish|since|now_)", re.IGNORECASE)


def unseeded_randomness(flow: Flow, exported: Iterable[Statement], path: str) -> Iterator[FlowProblem]:
    """Yield one problem, at the first place where a task draws from a generator that nothing has seeded."""
    may_draw = filter(_may_draw, exported)
    places = [(statement, draw) for statement in may_draw if (draw := _unseeded(flow, statement)) is not None]
    if places:
        (statement, (state, node)), *others = places
        labels = _others(((other, found[1]) for other, found in others), statement, path, "and here")
        values = (("call", called_name(node)), ("state", state))
        yield FlowProblem("unseeded-randomness", _span(statement, node, path), values, labels)


def _unseeded(flow: Flow, statement: Statement) -> tuple[str, ast.AST] | None:
    """Return the generator that a statement certainly draws from although nothing has seeded it, and where."""
    effects = statement.effects
    seeded = {event.state for event in effects.events if isinstance(event, Seed)}
    for state in _DRAWN[:3]:
        node = effects.unstable.get(state)
        seeds = state in seeded or flow.timeline.before(state, statement.position) is not None
        if node is not None and not seeds and not _keeps_to_all(node):
            return state, node
    node = effects.unstable.get("<entropy>")
    if node is not None and called_name(node) in _GENERATORS:
        return "<entropy>", node
    return _unseeded_model(flow, statement)


@lru_cache(MOST_STATEMENTS)
def _may_draw(statement: Statement) -> bool:
    """Tell whether there is anything in a statement that a seed could be for."""
    return not statement.effects.unstable.keys().isdisjoint(_DRAWN) or (
        _CHANCE.search(statement.cell.cell.source) is not None
    )


def _keeps_to_all(node: ast.AST) -> bool:
    """Tell whether a call would draw only if it were told to look at a sample."""
    by_sample = isinstance(node, ast.Call) and called_name(node) in _BY_SAMPLE
    return by_sample and not any(keyword.arg == "sample_size" for keyword in getattr(node, "keywords", ()))


def _unseeded_model(flow: Flow, statement: Statement) -> tuple[str, ast.AST] | None:
    """Return the call that makes a model which learns by chance, if neither it nor numpy's generator has a seed."""
    if flow.timeline.before("<numpy.random>", statement.position) is not None:
        return None
    if not _CHANCE.search(statement.cell.cell.source) or isinstance(statement.node, ast.ImportFrom):
        return None
    for node in ast.walk(statement.node):
        if isinstance(node, ast.Call) and _CHANCE.fullmatch(called_name(node)):
            given = {keyword.arg for keyword in node.keywords}
            if not given & {"random_state", "seed", None}:
                return "<model>", node
    return None


def wall_clock_dates(exported: Iterable[Statement], path: str) -> Iterator[FlowProblem]:
    """Yield one problem, at the first place where a task asks the clock for the date; a stopwatch is passed over."""
    places = []
    for statement in filter(_asks_clock, exported):
        node = statement.effects.unstable["<clock>"]
        if isinstance(node, ast.Call) and _asks_for_a_date(statement.node, node):
            places.append((statement, node))
    if places:
        (statement, node), *others = places
        values = (("call", ast.unparse(node)[:60]),)
        yield FlowProblem(
            "wall-clock-date", _span(statement, node, path), values, _others(others, statement, path, "and here")
        )


@lru_cache(MOST_STATEMENTS)
def _asks_clock(statement: Statement) -> bool:
    return "<clock>" in statement.effects.unstable


def _asks_for_a_date(statement: ast.stmt, node: ast.Call) -> bool:
    name = called_name(node)
    if name in ("today", "utcnow"):
        return True
    if name != "now":
        return False
    if isinstance(statement, ast.Assign) and statement.value is node:
        return not all(isinstance(each, ast.Name) and _STOPWATCH.match(each.id) for each in statement.targets)
    return not any(isinstance(child, ast.BinOp) and node in (child.left, child.right) for child in ast.walk(statement))


def _span(statement: Statement, node: ast.AST, path: str) -> Span:
    cell = statement.cell.cell
    return cell.span(path, node_region(node, cell.source) if hasattr(node, "lineno") else statement.region)


def _others(
    others: Iterable[tuple[Statement, ast.AST]], first: Statement, path: str, text: str
) -> tuple[tuple[Span, str], ...]:
    """Return the first places in further cells, one per cell."""
    cells = {first.cell.cell.index}
    labels: list[tuple[Span, str]] = []
    for statement, node in others:
        if statement.cell.cell.index not in cells and len(labels) < _MOST_LABELS:
            cells.add(statement.cell.cell.index)
            labels.append((_span(statement, node, path), text))
    return tuple(labels)
