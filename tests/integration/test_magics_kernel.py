"""The extension in a real kernel, as nbclient and so papermill, nbval and Jupyter front ends drive it."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

CELLS = [
    "%load_ext nb2dag\n%airflow_dag daily --schedule @daily --retries 2",
    "#| parameters\nlimit = 2",
    "%%airflow_task extract\nrows = list(range(4))\nrows",
    "#| task: clean\n#| after: [extract]\nrows = rows[:limit]\nrows",
    "%%airflow_task timed\n%%time\ntotal = sum(rows)\ntotal",
    "#| task: timed_too\n%%time\ntotal = sum(rows)\ntotal",
    "%%airflow_task later\nimport asyncio\nawait asyncio.sleep(0, 'later')",
    "%%airflow_task broken --retrys 2\nbroken = 1",
    "%%airflow_task fails\n\n1 / 0",
    "#| task: fails_too\n\n1 / 0",
    "'broken' in dir()",
    "%%airflow_sql q --conn db\nselect 1",
]


@pytest.fixture(scope="module")
def executed():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    NotebookClient(notebook, kernel_name="python3", allow_errors=True, timeout=60).execute()
    return [cell.outputs for cell in notebook.cells]


def value(outputs) -> str:
    return next(out for out in outputs if out.output_type == "execute_result").data["text/plain"]


def error(outputs):
    (found,) = [out for out in outputs if out.output_type == "error"]
    return found


def test_values_are_displayed(executed):
    assert executed[0] == executed[1] == []
    assert value(executed[2]) == "[0, 1, 2, 3]"
    assert value(executed[3]) == "[0, 1]"
    assert value(executed[6]) == "'later'"


@pytest.mark.parametrize("index", [4, 5])
def test_nested_time(executed, index):
    assert value(executed[index]) == "1"
    assert "Wall time" in "".join(out.text for out in executed[index] if out.output_type == "stream")


def test_a_mistake_in_a_tag_is_an_error_of_the_cell(executed):
    found = error(executed[7])
    assert found.ename == "TagError"
    assert found.evalue == "line 1: unknown option `--retrys` of `%%airflow_task`"
    assert found.traceback == [
        "TagError: line 1: unknown option `--retrys` of `%%airflow_task` [NBD111 unknown-option]",
        "    %%airflow_task broken --retrys 2",
        "                            ^^^^^^",
        "  hint: did you mean `--retries`?",
    ]
    assert value(executed[10]) == "False"
    assert error(executed[11]).ename == "TagError"


@pytest.mark.parametrize("index", [8, 9])
def test_line_of_an_exception(executed, index):
    found = error(executed[index])
    assert found.ename == "ZeroDivisionError"
    assert "line 3" in "".join(found.traceback).replace("\x1b[39m", "").replace("\x1b[32m", "")
