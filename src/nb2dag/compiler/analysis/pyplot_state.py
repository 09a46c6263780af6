"""Follow pyplot's current figure: what its functions make and return belongs to it, until the cell ends.

The inline backend closes the figure then. `FIGURE` stands for it; no task ever gets it, but what shares something with
it shares something with each other: `fig = plt.figure()` and `ax = plt.gca()`. Where the notebook takes another backend
it stays, as `OWN_BACKEND` tells: a task that goes on drawing on the figure of another one cannot be split off.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.effects import Bind, ReadState
from nb2dag.compiler.analysis.knowledge.facts import CallFacts
from nb2dag.compiler.analysis.outside import called_name
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import IMMUTABLE, Value

FIGURE = "<current figure>"
OWN_BACKEND = "<own backend>"
"""Stands for something where figures outlive the cell that draws them."""

CURRENT = "current figure"
"""The kind of a figure that functions draw on which are not told where to."""
_PYPLOT = ("matplotlib.pyplot.", "pylab.", "matplotlib.pylab.", "seaborn.")
_MAKES = {"figure", "subplots", "subplot_mosaic", "matshow"}
_QUIET = {"show", "close", "get_cmap", "pause"}
_LOOKS = {"savefig", "get_fignums", "get_figlabels", "fignum_exists"}
_BACKEND = re.compile(
    r"matplotlib\.use\(|mpl\.use\(|switch_backend\(|\bioff\(|close_figures"
    r"|%matplotlib +(?:notebook|widget|ipympl|nbagg|agg)\b"
)
DRAWING = {"plot", "hist", "boxplot"}
"""Methods of frames that draw on the current figure, or make one, unless they are told where to; axes have them too."""


def takes_own_backend(source: str) -> bool:
    """Tell whether a cell takes another backend than the inline one, or tells that one to keep its figures.

    >>> takes_own_backend('matplotlib.use("Agg")'), takes_own_backend("%matplotlib inline")
    (True, False)
    """
    return _BACKEND.search(source) is not None


def drawn(  # noqa: PLR0913, PLR0917 - a call, what is known of it and what it gives
    evaluator: CallingEvaluator, path: str, facts: CallFacts, result: Value, arguments: Arguments, node: ast.AST
) -> Value:
    """Return the result of a function as part of the current figure, which it makes or changes."""
    name = path.rpartition(".")[2]
    if path.startswith(_PYPLOT) and _figures_stay(evaluator):
        _outliving(evaluator, name, arguments, node)
    draws = "ax" in facts.mutates or facts.unpacks or facts.kind in ("figure", "axes")
    if not (draws and path.startswith(_PYPLOT)) or name in _QUIET or _is_elsewhere(arguments):
        return result
    return _of_current(evaluator, result, node, anew=name in _MAKES and not _is_numbered(name, arguments))


def _figures_stay(evaluator: CallingEvaluator) -> bool:
    return evaluator.resolver.resolve(OWN_BACKEND).constant is not None


def _outliving(evaluator: CallingEvaluator, name: str, arguments: Arguments, node: ast.AST) -> None:
    """Record that a function closes the figure which outlived its cell, or looks at it."""
    effects = evaluator.effects
    if name == "close" and _closes_last(evaluator, arguments):
        effects.add(Bind(FIGURE, IMMUTABLE))
    elif not _is_made_here(evaluator) and (name == "close" or name in _LOOKS or _is_numbered(name, arguments)):
        effects.add(ReadState(FIGURE, node))


def _closes_last(evaluator: CallingEvaluator, arguments: Arguments) -> bool:
    """Tell whether no figure is open after `plt.close()`: it closes all, or the only one, or this statement's."""
    every = arguments.positional and arguments.positional[0].constant == "all"
    return bool(every) or _is_made_here(evaluator) or evaluator.resolver.resolve(FIGURE).constant == "1"


def _is_made_here(evaluator: CallingEvaluator) -> bool:
    return any(isinstance(event, Bind) and event.name == FIGURE for event in evaluator.effects.events)


def _is_numbered(name: str, arguments: Arguments) -> bool:
    """Tell whether it makes the figure of a number or name unless there is one: `plt.figure(1)`."""
    return name == "figure" and (bool(arguments.positional) or "num" in arguments.keywords)


def drawn_by_method(
    evaluator: CallingEvaluator, owner: Value, result: Value, arguments: Arguments, node: ast.Call
) -> Value:
    """Return the result of a method of a frame, which may draw on the current figure."""
    is_frame = owner.kind in ("frame", "series", "grouped")
    if called_name(node) not in DRAWING or not is_frame or _is_elsewhere(arguments):
        return result
    return _of_current(evaluator, result, node, anew=False)


def _is_elsewhere(arguments: Arguments) -> bool:
    return any(place in arguments.keywords for place in ("ax", "axes", "cax"))


def _of_current(evaluator: CallingEvaluator, result: Value, node: ast.AST, *, anew: bool) -> Value:
    effects = evaluator.effects
    before, is_made_here = evaluator.resolver.resolve(FIGURE), _is_made_here(evaluator)
    if anew or not (is_made_here or evaluator.function or before.kind == CURRENT):
        effects.add(Bind(FIGURE, Value(kind=CURRENT, constant=_one_more(evaluator, before))))
    elif not is_made_here and _figures_stay(evaluator):
        effects.add(ReadState(FIGURE, node))
    current = frozenset({FIGURE})
    if not anew:
        effects.mutate(Value(part=current), node)
    if result.immutable:
        return result
    elements = result.elements and tuple(replace(each, part=each.part | current) for each in result.elements)
    return replace(result, part=result.part | current, apart=False, elements=elements)


def _one_more(evaluator: CallingEvaluator, before: Value) -> str | None:
    """Return how many figures are open with a new one; None where that is not known."""
    if evaluator.function or _is_made_here(evaluator):
        return None
    if before.kind != CURRENT:
        return "1"
    return None if before.constant is None else str(int(before.constant) + 1)
