"""Follow classes that a call makes: `namedtuple("P", "x y")`."""

from __future__ import annotations

import ast
from dataclasses import replace

from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.marks import OWN_DEFAULTS
from nb2dag.compiler.analysis.values import FRESH, Value, container

MADE_CLASS = "made class"
"""The kind of a class that a call makes: `namedtuple("P", "x y")`. Its instances are pickled by its name."""
_NEW_TYPE = "typing.NewType"
_CHANGING = (ast.List, ast.Dict, ast.Set, ast.Call)


def made_class(path: str, arguments: Arguments) -> Value:
    """Return the class that a call makes; whoever gets an instance needs the class by the name it was given."""
    if path == _NEW_TYPE:
        # What it makes gives back what it is given.
        return Value(kind=MADE_CLASS, constant=path)
    name = arguments.positional[0].constant
    inside = container(arguments.all(), MADE_CLASS)
    # Those of `namedtuple`, or what `type` puts into the class.
    defaults = arguments.nodes.get(2 if path == "builtins.type" else "defaults")
    if defaults is not None and any(isinstance(node, _CHANGING) for node in list(ast.walk(defaults))[1:]):
        inside = replace(inside, draws=inside.draws | {OWN_DEFAULTS})
    inside = replace(inside, constant=path)
    return inside if name is None else replace(inside, free=inside.free | {name})


def made_instance(made: Value, arguments: Arguments) -> Value:
    """Return an instance of a class that a call made."""
    if made.constant == _NEW_TYPE:
        return arguments.positional[0] if arguments.positional else FRESH
    inside = container(arguments.all())
    own = made.reaches if OWN_DEFAULTS in made.draws else made.holds
    return replace(
        inside, holds=inside.holds | own, free=inside.free | made.free, carries=inside.carries | made.carries
    )


def is_known_by_name(made: str | None) -> bool:
    """Tell whether a class that the function at a dotted path made is pickled by its name alone: an enumeration."""
    return made is not None and (made.startswith("enum.") or made == "builtins.type")
