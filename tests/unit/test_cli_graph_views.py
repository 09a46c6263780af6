"""The three forms of a graph, from a plan made by hand."""

from __future__ import annotations

from nb2dag.cli.graph_views import graph_document, graph_mermaid, graph_text
from nb2dag.model.plan import DagPlan, Load, LoadCell, ParamPlan, TaskPlan
from nb2dag.report.style import Style

PLAN = DagPlan(
    "daily_sales",
    "sales.ipynb",
    "0" * 64,
    (
        TaskPlan("shared", (), source_cells=(2,), implicit=True),
        TaskPlan("extract", (), source_cells=(4,)),
        TaskPlan(
            "clean",
            (LoadCell((Load("extract", "df", ("df",)), Load("extract", "n", ("n", "m"), ("m",)))),),
            ("extract",),
            source_cells=(5, 7),
        ),
        TaskPlan("report.all", (LoadCell((Load("shared", "now", ("now",)),)),), ("clean", "shared"), source_cells=(8,)),
    ),
    params=(ParamPlan("day", "2026-01-01", ("string",), "The day", None, 3, 1),),
)


def test_json():
    assert graph_document(PLAN) == {
        "version": 1,
        "dag_id": "daily_sales",
        "tasks": [
            {"task_id": "shared", "upstream": [], "cells": [2], "implicit": True},
            {"task_id": "extract", "upstream": [], "cells": [4], "implicit": False},
            {"task_id": "clean", "upstream": ["extract"], "cells": [5, 7], "implicit": False},
            {"task_id": "report.all", "upstream": ["clean", "shared"], "cells": [8], "implicit": False},
        ],
        "handoffs": [
            {"from": "extract", "to": "clean", "names": ["df", "n", "m"]},
            {"from": "shared", "to": "report.all", "names": ["now"]},
        ],
        "params": [{"name": "day", "default": "2026-01-01", "type": ["string"], "description": "The day", "cell": 3}],
    }


def test_text():
    assert graph_text(PLAN, Style()) == (
        "daily_sales: 4 tasks\n"
        "\n"
        "task               cells  after\n"
        "shared (implicit)  2      -\n"
        "extract            4      -\n"
        "clean              5, 7   extract\n"
        "report.all         8      clean, shared\n"
        "\n"
        "handoff               names\n"
        "extract -> clean      df, n, m\n"
        "shared -> report.all  now\n"
        "\n"
        "param  type    default       description\n"
        "day    string  '2026-01-01'  The day\n"
    )


def test_mermaid():
    assert graph_mermaid(PLAN) == (
        "flowchart LR\n"
        '    t1(["shared"])\n'
        '    t2["extract"]\n'
        '    t3["clean"]\n'
        '    t4["report.all"]\n'
        '    t2 -->|"df, n, m"| t3\n'
        "    t3 --> t4\n"
        '    t1 -->|"now"| t4\n'
    )


def test_mermaid_escapes_what_it_would_read_as_syntax():
    plan = DagPlan("d", "d.ipynb", "", (TaskPlan('a"]-->b<script>', ()),))
    assert graph_mermaid(plan).splitlines()[1] == '    t1["a#34;#93;--#62;b#60;script#62;"]'


def test_a_graph_of_one_task_shows_no_empty_tables():
    plan = DagPlan("d", "d.ipynb", "", (TaskPlan("only", (), source_cells=(1,)),))
    assert graph_text(plan, Style()) == "d: 1 task\n\ntask  cells  after\nonly  1      -\n"
