"""Kale's tags are read as Kale reads them, and become nb2dag's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.compiler.migration.migrate import migrate_notebook
from nb2dag.errors import Nb2dagError
from nb2dag.model.directive import Spelling

NOWHERE = Path("/nonexistent")
HEAD = "%load_ext nb2dag\n%airflow_dag "


def kale(*cells, **settings):
    """Return a notebook file; a cell is its tags and its source."""
    document = {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": None,
                "metadata": {"tags": tags.split()} if tags else {},
                "outputs": [],
                "source": source,
            }
            for tags, source in cells
        ],
        "metadata": {"kubeflow_notebook": settings} if settings else {},
        "nbformat": 4,
        "nbformat_minor": 2,
    }
    return json.dumps(document, indent=1)


def migrated(*cells, spelling=Spelling.MAGIC, **settings):
    return migrate_notebook(kale(*cells, **settings), "n.ipynb", NOWHERE, 1000, spelling)


def sources(found):
    return [cell.source for cell in parse_notebook(found.text, "n").cells]


def warnings(found):
    return [(warned.cell, warned.message) for warned in found.warnings]


def test_a_whole_pipeline():
    found = migrated(
        ("imports", "import math"),
        ("", "import json"),
        ("pipeline-parameters", "n = 3"),
        ("functions", "def twice(x):\n    return 2 * x"),
        ("block:load", "rows = list(range(n))"),
        ("", "rows.append(9)"),
        ("skip", "rows[:2]"),
        ("", "rows.append(10)"),
        ("step:left prev:load", "a = math.fsum(rows)"),
        ("step:right prev:load", "b = twice(len(rows))"),
        ("step:join prev:left prev:right", "print(json.dumps([a, b]))"),
        ("pipeline-metrics", "print(a)"),
        pipeline_name="my-pipeline",
        pipeline_description="What it does",
    )
    assert sources(found) == [
        f'{HEAD}my-pipeline --description "What it does"',
        "%%airflow_shared\nimport math",
        "%%airflow_shared\nimport json",
        "n = 3",
        "%%airflow_shared\ndef twice(x):\n    return 2 * x",
        "%%airflow_task load\nrows = list(range(n))",
        "%%airflow_task load\nrows.append(9)",
        "%%airflow_skip\nrows[:2]",
        "%%airflow_task load\nrows.append(10)",
        "%%airflow_task left --after load\na = math.fsum(rows)",
        "%%airflow_task right --after load\nb = twice(len(rows))",
        "%%airflow_task join --after left,right\nprint(json.dumps([a, b]))",
        "%%airflow_task pipeline_metrics\nprint(a)",
    ]
    cells = json.loads(found.text)["cells"]
    assert [cell["metadata"].get("tags", []) for cell in cells] == [[], [], [], ["parameters"], *[[]] * 9]
    assert [(task.name, task.after) for task in found.tasks] == [
        ("load", ()), ("left", ("load",)), ("right", ("load",)), ("join", ("left", "right")), ("pipeline_metrics", ()),
    ]  # fmt: skip
    plan = found.compilation.plan
    assert plan is not None
    assert plan.dag_id == "my-pipeline"
    assert {task.task_id: task.upstream for task in plan.tasks}["join"] == ("left", "right")
    assert [param.name for param in plan.params] == ["n"]
    assert warnings(found) == [
        (
            12,
            "metrics become a task of their own, `pipeline_metrics`, which shows them; Airflow collects none by itself",
        )
    ]


def test_as_option_lines():
    found = migrated(("step:a", "x = 1"), ("step:b prev:a", "print(2)"), spelling=Spelling.OPTION_LINES)
    assert sources(found) == ['#| dag: "n"', "#| task: a\nx = 1", "#| task: b\n#| after: [a]\nprint(2)"]
    assert not found.compilation.has_errors


def test_a_declared_edge_without_data_is_kept_and_one_on_a_later_cell_too():
    found = migrated(("step:a", "x = 1"), ("step:b", "y = 1"), ("step:c", "z = 1"), ("step:c prev:b prev:a", "z"))
    assert found.tasks[-1].after == ("b", "a")
    plan = found.compilation.plan
    assert plan is not None
    assert {task.task_id: task.upstream for task in plan.tasks} == {"a": (), "b": (), "c": ("a", "b")}


def test_an_empty_block_name_continues_the_step_above():
    found = migrated(("block:a", "x = 1"), ("block:", "x += 1"), ("step:b prev:a", "print(x)"))
    assert [task.cells for task in found.tasks] == [(1, 2), (3,)]


@pytest.mark.parametrize(
    ("cells", "cell", "words"),
    [
        ([("step:a hide", "x = 1")], 1, "the cell tag `hide` is unknown: it stays as it is"),
        ([("step:a limit:nvidia.com/gpu:1", "x = 1")], 1, "`limit:nvidia.com/gpu:1` is not carried over"),
        ([("step:a annotation:k:v", "x = 1")], 1, "`annotation:k:v` is not carried over"),
        ([("", "x = 1"), ("step:a", "y = x")], 1, "Kale leaves out what stands above its first tag"),
        ([("skip step:b", "x"), ("step:a", "y = 1")], 1, "Kale does not read the step name `b`"),
        ([("step:a prev:a", "y = 1")], 1, "`prev:a` lets the step wait for itself"),
        ([("step:my/step", "y = 1")], 1, "`my/step` cannot be a task's name"),
        ([("imports", "import os"), ("prev:a", "x = 1"), ("step:a", "y = 1")], 2, "stands where no step is"),
        (
            [("pipeline-parameters", "n = 1"), ("", "m = 2"), ("step:a", "y = n + m")],
            2,
            "a notebook has one parameters cell, which is cell 1",
        ),
    ],
)
def test_what_has_no_counterpart_is_a_warning(cells, cell, words):
    found = migrated(*cells)
    assert [place for place, message in warnings(found) if words in message] == [cell]
    assert not found.compilation.has_errors


def test_unknown_tags_stay_in_the_file():
    found = migrated(("hide step:a limit:x:1", "x = 1"))
    assert json.loads(found.text)["cells"][1]["metadata"]["tags"] == ["hide", "limit:x:1"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"experiment_name": "titanic"}, "`experiment_name` (titanic)"),
        ({"docker_image": "repo/image:1"}, "`docker_image` (repo/image:1)"),
        ({"volumes": [{"name": "v"}]}, "`volumes`"),
        ({"katib_run": True, "katib_metadata": {"parameters": []}}, "`katib_metadata`"),
        ({"steps_defaults": ["label:a:b"]}, "`steps_defaults`"),
        ({"timeout": 60}, "`timeout`"),
    ],
)
def test_settings_without_a_counterpart_are_warnings(settings, words):
    found = migrated(("step:a", "x = 1"), **settings)
    assert [place for place, message in warnings(found) if words in message] == [0]


def test_settings_that_ask_for_nothing_are_no_warnings():
    settings = {"docker_image": "", "volumes": [], "katib_run": False, "katib_metadata": {"parameters": []}}
    assert warnings(migrated(("step:a", "x = 1"), **settings)) == []


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([("step:a step:b", "x = 1")], "n.ipynb: cell 1 is part of several steps (a, b)"),
        ([("", "x = 1")], "no cell has a tag of Kale's"),
        ([("pipeline-parameters", "x = 1")], "no cell is a step of Kale's"),
        ([("step:a", "%%airflow_task a\nx = 1")], "has tasks already: a"),
        ([("step:///", "x = 1")], "`///` cannot be a task's name: it holds `/`"),
    ],
)
def test_what_cannot_be_migrated(cells, words):
    with pytest.raises(Nb2dagError) as caught:
        migrated(*cells)
    assert words in str(caught.value)


def test_a_step_that_is_nowhere_is_an_error_of_the_migrated_notebook():
    found = migrated(("step:a prev:nowhere", "x = 1"))
    assert [item.name for item in found.compilation.diagnostics] == ["unknown-upstream"]
    assert "--after nowhere" in sources(found)[1]
