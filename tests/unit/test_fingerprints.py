"""A task that changes in place what it loaded is noticed, and judged by who else reads it."""

from __future__ import annotations

import json
from dataclasses import make_dataclass

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import KNeighborsClassifier

from nb2dag.compiler.bundle import write_bundle
from nb2dag.compiler.bundle.build import build_bundle
from nb2dag.local.bundles import read_manifest
from nb2dag.local.unforeseen import find_unforeseen
from nb2dag.runtime import fingerprints
from nb2dag.runtime.formats import FINGERPRINTS_VARIABLE, ChangedInput, PointerManifest
from support.oracle import compile_cells


class Restless:
    """Is pickled in another way each time."""

    count = 0

    def __getstate__(self):
        Restless.count += 1
        return {"count": Restless.count}


@pytest.fixture(autouse=True)
def _watching(monkeypatch):
    monkeypatch.setenv(FINGERPRINTS_VARIABLE, "1")
    monkeypatch.setattr(fingerprints, "_watched", [])


@pytest.mark.parametrize(
    ("value", "change"),
    [
        ([3, 1], lambda value: value.sort()),
        ({"a": [1]}, lambda value: value["a"].append(2)),
        (np.zeros(5), lambda value: value.__setitem__(0, 1)),
        (pd.DataFrame({"x": [1, 2]}), lambda value: value.__setitem__("y", 0)),
        ({1, 2}, lambda value: value.discard(1)),
    ],
)
def test_a_change_in_place_is_found_once(value, change):
    fingerprints.watch("load", "rows", [("rows", value), ("other", [1])], {})
    assert fingerprints.changed({}, 3) == []
    change(value)
    assert fingerprints.changed({}, 4) == [ChangedInput("load", "rows", "rows", 4)]
    change(value)
    assert fingerprints.changed({}, 5) == []


_NUMBERS = np.arange(20.0).reshape(10, 2)


@pytest.mark.parametrize(
    ("value", "use"),
    [
        (pd.DataFrame({"k": list("aab"), "v": [1, 2, 3]}).groupby("k")["v"], lambda groups: groups.sum()),
        ([KNeighborsClassifier(3).fit(_NUMBERS, [0, 1] * 5)], lambda models: models[0].score(_NUMBERS, [0, 1] * 5)),
    ],
)
def test_what_an_object_notes_while_it_is_used_is_no_change(value, use):
    fingerprints.watch("load", "made", [("made", value)], {})
    use(value)
    assert fingerprints.changed({}, 3) == []


def _frame() -> pd.DataFrame:
    times = pd.date_range("2024-01-01", periods=8, freq="6h", tz="UTC")
    return pd.DataFrame(
        {
            "a": np.arange(8.0),
            "b": list("xyxyxyxy"),
            "c": pd.Categorical(list("ppqqppqq")),
            "d": pd.period_range("2024", periods=8, freq="M"),
            "e": pd.array([1, 2, None, 1, 2, None, 3, 4], dtype="Int64"),
            "f": pd.to_timedelta(range(8), unit="h"),
        },
        index=times,
    )


@pytest.mark.parametrize(
    "use",
    [
        repr,
        lambda frame: frame[frame.a > 2],
        lambda frame: frame[["a", "b"]],
        lambda frame: frame.groupby("b").a.sum(),
        lambda frame: frame.a.resample("D").sum(),
        lambda frame: frame.merge(frame, on="b", indicator=True),
        lambda frame: frame.loc["2024-01-02"],
        lambda frame: frame.index.hour,
        lambda frame: list(frame.iterrows()),
        lambda frame: list(frame.itertuples()),
        lambda frame: pd.concat([frame, frame]),
        lambda frame: frame.apply(lambda row: row.a, axis=1),
        lambda frame: frame.index.tz_convert("Asia/Tokyo"),
        lambda frame: frame.a.idxmax(),
        lambda frame: frame["2024-01-01":"2024-01-02"],
        lambda frame: frame.a.asfreq("3h"),
        lambda frame: frame.copy(deep=False),
        lambda frame: frame.a,
        lambda frame: frame.describe(),
        lambda frame: frame.c.cat.codes,
        lambda frame: frame.d.dt.month,
    ],
)
def test_a_frame_is_not_changed_by_being_looked_at(use):
    frame = _frame()
    fingerprints.watch("load", "made", [("frame", frame)], {})
    kept = use(frame)
    assert fingerprints.changed({}, 3) == []
    frame.iloc[0, 0] = 99.0
    assert fingerprints.changed({}, 4) == [ChangedInput("load", "made", "frame", 4)]
    del kept  # what shares the frame's memory lived until here


def test_a_class_that_a_call_made_is_no_change_by_being_used():
    Row = make_dataclass("Row", ["id"])  # noqa: N806
    row = Row(1)
    fingerprints.watch("load", "made", [("Row", Row), ("row", row)], {})
    assert row == Row(1)
    assert fingerprints.changed({}, 3) == []


@pytest.mark.parametrize("value", [Restless(), (item for item in "ab"), 3, "text"])
def test_what_cannot_be_compared_or_cannot_change_is_no_change(value):
    fingerprints.watch("load", "rows", [("rows", value), ("<random>", [1])], {})
    assert fingerprints.changed({}, 3) == []


def test_nothing_is_watched_unless_asked(monkeypatch):
    monkeypatch.delenv(FINGERPRINTS_VARIABLE)
    rows = [2, 1]
    fingerprints.watch("load", "rows", [("rows", rows)], {})
    rows.sort()
    assert fingerprints.changed({}, 3) == []


def test_what_changed_is_kept_in_the_manifest():
    manifest = PointerManifest("a", 1, "digest", "3.12", changed=(ChangedInput("load", "rows", "rows", 4),))
    assert PointerManifest.from_json(json.loads(json.dumps(manifest.to_json()))) == manifest


CELLS = (
    "#| task: load\nrows = [3, 1]\nothers = [rows, 5]\nscale = [2]",
    "#| task: above\nprint(rows)",
    "#| task: count\nprint(len(rows))",
    "#| task: last\nprint(rows[0], scale)",
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "oracle"
    plan = compile_cells(CELLS).plan
    write_bundle(build_bundle(plan, folder.parent), folder)
    return folder


def _judge(bundle, task_id, name, cell):
    manifest = read_manifest(bundle)
    load = next(task for task in manifest.tasks if task.task_id == "load")
    key = next(key for key, names in load.outputs.items() if name in names)
    changed = (ChangedInput("load", key, name, cell),)
    return find_unforeseen(bundle, manifest, PointerManifest(task_id, 1, manifest.digest, "3.12", changed=changed))


def test_a_change_that_a_task_below_would_see_names_both(bundle):
    failure = _judge(bundle, "count", "rows", 3)
    assert failure.cell == 3
    assert not failure.can_retry
    for part in ("task `count` changed `rows`, made by `load`", "in cell 3", "task `last` reads `rows`"):
        assert part in failure.message


@pytest.mark.parametrize(("task_id", "name", "cell"), [("last", "rows", 4), ("last", "scale", 4)])
def test_a_change_that_nobody_below_would_see_is_none(bundle, task_id, name, cell):
    assert _judge(bundle, task_id, name, cell) is None
