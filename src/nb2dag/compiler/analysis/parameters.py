"""Read the DAG's params from the parameters cell: literals with their types, comments as descriptions."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from nb2dag.compiler.analysis.regions import node_region
from nb2dag.model.dataflow import FlowProblem
from nb2dag.model.json_types import json_types
from nb2dag.model.plan import ParamPlan
from nb2dag.model.program import Program, ProgramCell, Role

_SCHEDULED = re.compile(r"#\s*airflow:\s*(?P<template>.+?)\s*$")


@dataclass(frozen=True, slots=True)
class Parameters:
    """The params in source order, and what in the parameters cells is none."""

    params: tuple[ParamPlan, ...]
    problems: tuple[FlowProblem, ...]


def read_parameters(program: Program) -> Parameters:
    """Return the params of every parameters cell; a name assigned twice keeps its last value."""
    params: dict[str, ParamPlan] = {}
    problems: list[FlowProblem] = []
    for cell in program.cells:
        if cell.role is Role.PARAMETERS:
            comments = _comments(cell.cell.source)
            for node in cell.code.tree.body:
                found = list(_params(node, cell, comments))
                params.update({param.name: param for param in found})
                if not found and not _is_harmless(node):
                    problems.append(_problem(program, cell, node))
    return Parameters(tuple(params.values()), tuple(problems))


def _problem(program: Program, cell: ProgramCell, node: ast.stmt) -> FlowProblem:
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    name = target.id if isinstance(target, ast.Name) else ""
    value = getattr(node, "value", None)
    kind = type(value).__name__.lower() if isinstance(value, (ast.Tuple, ast.Set)) else ""
    span = cell.cell.span(program.notebook.path, node_region(node, cell.cell.source))
    return FlowProblem("parameter-not-literal", span, (("name", name), ("kind", kind)))


def _is_harmless(node: ast.stmt) -> bool:
    """Tell whether a statement may stand beside the params: a docstring, an import, a bare annotation."""
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.Pass)):
        return True
    if isinstance(node, ast.AnnAssign):
        return node.value is None
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _params(node: ast.stmt, cell: ProgramCell, comments: dict[int, str]) -> Iterator[ParamPlan]:
    if isinstance(node, ast.Assign):
        targets, value = node.targets, node.value
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        targets, value = [node.target], node.value
    else:
        return
    try:
        literal = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return
    types = json_types(literal)
    if types is None:
        return
    for target in targets:
        if not isinstance(target, ast.Name):
            return
        comment = comments.get(node.end_lineno or node.lineno, "")
        scheduled = _SCHEDULED.search(comment)
        description = _SCHEDULED.sub("", comment).lstrip("# ").strip()
        yield ParamPlan(
            target.id,
            literal,
            types,
            description,
            scheduled.group("template") if scheduled else None,
            cell.cell.index,
            node.lineno,
        )


def _comments(source: str) -> dict[int, str]:
    """Return each line's comment by its 1-based line; a text that does not tokenise has none."""
    found: dict[int, str] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                found[token.start[0]] = token.string
    except (tokenize.TokenError, SyntaxError, IndentationError):
        return found
    return found
