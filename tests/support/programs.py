"""Make random notebooks of tagged cells: values, aliases, functions, classes, loops, conditions, globals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Choose = Callable[[Sequence[Any]], Any]

LISTS = ("a", "b", "c", "d")
NUMBERS = ("m", "n", "k")
DICTS = ("p", "q")

_PRELUDE = """\
import copy
from functools import partial
K = 7
class Box:
    scale = 2
    def __init__(self, items): self.items = items
    def add(self, value): self.items.append(value * self.scale + K)
    def total(self): return sum(v for v in flat(self.items)) + m
def flat(xs):
    out = []
    for x in xs:
        out.extend(flat(x)) if isinstance(x, list) else out.append(x)
    return out
def push(xs, v): xs.append(v)
def fresh(xs): return [x for x in xs]
def same(xs): return xs
def look(): return len(a) + n
def pick(flag, xs, ys): return xs if flag else ys
def poke():
    b.append(n)
def bump():
    global n
    n += 1
    return n
def adder(by):
    def inner(x): return x + by + k
    return inner
"""

_FIRST = """\
a = [1, 2]
b = [3]
c = a
d = [a, b]
m, n, k = 1, 2, 3
p = {'x': a}
q = {}
box = Box(b)
fn = adder(1)
"""


_BOX = """\
class Box:
    scale = {} % 4
    def __init__(self, items): self.items = list(items)
    def add(self, value): self.items.append(value + n)
    def total(self): return len(self.items) + k"""


def statements(choose: Choose) -> str:
    """Return one random statement."""
    x, y, z = choose(LISTS), choose(LISTS), choose(LISTS)
    i, j = choose(NUMBERS), choose(NUMBERS)
    u, v = choose(DICTS), choose(DICTS)
    templates = (
        f"{x} = {y}",
        f"{x} = {y}[:]",
        f"{x} = [{y}, {z}]",
        f"{x} = {y} + [{i}]",
        f"{x} = {y} + {z}",
        f"{x} = list({y})",
        f"{x} = fresh({y})",
        f"{x} = same({y})",
        f"{x} = copy.deepcopy({y})",
        f"{x} = copy.copy({y})",
        f"{x} = pick({i} > {j}, {y}, {z})",
        f"{x}, {y} = {y}, {x}",
        f"{x} = {y} = [{i}]",
        f"{x} = {u}.setdefault('x', {y})",
        f"{x} = {u}.get('x', {y})",
        f"{x} = {y} or {z}",
        f"{x} = {y} if {i} > {j} else {z}",
        f"{x}.append({i})",
        f"{x}.append({y}[:2])",
        f"{x}.extend(flat({y})[:2])",
        f"{x}.insert(0, {i})",
        f"{x} += [{i}]",
        f"{x}[:1] = [{i}, {j}]",
        f"del {x}[3:]",
        f"if {x}: {x}.pop()",
        f"if {x} and isinstance({x}[0], list): {x}[0].append({i})",
        f"for it in [{x}, {y}]: it.append({i})",
        f"for it in {x}:\n    if isinstance(it, list): it.append({i})",
        f"for idx in range(2):\n    {x} = {y}\n    {y}.append(idx)",
        f"while len({x}) < 3:\n    {x}.append({i})",
        f"if {i} > {j}: {x} = [{i}]",
        f"if {i} > {j}:\n    {x} = {y}\nelse:\n    {z}.append({j})",
        f"try:\n    {x} = {y}[0] if isinstance({y}[0], list) else {y}\nexcept IndexError:\n    {x} = []",
        f"match {x}:\n    case [first, *rest]: {y} = rest\n    case _: pass",
        f"push({x}, {i})",
        f"push({x}, {y}[:1])",
        f"push(same({x}), {i})",
        "poke()",
        "bump()",
        f"{i} = bump()",
        f"{i} = look()",
        f"{i} = {j} + 1",
        f"{i} += {j} % 3",
        f"{i} = len(flat({x}))",
        f"{i} = ({j} := {j} + 1) % 5",
        f"{i} = box.total() % 11",
        f"{i} = fn({j}) % 13",
        f"box.add({i})",
        f"box.items = {x}",
        f"{x} = box.items",
        f"box = Box({x})",
        "box.scale = n % 3",
        f"{u}['x'] = {x}",
        f"{u}['y'] = {i}",
        f"{u} = {{'x': {x}, 'z': {v}.get('y')}}",
        f"{u} = {v}",
        f"{u}.update(y={i})",
        f"{u}.pop('y', None)",
        f"{u}.setdefault('x', []).append({i})",
        f"for val in list({u}.values()):\n    if isinstance(val, list): val.append({i})",
        f"fn = adder({i})",
        f"fn = partial(pick, {i} > {j}, {i})\nfn = adder(fn({j}))",
        f"fn = lambda v: v + {i}",
        f"def look(): return len({x}) + {i}",
        "def push(xs, v): xs.insert(0, v)",
        f"with_k = lambda v, by={i}: v + by + {j}\n{i} = with_k({j}) % 17",
        f"{x} = sorted(flat({y}), key=lambda v: -v * {i})",
        f"{x} = [v for v in flat({y}) if v > {i}]",
        f"{x} = list(map(lambda v: v + {i}, flat({y})))",
        f"list(map(lambda v: {x}.append(v), flat({y})[:2]))",
        f"{x} = [w for w in [{y}, {z}] if w]",
        f"{i} = sum(v for v in flat({x})) % 19",
        _BOX.format(i),
        f"K = {i}",
    )
    return str(choose(templates))


def report() -> str:
    """Return a statement that prints every value and which names are one object."""
    return (
        "print(flat(a), flat(b), flat(c), flat(d), m, n, k, sorted(map(str, p)), sorted(map(str, q)), "
        "[x is y for x in (a, b, c, d) for y in (a, b, c, d)])"
    )


def looks(choose: Choose) -> str:
    """Return a statement that prints a few values."""
    x, y, i, u = choose(LISTS), choose(LISTS), choose(NUMBERS), choose(DICTS)
    return str(
        choose(
            (
                f"print({x})",
                f"print({i})",
                f"print({x}, {y}, {x} is {y})",
                f"print({u}.get('x'), {u}.get('y'))",
                "print(box.items, box.scale, isinstance(box, Box))",
                f"print({u}.get('x') is {x})",
                "print(look(), fn(1))",
                f"print(box.items is {x})",
            )
        )
    )


def program(choose: Choose, most_cells: int = 6) -> list[str]:
    """Return the code cells of a random notebook; lists that contain themselves may arise and are printed as such."""
    cells = [_PRELUDE]
    shared_first = choose((True, False, False))
    cells.append(_FIRST if shared_first else f"#| task: t0\n{_FIRST}")
    names = [f"t{number}" for number in range(1, 5)]
    for number in range(choose(range(2, most_cells + 1))):
        task = choose(names) if choose((True, False, False, False)) else f"u{number}"
        body = [statements(choose) for _ in range(choose((1, 1, 2, 3)))]
        cells.append(f"#| task: {task}\n" + "\n".join([*body, looks(choose)]))
    cells.append("#| task: last\n" + "\n".join(looks(choose) for _ in range(choose((1, 2, 4)))))
    return cells
