"""Summarise notebook functions and classes, once per meaning of the names they use."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from nb2dag.compiler.analysis.effects import Mutate, Summary
from nb2dag.compiler.analysis.evaluation import evaluate_function
from nb2dag.compiler.analysis.resolver import Resolver
from nb2dag.compiler.analysis.values import Definition, Value

_MOST_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class _Provisional:
    """A summary, the names that were asked for, and what the functions it needed were taken to do."""

    summary: Summary
    asked: dict[str, Value]
    needed: dict[int, Summary]


class Summaries:
    """Computes and keeps summaries. A kept one is good as long as every name it asked for still means the same."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._kept: dict[int, tuple[Summary, dict[str, Value]]] = {}
        self._open: dict[int, Summary] = {}
        self._asked: list[dict[str, Value]] = []
        self._meanwhile: dict[int, _Provisional] = {}
        self._needed: list[set[int]] = []
        """For each function that is being evaluated, those that were asked for while they were evaluated themselves."""

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

    def _of(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, owner: Definition | None = None
    ) -> Summary:
        key = id(node)
        if key in self._open:
            for needed in self._needed:
                needed.add(key)
            return self._open[key]
        meanwhile = self._meanwhile.get(key)
        if meanwhile is not None and all(self._open.get(other) is found for other, found in meanwhile.needed.items()):
            for asked, needed in zip(self._asked, self._needed, strict=True):
                asked.update(meanwhile.asked)
                needed.update(meanwhile.needed)
            return meanwhile.summary
        kept = self._kept.get(key)
        if kept is not None and all(self._resolver.resolve(name) == value for name, value in kept[1].items()):
            for asked in self._asked:
                asked.update(kept[1])
            return kept[0]
        return self._compute(node, owner)

    def _compute(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, owner: Definition | None) -> Summary:
        """Evaluate the body until the summary of a recursive function no longer changes."""
        key = id(node)
        asked: dict[str, Value] = {}
        needed: set[int] = set()
        self._asked.append(asked)
        self._needed.append(needed)
        self._open[key] = Summary()
        summary = Summary()
        try:
            for _ in range(_MOST_ROUNDS):
                before = self._open[key]
                summary = evaluate_function(_Recorder(self._resolver, self._asked), node, owner)
                self._open[key] = summary
                if _same(before, summary):
                    break
        finally:
            self._asked.pop()
            self._needed.pop()
            del self._open[key]
        # What needed an outer function that is still open may lack that one's effects: it holds until that is known.
        outer = {other: self._open[other] for other in needed if other in self._open}
        if outer:
            self._meanwhile[key] = _Provisional(summary, asked, outer)
        else:
            self._kept[key] = (summary, asked)
        if not self._open:
            self._meanwhile.clear()
        return summary


class _Recorder:
    """A resolver that notes every name it is asked for."""

    def __init__(self, resolver: Resolver, asked: list[dict[str, Value]]) -> None:
        self._resolver = resolver
        self._asked = asked

    def resolve(self, name: str) -> Value:
        value = self._resolver.resolve(name)
        for asked in self._asked:
            asked[name] = value
        return value

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
