"""List the statements that random notebooks are made of, each with the constructs that it shows.

In a text, `$x $y $z` stand for names of lists, `$i $j` of numbers and `$u $v` of dictionaries. A `Motif` is a few
statements that make sense in this order only; its steps go to cells one below the other, at random, so that they meet
in one task or in several.
"""

from __future__ import annotations

from dataclasses import dataclass

LISTS = ("a", "b", "c", "d")
NUMBERS = ("m", "n", "k")
DICTS = ("p", "q")


@dataclass(frozen=True)
class Motif:
    """Statements in their order, and what they show; `weight` is how often it is chosen beside others."""

    construct: str
    steps: tuple[str, ...]
    weight: int = 5


DEFINITIONS = """\
import contextlib
import copy
import os
from dataclasses import dataclass, field
from functools import partial, wraps
from pathlib import Path
K = 7
class Box:
    scale = 2
    kinds = []
    def __init__(self, items): self.items = items
    def add(self, value): self.items.append(value * self.scale + K)
    def total(self): return sum(v for v in flat(self.items)) + m
def flat(xs):
    out = []
    for x in xs:
        out.extend(flat(x)) if isinstance(x, list) else out.append(x)
    return out
def push(xs, v): xs.append(v)
def push_on(xs, v): push(same(xs), v)
def fresh(xs): return [x for x in xs]
def same(xs): return xs
def look(): return len(a) + n
def pick(flag, xs, ys): return xs if flag else ys
def poke():
    b.append(n)
def poke_twice():
    poke()
    poke()
def bump():
    global n
    n += 1
    return n
def adder(by):
    def inner(x): return x + by + k
    return inner
def counter():
    total = 0
    def step(by):
        nonlocal total
        total += by
        return total
    return step
def logged(f):
    @wraps(f)
    def inner(*args):
        log.append(f.__name__)
        return f(*args)
    return inner
"""

VALUES = """\
a = [1, 2]
b = [3]
c = a
d = [a, b]
m, n, k = 1, 2, 3
p = {'x': a}
q = {}
log = []
box = Box(b)
fn = adder(1)
"""

PARAMETERS = "rate = 3\nlimits = [1, 2]\nlabel = 'low'"

_TALLY = """\
class Tally:
    count = 0
    @classmethod
    def hit(cls, by):
        cls.count += by
        return cls.count"""

_POINT = """\
@dataclass
class Point:
    at: int
    path: list = field(default_factory=list)
    def move(self, by):
        self.at += by
        self.path.append(self.at)
        return self"""

_BOX = """\
class Box:
    scale = 3
    kinds = []
    def __init__(self, items): self.items = list(items)
    def add(self, value): self.items.append(value + n)
    def total(self): return len(self.items) + k
box = Box($x)"""

STATEMENTS: tuple[tuple[str, str], ...] = (
    ("alias", "$x = $y"),
    ("version", "$x = $y[:]"),
    ("alias", "$x = [$y, $z]"),
    ("version", "$x = $y + [$i]"),
    ("version", "$x = $y + $z"),
    ("version", "$x = list($y)"),
    ("version", "$x = fresh($y)"),
    ("alias", "$x = same($y)"),
    ("version", "$x = copy.deepcopy($y)"),
    ("alias", "$x = copy.copy($y)"),
    ("alias", "$x = pick($i > $j, $y, $z)"),
    ("alias", "$x, $y = $y, $x"),
    ("alias", "$x = $y = [$i]"),
    ("alias", "$x = $u.setdefault('x', $y)"),
    ("alias", "$x = $u.get('x', $y)"),
    ("alias", "$x = $y or $z"),
    ("alias", "$x = $y if $i > $j else $z"),
    ("mutation", "$x.append($i)"),
    ("mutation", "$x.append($y[:2])"),
    ("mutation", "$x.extend(flat($y)[:2])"),
    ("mutation", "$x.insert(0, $i)"),
    ("mutation", "$x += [$i]"),
    ("mutation", "$x[:1] = [$i, $j]"),
    ("mutation", "del $x[3:]"),
    ("mutation", "if $x: $x.pop()"),
    ("mutation", "if $x and isinstance($x[0], list): $x[0].append($i)"),
    ("mutation", "for it in [$x, $y]: it.append($i)"),
    ("mutation", "for it in $x:\n    if isinstance(it, list): it.append($i)"),
    ("maybe version: loop", "for idx in range(2):\n    $x = $y\n    $y.append(idx)"),
    ("maybe version: loop", "for it in $x[:1]: $y = [it]"),
    ("mutation", "while len($x) < 3:\n    $x.append($i)"),
    ("maybe version: loop", "while len($x) < 3:\n    $x = [*$x, $i]"),
    ("maybe version: if", "if $i > $j: $x = [$i]"),
    ("maybe version: if", "if $i > $j:\n    $x = $y\nelse:\n    $z.append($j)"),
    ("maybe version: try", "try:\n    $x = $y[0] if isinstance($y[0], list) else $y\nexcept IndexError:\n    $x = []"),
    (
        "maybe version: try",
        "try:\n    $i = $y[5]\nexcept (IndexError, TypeError):\n    pass\nfinally:\n    $j = $j + 1",
    ),
    ("maybe version: with", "with contextlib.suppress(IndexError):\n    $y[9]\n    $x = [$i]"),
    ("maybe version: with", "with contextlib.suppress(IndexError): $x = [$y[1]]"),
    ("maybe version: match", "match $x:\n    case [first, *rest]: $y = rest\n    case _: pass"),
    (
        "maybe version: match",
        "match $i:\n    case 1 | 2: $x = [$i]\n    case int(number) if number > $j: $x.append(number)",
    ),
    ("maybe version: del", "spare = $i\nif $i > $j: del spare"),
    ("mutation of an argument", "push($x, $i)"),
    ("mutation of an argument", "push($x, $y[:1])"),
    ("mutation of an argument", "push(same($x), $i)"),
    ("mutation through two functions", "push_on($x, $i)"),
    ("mutation through two functions", "poke_twice()"),
    ("mutation through a function", "poke()"),
    ("version through a function", "bump()"),
    ("version through a function", "$i = bump()"),
    ("free name of a function", "$i = look()"),
    ("version", "$i = $j + 1"),
    ("version", "$i += $j % 3"),
    ("version", "$i = len(flat($x))"),
    ("version", "$i = ($j := $j + 1) % 5"),
    ("instance", "$i = box.total() % 11"),
    ("free name of a function", "$i = fn($j) % 13"),
    ("instance", "box.add($i)"),
    ("instance", "box.items = $x"),
    ("instance", "$x = box.items"),
    ("instance", "box = Box($x)"),
    ("instance", "box.scale = n % 3"),
    ("mutation", "$u['x'] = $x"),
    ("mutation", "$u['y'] = $i"),
    ("alias", "$u = {'x': $x, 'z': $v.get('y')}"),
    ("alias", "$u = $v"),
    ("mutation", "$u.update(y=$i)"),
    ("mutation", "$u.pop('y', None)"),
    ("mutation", "$u.setdefault('x', []).append($i)"),
    ("mutation", "for val in list($u.values()):\n    if isinstance(val, list): val.append($i)"),
    ("free name of a function", "fn = adder($i)"),
    ("free name of a function", "fn = partial(pick, $i > $j, $i)\nfn = adder(fn($j))"),
    ("free name of a function", "fn = lambda v: v + $i"),
    ("definition in a task", "def look(): return len($x) + $i"),
    ("definition in a task", "def push(xs, v): xs.insert(0, v)"),
    ("default of a function", "with_k = lambda v, by=$i: v + by + $j\n$i = with_k($j) % 17"),
    ("free name of a function", "$x = sorted(flat($y), key=lambda v: -v * $i)"),
    ("version", "$x = [v for v in flat($y) if v > $i]"),
    ("free name of a function", "$x = list(map(lambda v: v + $i, flat($y)))"),
    ("mutation through a function", "list(map(lambda v: $x.append(v), flat($y)[:2]))"),
    ("alias", "$x = [w for w in [$y, $z] if w]"),
    ("version", "$i = sum(v for v in flat($x)) % 19"),
    ("version", "K = $i"),
    ("alias", "$x, *$y = [$z, $i, $j]"),
    ("alias", "($x, $y), $i = ($y, $x), $j"),
    ("version", "$i = max((size := len($x)), $j) + size"),
    ("alias", "$u = {**$v, 'x': $x}"),
    ("mutation", "$u |= {'w': $i}"),
)

_WRITEFILE = "%%writefile steps.py\nMADE = 5\ndef made(v): return v + MADE"
_STEP = "%%writefile step.py\nmade = 4\nmade_list = [made]"

MOTIFS: tuple[Motif, ...] = (
    Motif("class attribute", ("Box.scale = $i + 3", "box.add($j)", "print(Box.scale, box.scale, box.items)")),
    Motif("class attribute", ("Box.kinds.append($i)", "Box.kinds = [*Box.kinds, $j]", "print(Box.kinds, box.kinds)")),
    Motif(
        "class attribute",
        (
            _TALLY,
            "$i = Tally.hit($j) % 7",
            "Tally.hit(2)",
            "print(Tally.count)",
        ),
    ),
    Motif("function attribute", ("look.calls = $i", "look.calls += 1", "print(getattr(look, 'calls', 0))")),
    Motif("module attribute", ("import fractions\nfractions.limit = 5", "print(getattr(fractions, 'limit', None))")),
    Motif("environment", ("os.environ['NB_RATE'] = 'low'", "print(os.environ.get('NB_RATE'), os.getenv('NB_NONE'))")),
    Motif(
        "seeded generator",
        (
            "import random\nrandom.seed($i)",
            "random.shuffle($y)",
            "$x.append(random.randrange(9))",
            "print(random.random(), $x)",
        ),
    ),
    Motif(
        "seeded generator",
        ("import random\nrng = random.Random($i)", "$j = rng.randrange(9)", "rng.shuffle($x)", "print(rng.random())"),
    ),
    Motif("default of a function", ("def raised(v, by=$i): return v + by", "$i = $i + 5", "print(raised(1))")),
    Motif(
        "default of a function",
        ("def gathered(v, into=[]):\n    into.append(v)\n    return into", "gathered($i)", "print(gathered($j))"),
        2,
    ),
    Motif("decorator", ("@logged\ndef marked(v): return v + $i", "$i = marked(2)", "print(marked($j), log)")),
    Motif(
        "base class",
        (
            "class Wide(Box):\n    def total(self): return super().total() + $i",
            "wide = Wide($x)",
            "wide.add($j)",
            "print(wide.total(), wide.items, isinstance(wide, Box), isinstance(wide, Wide))",
        ),
    ),
    Motif("free name of a function", ("def later(): return $i + len($x)", "$i = $i + 2", "print(later())")),
    Motif(
        "instance",
        (
            _POINT,
            "point = Point($i)",
            "point.move($j).move(K)",
            "other = point",
            "other.move(1)",
            "print(point, other is point, isinstance(other, Point))",
        ),
    ),
    Motif("closure", ("tick = counter()", "tick($i)", "$j = tick(2) % 9", "print(tick(1))")),
    Motif("parameter reassigned", ("rate = rate + $i", "limits.append(rate)", "print(rate, limits, label)")),
    Motif("parameter reassigned", ("label += 'er'", "limits = [*limits, $j]", "print(rate, limits, label)")),
    Motif("side by side", ("side = [$i]", "side.append($j)", "side.append(K)", "print(side)")),
    Motif("side by side", ("side = {}\nalso = [side]", "side['l'] = $i", "also[0]['r'] = $j", "print(side, also)")),
    Motif("star import", ("from math import *", "$i = floor(sqrt(len($x) + 9))", "print(ceil($i + 0.5))"), 4),
    Motif("exec", ("exec('$i = $j + 1')", "print($i)"), 4),
    Motif("globals()", ("print(globals()['$i'])", "$i = eval('$i + 1')", "print($i)"), 3),
    Motif("exec", ("exec('made = 3')", "$x.append(made)", "print(made)"), 3),
    Motif("iterator", ("gen = iter(flat($x) + [7, 8])", "$i = next(gen)", "print(next(gen, 0))"), 3),
    Motif("globals()", ("globals()['$i'] = $j + 2", "print($i)"), 4),
    Motif(
        "file",
        (
            "Path('notes.txt').write_text(f'{$i}')",
            "with open('notes.txt', 'a') as stream: stream.write(f'-{$j}')",
            "print(Path('notes.txt').read_text())",
        ),
    ),
    Motif("file", ("Path('sizes.txt').write_text(str(len($x)))", "$i = int(open('sizes.txt').read())")),
    Motif("class defined again", (_BOX, "box.add($i)", "print(box.items, isinstance(box, Box))"), 2),
    Motif("working directory", ("os.mkdir('deep')\nos.chdir('deep')", "print(os.path.basename(os.getcwd()))")),
    Motif("%run", (_STEP, "%run step.py", "made_list.append($j)", "print(made, made_list)")),
    Motif("%%writefile", (_WRITEFILE, "import steps", "print(steps.made($i))")),
    Motif(
        "environment",
        ("os.environ['NB_SIZE'] = str($i)", "os.environ['NB_SIZE'] += 'x'", "print(os.environ['NB_SIZE'])"),
    ),
    Motif("module attribute", ("import fractions", "fractions.size = $i", "print(getattr(fractions, 'size', None))")),
)

LOOKS = (
    "print($x)",
    "print($i)",
    "print($x, $y, $x is $y)",
    "print($u.get('x'), $u.get('y'))",
    "print(box.items, box.scale, isinstance(box, Box))",
    "print($u.get('x') is $x)",
    "print(look(), fn(1))",
    "print(box.items is $x)",
)
