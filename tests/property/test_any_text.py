"""Whatever stands in a notebook, the compiler ends with findings that point into it, the same in every process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from corpus_checks import examine_notebook
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.errors import NotebookUnreadable
from nb2dag.model.notebook import Cell, CellType, Notebook
from support.constructs import DEFINITIONS, STATEMENTS, VALUES

TESTS = Path(__file__).resolve().parent.parent
NOWHERE = Path("/nonexistent")

TAGS = (
    "#| task: a", "#| task: b", "#| task:", "#| after: [a", "#| parameters", "#| retries: x", "#|",
    "%%airflow_task c", "%%airflow_task", "%%airflow_task d --after a,b --timeout 5q",
    "%airflow_dag shop --schedule @daily", "%airflow_dag", '%%airflow_dag shop\ndefault_args: {',
    "%%airflow_sql q --conn x", "%%airflow_check c --warn", "%%airflow_shared", "%%airflow_skip", "%%airflow_test a",
    "%%airflow_sensor s", "%%airflow_nothing", "%load_ext nb2dag", "# nb2dag: ignore[bare-call]", "# nb2dag: ignore[",
)  # fmt: skip
LINES = (
    "%%time", "%%capture out", "%%bash", "%%writefile m.py", "%matplotlib inline", "%timeit f(", "%time x = f()",
    "!ls {x} $y", "files = !ls", "x = %env A", "f?", "??f", "%run a.py", "%cd ..", "ls -l", "%", "!", "?", "%%",
    "    %who", ">>> a = 1", "In [3]: b", "if a:", "    b", '\tc', "else:", "def f(", "def f(x, *, y=1, **k):",
    "    return x", "async def g(): await x", "await z", "class C(B, metaclass=M):", "    x: int = y",
    "lambda: (yield)", "print 'old'", "exec 'x'", "f'{a!r:>{w}} {b", "f'{x:{y}}'", '"""', "'''", '\\', 'x = \\',
    "a; b; c", "a = b = c", "(a, *b), c = d", "del a, b[0], c.d", "for i, (j, k) in x: pass",
    "with a as b, c as (d, e): pass", 'try: x\nexcept* E as e: y',
    "match x:\n    case {'a': [b, *c], **d} if d: pass", "type T[K] = list[K]", "def f[T](x: T) -> T: return x",
    "global a", "nonlocal b", "import a.b as c, d", "from . import x", "from a import *", "[x := 1, y]",
    "{**a, 'b': [c for c in d if (e := c)]}", "return", "yield", "break", "é = 'ü'", "𝔘 = 1", 'a\xa0= 1', '\u200b',
    '\x00', '\x0c', '\r', "# -*- coding: latin-1 -*-", "_", "__", "Out[3]", "get_ipython().system('ls')",
)  # fmt: skip
pieces = st.one_of(
    st.sampled_from(LINES),
    st.sampled_from(LINES),
    st.sampled_from([text.replace("$", "") for _, text in STATEMENTS]),
    st.text(max_size=12),
)
sources = st.builds(
    lambda tag, body: "\n".join([*tag, *body]),
    st.lists(st.sampled_from(TAGS), max_size=2),
    st.lists(pieces, max_size=5),
)
cells = st.builds(
    lambda kind, source, tags: (kind, source, tags),
    st.sampled_from([CellType.CODE] * 6 + [CellType.MARKDOWN, CellType.RAW]),
    sources | st.text(max_size=40) | st.sampled_from([DEFINITIONS, VALUES]),
    st.sampled_from([(), (), (), ("parameters",), ("skip",)]),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=6), inside, max_size=3),
    max_leaves=6,
)
KEYS = ("cells", "cell_type", "source", "metadata", "outputs", "id", "nbformat", "nbformat_minor", "worksheets", "tags")
documents = st.recursive(
    values | st.sampled_from(["code", "markdown", "raw", "#| task: a\nx = 1", 3, 4, 5, 2]),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, inside))
        | st.fixed_dictionaries(
            {"cell_type": st.sampled_from(["code", "markdown"]), "source": inside}, optional={"metadata": inside}
        )
    ),
    max_leaves=12,
)


def notebook_of(parts):
    """Return the notebook of these cells; as from the reader, every line of a source ends with a line feed."""
    sources = [source.replace("\r\n", "\n").replace("\r", "\n") for _, source, _ in parts]
    read = [Cell(index, f"c{index}", part[0], sources[index - 1], part[2]) for index, part in enumerate(parts, 1)]
    return Notebook("n.ipynb", tuple(read))


def violations(notebook):
    return [f"{found.way}: {one}" for found in examine_notebook(notebook, NOWHERE) for one in found.violations]


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(cells, max_size=6))
def test_any_cells(parts):
    assert violations(notebook_of(parts)) == []


@pytest.mark.parametrize("line", LINES)
def test_each_line_in_a_task_and_alone(line):
    for source in (line, f"#| task: a\n{line}", f"%%airflow_task a\n{line}", f"if True:\n    {line}\n{line}"):
        assert violations(notebook_of([(CellType.CODE, source, ())])) == []


@pytest.mark.parametrize("tag", TAGS)
def test_each_tag(tag):
    for body in ("", "x = 1", "%%time\nx = 1", "#| retries: 2\nx = 1"):
        assert violations(notebook_of([(CellType.CODE, f"{tag}\n{body}", ())])) == []


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    documents,
    st.none() | st.fixed_dictionaries({"nbformat": st.sampled_from([4, 3, 2, 1, 5, "4", True]), "cells": documents}),
)
def test_any_document(document, notebook):
    text = json.dumps(notebook or document)
    try:
        read = parse_notebook(text, "n.ipynb")
    except NotebookUnreadable:
        return
    assert violations(read) == []


@settings(max_examples=200, deadline=None)
@given(st.text() | st.text(alphabet='{}[]":,4cels\\u0', max_size=30))
def test_any_file(text):
    with pytest.raises(NotebookUnreadable):
        parse_notebook(text, "n.ipynb")


def test_every_process_puts_out_the_same():
    """Sets and dictionaries have another order with each hash seed; the diagnostics and the bundle have one."""
    path = os.pathsep.join([str(TESTS), str(TESTS.parent / "tools"), *sys.path])
    command = [sys.executable, "-m", "support.digests", "500", "60"]
    digests = {
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}, capture_output=True, text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }  # fmt: skip
    assert len(digests) == 1
    assert digests.pop().count("\n") == 60
