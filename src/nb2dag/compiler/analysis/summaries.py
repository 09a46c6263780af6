"""Summarise notebook functions and classes, once per meaning of the names they use."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from nb2dag.compiler.analysis.caches import note_answers
from nb2dag.compiler.analysis.classes import names_own_cache
from nb2dag.compiler.analysis.effects import Effects, Mutate, Summary
from nb2dag.compiler.analysis.evaluation import evaluate_function
from nb2dag.compiler.analysis.functions import methods_in
from nb2dag.compiler.analysis.marks import is_put
from nb2dag.compiler.analysis.resolver import Resolver
from nb2dag.compiler.analysis.values import Definition, Value
from nb2dag.compiler.memo import Memo

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_MOST_ROUNDS = 16
"""How often the functions of a circle are looked at, each by what the others were found to do the time before."""


@dataclass(slots=True)
class _Kept:
    """A summary, the values of the names that were asked for, and the functions it leans on that are not done yet."""

    summary: Summary
    asked: dict[str, Value] = field(default_factory=dict)
    leans_on: set[_Function] = field(default_factory=set)


SummaryMemo = Memo[tuple[_Function, Definition | None], _Kept]
"""What is kept of the summaries of functions, those of methods by their class as well."""


class Summaries:
    """Computes and keeps summaries. A kept one is good as long as every name it asked for still means the same.

    Functions that call one another in a circle are looked at in rounds, as solvers of equations do: at first none does
    anything, then each does what follows from what the others did in the round before, until nothing is new. The one
    that was asked for first makes the rounds; the others are looked at once in each.
    """

    def __init__(self, resolver: Resolver, memo: SummaryMemo) -> None:
        self._resolver = resolver
        self._memo = memo
        self._open: dict[_Function, Summary] = {}
        self._being_made: list[_Kept] = []
        self._in_round: dict[tuple[_Function, Definition | None], _Kept] = {}
        """What leans on functions that are still open, as this round found it."""
        self._before: dict[_Function, Summary] = {}
        """What the round before found of the same."""

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
        found = [
            self._of(item, definition)
            for item in methods_in(node)
            if item.name == name or (item.decorator_list and name in _registered_for(item))
        ]
        if found := [*found, *self._put_on(definition, name)]:
            return found
        for base in node.bases:
            if isinstance(base, ast.Name):
                parent = self._resolver.resolve(base.id).definition
                if parent is not None and (inherited := self._methods(parent, name, seen)):
                    return inherited
        return []

    def _put_on(self, definition: Definition, name: str) -> list[Summary]:
        """Return the summaries of what was put on a class as a method of this name: `C.add = add`.

        A class does not say which of its functions is which.
        """
        held = self._resolver.resolve(definition.name)
        wrapped = is_put(held.draws, name, wrapped=True)
        if not wrapped and not is_put(held.draws, name):
            return []
        functions = sorted((item for item in held.carries if not item.is_class), key=lambda item: item.position)
        found = [self._of(item.node, definition) for item in functions if not isinstance(item.node, ast.ClassDef)]
        if not wrapped:
            return found
        # A lambda may do anything to its object.
        effects = Effects(events=[Mutate(each, True, definition.node) for each in [*sorted(held.free), "@self"]])
        unknown = Summary(effects, parameters=("self",), positional=1)
        properties = [replace(item, is_property=True) for item in [*found, unknown]]
        return [*found, *properties, *(replace(item, of_class=True) for item in found)]

    def _of(self, node: _Function, owner: Definition | None = None) -> Summary:
        if node in self._open:
            self._lean_on([node])
            return self._open[node]
        kept = self._in_round.get((node, owner)) or self._memo.kept((node, owner))
        if kept is None or not (kept.leans_on or self._is_good(kept)):
            kept = self._compute(node, owner)
        self._lean_on(kept.leans_on)
        for made in self._being_made:
            made.asked |= kept.asked
        return kept.summary

    def _lean_on(self, nodes: Iterable[_Function]) -> None:
        for node in nodes:
            for made in self._being_made[list(self._open).index(node) :]:
                made.leans_on.add(node)

    def _is_good(self, kept: _Kept) -> bool:
        return all(self._resolver.resolve(name) == value for name, value in kept.asked.items())

    def _compute(self, node: _Function, owner: Definition | None) -> _Kept:
        """Evaluate the body; of the first of a circle, until nothing that is found of the circle is new."""
        outside = set(self._in_round)
        for _ in range(_MOST_ROUNDS):
            kept = self._evaluated(node, owner)
            within = {key: self._in_round[key] for key in self._in_round if key not in outside}
            if kept.leans_on - {node}:
                # Part of a circle that was asked for from elsewhere, as all that leans on it is.
                for each in within.values():
                    each.leans_on = each.leans_on - {node} | kept.leans_on - {node}
                kept.leans_on.discard(node)
                self._in_round[node, owner] = kept
                return kept
            found = {key[0]: each.summary for key, each in within.items()} | {node: kept.summary}
            for key in within:
                del self._in_round[key]
            if node not in kept.leans_on or all(_same(self._before.get(key), each) for key, each in found.items()):
                break
            self._before |= found
        kept.leans_on.clear()
        for key, each in [*within.items(), ((node, owner), kept)]:
            self._before.pop(key[0], None)
            # Each is what it is by all that any of them asked for.
            self._memo.keep(key, _Kept(each.summary, kept.asked))
        return kept

    def _evaluated(self, node: _Function, owner: Definition | None) -> _Kept:
        """Evaluate the body once."""
        kept = _Kept(Summary())
        self._being_made.append(kept)
        self._open[node] = self._before.get(node, kept.summary)
        try:
            kept.summary = evaluate_function(_Recorder(self._resolver, self._being_made), node, owner)
            if not names_own_cache(self._resolver, node):
                note_answers(kept.summary, node, owner)
        finally:
            self._being_made.pop()
            del self._open[node]
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


def _same(left: Summary | None, right: Summary) -> bool:
    """Tell whether two rounds found the same, in whatever order."""
    return left is not None and all(
        what(left) == what(right)
        for what in (
            lambda one: (one.returns, one.returned, one.elements),
            lambda one: set(one.effects.events),
            lambda one: (one.effects.methods, one.effects.results, one.effects.asked),
            lambda one: (set(one.effects.unstable), set(one.effects.dynamic)),
            lambda one: (one.effects.references, one.effects.raised, one.effects.identity, one.effects.lost),
            lambda one: (one.effects.consumed, one.effects.altered, one.effects.thrown, one.effects.guessed),
            lambda one: (one.effects.unpickled, one.effects.remembered),
        )
    )


def _registered_for(node: _Function) -> set[str]:
    """Return the names of the methods, made by `singledispatchmethod`, that may run this one: `@go.register`."""
    targets = [each.func if isinstance(each, ast.Call) else each for each in getattr(node, "decorator_list", ())]
    return {
        target.value.id
        for target in targets
        if isinstance(target, ast.Attribute) and target.attr == "register" and isinstance(target.value, ast.Name)
    }
