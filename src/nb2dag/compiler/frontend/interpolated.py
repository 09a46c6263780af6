"""Take out of a program's escapes what IPython will not interpolate, for a name in it exists nowhere: `!echo $HOME`."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nb2dag.compiler.frontend.magics import interpolated_reads
from nb2dag.model.code import Escape, EscapeKind, ParsedCode

_NAMESPACE_MAGICS = frozenset({"run", "load", "store", "pylab", "macro", "reset", "edit", "px"})
_BUILTINS = frozenset(dir(builtins))


def without_unbound(codes: Sequence[ParsedCode], *, only_environment: bool = False) -> list[ParsedCode]:
    """Return the cells' code, without the reads of an escape whose text IPython leaves as it is.

    IPython interpolates a text as a whole or, where one name in it does not exist, not at all. Names that nothing in
    the notebook binds are such names, unless `from x import *` or `%run` may bind any. With `only_environment` only
    names in capitals are, for those who read a cell by itself.

    >>> from nb2dag.compiler.frontend.escapes import parse_code
    >>> codes = without_unbound([parse_code("n = 1"), parse_code("!echo $HOME {n}"), parse_code("!echo {n}")])
    >>> [[ast.unparse(read) for escape in code.escapes for read in escape.reads] for code in codes]
    [[], [], ['n']]
    """
    if not any(_interpolated(escape) for code in codes for escape in code.escapes) or _binds_anything(codes):
        return list(codes)
    bound = _BUILTINS.union(*(_names_bound(code) for code in codes))
    return [
        replace(code, escapes=tuple(_pruned(escape, bound, only_environment) for escape in code.escapes))
        for code in codes
    ]


def _interpolated(escape: Escape) -> int:
    """Return how many of an escape's reads, the first ones, are interpolated."""
    if escape.kind is EscapeKind.HELP:
        return 0
    return len(interpolated_reads("" if escape.kind is EscapeKind.SHELL else escape.name, escape.text))


def _pruned(escape: Escape, bound: frozenset[str], only_environment: bool) -> Escape:
    count = _interpolated(escape)
    names = {node.id for read in escape.reads[:count] for node in ast.walk(read) if isinstance(node, ast.Name)}
    missing = [name for name in names if name not in bound and not name.startswith("_")]
    exist = not any(name.isupper() or not only_environment for name in missing)
    return escape if exist else replace(escape, reads=escape.reads[count:])


def _binds_anything(codes: Iterable[ParsedCode]) -> bool:
    if any(escape.name in _NAMESPACE_MAGICS for code in codes for escape in code.escapes):
        return True
    imports = (node for code in codes for node in ast.walk(code.tree) if isinstance(node, ast.ImportFrom))
    return any(alias.name == "*" for node in imports for alias in node.names)


def _names_bound(code: ParsedCode) -> set[str]:
    names = {name for escape in code.escapes for name in escape.binds}
    for node in ast.walk(code.tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(getattr(node, "name", None), str):
            # Functions, classes, exception handlers and the captures of a `match`.
            names.add(node.name)  # type: ignore[attr-defined]
        elif isinstance(rest := getattr(node, "rest", None), str):
            names.add(rest)
    return names
