"""Find in code what does not work on a worker: a person's folders, questions to a person, installations."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from nb2dag.model.code import Escape, EscapeKind, nodes_of
from nb2dag.model.span import Region

_LOCAL_PATH = re.compile(r"(?:file://)?(?:/(?:home|Users|root)/|~/|[A-Za-z]:(?:\\|/(?!/)))[^\n\0]*")
_LONGEST_PATH = 300

QUESTIONS = frozenset({"input", "breakpoint", "getpass", "getpass.getpass", "pdb.set_trace", "sys.stdin.readline"})
"""Calls that wait for a person at the keyboard."""

_INSTALL = re.compile(
    r"(?:^|[;&|]\s*)(?:sudo\s+)?((?:\S*python[\d.]*\s+-m\s+|uv\s+)?pip[\d.]*|conda|mamba|apt|apt-get)"
    r"(?:\s+-\S+)*\s+install\b"
)
_INSTALLERS = ("pip", "conda", "mamba", "uv")
_SHELL_BODIES = ("bash", "sh", "script", "!", "!!")

_MANY_FIGURES = 20
"""Turns of a loop up to which its figures are few enough to look at."""


def local_paths(nodes: Iterable[ast.AST]) -> Iterator[tuple[ast.Constant, str]]:
    """Yield string constants that are paths of one person's machine; prose and what is compared are passed over.

    `nodes` are those of a statement, parents before children.
    """
    passed: set[ast.AST] = set()
    for node in nodes:
        if isinstance(node, ast.Expr):
            passed.add(node.value)
        elif isinstance(node, ast.Compare):
            passed.update((node.left, *node.comparators))
        elif isinstance(node, ast.JoinedStr):
            passed.update(node.values[1:])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            if node not in passed and len(text) < _LONGEST_PATH and _LOCAL_PATH.fullmatch(text):
                yield node, text


def questions(nodes: Iterable[ast.AST]) -> Iterator[tuple[ast.Call, str]]:
    """Yield the calls among `nodes` that ask a person, with the name that the notebook may have bound itself."""
    for node in nodes:
        if isinstance(node, ast.Call):
            name = _dotted(node.func)
            if name in QUESTIONS:
                yield node, name


def figures_in_loops(statement: ast.stmt) -> Iterator[tuple[ast.Call, str]]:
    """Yield the first `plt.show()` of each loop whose number of turns is not plainly small."""
    for loop in nodes_of(statement):
        if isinstance(loop, ast.While) or (isinstance(loop, ast.For) and not _is_short(loop.iter)):
            shows = (node for part in loop.body for node in nodes_of(part) if _shows_figure(node))
            call = next(shows, None)
            if isinstance(call, ast.Call):
                yield call, _dotted(call.func)
                return


def _shows_figure(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _dotted(node.func) in ("plt.show", "pyplot.show", "pylab.show", "fig.show")


def _is_short(iterated: ast.expr) -> bool:
    """Tell whether a loop turns a few times only, as its literal says."""
    while isinstance(iterated, ast.Call) and _dotted(iterated.func) in ("enumerate", "zip", "sorted") and iterated.args:
        iterated = iterated.args[0]
    if isinstance(iterated, (ast.List, ast.Tuple, ast.Set, ast.Dict)):
        return True
    bounds = iterated.args if isinstance(iterated, ast.Call) and _dotted(iterated.func) == "range" else []
    numbers = [bound.value for bound in bounds if isinstance(bound, ast.Constant) and isinstance(bound.value, int)]
    return bool(bounds) and len(numbers) == len(bounds) and max(numbers) <= _MANY_FIGURES


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return f"{_dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else ""


def installations(escapes: Iterable[Escape], lines: Sequence[str]) -> Iterator[tuple[Region, str]]:
    """Yield the magics and commands that install packages, with the command; `lines` are those of their cell."""
    for escape in escapes:
        if escape.kind is EscapeKind.LINE_MAGIC and escape.name in _INSTALLERS and "install" in escape.text.split():
            yield escape.region, f"%{escape.name}"
        elif escape.kind is EscapeKind.SHELL and (match := _INSTALL.search(escape.text.strip())):
            yield escape.region, " ".join(match[1].split())
        elif escape.body is not None and escape.name in _SHELL_BODIES:
            yield from _body_installations(escape, lines)


def _body_installations(escape: Escape, lines: Sequence[str]) -> Iterator[tuple[Region, str]]:
    for number in range(escape.region.line, min(escape.region.end_line, len(lines)) + 1):
        line = lines[number - 1]
        if match := _INSTALL.search(line.strip()):
            yield Region(number, 1, number, len(line) + 1), " ".join(match[1].split())
