"""Make random cells out of everything that decides which path binds a name, and run them on every path chance finds."""

from __future__ import annotations

import contextlib
import random
from typing import Any

NAMES = ("a", "b", "c", "d", "e")
_MOST_STEPS = 60
_TESTS = (
    "pick()",
    "not pick()",
    "({0} := pick())",
    "not ({0} := pick())",
    "pick() and ({0} := pick())",
    "pick() or ({0} := pick())",
    "not (pick() and ({0} := pick()))",
    "(({0} := pick()) if pick() else ({1} := pick()))",
    "0 < pick() < ({0} := 2) < ({1} := 3)",
)
_SIMPLE = (
    "{0} = 1",
    "{0} = boom()",
    "{0} = {1}",
    "{0} = {1} = {2}",
    "{0}, {1} = {1}, {0}",
    "{0} += 1",
    "{0}: int = 1",
    "{0}: int",
    "{0}",
    "print({0}, {1})",
    "del {0}",
    "assert ({0} := pick()), ({1} := 1)",
    "assert pick(), {0}",
    "pick() and ({0} := 1)",
    "({0} := 1) if pick() else {1}",
    "boom()",
    "import sys as {0}",
)


class Oops(Exception):
    """What `boom` raises; the cells catch it."""


class _Ended(BaseException):
    """A run that takes too long."""


def make_cell(seed: int, first_depth: int = 0) -> str:
    """Return the source of a random cell; the greater `first_depth`, the less is nested in it."""
    chance = random.Random(seed)
    return "\n".join(_block(chance, first_depth, 4, loop=False)) + "\n"


def _block(chance: random.Random, depth: int, most: int, *, loop: bool) -> list[str]:
    return [line for _ in range(chance.randint(1, most)) for line in _statement(chance, depth, loop=loop)]


def _statement(chance: random.Random, depth: int, *, loop: bool) -> list[str]:
    names = chance.sample(NAMES, 3)

    def inner(*, loop: bool = loop) -> list[str]:
        return ["    " + line for line in _block(chance, depth + 1, 3, loop=loop)]

    def maybe(*head: str, loop: bool = loop) -> list[str]:
        return [*head, *inner(loop=loop)] if chance.random() < 0.5 else []

    kind = chance.random()
    test = chance.choice(_TESTS).format(*names)
    if depth > 2 or kind < 0.45:
        if loop and chance.random() < 0.3:
            return [f"if {test}: {chance.choice(('break', 'continue'))}"]
        if chance.random() < 0.05:
            return ["if pick(): raise Oops"]
        return [chance.choice(_SIMPLE).format(*names)]
    if kind < 0.6:
        return [f"if {test}:", *inner(), *maybe(f"elif {chance.choice(_TESTS).format(*names)}:"), *maybe("else:")]
    if kind < 0.7:
        items = chance.choice(("items()", "items()", "(1, 2)"))
        return [f"for {names[0]} in {items}:", "    tick()", *inner(loop=True), *maybe("else:")]
    if kind < 0.8:
        condition = chance.choice((test, "True"))
        return [f"while {condition}:", "    tick()", *inner(loop=True), *maybe("else:")]
    if kind < 0.9:
        handlers = ["except Oops:", *inner()] if chance.random() < 0.5 else ["except Oops as e:", *inner()]
        final = maybe("finally:", loop=False)
        kept = handlers if not final or chance.random() < 0.7 else []
        return ["try:", "    boom()", *inner(), *kept, *(maybe("else:") if kept else []), *final]
    if kind < 0.95:
        return [f"with {chance.choice(('suppress(Oops)', 'nullcontext()'))} as {names[0]}:", "    boom()", *inner()]
    last = chance.choice((f"    case {names[0]}:", f"    case {names[0]} if {test}:", "    case 0:"))
    body = [["    " + line for line in inner()] for _ in range(2)]
    return ["match choose():", "    case 1:", *body[0], last, *body[1]]


class _Namespace(dict[str, Any]):
    """A cell's namespace, into which the outside has put every name; it notes which are asked for while unbound."""

    def __init__(self) -> None:
        super().__init__()
        self.outside = set(NAMES)
        self.needed: set[str] = set()
        self.bound: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        if name in self.outside:
            self.needed.add(name)
            return 1
        return super().__getitem__(name)

    def __setitem__(self, name: str, value: Any) -> None:
        self.outside.discard(name)
        self.bound.add(name)
        super().__setitem__(name, value)

    def __delitem__(self, name: str) -> None:
        if name in self.outside:
            self.needed.add(name)
        else:
            super().__delitem__(name)
            self.outside.add(name)


def run_cell(source: str, seed: int, runs: int) -> tuple[set[str], set[str], set[str]]:
    """Return the names that some of the runs left bound when they ended, bound at all, and took from outside."""
    code = compile(source, "cell", "exec")
    chance = random.Random(seed)
    left: set[str] = set()
    bound: set[str] = set()
    needed: set[str] = set()
    for _ in range(runs):
        space = _Namespace()
        with contextlib.suppress(Oops, NameError, TypeError, AssertionError, _Ended):
            exec(code, {"__builtins__": _builtins(chance)}, space)
            left |= set(NAMES) & set(space)
        bound |= space.bound
        needed |= space.needed
    return left, bound, needed


def _builtins(chance: random.Random) -> dict[str, Any]:
    risk, steps = chance.random() * 0.6, [0]

    def boom() -> int:
        if chance.random() < risk:
            raise Oops
        return 1

    def tick() -> None:
        steps[0] += 1
        if steps[0] > _MOST_STEPS:
            raise _Ended

    return {
        "pick": lambda: chance.random() < 0.5,
        "choose": lambda: chance.randint(0, 2),
        "boom": boom,
        "tick": tick,
        "items": lambda: [1] * chance.randint(0, 2),
        "print": lambda *_: None,
        "Oops": Oops,
        "int": int,
        "suppress": contextlib.suppress,
        "nullcontext": contextlib.nullcontext,
        "__import__": __import__,
    }
