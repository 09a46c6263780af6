"""Hold the evaluated arguments of a call."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import Definition, Value, part_of


@dataclass(slots=True)
class Arguments:
    """The evaluated arguments of a call; `open` when `*` or `**` hides what goes where.

    `receiver` is the object whose method is called, `owner` the notebook
    definition that is called by its name, or whose method is: defaults that are not overridden live as long as it.
    """

    positional: list[Value] = field(default_factory=list)
    keywords: dict[str, Value] = field(default_factory=dict)
    nodes: dict[int | str, ast.expr] = field(default_factory=dict)
    open: bool = False
    rest: list[Value] = field(default_factory=list)
    receiver: Value | None = None
    owner: Definition | None = None

    def all(self) -> list[Value]:
        """Return every argument."""
        return [*self.positional, *self.keywords.values(), *self.rest]

    def get(self, place: int | str | None) -> Value | None:
        """Return the argument at a position or keyword, None where it is not given."""
        if isinstance(place, int):
            return self.positional[place] if place < len(self.positional) else None
        return self.keywords.get(place) if place is not None else None

    def given(self, places: Iterable[int | str]) -> bool:
        """Tell whether one of `places` is given and is not the constant None."""
        for place in places:
            node = self.nodes.get(place)
            if node is not None and not (isinstance(node, ast.Constant) and node.value is None):
                return True
        return False


def evaluate_arguments(evaluator: CallingEvaluator, node: ast.Call) -> Arguments:
    """Return the values of a call's arguments."""
    found = Arguments()
    for position, argument in enumerate(node.args):
        value = evaluator.value(argument)
        if isinstance(argument, ast.Starred):
            found.open = True
            found.rest.append(part_of(value))
        else:
            found.positional.append(value)
            found.nodes[position] = argument
    for keyword in node.keywords:
        value = evaluator.value(keyword.value)
        if keyword.arg is None:
            evaluator.ask_mapping(value, node)
            found.open = True
            found.rest.append(part_of(value))
        else:
            found.keywords[keyword.arg] = value
            found.nodes[keyword.arg] = keyword.value
    return found
