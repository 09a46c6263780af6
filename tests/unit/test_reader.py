"""Reading notebook files: every format and every file that is no notebook."""

import json
import subprocess
import sys

import nbformat
import pytest

from nb2dag.compiler.frontend.reader import parse_notebook, read_notebook
from nb2dag.errors import NotebookUnreadable
from nb2dag.model.notebook import CellType


def notebook(*cells, **fields):
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **fields})


def code(source, **fields):
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None, **fields}


def sources(text):
    return [cell.source for cell in parse_notebook(text, "n.ipynb").cells]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a = 1\nb", "a = 1\nb"),
        (["a = 1\n", "b"], "a = 1\nb"),
        ([], ""),
        ("a\r\nb\rc\n", "a\nb\nc\n"),
        ("é = '𝔘'", "é = '𝔘'"),
    ],
)
def test_source(written, read):
    assert sources(notebook(code(written))) == [read]


def test_cells_keep_type_order_tags_and_id():
    text = notebook(
        {"cell_type": "markdown", "source": "# Title", "metadata": {}, "id": "intro"},
        {"cell_type": "raw", "source": "raw"},
        code("a = 1", id="a-1", metadata={"tags": ["parameters", "other"]}),
    )
    read = parse_notebook(text, "some/n.ipynb")
    assert [(cell.index, cell.id, cell.type) for cell in read.cells] == [
        (1, "intro", CellType.MARKDOWN),
        (2, "cell-2", CellType.RAW),
        (3, "a-1", CellType.CODE),
    ]
    assert read.cells[2].tags == ("parameters", "other")
    assert read.path == "some/n.ipynb"
    assert [cell.index for cell in read.code_cells] == [3]


@pytest.mark.parametrize("metadata", [None, [], "x", {"tags": "parameters"}, {"tags": None}, {"tags": [3, None]}])
def test_malformed_tags_are_no_tags(metadata):
    assert parse_notebook(notebook(code("a", metadata=metadata)), "n.ipynb").cells[0].tags == ()


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["a", "a", "b"], ["a", "cell-2", "b"]),
        ([None, "x", None], ["cell-1", "x", "cell-3"]),
        (["cell-2", None, ""], ["cell-2", "cell-2-again", "cell-3"]),
        (["a b", 'x"\n', "é"], ["cell-1", "cell-2", "cell-3"]),
        ([3, ["x"], "y" * 65], ["cell-1", "cell-2", "cell-3"]),
    ],
)
def test_ids_are_unique(ids, expected):
    cells = [code("a") if each is None else code("a", id=each) for each in ids]
    assert [cell.id for cell in parse_notebook(notebook(*cells), "n.ipynb").cells] == expected


@pytest.mark.parametrize(
    ("metadata", "language", "kernel"),
    [
        ({}, "python", ""),
        (None, "python", ""),
        ({"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}, "python", "python3"),
        ({"kernelspec": {"name": "ir", "language": "R"}}, "r", "ir"),
        ({"language_info": {"name": "Julia"}}, "julia", ""),
        ({"language_info": {"name": "ipython", "version": "3.12"}}, "python", ""),
        ({"kernelspec": "python", "language_info": []}, "python", ""),
        ({"kernelspec": {"name": 3, "language": None}}, "python", ""),
    ],
)
def test_language_and_kernel(metadata, language, kernel):
    read = parse_notebook(notebook(code("a"), metadata=metadata), "n.ipynb")
    assert (read.language, read.kernel_name) == (language, kernel)


def test_half_a_character_is_kept_in_code_and_replaced_in_text():
    text = notebook({"cell_type": "markdown", "source": "a\ud800b"}, code("'\ud800'"))
    assert sources(text) == ["a\ufffdb", "'\ud800'"]


def test_format_3_is_upgraded():
    text = json.dumps(
        {
            "nbformat": 3,
            "nbformat_minor": 0,
            "metadata": {"name": "old", "language": "Julia"},
            "worksheets": [
                {
                    "metadata": {},
                    "cells": [
                        {"cell_type": "heading", "level": 2, "source": ["Title"], "metadata": {}},
                        {"cell_type": "code", "language": "python", "input": ["a = 1\n", "a"], "outputs": []},
                    ],
                }
            ],
        }
    )
    read = parse_notebook(text, "old.ipynb")
    assert [(cell.type, cell.source) for cell in read.cells] == [
        (CellType.MARKDOWN, "## Title"),
        (CellType.CODE, "a = 1\na"),
    ]
    assert read.language == "julia"


def test_format_2_is_upgraded():
    cell = {"cell_type": "code", "language": "python", "input": "a = 1", "outputs": []}
    text = json.dumps({"nbformat": 2, "metadata": {"name": "old"}, "worksheets": [{"cells": [cell]}]})
    assert sources(text) == ["a = 1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "n.ipynb: the file is empty: a new notebook from Jupyter holds at least an empty list of cells"),
        (" \n", "n.ipynb: the file is empty: a new notebook from Jupyter holds at least an empty list of cells"),
        ('{"cells": [}', "n.ipynb: not JSON: expecting value in line 1, column 12"),
        (
            '{\n "cells": [],\n',
            "n.ipynb: not JSON: expecting property name enclosed in double quotes in line 3, column 1",
        ),
        (
            "import os\n",
            "n.ipynb: not a notebook: a Jupyter notebook (.ipynb) is a JSON file, and begins with `{`",
        ),
        ("<!DOCTYPE html>\n<html>", "n.ipynb: this is an HTML page, not a notebook: download the raw .ipynb file"),
        (
            "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
            "n.ipynb: this is a Git LFS pointer, not the notebook itself: run `git lfs pull`",
        ),
        (
            '{\n<<<<<<< HEAD\n "cells": []\n=======\n}',
            "n.ipynb: not JSON: a Git conflict marker stands in line 2: resolve the conflict first",
        ),
        ("[]", "n.ipynb: not a notebook: its JSON is a list, and a notebook is an object with cells"),
        ("null", "n.ipynb: not a notebook: its JSON is null, and a notebook is an object with cells"),
        ("3", "n.ipynb: not a notebook: its JSON is a number, and a notebook is an object with cells"),
        ("[" * 100_000, "n.ipynb: not a notebook: its JSON cannot be read (nested too deeply)"),
        ("{}", "n.ipynb: not a notebook: its JSON has no `nbformat` number"),
        ('{"nbformat": true, "cells": []}', "n.ipynb: not a notebook: its JSON has no `nbformat` number"),
        ('{"nbformat": 4}', "n.ipynb: not a notebook: its JSON holds no list of cells"),
        ('{"nbformat": 4, "cells": {}}', "n.ipynb: not a notebook: its JSON holds no list of cells"),
        (
            '{"nbformat": 5, "cells": []}',
            (
                "n.ipynb: nbformat 5 is newer than this nb2dag reads (4): "
                "update nb2dag, or save the notebook in nbformat 4"
            ),
        ),
        (notebook("x = 1"), "n.ipynb: not a notebook: cell 1 is not a JSON object"),
        (
            notebook({"cell_type": "code"}),
            "n.ipynb: not a notebook: cell 1 has no `source` that is a string or a list of strings",
        ),
        (
            notebook(code("a"), code(["a", 1])),
            "n.ipynb: not a notebook: cell 2 has no `source` that is a string or a list of strings",
        ),
        (
            notebook({"cell_type": "sql", "source": ""}),
            "n.ipynb: not a notebook: cell 1 has the type 'sql', not one of `code`, `markdown`, `raw`",
        ),
    ],
)
def test_what_is_no_notebook(text, message):
    with pytest.raises(NotebookUnreadable) as refused:
        parse_notebook(text, "n.ipynb")
    assert str(refused.value) == message


@pytest.mark.parametrize("major", [1, 2, 3])
@pytest.mark.parametrize(
    "rest", [{}, {"cells": 3}, {"worksheets": 3}, {"worksheets": [{}]}, {"worksheets": [{"cells": [3]}]}]
)
def test_a_broken_old_notebook_is_unreadable(major, rest):
    # nbformat raises whatever its converters run into, an UnboundLocalError among them.
    with pytest.raises(NotebookUnreadable, match=r"n\.ipynb: (this notebook of nbformat \d cannot be|not a notebook)"):
        parse_notebook(json.dumps({"nbformat": major, "metadata": {}, **rest}), "n.ipynb")


def test_a_missing_file_names_its_neighbour(tmp_path):
    (tmp_path / "sales.ipynb").write_text(notebook())
    with pytest.raises(
        NotebookUnreadable, match=r"sale\.ipynb: there is no such file: did you mean `.*sales\.ipynb`\?"
    ):
        read_notebook(tmp_path / "sale.ipynb")
    with pytest.raises(NotebookUnreadable, match=r"there is no such file: there is no folder `.*nowhere`"):
        read_notebook(tmp_path / "nowhere" / "sales.ipynb")


def test_a_folder(tmp_path):
    with pytest.raises(NotebookUnreadable, match="this is a folder, not a notebook"):
        read_notebook(tmp_path)


def test_a_path_that_no_file_can_have(tmp_path):
    with pytest.raises(NotebookUnreadable, match="the file cannot be read"):
        read_notebook(tmp_path / ("x" * 300 + ".ipynb"))
    with pytest.raises(NotebookUnreadable, match="the file cannot be read"):
        read_notebook(tmp_path / "a\0b.ipynb")
    (tmp_path / "file").touch()
    with pytest.raises(NotebookUnreadable, match="the file cannot be read: Not a directory"):
        read_notebook(tmp_path / "file" / "n.ipynb")


def test_encodings(tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_bytes(b"\xef\xbb\xbf" + notebook(code("é")).encode())
    assert read_notebook(path).cells[0].source == "é"
    path.write_bytes(b'{\n"a": "\xe9"}')
    with pytest.raises(NotebookUnreadable, match=r"not UTF-8 \(byte 0xe9 in line 2\)"):
        read_notebook(path)
    path.write_text(notebook(), encoding="utf-16")
    with pytest.raises(NotebookUnreadable, match="not UTF-8"):
        read_notebook(path)


def test_what_nbformat_writes_is_read(tmp_path):
    cells = [nbformat.v4.new_markdown_cell("# T"), nbformat.v4.new_code_cell("a = 1\nb = 2\n")]
    written = nbformat.v4.new_notebook(cells=cells)
    path = tmp_path / "n.ipynb"
    nbformat.write(written, path)
    assert [(cell.id, cell.source) for cell in read_notebook(path).cells] == [
        (cell.id, cell.source) for cell in written.cells
    ]


def test_neither_nbformat_nor_ipython_is_imported(tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_text(notebook(code("%load_ext nb2dag\n%matplotlib inline"), code("%%time\n!ls\nx = 1"), code("x = 1")))
    program = (
        "import sys; from pathlib import Path\n"
        "from nb2dag.compiler.frontend.reader import read_notebook\n"
        "from nb2dag.compiler.frontend.tagging import tag_program\n"
        "program = tag_program(read_notebook(Path(sys.argv[1])))\n"
        "assert not any(cell.code.problem for cell in program.cells)\n"
        "print([name for name in ('nbformat', 'jsonschema', 'IPython', 'papermill') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
