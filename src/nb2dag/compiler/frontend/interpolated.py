"""Take out of a program's escapes what IPython will not interpolate, for a name in it exists nowhere: `!echo $HOME`."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from nb2dag.compiler.frontend.magics import interpolated_reads
from nb2dag.model.code import Escape, EscapeKind, ParsedCode, nodes_of

_NAMESPACE_MAGICS = frozenset({"run", "load", "store", "pylab", "macro", "reset", "edit", "px"})
_SHELL_VARIABLES = frozenset({"HOME", "PATH", "USER", "PWD", "OLDPWD", "SHELL", "LANG", "TERM", "HOSTNAME", "TMPDIR"})
_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True, slots=True)
class NamesAround:
    """What the code of one cell means for texts that IPython interpolates.

    `needed` are the names in what each of its escapes interpolates, `bound` the names it may bind, anywhere in it;
    `binds_anything` tells that it may bind names which its text does not show.
    """

    needed: tuple[frozenset[str], ...]
    bound: frozenset[str]
    binds_anything: bool


def names_around(code: ParsedCode) -> NamesAround:
    """Return what a cell's code means for texts that IPython interpolates.

    >>> from nb2dag.compiler.frontend.escapes import parse_code
    >>> names_around(parse_code("n = 1")).bound, names_around(parse_code("!echo $HOME")).needed
    (frozenset({'n'}), (frozenset({'HOME'}),))
    """
    return NamesAround(tuple(map(_needed, code.escapes)), frozenset(_names_bound(code)), _binds_anything(code))


def unbound(codes: Sequence[NamesAround], *, only_environment: bool = False) -> list[tuple[bool, ...]]:
    """Return, by cell, for each of its escapes whether IPython leaves its text as it is.

    IPython interpolates a text as a whole or, where one name in it does not exist, not at all. Names that nothing in
    the notebook binds are such names, unless `from x import *` or `%run` may bind any. With `only_environment` only
    names in capitals are, for those who read a cell by itself; where any may be bound, those that every shell has.

    >>> from nb2dag.compiler.frontend.escapes import parse_code
    >>> unbound([names_around(parse_code(text)) for text in ("n = 1", "!echo $HOME {n}", "!echo {n}")])
    [(), (True,), (False,)]
    """
    anything = any(code.binds_anything for code in codes)
    if not any(any(code.needed) for code in codes) or (anything and not only_environment):
        return [()] * len(codes)
    is_missing = _SHELL_VARIABLES.__contains__ if anything else _looks_missing(only_environment)
    bound = _BUILTINS.union(*(code.bound for code in codes))
    return [tuple(any(map(is_missing, needed - bound)) for needed in code.needed) for code in codes]


def pruned(code: ParsedCode, left_out: tuple[bool, ...]) -> ParsedCode:
    """Return the code with nothing read by the interpolation of those escapes that are `left_out`."""
    return code.with_escapes(
        tuple(
            replace(escape, reads=escape.reads[_interpolated(escape) :]) if out else escape
            for escape, out in zip(code.escapes, left_out, strict=True)
        )
    )


def _looks_missing(only_environment: bool) -> Callable[[str], bool]:
    return lambda name: not name.startswith("_") and (name.isupper() or not only_environment)


def _interpolated(escape: Escape) -> int:
    """Return how many of an escape's reads, the first ones, are interpolated."""
    if escape.kind is EscapeKind.HELP:
        return 0
    return len(interpolated_reads("" if escape.kind is EscapeKind.SHELL else escape.name, escape.text))


def _needed(escape: Escape) -> frozenset[str]:
    reads = escape.reads[: _interpolated(escape)]
    return frozenset(node.id for read in reads for node in nodes_of(read) if isinstance(node, ast.Name))


def _binds_anything(code: ParsedCode) -> bool:
    if any(escape.name in _NAMESPACE_MAGICS for escape in code.escapes):
        return True
    imports = (node for node in nodes_of(code.tree) if isinstance(node, ast.ImportFrom))
    return any(alias.name == "*" for node in imports for alias in node.names)


def _names_bound(code: ParsedCode) -> set[str]:
    names = {name for escape in code.escapes for name in escape.binds}
    for node in nodes_of(code.tree):
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
