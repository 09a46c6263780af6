"""Make random notebooks of tagged cells that work on frames, series and arrays: views, copies, changes in place.

Every name is bound from the start, every frame has the columns `a b k` and as many rows as every array has elements, or
rows and columns; so nearly any order of statements is a notebook that runs. Arrays that pandas hands out are read-only:
what writes to an array asks first.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from string import Template
from typing import Any

import numpy as np
import pandas as pd

from support.programs import Program

WARM = (np, pd)
"""Imported here so that no forked task pays for it."""

Choose = Callable[[Sequence[Any]], Any]

NAMES = {
    "f": ("f0", "f1", "f2"),
    "g": ("f0", "f1", "f2"),
    "s": ("s0", "s1"),
    "r": ("s0", "s1"),
    "p": ("p0", "p1", "p2"),
    "q": ("p0", "p1", "p2"),
    "m": ("m0", "m1"),
    "n": ("m0", "m1"),
    "o": ("o0", "o1"),
    "u": ("o0", "o1"),
}

ROWS = (4, 4, 4, 200)
"""A small array is stored in the stream of a handoff, a large one beside it."""

DEFINITIONS = """\
import copy
from functools import partial
import numpy as np
import pandas as pd
class Holder:
    def __init__(self, frame): self.frame = frame
    def double(self): self.frame["a"] = self.frame["a"] * 2
    @property
    def first(self): return self.frame["a"].iloc[0]
def bump(array):
    if array.flags.writeable:
        array[0] += 1
def scale(frame):
    frame["b"] = frame["b"] * 2
    return frame
def cleaned(frame):
    frame = frame.copy()
    frame.loc[1, "a"] = -1
    return frame
def column(frame): return frame["a"]
def row(array): return array[0]
def total(): return f0["a"].sum() + p0.sum()
def keep(thing):
    kept.append(thing)
def set_one(name):
    global p0
    p0 = p0 + 1"""

VALUES = """\
f0 = pd.DataFrame({"a": np.arange(1.0, $N + 1), "b": np.arange(5.0, $N + 5), "k": list("xy" * ($N // 2))})
f1 = f0.copy()
f2 = f1.assign(a=9.0)
s0, s1 = pd.Series(np.arange($N) * 3.0 % 5), f1["b"]
p0, p1, p2 = np.arange($N + 0.0), np.ones($N), np.zeros($N)
m0, m1 = np.arange($N * $N + 0.0).reshape($N, $N), np.eye($N)
kept, held, holder = [], {"f": f0, "p": p0}, Holder(f1)
groups, later = f0.groupby("k"), lambda: s0.sum()
o0 = pd.Series([[1], [2], [3, 4]])
o1, lists, boxes, table = o0.copy(), o0.to_list(), o0.to_numpy(), o0.to_frame("o")
axis, heads, rec = f0.index, f1.columns, np.zeros(3, [("x", float), ("y", int)])
masked, kinds = np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]), pd.Categorical(list("aba"))
dates, ints = pd.Series(pd.date_range("2026", periods=3)), pd.Series([1, None, 3], dtype="Int64")
deep = pd.Series([1.0, 2.0], index=pd.MultiIndex.from_tuples([(1, "x"), (2, "y")]))"""

STATEMENTS = {
    "a frame made": (
        "$f = $g", "$f = $g.copy()", '$f = $g[$g["a"] > -1e9]', '$f = $g[["a", "b", "k"]]', "$f = $g.assign(a=$p)",
        '$f = $g.assign(b=lambda d: d["a"] + 1)', "$f = $g.rename(columns=str)", "$f = $g.reset_index(drop=True)",
        '$f = $g.sort_values("a").reset_index(drop=True)', "$f = pd.concat([$f, $g], ignore_index=True).head($N)",
        '$f = pd.DataFrame({"a": $p, "b": $q, "k": list("xy" * ($N // 2))})', "$f = $g.head($N)", "$f = $g.iloc[:$N]",
        "$f = $g.loc[:]", '$f = $g.set_axis(list("abk"), axis=1)', "$f = $g.fillna(0)", "$f = scale($g)",
        "$f = cleaned($g)", "$f = $g.pipe(scale)", "$f = holder.frame", 'held["f"] = $f', '$f = held["f"]',
        "$f = copy.copy($g)", "$f = $g.infer_objects()", '$f = $g.astype({"a": float})', "$f = $g.where($g != 77)",
        "$f = $g.T.T.infer_objects()", "$f = $g.set_index($g.index)", '$f = $g.query("a > -1000")', "$f, $g = $g, $f",
        "$f = $g.truncate()", "$f = pd.DataFrame($g)", "$f = pd.DataFrame($g, copy=True)", "$f = $g.join($f[[]])",
        "$f = $g.reindex(range($N))",
    ),
    "a frame changed": (
        '$f["a"] = $p', '$f["b"] = $s', '$f.loc[0, "a"] = 9', "$f.iloc[1, 0] = 8", '$f.at[2, "b"] = 7',
        '$f["a"] += 1', '$f.loc[$f["a"] > 2, "b"] = 0', "$f.fillna(0, inplace=True)",
        '$f.rename(columns={"z": "y"}, inplace=True)', '$f.update($g[["a"]])', '$f.eval("b = a + 1", inplace=True)',
        "$f.index.name = 'i'", "$f.attrs['n'] = $f.shape[0]", '$f[["a", "b"]] = $f[["b", "a"]].to_numpy()',
        "$f.iloc[0, :2] = 3.0", "$f.columns.name = 'c'", "$f.a = 5.0",
        'for name in ["a", "b"]:\n    $f[name] = $f[name] * 2',
        'for frame in [$f, $g]:\n    frame["a"] = frame["a"] + 1', "scale($f)", "list(map(scale, [$f]))",
        "holder.double()", "holder.frame = $f", 'holder.frame["b"] = 2.0', 'held["f"].loc[3, "b"] = 6',
        "$f.sort_index(inplace=True)", "$f.replace(1.0, 1.5, inplace=True)", '$f.insert(0, "x", 1.0)\ndel $f["x"]',
        '$f["x"] = 1\n$f.drop(columns="x", inplace=True)', '$f.pop("b")\n$f["b"] = 4.0', "$f.index = range($N)",
        '$f.columns = list("abk")', "$f.mask($f == 8, inplace=True)",
        'with pd.option_context("display.precision", 2):\n    $f["a"] = $f["a"].round(1)', "setattr($f, 'note', 'x')",
        "partial(scale, $f)()", '$f.assign(z=1).loc[0, "a"] = 99', '$f.copy().loc[0, "a"] = 99',
        '$f.iloc[:2].copy()["a"] = 0',
    ),
    "a series": (
        '$s = $f["a"]', "$s = $f.b", "$s = $f.iloc[:, 0]", '$s = $f.loc[:, "b"]', '$s = $f["a"].copy()',
        "$s = pd.Series($p)", "$s = pd.Series($p, copy=False)", "$s = $r", "$s = $r.copy()", "$s = column($f)",
        '$s = $f["a"].rename("q")', "$s = $r.reset_index(drop=True)", "$s = $r + 1",
        '$s = $f["a"].where($f["a"] > 1, 0)', "$s = $r.map(float)", '$s = $f.pop("a")\n$f["a"] = 1.0',
        "$s = $r.astype(float)", "$s = $r.iloc[:]", "$s = $r.sort_index()", "$s = pd.Series($r)",
        '$s = $f.set_index("a")["b"].reset_index(drop=True)', "$s.iloc[0] = 3.0", "$s += 1", "$s.loc[1] = 0.5",
        "$s.update(pd.Series([5.0]))", "$s.name = 'n'", "$s *= 2", "$s.replace(1.0, 2.0, inplace=True)",
        "$s.fillna(0, inplace=True)", "$s[2] = 7.0", "$s.attrs['s'] = 1", "$s.clip(0, 50, inplace=True)",
        "$s.sort_values(inplace=True)\n$s.sort_index(inplace=True)", "$s.index.name = 'x'",
    ),
    "an array": (
        '$p = $f["a"].to_numpy()', '$p = $f["b"].values', '$p = np.asarray($f["a"])', "$p = $s.to_numpy()",
        "$p = $s.values", '$p = $f["a"].to_numpy(copy=True)', "$p = np.array($s)", "$p = $m[0]", "$p = $m[:, 1]",
        "$p = $m.T[2]", "$p = row($m)", "$p = $m.reshape(-1)[::$N]", "$p = np.ravel($m)[:$N]",
        "$p = $m.flatten()[:$N]", "$p = $q", "$p = $q.copy()", "$p = $q[::-1]", "$p = $q.view()", "$p = np.sort($q)",
        "$p = np.asarray($q)", "$p = np.array($q)", "$p = $q + 1", "$p = np.ascontiguousarray($q)",
        "$p = $q.astype(float)", "$p = $q.astype(float, copy=False)", "$p = $m.sum(axis=0)", "$p = np.atleast_1d($q)",
        "$p = $q[list(range($N))]", "$p = $q[:]", "$p = $m.diagonal().copy()", "$p = np.squeeze($q)",
        "$p = $m[1:2].ravel()", "$p = np.where($q > 1, $q, 0)", "$p = $q.reshape(2, -1).ravel()", "$p = np.abs($q)",
        'held["p"] = $p', '$p = held["p"]', "$p, $q = $q, $p", "$p = np.asarray($f)[:, 0].astype(float)",
        "set_one('p0')", "$m = $n", "$m = $n.T", "$m = $n.copy()", "$m = $n.reshape($N, $N)",
        "$m = np.vstack([$p] * $N)", "$m = $n[::-1]", "$m = np.asarray($n)", "$m = $n[:, :]", "$m = np.transpose($n)",
        "$m = np.swapaxes($n, 0, 1)", "$m = np.flip($n, 0)", "$m = np.broadcast_to($p, ($N, $N)).copy()",
        "$m = $n.view()", "$m = $n[:, ::-1]", "$m = $n + 0", "$m = copy.copy($n)", "bump($p)", "bump(row($m))",
        "bump($m[2])", 'bump(held["p"])', "list(map(bump, [$p, $q]))", "partial(bump, $q)()",
        "if $p.flags.writeable:\n    $p[1] = 6", "if $p.flags.writeable:\n    $p += 1",
        "if $p.flags.writeable:\n    $p.sort()", "if $p.flags.writeable:\n    np.add($p, 1, out=$p)",
        "if $p.flags.writeable:\n    np.minimum($p, 3, out=$p)", "if $p.flags.writeable:\n    np.copyto($p, $q)",
        "if $p.flags.writeable:\n    $p.fill(2)", "if $p.flags.writeable:\n    np.put($p, [1], [7])",
        "if $p.flags.writeable:\n    $p[:] = $q", "if $p.flags.writeable:\n    np.add.at($p, [0, 0], 1)",
        "if $p.flags.writeable:\n    $p[$p > 2] = 0", "$m[0] = 1", "$m[:, 1] = $p", "$m[$m > 5] = 0", "$m += 1",
        "$m.sort(axis=0)", "np.fill_diagonal($m, 2)", "$m.T[0] = 3", "$m.reshape(-1)[3] = 4", "$m.flat[5] = 1",
        "np.copyto($m, $n)", "$m[[0, 1]] = $m[[1, 0]]", "$m.ravel()[2] = 5", "np.random.default_rng(0).shuffle($m)",
        "$m[1:3, 1:3] *= 2", "$m.T.sort()", "for line in $m:\n    line[3] = 0",
    ),
    "other kinds": (
        "$o = $u", "$o = $u.copy()", "$o = $u.map(list)", "$o = $u.apply(lambda v: v)", "lists = $o.to_list()",
        "$o = pd.Series(lists)", "boxes = $o.to_numpy()", "$o.at[0] = [7]", "table = $o.to_frame('o')",
        "$o = $u.copy(deep=False)", "$o = copy.deepcopy($u)", "table.at[1, 'o'] = lists[0]",
        "lists = table['o'].values.tolist()", "$o = $u[::-1].reset_index(drop=True)",
        "boxes = np.array([[1], [2], None], dtype=object)[:2]", "if boxes.flags.writeable:\n    boxes[1] = lists[0]",
        "$o = table['o']", "lists = [v for v in $o]", "lists = $o.values", "axis = $f.index", "axis.name = 'z'",
        "$f.index = axis", "$s.index = $f.index", "heads = $f.columns", "heads.name = 'c'",
        "$s.index.name = $f.index.name", "axis = axis.rename('y')", "$f.columns = heads", "axis = $s.index",
        "axis.names = ['w']", "rec['x'][0] = 5", "rec['y'] += 1", "rec[1] = (2.0, 3)", "$p = np.resize(rec['x'], $N)",
        "rec = rec.view(np.recarray)", "rec['x'] = 4", "rec = rec.copy()", "rec.sort(order='y')", "keep(rec['x'])",
        "keep(rec)", "keep(masked.data)", "masked[0] = np.ma.masked", "masked.mask[2] = True", "masked = masked + 1",
        "masked.data[1] = 7", "keep(masked)", "masked = np.ma.masked_where(masked > 2, masked)",
        "masked.fill_value = 9", "keep(masked.mask)", "dates.iloc[0] = pd.Timestamp('2027')", "keep(dates)",
        "dates = dates + pd.Timedelta('1D')", "keep(dates.to_numpy())", "kinds[0] = 'b'",
        "kinds = pd.Categorical(list(kinds)[::-1], list('ab'))",
        "keep(kinds)", "keep(pd.Series(kinds))", "keep(kinds.codes)", "ints.iloc[1] = 2", "keep(ints)",
        "keep(ints.array)", "ints.array[0] = 5", "ints += 1", "keep(ints.to_numpy(dtype=float, na_value=0))",
        "deep.iloc[0] = 7", "keep(deep)", "keep(deep.unstack())", "deep.index.names = ['i', 'j']", "keep(deep.index)",
        "deep = deep.sort_index(ascending=False)",
    ),
    "an element changed": (
        "$o.iloc[0].append(1)", "$o[1].extend([5])", "boxes[0].append(3)", "for v in lists:\n    v.append(0)",
        "$o.map(lambda v: v.append(2))", "table['o'].iloc[0].append(4)", "table.loc[0, 'o'].append(8)",
        "for each in table.itertuples():\n    each.o.append(6)", "lists[1].insert(0, 9)", "for v in $o:\n    v[0] = 5",
    ),
    "kept somewhere": (
        "keep($f)", "keep($p)", "keep($m[1])", 'keep($f["a"])', "kept.clear()", "kept = kept[-2:]",
        "kept = kept + [$s]", "holder = Holder($f)", "holder = copy.copy(holder)", "held = dict(held)",
        'held = {"f": $f, "p": $p}', 'groups = $f.groupby("k")', "later = lambda: $s.sum()", "later = $f['a'].sum",
        "later = partial(np.sum, $p)",
        "for frame in [v for v in kept if isinstance(v, pd.DataFrame)]:\n    frame['b'] = 0.0",
        "for array in [v for v in kept if isinstance(v, np.ndarray)]:\n    bump(array)",
    ),
}  # fmt: skip

_WEIGHTED = tuple((construct, text) for construct, texts in STATEMENTS.items() for text in texts)

LOOKS = (
    "print($f)", "print($s)", "print($p)", "print($m)", "print(held)", "print(kept)", "print(holder.first)",
    'print(groups["a"].sum())', "print(later())", "print(total())", "print($f is $g, $p is $q)",
    "print($f.attrs, $f.index)", 'print($f["a"].sum(), $m.sum())', "print($f.describe())",
    "print($f.columns, $s.name)", "print($o)", "print(lists, boxes)", "print(table, $o)", "print(axis, heads)",
    "print($s.index, $f.index)", "print(rec)", "print(masked, masked.mask)", "print(dates, kinds, ints)",
    "print(deep, ints)", "print(kept)", "print(kept, rec, masked)",
)  # fmt: skip

IDENTITIES = 'print(f1 is f0, held["f"] is f0, holder.frame is f1, p0 is p1, m0 is m1, held["p"] is p0)'


def frame_program_of(seed: int) -> Program:
    """Return the random notebook of a seed: the same one in any process."""
    return frame_program(random.Random(seed).choice)


def frame_program(choose: Choose) -> Program:
    """Return a random notebook."""
    rows, constructs = choose(ROWS), set()
    made = choose(("", "#| task: make\n"))
    cells = [DEFINITIONS, made + _filled(choose, rows, VALUES)]
    for number in range(choose((2, 3, 4, 5, 6, 8))):
        found = [choose(_WEIGHTED) for _ in range(choose((1, 1, 2, 3)))]
        constructs.update(construct for construct, _ in found)
        lines = [text for _, text in found] + [choose(LOOKS)]
        cells.append("\n".join([f"#| task: t{number}", *(_filled(choose, rows, line) for line in lines)]))
    # What no later task looks at is not handed over, but was there in the notebook: pandas sees who shares with whom.
    last = [_filled(choose, rows, choose(LOOKS)) for _ in range(choose((1, 2, 4, 12)))]
    cells.append("\n".join(["#| task: last", *last, *choose(([], [IDENTITIES]))]))
    return Program(tuple(cells), frozenset(constructs))


def _filled(choose: Choose, rows: int, text: str) -> str:
    return Template(text).substitute({letter: choose(names) for letter, names in NAMES.items()}, N=rows)
