"""Find the files that exported code names: what ships with the bundle, and what crosses between tasks unseen."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.statements import OwnerKind, Statement, node_region
from nb2dag.model.dataflow import FlowProblem


def file_problems(flow: Flow, path: str) -> Iterator[FlowProblem]:
    """Yield every relative path that one task writes and another one uses further down."""
    writers: dict[str, Statement] = {}
    for statement in flow.statements:
        if statement.kind is OwnerKind.SCRATCH:
            continue
        for use in statement.effects.files:
            name = normalised(use.path)
            if name is None:
                continue
            writer = writers.get(name)
            if use.writes:
                writers[name] = statement
            elif writer is not None and _owner(writer) != _owner(statement):
                yield FlowProblem(
                    "file-between-tasks",
                    statement.cell.cell.span(path, node_region(use.why, statement.cell.cell.source)),
                    (("path", name), ("writer", _owner(writer)), ("reader", _owner(statement))),
                    ((writer.cell.cell.span(path, writer.region), "written here"),),
                )


def _owner(statement: Statement) -> str:
    return statement.task_id or "the shared code"


def written_paths(flow: Flow) -> set[str]:
    """Return the relative paths that exported code writes: they are made by the run and never ship."""
    return {
        name
        for statement in flow.statements
        for use in statement.effects.files
        if use.writes and (name := normalised(use.path)) is not None
    }


def normalised(path: str) -> str | None:
    """Return a relative path in one spelling, None for one that is absolute, a URL, or leaves the folder.

    >>> normalised("./data//a.csv"), normalised("/tmp/a.csv"), normalised("s3://b/a.csv"), normalised("../a.csv")
    ('data/a.csv', None, None, None)
    """
    if not path or "\0" in path or "\n" in path or "://" in path or path.startswith(("/", "~")):
        return None
    parts = [part for part in PurePosixPath(path).parts if part != "."]
    if not parts or ".." in parts:
        return None
    return "/".join(parts)


def mentioned_paths(statements: Iterable[Statement]) -> set[str]:
    """Return every relative path that exported statements may mean: known arguments and plain string constants."""
    found: set[str] = set()
    for statement in statements:
        texts = [use.path for use in statement.effects.files]
        texts += [
            node.value
            for node in ast.walk(statement.node)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 300
        ]
        found.update(name for text in texts if (name := normalised(text)) is not None)
    return found


def imported_modules(statements: Iterable[Statement]) -> set[str]:
    """Return the dotted modules that exported statements import, relative imports left out."""
    found: set[str] = set()
    for statement in statements:
        found |= modules_of(statement.node)
    return found


def modules_of(tree: ast.AST) -> set[str]:
    """Return the dotted modules that a tree imports; `from a import b` may mean the module `a.b`."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*")
    return found
