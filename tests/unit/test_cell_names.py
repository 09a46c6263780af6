"""The names of one cell: definitions and references in textual order, written down from Python's own semantics."""

from __future__ import annotations

import sys

import pytest

from nb2dag.compiler.analysis.cell_names import list_cell_names
from nb2dag.compiler.frontend.tagging import tag_program
from nb2dag.model.notebook import Cell, CellType, Notebook
from nb2dag.model.span import Region

PLAIN = [
    ("", "", ""),
    ("# only a comment", "", ""),
    ("x = 1", "x", ""),
    ("y = x", "y", "x"),
    ("x", "", "x"),
    ("print(x)", "", "x"),
    ("_x = _y", "_x", "_y"),
    ("x = 1\ny = x", "x y", ""),
    ("y = x\nx = 1", "y x", "x"),
    ("x = x + 1", "x", "x"),
    ("b = a = c", "b a", "c"),
    ("a, b = b, a", "a b", "b a"),
    ("(a, [b, *c]), d = e", "a b c d", "e"),
    ("*head, tail = items", "head tail", "items"),
    ("a.b = c", "", "a c"),
    ("a[i] = c", "", "a i c"),
    ("a[i].b[j:k] = c", "", "a i j k c"),
    ("i, a[i] = 1, 2", "i", "a"),
    ("a[i], i = 1, 2", "i", "a i"),
    ("x += 1", "x", "x"),
    ("x = 1\nx += 1", "x", ""),
    ("x += x", "x", "x"),
    ("a.b += c", "", "a c"),
    ("a[i] += c", "", "a i c"),
    ("x: int", "", ""),
    ("x: Type", "", "Type"),
    ("x: int = 1", "x", ""),
    ("x: Type = value", "x", "Type value"),
    ("a.b: Type = 1", "", "a Type"),
    ("a[i]: Type", "", "a i Type"),
    ("x: int\nprint(x)", "", "x"),
    ("x: 'Type' = 1", "x", ""),
    ("from __future__ import annotations\nx: Type = 1\ndef f(a: Type) -> Type: b: Type", "annotations x f", ""),
    ("del x", "", "x"),
    ("x = 1\ndel x", "", ""),
    ("del a.b, c[d]", "", "a c d"),
    ("x = 1\ndel x\nx = 2", "x", ""),
    ("del (a, [b])", "", "a b"),
    ("if c: x = 1\ndel x", "", "c x"),
    ("print(max(len(x), abs(y)), __name__, display(z))", "", "x y z"),
    ("len = 3\nprint(len)", "len", ""),
    ("assert x, y", "", "x y"),
    ("assert (n := f()), n", "n", "f"),
    ("raise Oops(x) from y", "", "Oops x y"),
    ("x = 1; y = x;", "x y", ""),
    ("df['n'] = f(df['n'])", "", "df f"),
    ("x = y = (x := z)", "x y", "z"),
    ("lst[a:b:c, ..., d]", "", "lst a b c d"),
    ("x = (yes if test else no)", "x", "yes test no"),
    ("f(*args, key=value, **rest)", "", "f args value rest"),
    ("a < b < c", "", "a b c"),
    ("not a and b or c", "", "a b c"),
    ("{**a, b: c}, {d, *e}, [f, *g]", "", "a b c d e f g"),
    ("f'{a!r:>{width}} {b + c} {d=}'", "", "a width b c d"),
    ("f'{[x for x in xs]}{f\"{inner}\"}'", "", "xs inner"),
    ("'{a}'.format(a=b)", "", "b"),
    ("x = await f(y)", "x", "f y"),
    ("async with a as b:\n    async for c in d:\n        e = [g async for g in h]", "b c e", "a d h"),
    ("[await g(i) for i in a]", "", "g a"),
]

IMPORTS = [
    ("import a", "a", ""),
    ("import a.b.c", "a", ""),
    ("import a.b as c", "c", ""),
    ("import a.b, d as e, f", "a e f", ""),
    ("from a import b, c as d", "b d", ""),
    ("from . import b", "b", ""),
    ("from a import *", "", ""),
    ("from a import *\nb(c)", "", "b c"),
    ("import a.b\na.c.d(x)", "a", "x"),
    ("try:\n    import a\nexcept ImportError:\n    a = None\na", "a", ""),
    ("try:\n    import a\nexcept ImportError:\n    pass\na", "a", "a"),
    ("try:\n    import a\nexcept ImportError:\n    raise\na", "a", ""),
]

FUNCTIONS = [
    ("def f(): return x", "f", "x"),
    ("def f(): return x\nx = 1", "f x", ""),
    ("x = 1\ndef f(): return x", "x f", ""),
    ("def f(a, /, b, *c, d, **e): return a, b, c, d, e, g", "f", "g"),
    ("def f(a=x, *, b=y): return a", "f", "x y"),
    ("def f(a=x): return a\nx = 1", "f x", "x"),
    ("@decorate(x)\ndef f(): pass", "f", "decorate x"),
    ("@decorate\ndef decorate(): pass", "decorate", "decorate"),
    ("def f(a: T, *b: U, c: V = w, **d: W) -> R: pass", "f", "T U V w W R"),
    ("def f(x: x): return x", "f", "x"),
    ("def f():\n    x = 1\n    return x", "f", ""),
    ("def f():\n    print(x)\n    x = 1", "f", ""),
    ("def f():\n    if c: x = 1\n    return x", "f", "c"),
    ("def f():\n    for x in y: pass\n    return x", "f", "y"),
    ("def f():\n    x: T\n    return x", "f", ""),
    ("def f():\n    x: T = y", "f", "y"),
    ("def f():\n    a.b: T = y", "f", "a y"),
    ("def f():\n    import os.path, x as y\n    return os, y, x", "f", "x"),
    ("def f():\n    try: pass\n    except E as e: return e", "f", "E"),
    ("def f():\n    with a as b: return b", "f", "a"),
    ("def f():\n    del x\n    return x", "f", ""),
    ("def f():\n    def g(): return x\n    x = 1\n    return g", "f", ""),
    ("def f():\n    def g(): return x, y\n    x = 1", "f", "y"),
    ("def f():\n    def g(x=x): return x", "f", "x"),
    ("def f(x):\n    def g():\n        nonlocal x\n        x = 1\n    return g", "f", ""),
    ("def f():\n    global n\n    n = 1", "f n", ""),
    ("def f():\n    global n\n    n += 1", "f n", "n"),
    ("def f():\n    global n\n    n = 1\n    return n", "f n", ""),
    ("n = 0\ndef f():\n    global n\n    n += 1", "n f", ""),
    ("def f():\n    global n\n    n = 1\nf()\nprint(n)", "f n", "n"),
    ("def f():\n    global n\n    del n", "f", "n"),
    ("def f():\n    global n\n    import n.m", "f n", ""),
    ("def f():\n    global n\n    def n(): pass", "f n", ""),
    ("def f():\n    global n\n    for n in a: pass", "f n", "a"),
    ("def f(x):\n    def g():\n        global x\n        return x", "f", "x"),
    ("def f(x):\n    def g():\n        global x\n        def h(): return x", "f", "x"),
    ("global x\nx = 1", "x", ""),
    ("f = lambda a, b=c: a + b + d", "f", "c d"),
    ("f = lambda: x\nx = 1", "f x", ""),
    ("lambda: (y := x) + y", "", "x"),
    ("g = [lambda: i for i in a]", "g", "a"),
    ("(lambda x: x)(x)", "", "x"),
    ("sorted(a, key=lambda r: w[r])", "", "a w"),
    ("async def f():\n    async for a in b:\n        await a\n    return [c async for c in d]", "f", "b d"),
    ("def f():\n    yield x\n    y = yield\n    yield from y", "f", "x"),
    ("def f(): return f()", "f", ""),
    ("def f(): return g()\ndef g(): return f()", "f g", ""),
    ("def f(): return len(x)", "f", "x"),
    ("if c:\n    def f(): return x\nelse:\n    f = None\nx = 1\nf", "f x", "c"),
    ("def f():\n    [x for x in y]\n    return x", "f", "y x"),
    ("def f():\n    [(z := x) for x in y]\n    return z", "f", "y"),
    (
        "def f():\n    match a:\n        case {'k': v, **r}: return v, r\n        case [h, *t] | (h, t): return h, t",
        "f",
        "a",
    ),
    ("def f():\n    return locals(), vars(), __file__", "f", ""),
    ("@(n := wrap)\ndef f(): pass", "n f", "wrap"),
    ("def f(a=(n := 1)): pass\nn", "f n", ""),
    ("def outer():\n    def f(a=(n := 1)): return n\n    return n", "outer", ""),
    ("def f():\n    class A:\n        x = x\n    return A", "f", "x"),
    ("def f(x):\n    class A:\n        y = x\n        def m(self): return y\n    return A", "f", "y"),
    ("def f(x):\n    class A:\n        x = x\n    return A", "f", "x"),
]

CLASSES = [
    ("class A: pass", "A", ""),
    ("class A(B, metaclass=M): pass", "A", "B M"),
    ("@d\nclass A: pass", "A", "d"),
    ("class A:\n    x = 1\n    y = x", "A", ""),
    ("class A:\n    x = x", "A", "x"),
    ("x = 1\nclass A:\n    x = x", "x A", ""),
    ("class A:\n    x = 1\n    def m(self): return x", "A", "x"),
    ("class A:\n    x = 1\n    def m(self): return x\nx = 2", "A x", ""),
    ("class A:\n    x = 1\n    def m(self, a=x): return a", "A", ""),
    ("class A:\n    xs = [1]\n    ys = [x for x in xs]", "A", ""),
    ("class A:\n    xs = [1]\n    k = 2\n    ys = [x * k for x in xs]", "A", "k"),
    ("class A:\n    xs = [1]\n    ys = [(a, b) for a in xs for b in xs]", "A", "xs"),
    ("class A:\n    k = 1\n    f = lambda self: k", "A", "k"),
    ("class A:\n    def m(self): return A, __class__, super().m()", "A", ""),
    ("class A:\n    n: T\n    m: U = v", "A", "T U v"),
    ("class A:\n    a = A", "A", "A"),
    ("class A:\n    def f(self): pass\n    g = property(f)", "A", ""),
    ("class A:\n    class B:\n        y = x\n    x = 1", "A", "x"),
    ("class A:\n    x = 1\n    class B:\n        y = x", "A", "x"),
    ("class A:\n    global x\n    x = 1\nx", "A x", ""),
    ("class A:\n    if c: x = 1\n    y = x", "A", "c x"),
    ("class A:\n    x = 1\n    del x\n    y = x", "A", "x"),
    ("class A:\n    print(__qualname__, __module__)", "A", ""),
    (
        "class A:\n    @property\n    def x(self): return self._x\n    @x.setter\n    def x(self, v): self._x = v",
        "A",
        "",
    ),
    ("class A:\n    def m(self): return __secret", "A", "_A__secret"),
    ("class A:\n    def m(self):\n        def h(): return __class__\n        return h", "A", ""),
    ("class A:\n    for i in r: v = i\n    w = i", "A", "r i"),
    ("class A:\n    import os\n    p = os.path", "A", ""),
    ("class A:\n    def a(self): return b\n    def b(self): return a", "A", "b a"),
    ("class A:\n    def __init__(self): self.x = y\na = A()", "A a", "y"),
]

COMPREHENSIONS = [
    ("[x for x in xs]", "", "xs"),
    ("[x for x in x]", "", "x"),
    ("[y for x in xs for y in x if y > z]", "", "xs z"),
    ("[x for x in a for a in x]", "", "a"),
    ("[a for b in c for d in a for a in d]", "", "c"),
    ("{k: v for k, v in d.items()}", "", "d"),
    ("any(p(x) for x in xs)", "", "p xs"),
    ("[x for x in xs]\nprint(x)", "", "xs x"),
    ("x = 1\n[x for x in xs]\nprint(x)", "x", "xs"),
    ("[(last := x) for x in xs]\nprint(last)", "last", "xs last"),
    ("[last for x in xs if (last := f(x))]", "last", "xs f"),
    ("[t for t in ts if t and (u := t.v) and u]", "u", "ts"),
    ("[[c for c in row] for row in grid]", "", "grid"),
    ("[[r for r in c] for c in r]", "", "r"),
    ("[x for x, *ys in zs if ys]", "", "zs"),
    ("[0 for a.b in c]", "", "a c"),
]

PATHS = [
    ("if c: x = 1\nx", "x", "c x"),
    ("if c: x = 1\nelse: x = 2\nx", "x", "c"),
    ("if c: x = 1\nelif d: x = 2\nx", "x", "c d x"),
    ("if c: x = 1\nelif d: x = 2\nelse: raise E\nx", "x", "c d E"),
    ("if True: x = 1\nx", "x", ""),
    ("if m and (n := f(m)): n\nn", "n", "m f n"),
    ("if not (n := f()): pass\nn", "n", "f"),
    ("if c or (n := f()): n", "n", "c f n"),
    ("if not (c and (n := f())): pass\nelse: n", "n", "c f"),
    ("a < (n := f()) < (m := g())\nn\nm", "n m", "a f g m"),
    ("if a < b < (m := g()): m", "m", "a b g"),
    ("(x := 1) if c else (x := 2)\nx", "x", "c"),
    ("(x := 1) if c else 0\nx", "x", "c x"),
    ("c and (x := 1)\nx", "x", "c x"),
    ("for i in a: pass\ni", "i", "a i"),
    ("for i in [1, 2]: x = i\nx, i", "i x", ""),
    ("for i in range(3): x = i\nx, i", "i x", ""),
    ("for i in range(n): x = i\nx", "i x", "n x"),
    ("for i in a:\n    print(last)\n    last = i", "i last", "a last"),
    ("for i in a:\n    x = 1\n    print(x)", "i x", "a"),
    ("for i in a:\n    if i: x = 1; break\nelse: x = 2\nx", "i x", "a"),
    ("for i in a:\n    if i: break\nelse: x = 2\nx", "i x", "a x"),
    ("for i in i: pass", "i", "i"),
    ("for a.b in c: pass", "", "a c"),
    ("for d['k'], e in c: pass", "e", "d c"),
    ("while c: x = 1\nx", "x", "c x"),
    ("while True:\n    x = 1\n    if x: break\nx", "x", ""),
    ("while True:\n    if c: break\n    x = 1\nx", "x", "c x"),
    ("while 1:\n    try:\n        x = f()\n        break\n    except E:\n        continue\nx", "x", "f E"),
    ("while (line := read()): line\nline", "line", "read"),
    ("while c:\n    x = 1\n    break\nelse:\n    x = 2\nx", "x", "c"),
    ("try: x = f()\nexcept E: pass\nx", "x", "f E x"),
    ("try: x = f()\nexcept E: x = 0\nx", "x", "f E"),
    ("try: x = f()\nfinally: y = 1\nx, y", "x y", "f"),
    ("try: x = f()\nfinally: print(x)", "x", "f x"),
    ("try: f()\nexcept E: x = 1\nelse: x = 2\nx", "x", "f E"),
    ("try: f()\nexcept E as e: print(e)", "", "f E"),
    ("try: f()\nexcept E as e: print(e)\nprint(e)", "", "f E e"),
    ("e = 1\ntry: f()\nexcept E as e: pass\nprint(e)", "e", "f E e"),
    ("try: f()\nexcept E as e: kept = e", "kept", "f E"),
    ("try: f()\nexcept E as e: raise\nx = 1", "x", "f E"),
    ("try: f()\nexcept (E, F): pass\nexcept: g()", "", "f E F g"),
    ("try: f()\nexcept E:\n    x = 1\n    raise\nx", "x", "f E x"),
    ("with a as b: x = b\nx", "b x", "a"),
    ("with a as b, b.c as d: d", "b d", "a"),
    ("with (a as b, c(b) as d): pass", "b d", "a c"),
    ("with suppress(E): x = f()\nx", "x", "suppress E f x"),
    ("with suppress(E) as s, open(n) as h: pass\ns\nh", "s h", "suppress E n h"),
    ("with a as (b, c.d): pass", "b", "a c"),
    ("match x:\n    case 1: y = 1\n    case _: y = 2\ny", "y", "x"),
    ("match x:\n    case 1: y = 1\ny", "y", "x y"),
    (
        "match x:\n    case [a, *b]: pass\n    case {'k': c, **d}: pass\n    case P(e, f=g) as h: pass",
        "a b c d e g h",
        "x P",
    ),
    ("match x:\n    case Color.RED: pass\n    case n if n > m: pass", "n", "x Color m"),
    ("match x:\n    case n: pass\nn", "n", "x"),
    ("match x:\n    case n if c: pass\nn", "n", "x c"),
    ("match x:\n    case str() | int() as s: s", "s", "x"),
    ("match x:\n    case (1 | 2) as n, -3.0: n", "n", "x"),
    ("match x:\n    case {k.v: 1}: pass", "", "x k"),
    ("if c:\n    x = 1\n    del x\nx", "", "c x"),
    ("raise E\nx = 1\nprint(x)", "x", "E"),
    ("(x := f(x))", "x", "f x"),
    ("f(x := 1, y=x)", "x", "f"),
    ("d[(k := 1)] = k", "k", "d k"),
    ("[a, b][i := 0]", "i", "a b"),
]

IPYTHON = [
    ("%matplotlib inline", "", ""),
    ("%time x = f(y)", "x", "f y"),
    ("%time f(y)", "", "f y"),
    ("x = %time f(y)", "x", "f y"),
    ("%timeit x = f(y)", "", "f y"),
    ("%timeit -n 3 -r 1 f(y)", "", "f y"),
    ("t = %timeit -o f(y)", "t", "f y"),
    ("%%time\nx = f(y)\nx", "x", "f y"),
    ("%%timeit z = g(w)\nf(z, y)", "", "g w f y"),
    ("%%capture out\nx = f()\n", "out x", "f"),
    ("%%capture --no-stderr out\nprint(out)", "out", "out"),
    ("%%capture\nx = 1", "x", ""),
    ("%%bash --out o --err e\nls $HOME", "o e", ""),
    ("%%bash\nx=1\necho $x", "", ""),
    ("%%writefile m.py\nx = y", "", ""),
    ("%%html\n<b>{x}</b>", "", ""),
    ("!ls {folder}", "", "folder"),
    ("!cp {a} $b", "", "a b"),
    ("!echo $HOME", "", ""),
    ("HOME = 1\n!echo $HOME", "HOME", ""),
    ("!awk '{print $1}' f.txt", "", ""),
    ("!pip install x", "", ""),
    ("x = !ls", "x", ""),
    ("f = !ls {d}/*.csv\nf[0]", "f", "d"),
    ("a, b = !ls", "a b", ""),
    ("x = %env A", "x", ""),
    ("%env A=$b", "", "b"),
    ("%cd {d}", "", "d"),
    ("df?", "", ""),
    ("x = 1\nx.real??", "x", ""),
    ("for i in a:\n    !echo {i} {j}", "i", "a j"),
    ("if c:\n    x = !ls\nx", "x", "c x"),
    ("def f():\n    !ls {x} {y}\n    x = 1", "f", "y"),
    ("x = (a\n% b)", "x", "a b"),
    ("await f(x)\nasync with y: pass", "", "f x y"),
    ("%prun -s cumulative f(x)", "", "f x"),
    ("%store -r kept", "kept", ""),
    ("%%sql res <<\nselect :day", "res", "day"),
    ("%store x y", "", "x y"),
    ("%store x > f.txt", "", "x"),
    ("%store -d x", "", ""),
    ("%xdel x", "", "x"),
    ("%macro again 1-3", "again", ""),
    ("%aimport a.b, c", "a c", ""),
    ("%aimport -a", "", ""),
    ("%Rpush x y\n%Rpull z", "z", "x y"),
    ("%%pyinstrument\nx = f(y)", "x", "f y"),
    ("%%ipytest -qq\ndef test_f(): assert f()", "test_f", "f"),
    ("try:\n    __IPYTHON__\nexcept NameError: pass", "", ""),
    ("def f(p):\n    x = !ls {p} {q}\n    %time y = g(x)\n    return y", "f", "q g"),
]

SINCE_311 = [
    ("try: f()\nexcept* E as e: x = e\nx", "x", "f E x"),
    ("a[*b, c]", "", "a b c"),
    ("def f(*args: *Ts): pass", "f", "Ts"),
]

SINCE_312 = [
    ("def f[T: B](a: T) -> list[T]: return T, x", "f", "B x"),
    ("class A[T](Base[T]):\n    x: T\n    def m(self) -> T: return T", "A", "Base"),
    ("type X = list[Y]", "X", "Y"),
    ("type X = list[X] | Y\nY = 1", "X Y", ""),
    ("type X[T: B] = dict[T, V]", "X", "B V"),
    ("def f[*Ts, **P](*a: *Ts, **k: P.kwargs): pass", "f", ""),
    ("class A:\n    K = int\n    type X = list[K]\n    def f[T: K](self, a: K) -> T: return K", "A", "K"),
    ("f'{a + f'{b}'}'", "", "a b"),
    ("def f[T](a: T = T): pass", "f", "T"),
]

SINCE_313 = [("def f[T = D](a: T): pass", "f", "D")]

CASES = [*PLAIN, *IMPORTS, *FUNCTIONS, *CLASSES, *COMPREHENSIONS, *PATHS, *IPYTHON]
CASES += SINCE_311 if sys.version_info >= (3, 11) else []
CASES += SINCE_312 if sys.version_info >= (3, 12) else []
CASES += SINCE_313 if sys.version_info >= (3, 13) else []


def names_of(*sources):
    cells = tuple(Cell(index, f"c{index}", CellType.CODE, source) for index, source in enumerate(sources, start=1))
    program = tag_program(Notebook("n.ipynb", cells), only_environment=True)
    assert [cell.code.problem for cell in program.cells] == [None] * len(cells)
    return list_cell_names(program)


def spelled(uses):
    return " ".join(use.name for use in uses)


def test_the_table_is_long_and_has_no_case_twice():
    assert len({source for source, _, _ in CASES}) == len(CASES) >= 250


@pytest.mark.parametrize(("source", "definitions", "references"), CASES)
def test_names_of_a_cell(source, definitions, references):
    (names,) = names_of(source)
    assert (spelled(names.definitions), spelled(names.references)) == (definitions, references)


def test_every_name_has_its_place_in_the_text():
    (names,) = names_of("%%airflow_task t\né = f(ü)\nif é: import os.path as p, q")
    assert [(use.name, use.region) for use in names.definitions] == [
        ("é", Region(2, 1, 2, 2)),
        ("p", Region(3, 14, 3, 26)),
        ("q", Region(3, 28, 3, 29)),
    ]
    assert [use.region for use in names.references] == [Region(2, 5, 2, 6), Region(2, 7, 2, 8)]


def test_a_builtin_counts_once_a_cell_above_has_bound_it():
    names = names_of("max(a)", "max = 3", "max")
    assert [spelled(each.references) for each in names] == ["a", "", "max"]


def test_annotations_of_the_future_stay_in_the_future():
    names = names_of("x: T", "from __future__ import annotations", "x: T\ndef f(a: U): pass")
    assert [spelled(each.references) for each in names] == ["T", "", ""]


def test_star_imports_are_told_apart():
    (names,) = names_of("from numpy import *\nfrom .a import *")
    assert names.stars == ("numpy", ".a")


def test_a_shells_own_variables_are_no_names_where_anything_may_be_bound():
    names = names_of("from numpy import *\nUSER = 1", "!ls $HOME", "!ls $FOLDER $USER")
    assert [spelled(each.references) for each in names] == ["", "", "FOLDER USER"]


MUTATIONS = [
    (["a = []", "a.append(1)"], "a"),
    (["a = []", "b = a", "b.append(1)"], "b a"),
    (["a = []", "len(a), sorted(a), a[0], a + [1]"], ""),
    (["a = []", "a = [1]\na.append(2)"], ""),
    (["a = []", "b = a\nb.append(2)"], "a"),
    (["a = []", "b = list(a)\nb.append(2)"], ""),
    (["a = []", "def f(xs): xs.append(1)"], ""),
    (["a = []", "def f(xs): xs.append(1)", "f(a)"], "a"),
    (["a = []", "def f(): a.append(1)\nf()"], "a"),
    (["a = []", "f = a.append", "f(1)"], "f a"),
    (["a = [1]", "a[0] = 2\ndel a[0]"], "a"),
    (["a = [1]", "a += [2]"], "a"),
    (["n = 1", "n += 2"], ""),
    (["import pandas as pd\ndf = pd.DataFrame()", "df['x'] = 1"], "df"),
    (["import pandas as pd\ndf = pd.DataFrame()", "df = df.dropna()\ndf['x'] = 1"], ""),
    (["import pandas as pd\ndf = pd.DataFrame()", "df.dropna(inplace=True)"], "df"),
    (["a, b = [], []", "for x in (a, b): x.append(1)"], "a b"),
    (["a.append(1)"], "a"),
    (["a = []", "%time a.append(1)"], "a"),
    (["a = []", "%timeit a.append(1)"], "a"),
    (["a = []", "%%airflow_skip\na.append(1)"], "a"),
    (["a = f(b)\nf(1)\nb.x = 1"], "b"),
    (["class C: pass", "c = C()", "c.x = 1"], "c"),
    (["import random\na = [1]", "random.shuffle(a)"], "a"),
    (["a = [1]", "b = a[1:]\nb.append(1)"], ""),
    (["a = [[1]]", "b = a[:]\nb[0].append(1)"], "a"),
    (["b = a\nb.append(1)"], "a"),
    (["b = a[0]\nb.x = 1"], "a"),
    (["b = f(a)\nb.x = 1"], "a"),
    (["b = load()\nb.x = 1"], ""),
    (["f(1)"], ""),
    (["for x in a: x.append(1)"], "a"),
    (["for x in [a, b]: x['n'] = 1"], "a b"),
    (["def f(): a.append(1)\nf()"], "a"),
    (["a |= {1: 2}"], "a"),
    (["match a:\n    case [b]: b.append(1)"], "a"),
    (["a.append(1)", "a = []", "a.append(2)"], "a"),
    (["def f(a):\n    %time a.append(1)", "f(b)"], "b"),
]


@pytest.mark.parametrize(("sources", "mutations"), MUTATIONS)
def test_mutations_of_the_last_cell(sources, mutations):
    assert spelled(names_of(*sources)[-1].mutations) == mutations
