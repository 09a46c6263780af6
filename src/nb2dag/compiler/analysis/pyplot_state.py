"""Follow pyplot's current figure: what its functions make and return belongs to it, until the cell ends.

The inline backend closes the figure then. `FIGURE` stands for it; no task ever gets it, but what shares something with
it shares something with each other: `fig = plt.figure()` and `ax = plt.gca()`.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.effects import Bind
from nb2dag.compiler.analysis.knowledge.facts import CallFacts
from nb2dag.compiler.analysis.outside import called_name
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import Value

FIGURE = "<current figure>"
_KIND = "current figure"
_PYPLOT = ("matplotlib.pyplot.", "pylab.", "matplotlib.pylab.", "seaborn.")
_MAKES = {"figure", "subplots", "subplot_mosaic", "matshow"}
_QUIET = {"show", "close", "get_cmap", "pause"}
DRAWING = {"plot", "hist", "boxplot"}
"""Methods of frames that draw on the current figure, or make one, unless they are told where to; axes have them too."""


def drawn(  # noqa: PLR0913, PLR0917 - a call, what is known of it and what it gives
    evaluator: CallingEvaluator, path: str, facts: CallFacts, result: Value, arguments: Arguments, node: ast.AST
) -> Value:
    """Return the result of a function as part of the current figure, which it makes or changes."""
    name = path.rpartition(".")[2]
    draws = "ax" in facts.mutates or facts.unpacks or facts.kind in ("figure", "axes")
    if not (draws and path.startswith(_PYPLOT)) or name in _QUIET or _is_elsewhere(arguments):
        return result
    return _of_current(evaluator, result, node, anew=name in _MAKES)


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
    is_known = any(isinstance(event, Bind) and event.name == FIGURE for event in effects.events)
    if anew or not (is_known or evaluator.function or evaluator.resolver.resolve(FIGURE).kind == _KIND):
        effects.add(Bind(FIGURE, Value(kind=_KIND)))
    current = frozenset({FIGURE})
    if not anew:
        effects.mutate(Value(part=current), node)
    if result.immutable:
        return result
    elements = result.elements and tuple(replace(each, part=each.part | current) for each in result.elements)
    return replace(result, part=result.part | current, apart=False, elements=elements)
