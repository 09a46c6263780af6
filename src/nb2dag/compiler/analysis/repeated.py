"""Find shared statements that look like much work and run again in several tasks."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from functools import lru_cache

from nb2dag.compiler.analysis.demand import IMPLICIT, Demands
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.statements import MOST_STATEMENTS, OwnerKind, Statement
from nb2dag.model.dataflow import FlowProblem

_TRAINING = {
    "fit", "fit_transform", "fit_predict", "partial_fit", "cross_val_score", "cross_validate", "cross_val_predict",
    "train_on_batch",
}  # fmt: skip

_SIZED = re.compile(
    r"range|arange|linspace|logspace|zeros|ones|full|empty|rand|randn|randint|random|normal|uniform|choice|repeat|tile"
    r"|date_range|make_\w+"
)
"""Calls that make as many elements as an argument says."""

_MUCH = 10**6
"""Elements or turns of a loop from which on work is worth a task of its own: about a second in plain Python."""


def repeated_work(flow: Flow, demands: Demands, path: str) -> Iterator[FlowProblem]:
    """Yield, once per cell, the shared work that more than one task does again."""
    runners: dict[int, list[str]] = {}
    for demand in demands.tasks.values():
        if demand.task_id != IMPLICIT:
            for position in demand.replays:
                runners.setdefault(position, []).append(demand.task_id)
    reported: set[int] = set()
    for position, tasks in sorted(runners.items()):
        statement = flow.statements[position]
        cell = statement.cell.cell
        if len(tasks) < 2 or statement.kind is OwnerKind.TASK or cell.index in reported:
            continue
        work = _work(statement)
        if work:
            reported.add(cell.index)
            values = (("work", work), ("tasks", ", ".join(f"`{task}`" for task in tasks)), ("count", str(len(tasks))))
            yield FlowProblem("repeated-work", cell.span(path, statement.region), values)


@lru_cache(MOST_STATEMENTS)
def _work(statement: Statement) -> str:
    """Return what a statement does that takes long, an empty string where nothing is seen."""
    node = statement.node
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return ""
    unstable = statement.effects.unstable
    if "<network>" in unstable:
        return "asks another machine"
    if "<files>" in unstable:
        return "reads files"
    for child in ast.walk(node):
        name = _called(child)
        if name in _TRAINING:
            return "trains a model"
        if name == "sleep":
            return "sleeps"
    return "works through a million elements or more" if _turns(node) >= _MUCH or _size(node) >= _MUCH else ""


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _size(node: ast.AST) -> float:
    """Return the largest number that a call is given which makes as many elements."""
    sizes = [
        _number(argument)
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and _SIZED.fullmatch(_called(call))
        for argument in [
            *call.args,
            *(keyword.value for keyword in call.keywords if "state" not in (keyword.arg or "")),
        ]
    ]
    return max(sizes, default=0)


def _turns(node: ast.AST) -> float:
    """Return how often the innermost loop below a node turns, as far as its bounds are literals."""
    inner = max((_turns(child) for child in ast.iter_child_nodes(node)), default=1)
    own = 1.0
    if isinstance(node, (ast.For, ast.AsyncFor)):
        own = _range(node.iter)
    elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        own = math.prod(_range(generator.iter) for generator in node.generators)
    return own * inner


def _range(node: ast.expr) -> float:
    if isinstance(node, ast.Call) and _called(node) == "range" and 1 <= len(node.args) <= 2:
        return max(_number(node.args[-1]), 1)
    return 1


def _number(node: ast.AST) -> float:
    """Return the number that a literal, or a power or product of literals, stands for; 0 for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return float(node.value) if abs(node.value) < 1e300 else 0
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Pow, ast.Mult)):
        left, right = _number(node.left), _number(node.right)
        if isinstance(node.op, ast.Mult):
            return left * right
        return left**right if 0 < left <= 1000 and 0 < right <= 30 else 0
    return 0
