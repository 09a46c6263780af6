"""A task notebook is valid, and its load and save cells say what the plan says."""

import ast
import json

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb2dag.compiler.backend.task_notebook import emit_task_notebook
from nb2dag.errors import Nb2dagError
from nb2dag.model.plan import CellPurpose, CodeCell, DagPlan, ImportCell, Load, LoadCell, Save, SaveCell, TaskPlan
from nb2dag.runtime.formats import CellOrigin


def body(source="x = 1", cell=2, cell_id="c2", purpose=CellPurpose.BODY):
    return CodeCell(purpose, source, cell, cell_id, tuple(range(1, len(source.splitlines()) + 1)))


def notebook_of(*cells, **fields):
    task = TaskPlan("clean", cells, **fields)
    plan = DagPlan("sales", "sales.ipynb", "0", (task,), kernel_name="py", kernel_display_name="My Python")
    text = emit_task_notebook(plan, task)
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert nbformat.writes(notebook) + "\n" == text
    return notebook


def sources(*cells, **fields):
    return [cell.source for cell in notebook_of(*cells, **fields).cells[1:]]


IMPORT = "import nb2dag.runtime as _nb2dag\n\n"
HANDOFFS = [
    (Load("extract", "df", ("df",)), '_nb2dag.load(globals(), "extract", "df")'),
    (Load("extract", "df", ("df", "rows")), '_nb2dag.load(globals(), "extract", "df", "df", "rows")'),
    (Load("extract", "df-2", ("df",)), '_nb2dag.load(globals(), "extract", "df-2", "df")'),
    (
        Load("extract", "df", ("df", "rows"), ("rows",)),
        '_nb2dag.load(globals(), "extract", "df", "df", "rows", optional=("rows",))',
    ),
    (Load("extract", "df", ("df",), ("df",)), '_nb2dag.load(globals(), "extract", "df", optional=("df",))'),
    (Load("extract", "rng", ("<random>",)), '_nb2dag.load(globals(), "extract", "rng", "<random>")'),
    (Save("df", ("df",)), '_nb2dag.save(globals(), "df")'),
    (Save("df", ("df", "d")), '_nb2dag.save(globals(), "df", "df", "d")'),
    (Save("df", ("df",), ("df",)), '_nb2dag.save(globals(), "df", optional=("df",))'),
]


@pytest.mark.parametrize(("handoff", "line"), HANDOFFS, ids=[line for _, line in HANDOFFS])
def test_a_handoff_is_one_call(handoff, line):
    if isinstance(handoff, Load):
        assert sources(LoadCell((handoff,)), body()) == [IMPORT + line, "x = 1"]
    else:
        assert sources(body(), SaveCell((handoff,), 2, "c2")) == ["x = 1", IMPORT + line]


def test_the_runtime_is_imported_once_where_it_is_first_called():
    cells = (
        LoadCell((Load("a", "x", ("x",)), Load("b", "y", ("y",)))),
        body(),
        SaveCell((Save("x", ("x",)),), 2, "c2"),
        body("y = 2", 3, "c3"),
        SaveCell((Save("y", ("y",)),), 3, "c3"),
    )
    found = sources(*cells, return_name="y")
    assert found[0] == IMPORT + '_nb2dag.load(globals(), "a", "x")\n_nb2dag.load(globals(), "b", "y")'
    assert found[2] == '_nb2dag.save(globals(), "x")'
    assert found[4] == '_nb2dag.save(globals(), "y")\n_nb2dag.save_return(globals(), "y")'


def test_parts_of_packages_are_imported_before_anything_else():
    found = sources(ImportCell(("email.mime.text", "xml.etree.ElementTree")), body(), LoadCell((HANDOFFS[0][0],)))
    assert found[0] == IMPORT + '_nb2dag.import_parts("email.mime.text", "xml.etree.ElementTree")'
    assert found[2] == HANDOFFS[0][1]


def test_a_returned_value_without_a_save_gets_a_cell_of_its_own():
    notebook = notebook_of(body(), return_name="x")
    assert [cell.source for cell in notebook.cells[2:]] == [IMPORT + '_nb2dag.save_return(globals(), "x")']
    assert CellOrigin.from_json(notebook.cells[2].metadata.nb2dag) == CellOrigin("save", 2, "c2")


def test_a_value_returned_and_saved_elsewhere():
    found = sources(body(), SaveCell((Save("x", ("x",)),), 2, "c2"), body("y = 2", 3, "c3"), return_name="y")
    assert found[-1] == '_nb2dag.save_return(globals(), "y")'


def test_empty_cells_are_left_out_except_the_one_papermill_looks_for():
    cells = (body("", purpose=CellPurpose.PARAMETERS), LoadCell(()), body("  \n"), SaveCell((), 2, "c2"), body())
    notebook = notebook_of(*cells)
    assert [cell.source for cell in notebook.cells[1:]] == ["", "x = 1"]
    assert notebook.cells[1].metadata.tags == ["parameters"]


def test_two_parameters_cells_are_refused():
    cell = body(purpose=CellPurpose.PARAMETERS)
    with pytest.raises(Nb2dagError, match="two parameters cells"):
        notebook_of(cell, cell)


@pytest.mark.parametrize(
    ("kernel", "expected"), [("", ("py", "My Python")), ("py", ("py", "My Python")), ("gpu", ("gpu", "gpu"))]
)
def test_the_kernel_is_the_task_s_own_or_the_notebook_s(kernel, expected):
    kernelspec = notebook_of(body(), kernel_name=kernel).metadata.kernelspec
    assert (kernelspec.name, kernelspec.display_name) == expected


def test_a_notebook_that_names_no_kernel_gets_the_one_every_jupyter_has():
    task = TaskPlan("clean", ())
    text = emit_task_notebook(DagPlan("sales", "sales.ipynb", "0", (task,)), task)
    assert json.loads(text)["metadata"]["kernelspec"]["name"] == "python3"


TEXT = st.text(st.characters() | st.sampled_from("\n\r\x0c\u2028\\\"'`#\ud800"))


@given(st.lists(st.tuples(TEXT, TEXT), max_size=6), TEXT, TEXT)
def test_any_text_survives_in_a_valid_notebook(cells, doc, name):
    planned = []
    for number, (source, cell_id) in enumerate(cells, start=1):
        planned.append(body(source, number, cell_id))
        planned.append(SaveCell((Save(name, (name, source)),), number, cell_id))
    task = TaskPlan("clean", tuple(planned), doc=doc, return_name=name)
    text = emit_task_notebook(DagPlan("sales", doc, "0", (task,)), task)
    text.encode()
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    bodies = [cell.source for cell in notebook.cells if cell.metadata.get("nb2dag", {}).get("purpose") == "body"]
    assert bodies == [source for source, _ in cells if source.strip()]
    for cell in notebook.cells:
        if cell.metadata.get("nb2dag", {}).get("purpose") == "save":
            calls = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Constant)]
            assert calls[0].value == name
