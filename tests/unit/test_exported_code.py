"""What works only where the notebook was written: found in code that tasks run, and nowhere else."""

from __future__ import annotations

import pytest

from support.oracle import compile_cells

TASK = "%%airflow_task a\n"


def found(*cells):
    return [(item.name, item.span.cell, item.span.line, item.span.column) for item in compile_cells(cells).diagnostics]


@pytest.mark.parametrize(
    "path",
    [
        "/home/ann/x.csv",
        "/Users/ann/x.csv",
        "/home/bob/x",
        "~/x.csv",
        "C:\\\\data\\\\x.csv",
        "d:/x",
        "file:///home/a/x",
    ],
)
def test_paths_of_one_machine(path):
    assert found(f"{TASK}p = '{path}'") == [("absolute-local-path", 1, 2, 5)]


@pytest.mark.parametrize(
    "code",
    [
        "p = '/data/x.csv'",
        "p = '/homework/x'",
        "p = 's3://bucket/home/x'",
        "p = 'https://host/home/ann'",
        "'/home/ann is where it was'",
        "b = 'x' == '/home/ann'",
        "d = 'x'\np = f'{d}/home/ann'",
        "p = 'a:b'",
        "p = 's://x'",
        "p = 'see\\n/home/ann'",
    ],
)
def test_other_strings(code):
    assert found(TASK + code) == []


@pytest.mark.parametrize(
    ("code", "column"),
    [
        ("x = input()", 5),
        ("x = int(input('n? '))", 9),
        ("import getpass\nx = getpass.getpass()", 5),
        ("from getpass import getpass\nx = getpass()", 5),
        ("breakpoint()", 1),
        ("import pdb\npdb.set_trace()", 1),
    ],
)
def test_questions(code, column):
    assert found(TASK + code) == [("interactive-input", 1, code.count("\n") + 2, column)]


def test_a_function_that_asks_matters_where_it_is_exported():
    ask = "def ask():\n    return input()"
    assert found(ask, f"{TASK}x = 1") == []
    assert found(ask, f"{TASK}x = ask()") == [("interactive-input", 1, 2, 12)]


@pytest.mark.parametrize(
    "code",
    ["def input():\n    return 1\nx = input()", "x = [1]\ny = x.input() if 0 else 1", "input = 'x'\nprint(input)"],
)
def test_a_notebooks_own_input_asks_nobody(code):
    assert "interactive-input" not in {name for name, *_ in found(TASK + code)}


@pytest.mark.parametrize(
    "code",
    [
        "%pip install x",
        "%conda install -y x",
        "!pip install -q x",
        "!pip3 install x",
        "!python -m pip install x",
        "!{python} -m pip install x".replace("{python}", "python3.11"),
        "!sudo apt-get -y install x",
        "!cd /tmp && conda install x",
        "!uv pip install x",
    ],
)
def test_installations(code):
    assert found(f"{TASK}{code}\nx = 1") == [("installs-packages", 1, 2, 1)]


def test_an_installation_in_a_shell_body_is_found_on_its_line():
    assert ("installs-packages", 1, 4, 1) in found(f"{TASK}%%bash\necho a\npip install x")


def test_an_installation_in_shared_code_is_one_finding():
    assert found("!pip install x\n%pip install y", f"{TASK}x = 1") == [
        ("installs-packages", 1, 1, 1),
        ("installs-packages", 1, 2, 1),
    ]


@pytest.mark.parametrize("code", ["!pip list", "!echo 'to pip install x'", "%pip list", "!ls install"])
def test_other_commands(code):
    assert "installs-packages" not in {name for name, *_ in found(f"{TASK}{code}\nx = 1")}


def test_code_that_no_task_runs_is_nobodys_business():
    cells = ["%%airflow_skip\n!pip install x\ny = input()\np = '/home/a/b'", f"{TASK}x = 1", "p = '/home/a/b'"]
    assert found("unused = '/home/ann/x'", *cells) == []
