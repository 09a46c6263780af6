"""What lies beside a notebook ships where its code names it, or a library reads it without being told."""

from __future__ import annotations

from pathlib import Path

import pytest

from nb2dag.compiler.bundle import build_bundle
from support.oracle import compile_cells

CELLS = ("import pandas as pd", '#| task: load\nrows = pd.read_csv("rows.csv")\nprint(len(rows))')


def shipped(folder: Path, cells: tuple[str, ...] = CELLS) -> list[str]:
    plan = compile_cells(cells, folder).plan
    assert plan is not None
    return [file.path for file in plan.files]


def test_only_files_that_are_read_ship(tmp_path: Path) -> None:
    for name in ("rows.csv", "other.csv"):
        (tmp_path / name).write_text("a\n1\n")
    assert shipped(tmp_path) == ["rows.csv"]


def test_the_settings_of_matplotlib_ship(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a\n1\n")
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 7\n")
    assert shipped(tmp_path) == ["matplotlibrc", "rows.csv"]


WRITES = "#| task: save\nwith open('out/plots/a.txt', 'w') as file:\n    file.write('1')"


@pytest.mark.parametrize(
    ("cells", "beside", "expected"),
    [
        ((WRITES,), ["out/plots/"], ["out/plots/"]),
        # what an earlier run left there is not the DAG's
        ((WRITES,), ["out/plots/a.txt", "out/old.txt"], ["out/plots/"]),
        ((WRITES, "#| task: show\nprint(open('out/old.txt').read())"), ["out/plots/", "out/old.txt"], None),
        ((WRITES,), ["plots/"], []),
        (("import os\nos.makedirs('out/plots', exist_ok=True)", WRITES), ["out/plots/"], []),
        (("import os\nos.mkdir('out/plots')", WRITES), ["out/plots/"], ["out/"]),
        (("#| task: a\nfor n in range(2):\n    open(f'out/{n}.txt', 'w').close()",), ["out/"], ["out/"]),
        (("#| task: a\nimport os\nprint(os.listdir('out'))",), ["out/sub/", "out/x"], ["out/sub/", "out/x"]),
        (("#| task: a\nopen('.git/hook', 'w').close()",), [".git/"], []),
    ],
)
def test_a_folder_that_is_only_written_into_ships_empty(
    tmp_path: Path, cells: tuple[str, ...], beside: list[str], expected: list[str] | None
) -> None:
    for name in beside:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).write_text("old")
    assert shipped(tmp_path, cells) == (expected if expected is not None else ["out/old.txt", "out/plots/"])


def test_a_folder_is_kept_by_a_file_in_the_bundle(tmp_path: Path) -> None:
    (tmp_path / "out" / "plots").mkdir(parents=True)
    plan = compile_cells((WRITES,), tmp_path).plan
    assert plan is not None
    bundle = build_bundle(plan, tmp_path)
    assert bundle.files["files/out/plots/.nb2dag-folder"] == b""
    assert bundle.manifest.files == ("out/plots/.nb2dag-folder",)
