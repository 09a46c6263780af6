"""Summarise notebook functions and classes, once per meaning of the names they use."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from nb2dag.compiler.analysis.effects import Mutate, Summary
from nb2dag.compiler.analysis.evaluation import evaluate_function
from nb2dag.compiler.analysis.resolver import Resolver
from nb2dag.compiler.analysis.values import Definition, Value
from nb2dag.compiler.memo import Memo

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_MOST_ROUNDS = 4


@dataclass(slots=True)
class _Kept:
    """A summary, the values of the names that were asked for, and the functions that it was made of."""

    summary: Summary
    asked: dict[str, Value] = field(default_factory=dict)
    made_of: set[_Function] = field(default_factory=set)
    leans_on: set[_Function] = field(default_factory=set)
    """Functions that were not done when they were asked for."""


SummaryMemo = Memo[tuple[_Function, Definition | None], _Kept]
"""What is kept of the summaries of functions, those of methods by their class as well."""


class Summaries:
    """Computes and keeps summaries. A kept one is good as long as every name it asked for still means the same."""

    def __init__(self, resolver: Resolver, memo: SummaryMemo) -> None:
        self._resolver = resolver
        self._memo = memo
        self._open: dict[_Function, Summary] = {}
        self._being_made: list[_Kept] = []
        self._meanwhile: dict[_Function, tuple[_Kept, dict[_Function, Summary]]] = {}
        """What leans on functions that are not done, with what these were taken to do: good until that is changed."""

    def summary(self, definition: Definition) -> Summary:
        """Return what calling a function, or constructing a class, does."""
        node = definition.node
        if isinstance(node, ast.ClassDef):
            found = self.methods(definition, "__init__") + self.methods(definition, "__post_init__")
            return found[0] if found else Summary()
        return self._of(node)

    def methods(self, definition: Definition, name: str) -> list[Summary]:
        """Return the summary of the method called `name` in a class or the first of its notebook bases that has it."""
        return self._methods(definition, name, set())

    def _methods(self, definition: Definition, name: str, seen: set[int]) -> list[Summary]:
        node = definition.node
        if not isinstance(node, ast.ClassDef) or id(node) in seen:
            return []
        seen.add(id(node))
        own = [item for item in node.body if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))]
        if found := [self._of(item, definition) for item in own if item.name == name]:
            return found
        for base in node.bases:
            if isinstance(base, ast.Name):
                parent = self._resolver.resolve(base.id).definition
                if parent is not None and (inherited := self._methods(parent, name, seen)):
                    return inherited
        return []

    def _of(self, node: _Function, owner: Definition | None = None) -> Summary:
        if node in self._open:
            self._lean_on(node)
            return self._open[node]
        kept = self._meant_meanwhile(node) or self._memo.kept((node, owner))
        # One that is made of a function which is being looked at now would be another one from within that function.
        if kept is not None and kept.leans_on:
            for other in kept.leans_on:
                self._lean_on(other)
        elif kept is None or not kept.made_of.isdisjoint(self._open) or not self._is_good(kept):
            kept = self._compute(node, owner)
            if kept.leans_on:
                # What leans on a function that is not done may lack that one's effects.
                self._meanwhile[node] = kept, {other: self._open[other] for other in kept.leans_on}
            else:
                self._memo.keep((node, owner), kept)
        for made in self._being_made:
            made.asked |= kept.asked
            made.made_of |= kept.made_of
        return kept.summary

    def _lean_on(self, node: _Function) -> None:
        for made in self._being_made[list(self._open).index(node) :]:
            made.leans_on.add(node)

    def _meant_meanwhile(self, node: _Function) -> _Kept | None:
        kept, taken = self._meanwhile.get(node, (None, {}))
        return (
            kept if kept is not None and all(self._open.get(other) is found for other, found in taken.items()) else None
        )

    def _is_good(self, kept: _Kept) -> bool:
        return all(self._resolver.resolve(name) == value for name, value in kept.asked.items())

    def _compute(self, node: _Function, owner: Definition | None) -> _Kept:
        """Evaluate the body until the summary of a recursive function no longer changes."""
        kept = _Kept(Summary(), made_of={node})
        self._being_made.append(kept)
        self._open[node] = kept.summary
        try:
            for _ in range(_MOST_ROUNDS):
                before = kept.summary
                resolver = _Recorder(self._resolver, self._being_made)
                kept.summary = self._open[node] = evaluate_function(resolver, node, owner)
                if node not in kept.leans_on or _same(before, kept.summary):
                    break
        finally:
            self._being_made.pop()
            del self._open[node]
        kept.leans_on.discard(node)
        return kept


class _Recorder:
    """A resolver that notes every name it is asked for."""

    def __init__(self, resolver: Resolver, being_made: Sequence[_Kept]) -> None:
        self._resolver = resolver
        self._being_made = being_made

    def resolve(self, name: str) -> Value:
        value = self._resolver.resolve(name)
        for made in self._being_made:
            made.asked[name] = value
        return value

    def define(self, definition: Definition) -> Definition:
        return self._resolver.define(definition)

    def summary(self, definition: Definition) -> Summary:
        return self._resolver.summary(definition)

    def methods(self, definition: Definition, name: str) -> list[Summary]:
        return self._resolver.methods(definition, name)


def _same(left: Summary, right: Summary) -> bool:
    return (
        left.returns == right.returns
        and _mutated(left) == _mutated(right)
        and set(left.effects.unstable) == set(right.effects.unstable)
        and left.effects.methods == right.effects.methods
    )


def _mutated(summary: Summary) -> set[tuple[str, bool]]:
    return {(event.name, event.deep) for event in summary.effects.events if isinstance(event, Mutate)}
