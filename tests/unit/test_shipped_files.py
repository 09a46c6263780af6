"""What lies beside a notebook ships where its code names it, or a library reads it without being told."""

from __future__ import annotations

from pathlib import Path

from support.oracle import compile_cells

CELLS = ("import pandas as pd", '#| task: load\nrows = pd.read_csv("rows.csv")\nprint(len(rows))')


def shipped(folder: Path) -> list[str]:
    plan = compile_cells(CELLS, folder).plan
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
