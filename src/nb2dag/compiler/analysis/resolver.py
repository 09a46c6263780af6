"""Say what an evaluator may ask about a global name."""

from __future__ import annotations

from typing import Protocol

from nb2dag.compiler.analysis.effects import Summary
from nb2dag.compiler.analysis.values import Definition, Value


class Resolver(Protocol):
    """Says what a global name stands for where the code runs."""

    def resolve(self, name: str) -> Value:
        """Return the value of a global name; `Value(same={name})` at the least, a builtin as its module path."""
        ...

    def summary(self, definition: Definition) -> Summary:
        """Return what calling a notebook function, or constructing a notebook class, does."""
        ...

    def methods(self, definition: Definition, name: str) -> list[Summary]:
        """Return the summaries of the methods called `name` that a notebook class has or inherits in the notebook."""
        ...
