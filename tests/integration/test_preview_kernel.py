"""`%airflow_preview` in a real kernel: with ipywidgets, without them, and where nobody tells the notebook's file."""

from __future__ import annotations

import os
from xml.etree import ElementTree

import nbformat
from nbclient import NotebookClient

CELLS = [
    "%load_ext nb2dag\n%airflow_dag shop",
    "%%airflow_task load\nrows = [1]",
    "%%airflow_task report\nprint(rows)",
    "%airflow_preview",
    "import sys\nsys.modules['ipywidgets'] = None  # as if it were not installed",
    "%airflow_preview",
    "%airflow_preview no_such.ipynb",
]
WIDGET = "application/vnd.jupyter.widget-view+json"


def run(folder, **environment):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    file = folder / "shop.ipynb"
    nbformat.write(notebook, file)
    client = NotebookClient(
        notebook, kernel_name="python3", allow_errors=True, timeout=60, resources={"metadata": {"path": str(folder)}}
    )
    client.execute(env={name: value for name, value in os.environ.items() if name != "JPY_SESSION_NAME"} | environment)
    return [cell.outputs for cell in notebook.cells]


def test_the_preview_is_a_picture_a_text_and_a_panel_where_there_are_widgets(tmp_path):
    outputs = run(tmp_path, JPY_SESSION_NAME=str(tmp_path / "shop.ipynb"))
    picture, panel = outputs[3]
    assert "report after load" in picture.data["text/plain"]
    assert ElementTree.fromstring(picture.data["image/svg+xml"]).tag.endswith("svg")
    assert WIDGET in panel.data
    (alone,) = outputs[5]
    assert set(alone.data) == {"text/plain", "image/svg+xml"}
    assert outputs[6][0].ename == "PreviewError"
    assert "there is no such file" in outputs[6][0].evalue


def test_a_kernel_that_was_told_no_file_says_what_to_do(tmp_path):
    outputs = run(tmp_path)
    assert "%airflow_preview path.ipynb" in outputs[3][0].evalue
    assert outputs[3][0].traceback == [f"PreviewError: {outputs[3][0].evalue}"]
