"""List the definitions and first values of the random notebooks of `object_programs`, and one definition anew."""

from __future__ import annotations

IMPORTS = """\
import copy
import functools
from collections import defaultdict, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple"""

NODES = """\
class Node:
    count, made, scale, kinds, tag = 0, [], 2, {}, 0
    def __init__(self, name="n", items=None):
        Node.count += 1
        self.made.append(name)
        self.name, self.items = name, [] if items is None else items
        self.parent, self.children = None, []
    def cost(self): return (self.scale + len(self.items)) % 97
    def add(self, child):
        child.parent = self
        self.children.append(child)
        return self
    @property
    def size(self): return len(self.items) * self.scale + Node.count
    @size.setter
    def size(self, value): self.items[:] = [value] * (value % 4)
    @classmethod
    def create(cls, name): return cls(name, cls.made[-2:])
    @staticmethod
    def twice(value): return value * 2 % 97
    def __repr__(self): return f"{type(self).__name__}({self.name}, {self.items}, {self.cost()})"
class Leaf(Node):
    scale = 5
    def __init__(self, name="leaf", items=None):
        super().__init__(name, items)
        self.depth = 1
    def cost(self): return super().cost() + i0"""

HOOK = """\
    def __init_subclass__(cls, tag="?", **options):
        super().__init_subclass__(**options)
        cls.tag = tag
        Node.kinds[cls.__name__] = cls"""

BAGS = """\
class Bag:
    opened = 0
    def __init__(self, items=()): self.items, self.log = list(items), []
    def __len__(self): return len(self.items)
    def __repr__(self): return f"Bag({self.items})"
    def __iter__(self): yield from self.items
    def __getitem__(self, at): return self.items[at % len(self.items)] if self.items else 0
    def __setitem__(self, at, value): self.items[at : at + 1] = [value]
    def __contains__(self, value): return value in self.items
    def __eq__(self, other): return isinstance(other, Bag) and self.items == other.items
    def __hash__(self): return 1
    def __iadd__(self, other):
        self.items.extend(list(other)[:3])
        return self
    def __add__(self, other): return Bag([*self.items[:4], *list(other)[:3]])
    def __call__(self, value):
        self.items.append(value)
        return len(self)
    def __enter__(self):
        Bag.opened += 1
        return self
    def __exit__(self, *error):
        self.log.append(len(self))
        return True"""

KINDS = """\
class Table(dict):
    misses = 0
    def __missing__(self, key):
        Table.misses += 1
        return self.setdefault(key, len(self))
class Stack(list):
    top = "none"
    def push(self, value):
        self.append(value)
        self.top = value
        return self
class Slot:
    __slots__ = ("left", "right")
    def __init__(self, left, right=None): self.left, self.right = left, right
    def swap(self): self.left, self.right = self.right, self.left
class Color(Enum):
    RED, BLUE = 1, 2
    def mixed(self): return Color.BLUE if self is Color.RED else Color.RED
class Pair(NamedTuple):
    left: object
    right: int = 0
    def sides(self): return [self.right, type(self).__name__]
@dataclass
class Point:
    at: int
    path: list = field(default_factory=list)
    def move(self, by):
        self.at += by
        self.path.append(self.at)
        return self
@dataclass
class Spot(Point):
    seen: dict = field(default_factory=dict, compare=False)"""

FUNCTIONS = """\
handlers, seen = {}, []
def register(function):
    handlers[function.__name__] = function
    return function
def named(name):
    def decorate(function):
        handlers[name] = function
        return function
    return decorate
def counted(function):
    @functools.wraps(function)
    def inner(value):
        inner.calls += 1
        return function(value)
    inner.calls = 0
    return inner
def remembered(function):
    memory = {}
    def inner(value):
        if value not in memory: memory[value] = function(value)
        return memory[value] + len(memory)
    inner.memory = memory
    return inner
class Traced:
    def __init__(self, function): self.function, self.values = function, []
    def __call__(self, value):
        self.values.append(value)
        return self.function(value)
def counter(start=0):
    total = start
    def step(by=1):
        nonlocal total
        total = (total + by) % 97
        return total
    return step
def both():
    held = []
    return held.append, lambda value=0: len(held) + value
def compose(first, second): return lambda value: first(second(value)) % 97
def louder(method): return lambda self, *args: (method(self, *args) + 1) % 97
def gathered(value, into=[], *, at={}):
    into.append(value)
    at[value] = len(into)
    return len(into)
def numbers(upto):
    for number in range(upto):
        seen.append(number)
        yield number
def bump(by=1):
    global i0
    i0 = (i0 + by) % 97
    return i0
def weight(value): return (value + i1 + len(n0.items)) % 97
@contextmanager
def scaled(cls, by):
    old, cls.scale = cls.scale, by
    try: yield cls
    finally: cls.scale = old
@functools.singledispatch
def shown(value): return f"other {type(value).__name__}"
@shown.register
def _(value: int): return value * 2 % 97
@functools.lru_cache(maxsize=None)
def pure(value): return value * 3 % 97
@register
@counted
def plus(value): return (value + 1) % 97
@named("minus")
def less(value): return (value - i1) % 97
@remembered
def square(value): return value * value % 97
@Traced
def half(value): return value // 2"""

NODE_VALUES = """\
i0, i1 = 1, 2
n0, n1 = Node("a"), Leaf("b", [1])
n2, l0, l1 = n1, [n0], [n1, n0]
queue, groups, calls, shelf, later = deque([n1], 5), defaultdict(list), {"cost": n0.cost}, {}, n1.cost"""

BAG_VALUES = "b0, b1, bags = Bag([1, 2]), Bag(), [Bag([3])]"

KIND_VALUES = """\
p0, p1 = Point(1), Spot(2)
table, stack, slot, color, pair = Table(a=1), Stack([1]), Slot(n0, l1), Color.RED, Pair(n0)"""

FUNCTION_VALUES = """\
f0, f1, f2 = plus, compose(square, less), counter()
put, held = both()"""

POINT_AGAIN = """\
@dataclass
class Point:
    at: int
    path: list = field(default_factory=list)
    def move(self, by):
        self.path.insert(0, by)
        return self"""
