"""Say what functions do that are made of the names of attributes: `operator.attrgetter("when")`, a short lambda."""

from __future__ import annotations

import ast
from functools import lru_cache

from nb2dag.compiler.analysis import knowledge
from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.marks import CHANGES, asking
from nb2dag.compiler.analysis.values import NONE, Names

_ANSWERING = ("__getattr__", "__getattribute__")


def mark_of_getter(path: str, arguments: Arguments) -> Names:
    """Return the marks of what `operator` makes; operators, `itemgetter` among them, are asked for in any case."""
    if path not in ("operator.attrgetter", "operator.methodcaller"):
        return NONE
    given = arguments.positional if path == "operator.attrgetter" else arguments.positional[:1]
    names = [name for value in given for name in (value.constant or "?").split(".")]
    if arguments.rest or not all(map(str.isidentifier, names)):
        return frozenset({CHANGES})
    if path == "operator.attrgetter":
        return asking([*(f"property {name}" for name in names), *_ANSWERING])
    facts = knowledge.method_call(names[0])
    return asking(names) | ({CHANGES} if facts is None or facts.mutates_receiver else NONE)


_CONTAINERS = ("builtins.list", "builtins.dict", "builtins.set", "builtins.bytearray", "collections.")


def mark_of_method(path: str) -> Names:
    """Return the mark of a method of a container class that is named by itself, `list.append`, if it changes one."""
    owner, _, name = path.rpartition(".")
    if not owner.startswith(_CONTAINERS) or owner == "collections":
        return NONE
    facts = knowledge.method_call(name)
    return frozenset({CHANGES}) if facts is not None and facts.mutates_receiver else NONE


@lru_cache(maxsize=4096)
def mark_of_lambda(node: ast.Lambda) -> Names:
    """Return the marks of a lambda: it may ask what it is given for every attribute and method in its body."""
    names = {child.attr for child in ast.walk(node.body) if isinstance(child, ast.Attribute)}
    return asking([*names, *(f"property {name}" for name in names)])
