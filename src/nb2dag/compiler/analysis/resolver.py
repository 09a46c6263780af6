"""Say what an evaluator may ask about a global name, and what the evaluation of a call asks of an evaluator."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Protocol

from nb2dag.compiler.analysis.effects import Effects, Summary
from nb2dag.compiler.analysis.looks import Look
from nb2dag.compiler.analysis.values import Definition, Value
from nb2dag.model.code import ParsedCode


class Resolver(Protocol):
    """Says what a global name stands for where the code runs."""

    def resolve(self, name: str) -> Value:
        """Return the value of a global name; `Value(same={name})` at the least, a builtin as its module path."""
        ...

    def define(self, definition: Definition) -> Definition:
        """Return a definition that the code makes, or the same one as it was seen before."""
        ...

    def summary(self, definition: Definition) -> Summary:
        """Return what calling a notebook function, or constructing a notebook class, does."""
        ...

    def methods(self, definition: Definition, name: str) -> list[Summary]:
        """Return the summaries of the methods called `name` that a notebook class has or inherits in the notebook."""
        ...


class CallingEvaluator(Protocol):
    """What the evaluation of a call needs of whoever evaluates the expression around it."""

    resolver: Resolver
    effects: Effects
    function: bool
    """Whether it evaluates a function's body, for all its callers."""
    owner: Definition | None
    """The class whose method is evaluated."""
    method: str
    """The name of that method; an empty string elsewhere."""
    first: str
    """The name of the first parameter of the function."""
    locals: dict[str, Value]
    """The variables of the function, and of comprehensions and lambdas around."""
    look: Look
    """What was found of the call that is looked at."""
    active: set[tuple[Definition, str]]
    """The methods that are being applied, each with the class it was asked of."""

    @property
    def certain(self) -> bool:
        """Whether the code that is being evaluated runs on every path."""
        ...

    def value(self, node: ast.expr) -> Value:
        """Return the value of an expression, its effects recorded."""
        ...

    def lender(self, node: ast.expr, value: Value) -> Value:
        """Return in whose memory an array looks that is made from the value of an expression."""
        ...

    def first_argument(self) -> Value:
        """Return the first argument of the function being evaluated: in a method, the object."""
        ...

    def run(self, code: ParsedCode) -> None:
        """Evaluate other code as if it stood here."""
        ...

    def hold(self, owner_node: ast.expr, owner: Value, item: Value) -> None:
        """Record that the object behind `owner_node` now contains `item`."""
        ...

    def ask_mapping(self, value: Value, node: ast.AST) -> None:
        """Record what unpacking a mapping calls of the notebook's own: `keys` and `__getitem__`."""
        ...

    def call_bound(
        self, function: ast.Attribute, reachable: Sequence[Value], node: ast.Call, *, certain: bool
    ) -> Value:
        """Return what calling a bound method with parts of `reachable` gives, its effects recorded."""
        ...
