"""A form or menu edits the tag in the text, and nothing else: the new text reads back as what was asked for."""

from __future__ import annotations

import jsonschema
import pytest

from nb2dag.model.diagnostic import Edit
from nb2dag.model.span import Region
from nb2dag.report.ipynb_edit import edit_source
from nb2dag.server.editing import edit_document
from support.schemas import part, strict
from support.sent import sent


def changed(cells, **change):
    """Return the cells' text after a change; with it, cells inserted before the first."""
    body = sent(*cells, change=change) | {"file": None}
    answer = edit_document(body)
    jsonschema.validate(answer, strict(part("edit_answer")))
    assert not answer["problem"], answer["problem"]
    texts = list(cells)
    for index, text in enumerate(texts, 1):
        edits = [
            Edit(
                index,
                each["cell_id"],
                Region(each["line"], each["column"], each["end_line"], each["end_column"]),
                each["replacement"],
            )
            for each in answer["edits"]
            if each["cell"] == index
        ]
        texts[index - 1] = edit_source(text, edits)
    return [each["source"] for each in answer["inserts"]] + texts


def option(text, name, value, task="clean"):
    return changed([text], type="option", task=task, option=name, text=value)[0]


@pytest.mark.parametrize(
    ("before", "name", "value", "after"),
    [
        ("%%airflow_task clean\nx = 1", "retries", "3", "%%airflow_task clean --retries 3\nx = 1"),
        ("%%airflow_task clean --retries 2\nx", "retries", "5", "%%airflow_task clean --retries 5\nx"),
        ("%%airflow_task clean --retries 2 --pool p\nx", "retries", None, "%%airflow_task clean --pool p\nx"),
        ("%%airflow_task clean --retries 2\nx", "retries", "", "%%airflow_task clean\nx"),
        ("%%airflow_task clean\nx", "depends_on_past", "true", "%%airflow_task clean --depends-on-past\nx"),
        ("%%airflow_task clean\nx", "doc", 'Say "hi"', '%%airflow_task clean --doc "Say \\"hi\\""\nx'),
        ("%%airflow_task clean\nx", "after", "a, b", "%%airflow_task clean --after a,b\nx"),
        (
            "%%airflow_task clean --retries 2\n#| pool: p\nx",
            "executor_config",
            "{a: {b: 1}}",
            "%%airflow_task clean --retries 2\n#| pool: p\n#| executor_config: {a: {b: 1}}\nx",
        ),
        ("#| task: clean\nx", "retry_delay", "5m", "#| task: clean\n#| retry_delay: 5m\nx"),
        ("#| task: clean\n#| retries: 2\nx", "retries", None, "#| task: clean\nx"),
        ("#| task: clean\n#| after:\n#|   - a\n#|   - b\nx", "after", "c", "#| task: clean\n#| after: [c]\nx"),
        ("#| task: clean", "retries", "1", "#| task: clean\n#| retries: 1"),
        (
            "%%airflow_task clean \\\n   --retries 2 \\\n   --pool p\nx",
            "pool",
            "q",
            "%%airflow_task clean \\\n   --retries 2 \\\n   --pool q\nx",
        ),
        (
            "%%airflow_task clean --pool 😀 --retries 2\nx",
            "retries",
            "3",
            "%%airflow_task clean --pool 😀 --retries 3\nx",
        ),
    ],
)
def test_one_option_of_a_task(before, name, value, after):
    assert option(before, name, value) == after


@pytest.mark.parametrize(
    ("before", "name", "value", "after"),
    [
        ("%airflow_dag shop", "schedule", "@daily", '%airflow_dag shop --schedule "0 0 * * *"'),
        ("%load_ext nb2dag\n%airflow_dag shop\n", "tags", "a,b", "%load_ext nb2dag\n%airflow_dag shop --tags a,b\n"),
        ("%%airflow_dag shop\ntags: [a]\nretries: 2", "tags", "b", "%%airflow_dag shop\ntags: [b]\nretries: 2"),
        ("%%airflow_dag shop\ntags: [a]\nretries: 2", "tags", None, "%%airflow_dag shop\nretries: 2"),
        ("%%airflow_dag shop\ntags: [a]", "catchup", "true", "%%airflow_dag shop --catchup\ntags: [a]"),
    ],
)
def test_one_option_of_the_dag(before, name, value, after):
    assert option(before, name, value, task=None) == after


def test_a_dag_line_is_made_where_there_is_none():
    assert changed(["%load_ext nb2dag", "x = 1"], type="option", task=None, option="catchup", text="true") == [
        "%load_ext nb2dag\n%airflow_dag n --catchup",
        "x = 1",
    ]
    assert changed(["x = 1"], type="option", task=None, option="catchup", text="true") == [
        "%load_ext nb2dag\n%airflow_dag n --catchup",
        "x = 1",
    ]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("retries", "many", "`many` is no value of `--retries`"),
        ("retry_delay", "99x", "no value"),
        ("trigger_rule", "sometimes", "sometimes"),
        ("after", "a b/c", "b/c"),
        ("nonsense", "1", "nonsense"),
    ],
)
def test_a_value_that_is_none_is_refused_with_words(name, value, words):
    body = sent(
        "%%airflow_task clean\nx = 1", change={"type": "option", "task": "clean", "option": name, "text": value}
    )
    answer = edit_document(body | {"file": None})
    assert words in answer["problem"]
    assert answer["edits"] == []


def test_a_cell_becomes_a_task_and_the_extension_is_loaded():
    assert changed(["total = 1"], type="tag", cell=1, directive="task") == [
        "%load_ext nb2dag",
        "%%airflow_task total\ntotal = 1",
    ]


def test_a_tag_is_written_as_the_notebooks_others_are():
    cells = ["#| task: a\nx = 1", "y = x"]
    assert changed(cells, type="tag", cell=2, directive="task", name="b")[1] == "#| task: b\ny = x"


def test_a_tag_is_replaced_and_taken_away():
    cells = ["%load_ext nb2dag", "%%airflow_task a --retries 2\nx = 1"]
    assert changed(cells, type="tag", cell=2, directive="shared")[1] == "%%airflow_shared\nx = 1"
    assert changed(cells, type="tag", cell=2, directive=None)[1] == "x = 1"


def test_a_task_is_renamed_wherever_it_is_named():
    cells = [
        "%%airflow_task a\nx = 1",
        "%%airflow_task a\ny = 2",
        "%%airflow_task b --after a\nz = 'a'",
        "#| task: c\n#| after: [b, a]\nw = 1",
    ]
    assert changed(cells, type="rename", task="a", name="first") == [
        "%%airflow_task first\nx = 1",
        "%%airflow_task first\ny = 2",
        "%%airflow_task b --after first\nz = 'a'",
        "#| task: c\n#| after: [b, first]\nw = 1",
    ]


def test_a_name_that_is_taken_or_none_is_refused():
    cells = ["%%airflow_task a\nx = 1", "%%airflow_task b\ny = 2"]
    for name in ("b", "no name", ""):
        body = sent(*cells, change={"type": "rename", "task": "a", "name": name}) | {"file": None}
        assert edit_document(body)["problem"]


def test_a_suggested_name_comes_from_the_heading():
    body = sent("x = 1", change={"type": "tag", "cell": 2, "directive": "task"}) | {"file": None}
    heading = {"cell_type": "markdown", "id": "m", "source": "## Clean rows\nWords.", "metadata": {}}
    body["notebook"]["cells"].insert(0, heading)
    assert edit_document(body)["name"] == "clean_rows"
