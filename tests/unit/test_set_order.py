"""Sets of numbers are gone through in the same order after a load, whatever became of them before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb2dag.runtime.codecs import CODECS
from nb2dag.runtime.set_order import order_of, restore

numbers = st.integers(0, 300)
changes = st.lists(
    st.tuples(st.sampled_from(["union", "update", "minus", "discard", "add", "copy"]), st.sets(numbers, max_size=12)),
    max_size=8,
)


def lived(first: set[int], history: list[tuple[str, set[int]]]) -> set[int]:
    """Return a set that was changed in several ways."""
    values = set(first)
    for change, others in history:
        if change == "union":
            values |= others
        elif change == "update":
            values = values.union(others)
        elif change == "minus":
            values = values.difference(others)
        elif change == "discard":
            values.difference_update(others)
        elif change == "add":
            values.update(list(others))
        else:
            values = set(values)
    return values


@given(st.sets(numbers, max_size=20), changes)
def test_what_is_found_gives_the_order(first: set[int], history: list[tuple[str, set[int]]]) -> None:
    values = lived(first, history)
    found = order_of(values)
    if found is not None:
        made: set[int] = set()
        restore((made, *found[1:]))
        assert list(made) == list(values)


@pytest.mark.parametrize(
    "values",
    [
        {2, 3, 4} | {17, 5},
        set(range(100)) - set(range(3, 98)),
        set(frozenset({10, 20, 30, 40, 50})),
        {1.5, 2.5} | {100, 33, 65},
        set(range(0, 400, 7)) - set(range(0, 400, 2)),
    ],
)
def test_a_handoff_keeps_the_order(values: set[float]) -> None:
    codec = CODECS["pickle"]
    alias = {"same": values}
    encoded = codec.encode({"values": values, "alias": alias}, {})
    loaded = codec.decode(encoded.payload.regions[0], [], {})
    assert list(loaded["values"]) == list(values)
    assert loaded["values"] is loaded["alias"]["same"]
    assert set(loaded) == {"values", "alias"}


def test_texts_are_left_alone() -> None:
    assert order_of({"a", "b"} | {"c", "d", "e"}) is None
    assert order_of(set()) is None
