"""Remember what was found out while one call is looked at, so that nothing that it leads to is looked at twice."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from nb2dag.compiler.analysis.values import Definition, Names, Value

_Called = tuple[Definition, str]
"""What is called: a definition, or a method of it."""

_With = tuple[Names, Names]
"""What it is called on and with: the names that either reaches."""


@dataclass(slots=True)
class Look:
    """What was found while one call is looked at; between calls it is empty.

    Objects may hold one another and classes make one another, so what a call leads to can lead to itself.
    """

    _is_open: bool = False
    _found: dict[_Called, dict[_With, list[Value] | None]] = field(default_factory=dict)
    _answered: set[Hashable] = field(default_factory=set)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Look at one call, and at all that it leads to."""
        outermost = not self._is_open
        self._is_open = True
        try:
            yield
        finally:
            if outermost:
                self._is_open = False
                self._found.clear()
                self._answered.clear()

    def is_new(self, question: Hashable) -> bool:
        """Tell whether a question was not put before, and note it."""
        if question in self._answered:
            return False
        self._answered.add(question)
        return True

    def once(
        self, definition: Definition, name: str, called_on: Names, given: Names, find: Callable[[], list[Value]]
    ) -> list[Value]:
        """Return what `find` finds a call to give, or what was found of one with the same objects, and maybe more.

        As long as it is being found, it adds nothing to itself.
        """
        known = self.known(definition, name, called_on, given)
        if known is None:
            found = self._found.setdefault((definition, name), {})
            found[called_on, given] = None
            known = found[called_on, given] = find()
        return known

    def known(self, definition: Definition, name: str, called_on: Names, given: Names) -> list[Value] | None:
        """Return what was found of a call with the same objects, and maybe more; None where there was none."""
        found = self._found.get((definition, name), {})
        if (called_on, given) in found:
            return found[called_on, given] or []
        covering = (
            each for (on, with_), each in found.items() if each is not None and on >= called_on and with_ >= given
        )
        return next(covering, None)
