"""Roles: what a cell's tag says, and what an untagged cell's place and code say."""

import ast

import pytest

from nb2dag.compiler.frontend.definitions import only_defines
from nb2dag.compiler.frontend.escapes import parse_code
from nb2dag.compiler.frontend.tagging import body_lines, tag_program
from nb2dag.model.directive import DirectiveKind
from nb2dag.model.notebook import Cell, CellType, Notebook
from nb2dag.model.program import Role


def program(*sources, tags=None, language="python"):
    """A program of code cells; a source that begins with `md:` is Markdown."""
    cells = []
    for index, source in enumerate(sources, 1):
        kind = CellType.MARKDOWN if source.startswith("md:") else CellType.CODE
        cells.append(Cell(index, f"c{index}", kind, source.removeprefix("md:"), (tags or {}).get(index, ())))
    return tag_program(Notebook("n.ipynb", tuple(cells), language=language))


def roles(*sources, **fields):
    return [cell.role.name for cell in program(*sources, **fields).cells]


DAG = "%load_ext nb2dag\n%airflow_dag sales"
TASK = "%%airflow_task a\nx = 1"


@pytest.mark.parametrize(
    ("source", "above", "below"),
    [
        ("import math", "SHARED", "DEFINITIONS"),
        ("from a import b as c\n\ndef f(x): return x\n\nclass A: pass", "SHARED", "DEFINITIONS"),
        ("f = lambda x: x", "SHARED", "DEFINITIONS"),
        ("x = 1", "SHARED", "SCRATCH"),
        ("f(x)", "SHARED", "SCRATCH"),
        ("import math\nmath.pi", "SHARED", "SCRATCH"),
        ("%matplotlib inline\nimport a", "SHARED", "SCRATCH"),
        ("!pip install a", "SHARED", "SCRATCH"),
        ("%%bash\nls", "SHARED", "SCRATCH"),
        ("x = = 1", "SHARED", "SCRATCH"),
        ("", "CONFIG", "CONFIG"),
        ("# only a comment\n", "CONFIG", "CONFIG"),
        ("%load_ext nb2dag", "CONFIG", "CONFIG"),
        ("# the extension\n%load_ext nb2dag\n%reload_ext nb2dag", "CONFIG", "CONFIG"),
        ("%load_ext nb2dag\nimport a", "SHARED", "SCRATCH"),
        ("%load_ext autoreload", "SHARED", "SCRATCH"),
        ("%load_ext nb2dag\n%airflow_dag sales --schedule @daily", "CONFIG", "CONFIG"),
        ("%%airflow_dag sales\nschedule: '@daily'", "CONFIG", "CONFIG"),
        ("%airflow_dag sales\nimport a", "SHARED", "DEFINITIONS"),
        ("%%airflow_shared\nx = 1", "WHOLE", "WHOLE"),
        ("#| shared\nx = 1", "WHOLE", "WHOLE"),
        ("%%airflow_skip\nx = 1", "SKIP", "SKIP"),
        ("%%airflow_test a\nassert x", "TEST", "TEST"),
        ("#| parameters\nx = 1", "PARAMETERS", "PARAMETERS"),
        ("%%airflow_tsk b\nx = 1", "SKIP", "SKIP"),
        ("%%airflow_task\nx = 1", "SKIP", "SKIP"),
    ],
)
def test_roles(source, above, below):
    assert roles(source, "%%airflow_task z\ny = 2")[0] == above
    assert roles(TASK, source)[1] == below


@pytest.mark.parametrize(
    ("source", "defines"),
    [
        ("try:\n    import a\nexcept ImportError:\n    a = None", True),
        ("try:\n    import a\nexcept ImportError:\n    HAS_A, n = False, 0", False),
        ("try:\n    import a\nexcept ImportError as e:\n    raise RuntimeError('install a') from e", True),
        ("try:\n    import a\n    OK = True\nexcept ImportError:\n    OK = False\nfinally:\n    pass", True),
        ("try:\n    a = load()\nexcept E:\n    a = None", False),
        ("if sys.version_info >= (3, 12):\n    from a import b\nelse:\n    def b(): ...", True),
        ("if ready():\n    import a", False),
        ("if x:\n    if y:\n        LEVEL: int = -3", True),
        ("if x:\n    z = [1, y]", False),
        ("if x:\n    !ls\n    import a", False),
        ("for m in x: import a", False),
        ("with a: import b", False),
        ("'''What follows.'''\nimport a", True),
        ("@cache\ndef f(): !ls", True),
        ("async def f(): pass", True),
        ("f = g = lambda: 0", True),
        ("f.a = lambda: 0", False),
        ("N = 3", False),
        ("pass", True),
        ("", False),
        ("def f(:", False),
    ],
)
def test_only_defines(source, defines):
    source = source.replace("def f(): !ls", "def f():\n    !ls")
    assert only_defines(parse_code(source)) is defines


@pytest.mark.parametrize("kind", ["sql", "check", "sensor"])
def test_every_kind_of_task_is_a_task(kind):
    (cell,) = program(f"%%airflow_{kind} ask\nselect 1").cells
    assert (cell.role, cell.task_id, cell.directive.kind) == (Role.TASK, "ask", DirectiveKind(f"airflow_{kind}"))


def test_tasks_may_continue_and_come_in_both_spellings():
    read = program("#| task: a\n#| retries: 2\nx = 1", "%%airflow_task b\ny = x", "%%airflow_task a\nz = 1")
    assert read.task_ids == ("a", "b")
    assert [cell.task_id for cell in read.cells] == ["a", "b", "a"]
    assert [ast.unparse(cell.code.tree) for cell in read.cells] == ["x = 1", "y = x", "z = 1"]
    assert [cell.code.tree.body[0].lineno for cell in read.cells] == [3, 2, 2]


def test_a_nested_cell_magic_keeps_its_line():
    (cell,) = program("%%airflow_task a\n#| retries: 2\n%%time\nx = 1").cells
    assert ast.unparse(cell.code.tree) == "__escape__(0)\nx = 1"
    assert [statement.lineno for statement in cell.code.tree.body] == [3, 4]
    assert cell.code.escapes[0].region.line == 3


def test_settings_are_the_first_dag_line():
    read = program("%load_ext nb2dag\n%airflow_dag one", "%airflow_dag two", TASK)
    assert read.settings.name == "one"
    assert read.settings_cell.index == 1
    assert [cell.directive.name for cell in read.cells] == ["one", "two", "a"]
    assert program(TASK).settings is None


def test_the_first_parameters_cell_counts():
    read = program("n = 1", "m = 2", TASK, tags={1: ("parameters",), 2: ("parameters",)})
    assert [cell.role.name for cell in read.cells] == ["PARAMETERS", "SHARED", "TASK"]
    assert read.cells[0].problems == ()
    assert [(each.rule, each.values) for each in read.cells[1].problems] == [("repeated-parameters", (("first", "1"),))]
    assert roles(TASK, "#| parameters\nn = 1", "#| parameters\nm = f()")[1:] == ["PARAMETERS", "SCRATCH"]


def test_a_broken_tag_keeps_its_problems_and_counts_as_a_task():
    read = program("%%airflow_task\nx = 1", "import a", "%%airflow_nothing b\n1")
    assert [cell.role.name for cell in read.cells] == ["SKIP", "DEFINITIONS", "SKIP"]
    assert [[each.rule for each in cell.problems] for cell in read.cells] == [
        ["missing-name"],
        [],
        ["unknown-directive"],
    ]
    assert read.task_ids == ()


def test_cells_of_another_language_are_not_parsed():
    read = program("x <- 1", "%%airflow_task a\ny <- x", language="r")
    assert [cell.code.problem for cell in read.cells] == [None, None]
    assert read.task_ids == ("a",)


@pytest.mark.parametrize(
    ("sources", "dag", "tasks"),
    [
        (["md:# Sales\nOf all.", "import a", "md:## Load", "md: it\n", TASK], "# Sales\nOf all.", ["## Load\n\nit"]),
        (["md:# Sales", TASK], "# Sales", [""]),
        (["md:# Sales", "md:## Load", TASK], "# Sales", ["## Load"]),
        (["md:# Sales", "md:More.", "import a", TASK], "# Sales\n\nMore.", [""]),
        (["", "md:# Sales", "import a", TASK], "# Sales", [""]),
        ([TASK, "md:again", TASK, "md:b", "%%airflow_task b\n1"], "", ["", "", "b"]),
        (["import a", "md:## Load", "", TASK], "", [""]),
        (["md: ", TASK], "", [""]),
        ([DAG, "md:# Sales\nOf all.", "import a", "md:## Load", TASK], "# Sales\nOf all.", ["## Load"]),
        ([DAG, "md:# Sales", "md:## Load", TASK], "# Sales", ["## Load"]),
        ([DAG, "md:## Load", TASK], "", ["## Load"]),
        ([DAG, "md:# Load", TASK, "md:# Show", "%%airflow_task b\n1"], "", ["# Load", "# Show"]),
    ],
)  # fmt: skip
def test_docs(sources, dag, tasks):
    read = program(*sources)
    assert read.doc == dag
    assert [cell.doc for cell in read.cells if cell.task_id is not None] == tasks


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("x = 1\n\ny", [(1, "x = 1"), (2, ""), (3, "y")]),
        ("%%airflow_task a\nx = 1\n", [(2, "x = 1"), (3, "")]),
        ("# c\n#| task: a\n#| after: [b]\nx = 1", [(1, "# c"), (4, "x = 1")]),
        ("%load_ext nb2dag\n%airflow_dag d\nimport a", [(3, "import a")]),
        ("if x:\n    %load_ext nb2dag", [(1, "if x:"), (2, "    %load_ext nb2dag")]),
        ("%%airflow_dag d\nschedule: '@daily'", []),
        ("%%airflow_task a\n%%time\nx", [(2, "%%time"), (3, "x")]),
    ],
)
def test_body_lines(source, lines):
    assert list(body_lines(program(source).cells[0])) == lines


@pytest.mark.parametrize(
    ("sources", "reads"),
    [
        (["n = 1", "!echo {n} $HOME"], []),
        (["n = 1", "!echo {n} {len(n)}"], ["n", "len(n)"]),
        (["def f(a):\n    !ls {a}"], ["a"]),
        (["%%bash --out files\nls", "!echo {files}"], ["files"]),
        (["from a import *", "!echo $HOME"], ["HOME"]),
        (["%run other.py", "!echo $HOME"], ["HOME"]),
        (["!echo {_}"], ["_"]),
        (["%timeit f(x)"], ["f(x)"]),
        (["%lprun -f f x = 1"], ["f"]),
        (["%%bash -s $HOME\nls"], []),
    ],
)
def test_a_text_with_an_unknown_name_is_not_interpolated(sources, reads):
    escape = [escape for cell in program(*sources).cells for escape in cell.code.escapes][-1]
    assert [ast.unparse(read) for read in escape.reads] == reads
