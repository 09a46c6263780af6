"""Make random notebooks of tagged cells about classes, instances, closures and decorators, and the state they keep.

Every name is bound from the start to a value of a known kind, and no function is ever made of the name of another that
may be made of it; so nearly any order of statements is a notebook that runs.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from string import Template
from typing import Any

from support.object_definitions import (
    BAG_VALUES,
    BAGS,
    FUNCTION_VALUES,
    FUNCTIONS,
    HOOK,
    IMPORTS,
    KIND_VALUES,
    KINDS,
    NODE_VALUES,
    NODES,
    POINT_AGAIN,
)
from support.programs import Program

Choose = Callable[[Sequence[Any]], Any]

NAMES = {
    "n": ("n0", "n1", "n2"),
    "o": ("n0", "n1", "n2"),
    "b": ("b0", "b1"),
    "c": ("b0", "b1"),
    "p": ("p0", "p1"),
    "q": ("p0", "p1"),
    "f": ("f0", "f1", "f2"),
    "g": ("f0", "f1", "f2"),
    "l": ("l0", "l1"),
    "m": ("l0", "l1"),
    "i": ("i0", "i1"),
    "j": ("i0", "i1"),
    "C": ("Node", "Leaf", "Leaf"),
}
"""Nodes, bags, points, functions of a number, lists of nodes, numbers, classes of nodes."""

GROUPS = {
    "bags": (BAGS, BAG_VALUES, r"\$[bc]\b|Bag|bags"),
    "kinds": (KINDS, KIND_VALUES, r"\$[pq]\b|Point|Spot|[Tt]able|[Ss]tack|[Ss]lot|[Cc]olor|[Pp]air"),
    "functions": (
        FUNCTIONS, FUNCTION_VALUES,
        (r"\$[fg]\b|\bf2\b|put\(|held|gathered|bump|weight|numbers|seen|louder|scaled|shown|pure|plus|square|half|less"
        r"|counter|handlers|register|named|remembered|counted|Traced|compose|both|tick"),
    ),
}  # fmt: skip
"""Definitions, first values, and what a statement has in it that needs them; nodes are in every program."""

STATEMENTS = {
    "an instance made": (
        '$n = $C("x")', "$n = $C('y', $o.items)", "$n = $o", "$n = $C.create('z')", "$n = copy.copy($o)",
        "$n = copy.deepcopy($o)", "$n = type($o)('t')", "$n, $o = $o, $n", "$n = ($l or [$o])[0]", "$n = slot.left",
        "$n = $o.parent or $o", "$n = ($o.children or [$n])[-1]", "$n = Node.kinds.get('Leaf', Node)('k')",
        "$n = max($l + [$o], key=lambda each: each.cost())", "$n = $C.__new__($C)\n$n.__init__('raw')",
    ),
    "an instance changed": (
        "$n.items.append($i)", "$n.items = $o.items", "$n.name += '!'", "$n.size = $i", "$n.add($o)",
        "$n.children.clear()", "$n.scale = $i", "setattr($n, 'scale', $j)", "$n.__dict__.update(name='d')",
        "if 'scale' in vars($n): del $n.scale", "if hasattr($n, 'extra'): delattr($n, 'extra')", "$n.extra = $o",
        "$n.items += [$i]", "$n.made.append($i)", "$n.made = $n.made + [$i]", "$n.count += 1", "$n.parent = $o",
        "for each in $l: each.items.append($i)", "$n.add($C('child')).add($o)", "$n.children[-1:] = [$o]",
        "vars($n)['name'] = 'v'", "$n.items, $o.items = $o.items, $n.items", "$n.parent = None",
        "if $n.parent: $n.parent.items.append(0)", "for each in $n.children: each.scale = $i",
        "$n.add($o)\n$o.parent.name = 'up'",
    ),
    "a class attribute": (
        "$C.count += 1", "$C.made.append($i)", "$C.scale = $i", "$C.made = []", "$C.made = $o.made", "Bag.opened += 2",
        "setattr($C, 'scale', $i)", "type($n).scale += 1", "$C.made = $n.items", "$C.label = 'l'", "Table.misses = $i",
        "Stack.top = $i", "if 'scale' in vars(Leaf): del Leaf.scale", "Node.kinds[$i] = $C", "$C.owner = $n",
        "$n.__class__.made.append('c')", "with scaled($C, $i) as cls:\n    cls.made.append($n.cost())",
        "with scaled($C, $i):\n    $j = $n.cost()", "$C.friends = $l", "Point.unit = $i", "Slot.kind = $n",
        "Color.RED.note = $i", "Bag.limits = {'n': $n}", "for cls in [Node, Leaf]: cls.scale = cls.scale + 1",
    ),
    "a method put in": (
        "$C.cost = lambda self: len(self.items) + $i", "$C.cost = louder($C.cost)", "$n.cost = lambda: 5",
        "$n.cost = functools.partial($f, $i)", "$C.twice = staticmethod($f)",
        "$C.create = classmethod(lambda cls, name: cls(name + '+'))", "$C.__len__ = lambda self: len(self.items)",
        "def cost(self): return 3 + len(self.made)\n$C.cost = cost",
        "$C.size = property(lambda self: 4, $C.size.fset)", "if 'cost' in vars($n): del $n.cost",
        "Bag.first = lambda self: self[0]\n$i = $b.first()", "setattr(Bag, 'last', lambda self: self[-1])",
        "Point.far = property(lambda self: self.at > $i)", "$C.__repr__ = lambda self: self.name",
        "if 'cost' in vars(Leaf): del Leaf.cost",
        "import types\n$n.cost = types.MethodType(lambda self: len(self.items), $o)", "$C.extra = louder(Node.cost)",
    ),
    "a definition again": (
        POINT_AGAIN, "def weight(value): return value + $i",
        "def gathered(value, into=[]):\n    into.insert(0, value)\n    return into[-1]",
        "class Table(dict):\n    misses = 10\n    def __missing__(self, key): return 0",
        "class Stack(list):\n    top = 'again'\n    def push(self, value): self.insert(0, value)\n    pop = None",
    ),
    "a new class": (
        ("def twig():\n    class Inner($C):\n        scale = 4\n    return Inner\n$l = [twig()('in')] * 2\n"
        "print($l)\n$l = [$n]"),
        ("class Mini:\n    size, rows = 1, []\n    def cost(self): return len(self.rows)\nshelf['mini'] = Mini()\n"
        "Mini.rows.append($i)"),
        ("class Midi(Exception):\n    def cost(self): return self.args[0]\ntry: raise Midi($i)\n"
        "except Midi as error: shelf['mini'] = error"),
        ("class Maxi:\n    rows = []\n    def __enter__(self): return self.rows\n"
        "    def __exit__(self, *error): self.rows.append($j)\n    cost = lambda self: self.rows\n"
        "with Maxi() as rows: rows.append($i)\nshelf['mini'] = Maxi()\nshelf['rows'] = rows"),
    ),
    "a bag": (
        "$b[0] = $i", "$b += [$i]", "$b += $c", "$b = $b + $c", "$i = $b($j)", "$b = Bag($c)", "$b = $c",
        "$b.items = $n.items", "with $b as inner: inner($i)", "with $b: raise ValueError", "bags.append($b)",
        "$b = bags[-1]", "for value in $b: $n.items.append(value) if len($n.items) < 9 else None",
        "$i = $b[1] if $b else 0", "bags.remove($b) if $b in bags[1:] else bags.append($b)", "$b.log = $c.log",
        "shelf[$b] = $i", "$b = copy.copy($c)", "bags = [*bags[-2:], Bag(list($b)[:3])]", "$b.items.sort(key=str)",
    ),
    "a subclass of a builtin": (
        "$i = table[$j]", "table[$i] = $j", "table = Table(table)", "table['n'] = $n", "table.note = $n",
        "stack.push($i)", "stack.push($n)", "stack = Stack(stack[-3:])", "stack.extend([$i])",
        "stack = copy.copy(stack)", "stack += [$i]", "table |= {'u': $i}", "stack.items = $n.items",
        "$l = stack.__class__([$n])",
    ),
    "a small kind": (
        "slot.swap()", "slot.left = $n", "slot = Slot($n, $l)", "slot = copy.copy(slot)",
        "if slot.left is $n: slot.right = $i", "slot.left = slot.left if isinstance(slot.left, Node) else $n",
        "color = color.mixed()", "shelf[color] = $n", "pair = pair._replace(right=$i)", "pair = Pair($n, $i)",
        "pair.left.items.append($i)", "slot.right = $n.items",
        "pair = Pair($n.items)._replace(right=1)\npair = Pair($n)", "$n.color = color", "color = Color($i % 2 + 1)",
        "$p.move($i)", "$p = Point($i, $q.path)", "$p = $q", "$p = Point($i)", "$p.path = $n.items", "$p = Spot($i)",
        "$p = copy.deepcopy($q)", "$p.at = $n", "from dataclasses import replace\n$p = replace($q, path=[$i])",
        "$p.path.clear()", "shelf['point'] = $p", "from dataclasses import asdict\n$i = len(asdict($q)['path'])",
        "$p.at = 3",
    ),
    "a closure": (
        "$f = counter($i)", "$f = compose($f, $g)", "$f = $g", "$i = $f($j) % 97",
        "$f = lambda value: value + len($n.items)", "$f = lambda value, by=$i: value + by", "put($i)",
        "put, held = both()", "$i = held($j) % 97", "tick = put\ntick($n)", "$f = functools.partial(gathered, at={})",
        "$f = held", "f2 = functools.partial(f2)", "calls['f'] = $f",
        "$f = [lambda value, k=k: value * k % 97 for k in range(3)][-1]", "$f = Traced($g)", "$f = counted($g)",
        "$f = remembered($g)", "$f = (lambda bag: lambda value: bag(value))($b)",
        "$f = (lambda items: lambda v: items.append(v) or v)($n.items)", "step = counter()\nstep($i)\nlater = step",
        "inner = counter()\n$f = compose(inner, inner)",
    ),
    "a decorator": (
        "$i = plus($j)", "$i = square($j % 7)", "$i = half($j)", "$i = less($j)", "half.values.append($i)",
        "square.memory[$i] = 1", "square.memory.clear()", "$f = handlers['plus']", "handlers['minus'] = $f",
        "$i = handlers['minus']($j) % 97", "plus.calls = 0", "plus.__wrapped__.note = $i", "$f = plus.__wrapped__",
        "$i = pure($j) + pure($j)", "@functools.lru_cache\ndef own(value): return value + 1\n$i = own($j)",
        "half.function = $g", "for each in handlers.values(): each(1)",
        "@shown.register(Bag)\ndef _(value): return len(value)",
        "@shown.register\ndef _(value: Node): return value.cost()", "shown.register(str, lambda value: $i)",
        "$i = len(str(shown($n)))", "weight.unit = $i", "weight.owner = $n",
    ),
    "a function": (
        "$i = gathered($j)", "gathered($n)", "gathered($i, $n.items)", "bump()", "$i = bump($j)", "$i = weight($j)",
        "source = numbers(4)\nnext(source)\n$i = sum(source)",
        "source = numbers($i % 3 + 1)\nfor value in source: break", "gathered.__defaults__[0].clear()",
        "$i = sum(numbers(3))", "gathered.__defaults__ = ($n.items,)", "seen.clear()", "seen = list(seen[-4:])",
        "bump.__defaults__ = ($i,)", "$f = weight", "$i = len(seen)", "$i = $i + 1", "$i = $n.cost() % 97",
        "$i = $n.size % 97", "$i = $C.twice($j)", "def outer():\n    bump()\n    $n.items.append(i0)\nouter()",
    ),
    "kept somewhere": (
        "$l.append($n)", "$l = $m", "$l = [$n, *$m][:4]", "$l = copy.deepcopy($m)",
        "$l = sorted($m, key=lambda each: each.cost())", "queue.append($n)", "queue = deque($l, 5)",
        "groups[$n.name].append($o)", "groups['x'] = $l", "shelf['n'] = $n", "shelf.update(n=$n, o=$o, b=$b)",
        "shelf[$n] = $o", "shelf = {each: each.cost() for each in $l}", "shelf['c'] = $C", "calls['cost'] = $n.cost",
        "calls['add'] = $n.items.append", "calls = {'cost': $n.cost, 'bag': $b}", "later = $n.cost",
        "later = functools.partial($f, $i)", "later = functools.partial(weight, value=$i)",
        "later = lambda: $n.cost() + len($l)", "getattr(calls['cost'], '__self__', $n).children.append($n)",
        "later = (lambda node: lambda: node.cost())($n)", "shelf['all'] = {$n, $o}",
        "for each in shelf.get('all', ()): each.items.append(0)", "later = $n.__class__", "$n = queue[0]",
        "queue.rotate(1)", "shelf['classes'] = [Node, Leaf]", "calls.get('add', len)([$i])", "shelf['self'] = shelf",
        "groups = defaultdict($C)\ngroups['g'].name = 'g'\ngroups = defaultdict(list)",
        "$n = getattr(later, '__self__', $n) if isinstance(getattr(later, '__self__', 0), Node) else $n",
        "later = $C.create.__get__($n) if False else $n.create\nlater = functools.partial(later, 'l')",
    ),
}  # fmt: skip

_ALL = tuple((construct, text) for construct, texts in STATEMENTS.items() for text in texts)

LOOKS = (
    "print($n, $n.size, $n.children)", "print($n.cost(), $n.scale, $n.made)",
    "print($n.parent, $n is $o, $n.items is $o.items)", "print($C.count, $C.made, $C.scale)",
    "print(sorted(map(str, Node.kinds)), Leaf.tag)", "print(isinstance($n, $C), type($n).__name__)",
    "print(type($n) is $C, issubclass(Leaf, Node), Leaf.__mro__[1] is Node)",
    "print(list($b), len($b), $b == $c, $b is $c, $b.log)", "print(Bag.opened, Table.misses, Stack.top)",
    "print(table, vars(table).keys(), stack, stack.top)", "print(slot.left is $n, type(slot.right).__name__)",
    "print(color, color is Color.RED, pair.sides(), pair.left is $n)",
    "print($p, $p.path is $q.path, $p == $q, isinstance($p, Point))", "print($f(2), $f is $g)", "print(held(), $f(1))",
    "print(getattr(plus, 'calls', 0), plus.__name__, square.memory)", "print(half.values, half(4))",
    "print(sorted(handlers), handlers['plus'](1), handlers['minus'](1))", "print(gathered.__defaults__, gathered(0))",
    "print(i0, i1, weight(1), seen)", "print($l, $l is $m, $n in $l)", "print(list(queue), dict(groups))",
    "print(sorted(map(str, shelf)), shelf.get('n') is $n)", "print(str(calls['cost']()), sorted(calls))",
    "print(calls['cost'].__self__ is $n if hasattr(calls['cost'], '__self__') else 0)", "print(str(later())[:40])",
    "print(shown(3), shown($n), shown('s'))", "print(sorted(vars($n)), 'scale' in vars($C), 'cost' in vars($n))",
    "print(str(shelf['mini'].cost() if 'mini' in shelf else 0), shelf.get('rows', 0))",
    "print(shelf.get('c') is $C, shelf.get('classes', [0])[0] is Node)",
    "print(getattr($C, 'owner', 0), getattr(weight, 'unit', 0))",
    "print(len(shelf.get('all', ())), shelf.get($n, 0) is $o, shelf.get('b') is $b)",
    "print($C.twice(3), [bag.items for bag in bags])",
    "print(getattr(weight, 'owner', 0) is $n, getattr($C, 'friends', 0) is $l, handlers.get('plus') is plus)",
)  # fmt: skip


IDENTITIES = """\
nodes = [n0, n1, n2, *l0, *l1, *queue, *n0.children, *n1.children]
print([nodes.index(each) for each in nodes])
print([sorted(vars(each)) for each in nodes], nodes)
print([[a.items is b.items for a in nodes] for b in nodes], l0 is l1, Node.made is Leaf.made, Node.count)
print(sorted(name for name in vars(Leaf) if name[0] != "_"))"""


def object_program_of(seed: int) -> Program:
    """Return the random notebook of a seed: the same one in any process."""
    return object_program(random.Random(seed).choice)


def object_program(choose: Choose) -> Program:
    """Return a random notebook: one or two groups of definitions beside the nodes, and statements that fit to them."""
    constructs: set[str] = set()
    groups = choose(
        (("bags",), ("kinds",), ("functions",), ("functions",), ("bags", "functions"), ("kinds", "functions"))
    )
    absent = [needs for name, (_, _, needs) in GROUPS.items() if name not in groups]
    statements = [(construct, text) for construct, text in _ALL if not _needs(absent, text)]
    looks = [text for text in LOOKS if not _needs(absent, text)]
    tag = choose(("", "", "", "#| task: defined\n"))
    nodes = choose((NODES, NODES, NODES.replace("class Leaf", f"{HOOK}\nclass Leaf")))
    cells = [IMPORTS, nodes, *(tag + GROUPS[name][0] for name in groups)]
    cells += ["\n".join(["#| task: made", NODE_VALUES, *(GROUPS[name][1] for name in groups)])]
    for number in range(choose((2, 3, 4, 5, 6, 8))):
        found = [choose(statements) for _ in range(choose((1, 2, 2, 3)))]
        constructs.update(construct for construct, _ in found)
        lines = [text for _, text in found] + [choose(looks) for _ in range(choose((1, 2)))]
        cells.append("\n".join([f"#| task: t{number}", *(_filled(choose, line) for line in lines)]))
    last = [IDENTITIES, *[_filled(choose, choose(looks)) for _ in range(choose((1, 2, 4, 8)))]]
    cells.append("\n".join(["#| task: last", *last]))
    return Program(tuple(cells), frozenset(constructs))


def _needs(absent: Sequence[str], text: str) -> bool:
    return any(re.search(needs, text) for needs in absent)


def _filled(choose: Choose, text: str) -> str:
    return Template(text).substitute({letter: choose(names) for letter, names in NAMES.items()})
