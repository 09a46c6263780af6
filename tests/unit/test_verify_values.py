"""When two values are the same, when they differ and where, and when there is no telling."""

from __future__ import annotations

import collections
import functools
import re
import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nb2dag.local.verify.aliases import sharing
from nb2dag.local.verify.equality import DifferenceError, IncomparableError
from nb2dag.local.verify.values import compare, shortened


class Point:
    def __init__(self, x: Any, tag: str = "") -> None:
        self.x = x
        self.tag = tag

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class Slotted:
    __slots__ = ("x",)

    def __init__(self, x: Any) -> None:
        self.x = x


def _adder(step: int) -> Any:
    return lambda value: value + step


def _loop(value: int) -> list[Any]:
    found: list[Any] = [value]
    found.append(found)
    return found


NAN = float("nan")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (0.1 + 0.2, 0.3),
        (NAN, float("nan")),
        (complex(1, NAN), complex(1, NAN)),
        ({"a": 1, "b": [2.0]}, {"b": [2.0 + 1e-12], "a": 1}),
        ({1, (2, "x")}, {(2, "x"), 1}),
        (np.array([1.0, NAN]), np.array([1.0 + 1e-12, NAN])),
        (np.array([{"a": 1}, None], dtype=object), np.array([{"a": 1}, None], dtype=object)),
        (np.array(["2026-01-01", "NaT"], "M8[D]"), np.array(["2026-01-01", "NaT"], "M8[D]")),
        (np.array([(1, 2.0)], "i4,f8"), np.array([(1, 2.0)], "i4,f8")),
        (np.float64(0.1) * 3, np.float64(0.3)),
        (pd.DataFrame({"a": [1.0, None]}), pd.DataFrame({"a": [1.0 + 1e-12, None]})),
        (pd.Series(["x", None], name="s"), pd.Series(["x", None], name="s")),
        (pd.date_range("2026-01-01", periods=2, name="d"), pd.date_range("2026-01-01", periods=2, name="d")),
        (pd.Timestamp("2026-01-01", tz="UTC"), pd.Timestamp("2026-01-01", tz="UTC")),
        (collections.Counter("aab"), collections.Counter("baa")),
        (_loop(1), _loop(1)),
        (int, int),
    ],
)
def test_the_same_by_value(one: Any, other: Any) -> None:
    assert compare(one, other) == "value"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Point([1, 2.0]), Point([1, 2.0])),
        (Slotted({"a": 1}), Slotted({"a": 1})),
        (_adder(1), _adder(1)),
        (functools.partial(int, base=2), functools.partial(int, base=2)),
        (collections.deque([1, 2], 5), collections.deque([1, 2], 5)),
        (collections.defaultdict(list, a=[1]), collections.defaultdict(list, a=[1])),
        (np.random.default_rng(1), np.random.default_rng(1)),
        (np.ma.array([1, 2], mask=[True, False]), np.ma.array([1, 2], mask=[True, False])),
        (ValueError("x"), ValueError("x")),
    ],
)
def test_the_same_by_structure(one: Any, other: Any) -> None:
    assert compare(one, other) == "structure"


@pytest.mark.parametrize(
    ("one", "other", "path"),
    [
        (1, 1.0, ""),
        (True, 1, ""),
        (1.0, 1.0 + 1e-8, ""),
        ([1, [2, 3]], [1, [2, 4]], "[1][1]"),
        ([1], [1, 2], ""),
        ({"a": 1}, {"b": 1}, " key 'a'"),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "['a']['b']"),
        ({1, 2}, {1, 3}, " member 2"),
        (np.array([1, 2]), np.array([1, 3]), "[1]"),
        (np.array([1, 2]), np.array([1.0, 2.0]), ""),
        (np.zeros((2, 3)), np.zeros((3, 2)), ""),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [2]}), ""),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [1.0]}), ""),
        (pd.DataFrame({"a": [1], "b": [2]}), pd.DataFrame({"b": [2], "a": [1]}), ""),
        (pd.Series([1], index=[0]), pd.Series([1], index=[1]), ""),
        (Point(1), Point(2), ".x"),
        (Slotted(1), Slotted(2), ".x"),
        (_adder(1), _adder(2), ".__closure__[0]"),
        (_adder(1), lambda value: value, ".__code__"),
        (np.random.default_rng(1), np.random.default_rng(2), None),
        (collections.deque([1], 5), collections.deque([1], 6), None),
        (_loop(1), _loop(2), "[0]"),
    ],
)
def test_a_difference_is_named(one: Any, other: Any, path: str | None) -> None:
    with pytest.raises(DifferenceError) as caught:
        compare(one, other)
    if path is not None:
        assert caught.value.path == path
    assert caught.value.one != caught.value.other


def test_what_does_not_tell_its_state_is_not_comparable() -> None:
    with pytest.raises(IncomparableError, match="lock"):
        compare([threading.Lock()], [threading.Lock()])


def test_an_estimator_is_compared_by_what_it_learned() -> None:
    tree = pytest.importorskip("sklearn.tree")
    rows = np.arange(8.0).reshape(4, 2)
    fitted = [tree.DecisionTreeClassifier(random_state=0).fit(rows, target) for target in ([0, 1, 1, 0], [0, 1, 1, 1])]
    again = tree.DecisionTreeClassifier(random_state=0).fit(rows, [0, 1, 1, 0])
    assert compare(fitted[0], again) == "structure"
    with pytest.raises(DifferenceError):
        compare(fitted[0], fitted[1])


def test_a_figure_is_compared_by_its_pixels() -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure
    drawn = []
    for values in ([1, 2], [1, 2], [2, 1]):
        drawn.append(figure())
        drawn[-1].subplots().plot(values)
    assert compare(drawn[0], drawn[1]) == "value"
    with pytest.raises(DifferenceError):
        compare(drawn[0].axes[0], drawn[2].axes[0])


def test_values_are_shortened() -> None:
    frame = shortened(pd.DataFrame({"a": [1, 2]}))
    assert re.fullmatch(r"pandas\.(core\.frame\.)?DataFrame of 2 x 1", frame), frame
    assert shortened(list(range(1000))) == "[0, 1, 2, 3, 4, 5, ...]"
    assert len(shortened("x" * 1000)) == 160


@pytest.mark.parametrize(
    ("values", "pairs"),
    [
        (lambda row: {"a": row, "b": {"x": [row]}}, [("a", "b")]),
        (lambda row: {"a": (row,), "b": (row,), "c": row}, [("a", "b"), ("a", "c"), ("b", "c")]),
        (lambda row: {"a": list(row), "b": list(row)}, []),
        (lambda row: {"a": "x", "b": "x", "c": int, "d": int}, []),
    ],
)
def test_names_that_share_an_object(values: Any, pairs: list[tuple[str, str]]) -> None:
    assert list(sharing(values([1]))) == pairs


def _class(factor: int) -> Any:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    source = (
        "class Model:\n    @property\n    def name(self): return 'm'\n    @staticmethod\n    def zero(): return 0\n"
        f"    def predict(self, x): return {factor} * x\n    def __init__(self): self.x = 1\n"
    )
    exec(source, namespace)
    return namespace["Model"]


def test_an_old_version_of_a_class_is_compared_by_its_members() -> None:
    assert compare(_class(2)(), _class(2)()) == "structure"
    with pytest.raises(DifferenceError) as caught:
        compare([_class(2)], [_class(3)])
    assert caught.value.path.startswith("[0].predict.__code__")
    with pytest.raises(IncomparableError, match="the class `Model` more than once"):
        compare([_class(2)()], [_class(3)()])
