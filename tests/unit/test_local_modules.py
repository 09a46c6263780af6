"""A cell that imports a module beside the notebook, or one that a cell above wrote, has that module's code."""

from __future__ import annotations

from pathlib import Path

from nb2dag.compiler.frontend.local_modules import with_local_modules
from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.compiler.frontend.tagging import tag_program
from support.oracle import compile_cells, notebook_text


def modules(folder: Path, *cells: str) -> list[list[str]]:
    """Return for each cell the names of the modules whose code it has."""
    program = tag_program(parse_notebook(notebook_text(cells), "n.ipynb"))
    return [[module.name for module in cell.code.modules] for cell in with_local_modules(program, folder).cells]


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_modules_and_what_they_import_in_turn(tmp_path: Path) -> None:
    write(tmp_path, rates="import tables\nimport math", tables="import rates\nROWS = []")
    assert modules(tmp_path, "import rates", "import math", "from tables import ROWS") == [
        ["rates", "tables"],
        [],
        ["tables", "rates"],
    ]


def test_packages_and_the_modules_inside(tmp_path: Path) -> None:
    write(tmp_path, lib__prices="VAT = 1")
    (tmp_path / "lib" / "__init__.py").touch()
    assert modules(tmp_path, "import lib.prices", "from lib import prices", "from lib.prices import VAT as v") == [
        ["lib.prices"],
        ["lib", "lib.prices"],
        ["lib.prices"],
    ]


def test_a_module_counts_as_it_was_written_above(tmp_path: Path) -> None:
    write(tmp_path, rates="import tables", tables="")
    found = modules(
        tmp_path,
        "import rates",
        "%%writefile rates.py\nK = 1",
        "import rates",
        "%%writefile new.py\nN = 1",
        "import new",
    )
    assert found == [["rates", "tables"], [], ["rates"], [], ["new"]]


def test_what_cannot_be_read_or_parsed_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, broken="def (", fine="")
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe\x00\x80")
    (tmp_path / "folder.py").mkdir()
    assert modules(tmp_path, "import broken, binary, folder, fine") == [["fine"]]
    assert modules(tmp_path / "gone", "import fine") == [[]]


def test_what_is_not_looked_into_is_said_once_at_its_import(tmp_path: Path) -> None:
    write(tmp_path, broken="def (", long="x = 1\n" * 2000, through="import long")
    cells = ["import math\nx = 'é'; from long import x", "#| task: a\nimport broken, through\nprint(broken.x)"]
    found = [item for item in compile_cells(cells, tmp_path).diagnostics if item.name == "unread-module"]
    assert [(item.span.cell, item.span.region.line, item.span.region.column) for item in found] == [
        (1, 2, 10),
        (2, 2, 1),
    ]
    assert "`long` beside the notebook is taken for a library: it has 2,000 lines" in found[0].message
    assert "`broken` beside the notebook is taken for a library: it does not parse" in found[1].message


def test_unchanged_modules_leave_the_cells_code_the_very_same(tmp_path: Path) -> None:
    write(tmp_path, rates="K = 1")
    program = tag_program(parse_notebook(notebook_text(["import rates"]), "n.ipynb"))
    one, other = (with_local_modules(program, tmp_path).cells[0].code for _ in range(2))
    assert one is other
    write(tmp_path, rates="K = 2")
    assert with_local_modules(program, tmp_path).cells[0].code is not one


def test_modules_that_code_writes(tmp_path: Path) -> None:
    writes = [
        'Path("one.py").write_text("K = 1")',
        'with open("two.py", "w") as file:\n    file.write("K = 2")',
        'text = "K = 3"\nopen("three.py", mode="w").write(textwrap.dedent(text))',
        'folder = Path("lib")\n(folder / "four.py").write_text("K = 4")',
        'Path(os.path.join("lib", "five.py")).write_text("""\nK = 5\n""".lstrip())',
    ]
    imports = "import one, two, three, four, five"
    assert modules(tmp_path, *writes, imports)[-1] == ["one", "two", "three", "four", "five"]
    assert modules(tmp_path, imports, *writes)[0] == []


def test_a_module_whose_text_is_not_known_is_noted(tmp_path: Path) -> None:
    cells = ('#| task: a\nopen("one.py", "w").write(f"K = {1 + 1}")', "#| task: b\nimport one\nprint(one.K)")
    (found,) = [each for each in compile_cells(cells, tmp_path).diagnostics if each.name == "unread-module"]
    assert found.span.cell == 2
    assert "its text is not written down there" in found.message
