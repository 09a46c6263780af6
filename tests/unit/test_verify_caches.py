"""What a library's object keeps only to be faster is no difference, and all else is."""

from __future__ import annotations

import functools

import pytest

from nb2dag.local.verify.caches import without_caches
from nb2dag.local.verify.equality import DifferenceError
from nb2dag.local.verify.values import compare


class Model:
    """A class of a library."""

    def __init__(self, rows, **kept):
        self.rows = rows
        self.__dict__.update(kept)

    @functools.cached_property
    def total(self):
        return sum(self.rows)


def asked(model):
    assert model.total == sum(model.rows)
    return model


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Model([1]), asked(Model([1]))),
        (Model([1], _cache={}), Model([1], _cache={"a": 1})),
        (Model([1]), Model([1], _cache={"a": 1})),
        (Model([1], _cache={"a": 1, "b": 2}), Model([1], _cache={"b": 2, "c": 3})),
        (Model([1]), Model([1], _summary_cache={"a": 1})),
        (Model([1], _summary_cache={"a": 1}), Model([1], _summary_cache={"b": 2})),
    ],
    ids=["cached property", "filled cache", "new cache", "other parts of a cache", "named cache", "parts of that"],
)
def test_a_cache_is_no_difference(one, other):
    assert compare(one, other) == "structure"
    assert compare(other, one) == "structure"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Model([1]), Model([2])),
        (Model([1]), Model([1], other=2)),
        (Model([1]), Model([1], cache=2)),
        (Model([1], _cache={"a": 1}), Model([1], _cache={"a": 2})),
        (Model([1], total=1), Model([1], total=2)),
    ],
    ids=["value", "attribute", "public attribute", "same part of a cache", "same cached property"],
)
def test_all_else_is(one, other):
    with pytest.raises(DifferenceError):
        compare(one, other)


def test_a_class_of_the_notebook_may_mean_what_it_keeps():
    kind = type("Own", (Model,), {"__module__": "__main__"})
    assert without_caches(kind, {"total": 1}, {}) == ({"total": 1}, {})


def test_scratch_memory_of_statsmodels_is_left_out():
    kind = type("GLM", (), {"__module__": "statsmodels.genmod.generalized_linear_model"})
    left, right = without_caches(kind, {"_tmp_like_exog": 1, "x": 2}, {"_tmp_like_exog": 3, "x": 2})
    assert left == right == {"x": 2}
