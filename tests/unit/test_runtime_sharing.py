"""Arrays that share memory in the producer share it in the consumer, and no others do."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nb2dag.runtime.codecs import PickleCodec
from nb2dag.runtime.refusal import UnsavableError


def hand_over(**values: Any) -> tuple[dict[str, Any], int]:
    """Return the values as another process would get them, and the bytes that were stored."""
    namespace = {"__name__": "__main__"}
    payload = PickleCodec().encode(values, namespace).payload
    regions = [memoryview(bytearray(region)) for region in payload.regions]
    buffers = [regions[region][start : start + size] for region, start, size in payload.buffers]
    return PickleCodec().decode(regions[0], buffers, namespace), sum(map(len, regions))


BIG, TINY = np.arange(100_000.0), np.arange(12)

VIEWS = {
    "slice": (BIG, BIG[10:20]),
    "slice of a tiny array": (TINY, TINY[3:5]),
    "every other": (BIG, BIG[::2]),
    "every other of a tiny array": (TINY, TINY[::2]),
    "reversed": (BIG, BIG[::-1]),
    "column": (BIG.reshape(1000, 100), BIG.reshape(1000, 100)[:, 3]),
    "transposed": (TINY.reshape(3, 4), TINY.reshape(3, 4).T),
    "reshaped": (BIG, BIG.reshape(100, -1)),
    "the same again": (BIG, BIG[:]),
    "other type": (BIG, BIG.view("int64")),
    "two that overlap in part": (BIG[:60_000], BIG[50_000:]),
    "two that overlap, without their base": (BIG[1:1000], BIG[5:700]),
    "columns without their base": (BIG.reshape(1000, 100)[:, :-1], BIG.reshape(1000, 100)[:, 50]),
    "dates": (BIG.astype("M8[D]"),) * 2,
    "a few spans of time": (TINY.astype("m8[s]"),) * 2,
    "dates in records": (np.zeros(3, [("a", int), ("b", "M8[s]", 2)]),) * 2,
    "field of a record": (np.zeros(3, [("a", int), ("b", float)]),) * 2,
}
for _name in ("dates", "a few spans of time", "dates in records"):
    VIEWS[_name] = (VIEWS[_name][0], VIEWS[_name][0][1:3])
VIEWS["field of a record"] = (VIEWS["field of a record"][0], VIEWS["field of a record"][0]["b"])


@pytest.mark.parametrize("case", VIEWS)
def test_a_view_is_a_view_after_a_load(case: str) -> None:
    whole, part = VIEWS[case]
    values, _ = hand_over(whole=whole, part=part)
    np.testing.assert_array_equal(values["whole"], whole)
    np.testing.assert_array_equal(values["part"], part)
    assert np.shares_memory(values["whole"], values["part"]) == np.shares_memory(whole, part)
    before = whole.copy(), part.copy()
    values["part"][...] = part[...] = 1
    np.testing.assert_array_equal(values["whole"], whole)
    whole[...], part[...] = before


def test_shared_memory_is_stored_once() -> None:
    data = np.random.default_rng(1).random((10_000, 5))
    _, alone = hand_over(data=data)
    _, together = hand_over(data=data, x=data[:, :-1], y=data[:, -1], head=data[:100])
    assert together < alone + 2000


def test_a_small_view_does_not_bring_its_base_along() -> None:
    _, stored = hand_over(head=BIG[:10], column=BIG.reshape(1000, 100)[:, 3].copy())
    assert stored < 10_000
    _, stored = hand_over(column=BIG.reshape(1000, 100)[:, 3])
    assert stored < 10_000


def test_arrays_that_share_nothing_share_nothing_after_a_load() -> None:
    a, b = np.ones(50_000), np.ones(50_000)
    values, _ = hand_over(a=a, b=b, tiny=np.ones(3), other=np.ones(3))
    values["a"][:] = values["tiny"][:] = 0
    assert values["b"].all()
    assert values["other"].all()


def test_a_read_only_array_stays_read_only() -> None:
    frozen = BIG.copy()
    frozen.flags.writeable = False
    values, _ = hand_over(frozen=frozen, part=frozen[::3], tiny=np.broadcast_to(np.arange(3), (4, 3)))
    assert not values["frozen"].flags.writeable
    assert not values["part"].flags.writeable


PANDAS_2 = pd.__version__.startswith("2.")


def test_frames_that_copy_on_write_never_see_each_others_writes() -> None:
    with pd.option_context("mode.copy_on_write", True) if PANDAS_2 else contextlib.nullcontext():
        frame = pd.DataFrame({"a": np.arange(50_000.0), "b": np.arange(50_000.0)})
        categories = pd.Series(["x", "y"] * 500, dtype="category")
        values, _ = hand_over(
            frame=frame,
            column=frame["a"],
            subset=frame[["a", "b"]],
            head=frame.iloc[:10],
            renamed=frame.rename(columns={"a": "c"}),
            categories=categories,
            some=categories[:10],
        )
        values["frame"].loc[0, "a"] = -1.0
        values["categories"][0] = "y"
        assert values["column"][0] == 0
        assert values["subset"].loc[0, "a"] == 0
        assert values["head"].loc[0, "a"] == 0
        assert values["renamed"].loc[0, "c"] == 0
        assert values["some"][0] == "x"


@pytest.mark.parametrize("rows", [3, 50_000])
def test_a_frame_on_an_array_stays_one(rows: int) -> None:
    array = np.zeros((rows, 3))
    values, _ = hand_over(array=array, frame=pd.DataFrame(array, copy=False), top=array[0])
    values["array"][:] = 7
    assert values["frame"].to_numpy().min() == 7
    values["top"][:] = 9
    assert values["array"][0].tolist() == values["frame"].iloc[0].tolist() == [9, 9, 9]


@pytest.mark.parametrize("rows", [3, 50_000])
def test_a_frame_on_every_second_column_stays_on_the_array(rows: int) -> None:
    array = np.zeros((rows, 6))
    values, _ = hand_over(array=array, frame=pd.DataFrame(array[:, ::2], copy=False))
    values["array"][:] = 7
    assert values["frame"].to_numpy().min() == 7


def test_the_read_only_view_that_a_frame_gives_of_itself_stays_one() -> None:
    frame = pd.DataFrame(np.zeros((3, 2)), columns=["a", "b"])
    values, _ = hand_over(frame=frame, x=frame.to_numpy())
    values["frame"].iloc[0, 0] = 5.0
    assert values["x"][0, 0] == 5
    assert values["x"].flags.writeable == PANDAS_2


def test_views_of_frames_stay_views_where_pandas_makes_them() -> None:
    frame = pd.DataFrame({"a": np.arange(50_000.0), "b": np.arange(50_000.0)})
    values, _ = hand_over(frame=frame, head=frame.iloc[:10])
    values["frame"].iloc[0, 0] = -1.0
    assert values["head"].iloc[0, 0] == (-1.0 if PANDAS_2 else 0)


def test_frames_of_objects_with_a_common_index() -> None:
    frame = pd.DataFrame({"s": ["a", "b", 3]}, index=pd.Index(["x", 1, None], dtype=object)).astype(object)
    values, _ = hand_over(frame=frame, head=frame.iloc[:2], column=frame["s"])
    pd.testing.assert_frame_equal(values["frame"], frame)
    pd.testing.assert_frame_equal(values["head"], frame.iloc[:2])


OBJECTS = np.array([[1, "a"], [None, [2]], [3.5, "b"]], object)


@pytest.mark.parametrize(
    "part", [OBJECTS[:1], OBJECTS[::-1], OBJECTS.T, OBJECTS[:, 1], OBJECTS.reshape(-1)[1::2], OBJECTS[1:][::-1, :1]]
)
@pytest.mark.parametrize("whole", [OBJECTS, OBJECTS[:], OBJECTS.T])
def test_arrays_of_objects_that_share_memory_share_it_after_a_load(whole: Any, part: Any) -> None:
    values, _ = hand_over(part=part, whole=whole, same=part)
    values, _ = hand_over(**values)
    assert values["part"] is values["same"]
    assert values["whole"].tolist() == whole.tolist()
    assert values["part"].tolist() == part.tolist()
    before = OBJECTS.copy()
    part[...] = values["part"][...] = "new"
    assert values["whole"].tolist() == whole.tolist()
    OBJECTS[...] = before


def test_a_field_of_objects_is_refused_beside_its_record() -> None:
    record = np.array([(1, "a")], [("x", int), ("y", object)])
    values, _ = hand_over(field=record["y"])
    assert values["field"].tolist() == ["a"]
    with pytest.raises(UnsavableError, match=r"share memory.* hand over `.copy\(\)` of it"):
        hand_over(record=record, field=record["y"])


def test_series_never_see_each_others_writes() -> None:
    frame = pd.DataFrame({"a": np.arange(4.0), "b": np.arange(4.0)})
    words = pd.Series([[1], [2]])
    values, _ = hand_over(frame=frame, column=frame["b"], words=words, again=words.copy(deep=False))
    values["frame"].loc[3, "b"] = 9.0
    values["again"].iloc[1] = None
    assert values["column"].tolist() == [0, 1, 2, 9 if PANDAS_2 else 3]
    assert values["words"].tolist() == [[1], None if PANDAS_2 else [2]]
    assert values["words"][0] is values["again"][0]


READ_ONLY = {
    "objects": np.array([1, "a"], object),
    "dates": np.array(["2026-01-01", "2026-01-02"], "M8[D]"),
    "every other": np.arange(6)[::2],
    "numbers": np.arange(3),
    "records": np.zeros(3, [("x", float)]).view(np.recarray),
}


@pytest.mark.parametrize("case", READ_ONLY)
def test_what_must_not_be_written_to_stays_so(case: str) -> None:
    array = READ_ONLY[case].view()
    assert hand_over(array=array)[0]["array"].flags.writeable
    array.flags.writeable = False
    values, _ = hand_over(array=array)
    assert not values["array"].flags.writeable
    assert values["array"].tolist() == array.tolist()


def test_empty_and_masked_arrays() -> None:
    empty = np.zeros((0, 3))
    masked = np.ma.array([1, 2, 3], mask=[0, 1, 0])
    values, _ = hand_over(empty=empty, part=empty[:, :1], masked=masked, nothing=b"")
    assert values["empty"].shape == (0, 3)
    assert values["part"].shape == (0, 1)
    assert values["masked"].tolist() == [1, None, 3]


def test_many_small_arrays_make_one_region() -> None:
    arrays = [np.full(300, number) for number in range(500)]
    payload = PickleCodec().encode({"arrays": arrays}, {"__name__": "__main__"}).payload
    assert len(payload.regions) == 2
    values, _ = hand_over(arrays=arrays)
    assert all((values["arrays"][number] == number).all() for number in range(500))


def test_buffers_without_numpy_are_kept_apart() -> None:
    code = """
import pickle, sys
from nb2dag.runtime.codecs import PickleCodec
class Blob:
    def __init__(self, data): self.data = data
    def __reduce_ex__(self, protocol): return Blob, (pickle.PickleBuffer(self.data),)
blobs = [Blob(bytes([n]) * 3000) for n in range(5)] + [Blob(b"")]
payload = PickleCodec().encode({"blobs": blobs}, globals()).payload
regions = [memoryview(bytearray(region)) for region in payload.regions]
buffers = [regions[region][start : start + size] for region, start, size in payload.buffers]
loaded = PickleCodec().decode(regions[0], buffers, globals())["blobs"]
assert [bytes(blob.data) for blob in loaded] == [blob.data for blob in blobs]
assert "numpy" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


ARRAYS_OF_PANDAS = {
    "text": pd.array(["a", "b"], dtype="str" if not PANDAS_2 else "string"),
    "objects": pd.array(["a", 1], dtype=object),
    "categories": pd.Categorical(["a", "b"]),
    "dates": pd.to_datetime(["2024-01-01", "2024-01-02"]).array,
    "dates with a zone": pd.to_datetime(["2024-01-01", "2024-01-02"]).tz_localize("UTC").array,
    "spans": pd.to_timedelta([1, 2], unit="D").array,
    "periods": pd.period_range("2024", periods=2, freq="D").array,
    "masked": pd.array([1, 2], dtype="Int64"),
    "numbers": np.array([1.0, 2.0]),
}


@pytest.mark.parametrize("case", ARRAYS_OF_PANDAS)
def test_a_column_does_not_see_what_is_written_to_its_frame(case: str) -> None:
    with pd.option_context("mode.copy_on_write", True) if PANDAS_2 else contextlib.nullcontext():
        frame = pd.DataFrame({"a": ARRAYS_OF_PANDAS[case], "b": [1, 2]})
        values, _ = hand_over(
            frame=frame, column=frame["a"], named=frame["a"].rename("b"), moved=frame.rename(columns={"a": "c"})
        )
        first, second = frame["a"].iloc[0], frame["a"].iloc[1]
        values["frame"].loc[0, "a"] = second
        assert [values["frame"]["a"].iloc[0], values["column"].iloc[0]] == [second, first]
        assert [values["named"].iloc[0], values["moved"]["c"].iloc[0]] == [first, first]
        values["column"].iloc[1] = first
        assert [values["frame"]["a"].iloc[1], values["named"].iloc[1]] == [second, second]


@pytest.mark.parametrize("rows", [3, 5000])
def test_what_is_read_only_can_be_made_writable_again(rows: int) -> None:
    frozen = np.zeros(rows)
    frozen.flags.writeable = False
    values, _ = hand_over(frozen=frozen)
    assert not values["frozen"].flags.writeable
    values["frozen"].flags.writeable = True
    values["frozen"][0] = 1


@pytest.mark.parametrize("rows", [3, 500])
def test_a_record_looks_into_its_array(rows: int) -> None:
    people = np.zeros(rows, [("name", "U9"), ("age", int)])
    values, _ = hand_over(people=people, second=people[1], alone=people[2].copy(), same=people.view(np.recarray)[1])
    values["second"]["age"] = 7
    assert values["people"]["age"].tolist()[:3] == [0, 7, 0]
    assert values["same"].age == 7
    assert values["alone"].tolist() == ("", 0)


class _Measured(np.ndarray):
    unit = ""


def test_an_array_of_another_class_keeps_its_attributes() -> None:
    plain = np.arange(3.0)
    measured = plain.view(_Measured)
    measured.unit = "m"
    values, _ = hand_over(plain=plain, measured=measured)
    values["plain"][0] = 9
    assert values["measured"].tolist() == [9, 1, 2]
    assert values["measured"].unit == "m"


def test_a_frame_keeps_what_was_set_on_it() -> None:
    frame = pd.DataFrame({"a": [1]})
    frame.attrs["k"] = 1
    object.__setattr__(frame, "note", ["x"])
    values, _ = hand_over(frame=frame, attrs=frame.attrs, note=frame.note)
    assert values["frame"].note is values["note"]
    assert values["frame"].attrs is values["attrs"]


@pytest.mark.parametrize("case", ["numbers", "masked", "dates", "categories"])
def test_an_array_of_pandas_own_looks_into_its_column(case: str) -> None:
    column = pd.Series(ARRAYS_OF_PANDAS[case], copy=True)
    values, _ = hand_over(column=column, array=column.array)
    values["array"][0] = column[1]
    assert values["column"][0] == values["column"][1]


@pytest.mark.skipif(PANDAS_2, reason="it is the way of pandas 3")
def test_frames_on_one_array_share_it_where_pandas_does_not_know_of_each_other() -> None:
    array = np.arange(3.0)
    values, _ = hand_over(
        array=array, frame=pd.DataFrame({"v": array}, copy=False), column=pd.Series(array, copy=False)
    )
    values["array"][1] = 50
    values["frame"].loc[2, "v"] = -1
    assert values["column"].tolist() == values["array"].tolist() == [0, 50, -1]


@pytest.mark.skipif(PANDAS_2, reason="frames of pandas 2 do not copy on write")
@pytest.mark.parametrize("alive", [True, False])
def test_a_frame_copies_on_write_for_one_that_is_not_handed_over(alive: bool) -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    looking = frame["b"] if alive else None
    values, _ = hand_over(frame=frame, array=frame["a"].to_numpy())
    values, _ = hand_over(**values)
    values["frame"].iloc[0, 0] = 9.0
    assert values["array"].tolist() == [1 if alive else 9, 2]
    frame.iloc[0, 0] = 9.0
    assert looking is None or looking.tolist() == [3, 4]
