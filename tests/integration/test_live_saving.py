"""Whoever reads an executed notebook while it runs finds it whole and new, at a bounded cost."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest

from nb2dag.runtime import notebook_run, saving
from support.task_bench import Bench, body

WAIT = """
from pathlib import Path
import time
print("waiting", flush=True)
while not Path(GATE).exists():
    time.sleep(0.02)
"""


@pytest.fixture(params=["nb2dag", "nb2dag-kernel"])
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Bench:
    return Bench(tmp_path, engine=request.param)


def states(place: Path) -> list[tuple[str, str]]:
    cells = json.loads(place.read_text(encoding="utf-8"))["cells"]
    return [
        (cell["metadata"]["papermill"]["status"], "".join("".join(each.get("text", "")) for each in cell["outputs"]))
        for cell in cells
    ]


def test_cells_show_while_the_notebook_runs(bench: Bench, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    cells = (body("print('first')", 1), body(f"GATE = {str(gate)!r}\n{WAIT}", 2), body("print('third')", 3))
    expected = [("completed", "first\n"), ("running", "waiting\n"), ("pending", "")]
    seen: list[tuple[str, str]] = []

    def watch() -> None:
        deadline = time.monotonic() + 60
        while seen != expected and time.monotonic() < deadline:
            place = bench.executed("live")
            # Every look must find a whole notebook: no text that is cut off is forgiven here.
            if place.exists():
                seen[:] = states(place)
            time.sleep(0.02)
        gate.touch()

    watcher = threading.Thread(target=watch)
    watcher.start()
    bench.run("live", *cells)
    watcher.join()
    assert seen == expected
    assert states(bench.executed("live"))[1:] == [("completed", "waiting\n"), ("completed", "third\n")]
    assert [path.name for path in bench.executed("live").parent.glob(".*.part")] == []


def test_many_quick_cells_are_saved_seldom(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    saves: list[float] = []

    def count(notebook: Any, place: str) -> None:
        saves.append(time.monotonic())
        saving.save_notebook(notebook, place)

    monkeypatch.setattr(notebook_run, "save_notebook", count)
    began = time.monotonic()
    bench.run("quick", *[body(f"print({n})", n) for n in range(1, 101)])
    assert 1 <= len(saves) <= 2 + time.monotonic() - began


def test_a_slow_place_is_written_to_seldom(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    saves: list[float] = []

    def slowly(notebook: Any, place: str) -> None:
        saves.append(time.monotonic())
        time.sleep(0.3)

    monkeypatch.setattr(notebook_run, "save_notebook", slowly)
    bench.run("slow", *[body("import time; time.sleep(0.4)", n) for n in range(1, 10)])
    # The first, and one more: it took 0.3 s, so the next one would come after 6 s.
    assert len(saves) == 2


def test_a_save_that_is_cut_short_leaves_the_last_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "a.ipynb"
    saving.save_notebook(nbformat.v4.new_notebook(), str(place))
    before = place.read_text()

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        saving.save_notebook(nbformat.v4.new_notebook(metadata={"new": 1}), str(place))
    assert place.read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.ipynb"]
