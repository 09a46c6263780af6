"""The names of a notebook's cells as JSON and as text."""

from __future__ import annotations

from nb2dag.cli.cell_views import cells_document, cells_text, unlisted
from nb2dag.compiler.analysis.cell_names import list_cell_names
from nb2dag.compiler.frontend.tagging import tag_program
from nb2dag.model.notebook import Cell, CellType, Notebook
from nb2dag.report.style import Style

CELLS = (
    Cell(1, "intro", CellType.MARKDOWN, "# Sales"),
    Cell(2, "a1", CellType.CODE, "import pandas as pd\nfrom math import *"),
    Cell(3, "b2", CellType.CODE, "%%airflow_task load\ndf = pd.read_csv('rows.csv')"),
    Cell(4, "c3", CellType.CODE, "#| task: clean\ndf['n'] = scale(df['n'])"),
    Cell(5, "d4", CellType.CODE, "print 'old'"),
    Cell(6, "e5", CellType.CODE, ""),
)
PROGRAM = tag_program(Notebook("sales.ipynb", CELLS))
NAMES = list_cell_names(PROGRAM)


def test_json():
    document = cells_document(PROGRAM, NAMES)
    assert document["version"] == 1
    assert document["cells"][1:3] == [
        {
            "cell": 3,
            "id": "b2",
            "role": "task",
            "task": "load",
            "definitions": ["df"],
            "references": ["pd"],
            "mutations": [],
        },
        {
            "cell": 4,
            "id": "c3",
            "role": "task",
            "task": "clean",
            "definitions": [],
            "references": ["df", "scale"],
            "mutations": ["df"],
        },
    ]
    assert [(cell["cell"], cell["task"]) for cell in document["cells"]] == [
        (2, None), (3, "load"), (4, "clean"), (5, None), (6, None),
    ]  # fmt: skip


def test_text():
    assert cells_text(PROGRAM, NAMES, Style()).startswith(
        """\
cell 2: shared
  definitions  pd, math.*

cell 3: task load
  definitions  df
  references   pd

cell 4: task clean
  references   df, scale
  mutations    df

cell 5: scratch

"""
    )


def test_long_lists_are_wrapped():
    program = tag_program(
        Notebook("n.ipynb", (Cell(1, "a", CellType.CODE, "; ".join(f"n{i} = 1" for i in range(40))),))
    )
    lines = cells_text(program, list_cell_names(program), Style()).splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[2].startswith(" " * 15 + "n")


def test_what_does_not_parse_is_said():
    (line,) = unlisted(PROGRAM)
    assert line.startswith("nb2dag: sales.ipynb:cell 5:1:1: ")
    assert line.endswith("; its names are not listed")


def test_another_language_has_no_names():
    program = tag_program(Notebook("n.ipynb", (Cell(1, "a", CellType.CODE, "x <- 1"),), language="r"))
    assert cells_document(program, list_cell_names(program))["cells"][0]["definitions"] == []
    assert list(unlisted(program)) == ["nb2dag: n.ipynb: the kernel's language is r, no names are listed"]


def test_a_notebook_without_code():
    program = tag_program(Notebook("n.ipynb", ()))
    assert cells_text(program, (), Style()) == ""
    assert cells_document(program, ()) == {"version": 1, "cells": []}
